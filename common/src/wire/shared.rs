//! A snapshot for many viewers: what is the same for all of them is encoded once.

use super::{Format, ServerMessage, Together};
use alloc::vec::Vec;

/// A snapshot's encoding without its last fields, `together` and `may_control`, which each viewer has its own of.
pub struct SharedSnapshot {
    format: Format,
    start: Vec<u8>,
}

impl SharedSnapshot {
    /// Of a snapshot in which both are as [`Default`] makes them.
    pub fn new(format: Format, snapshot: &ServerMessage) -> Self {
        let mut start = format.encode_server(snapshot);
        let end = end(format, &Together::default(), false);
        debug_assert!(start.ends_with(&end), "they are the last fields");
        start.truncate(start.len().saturating_sub(end.len()));
        Self { format, start }
    }

    /// The whole message for a viewer.
    pub fn with(&self, together: &Together, may_control: bool) -> Vec<u8> {
        let end = end(self.format, together, may_control);
        let mut bytes = Vec::with_capacity(self.start.len() + end.len());
        bytes.extend_from_slice(&self.start);
        bytes.extend_from_slice(&end);
        bytes
    }
}

fn end(format: Format, together: &Together, may_control: bool) -> Vec<u8> {
    match format {
        Format::Json => {
            let mut end = serde_json::to_vec(together).expect("messages are plain data");
            end.extend_from_slice(match may_control {
                true => br#","may_control":true}}"#,
                false => br#","may_control":false}}"#,
            });
            end
        }
        Format::Postcard => {
            postcard::to_allocvec(&(together, may_control)).expect("messages are plain data")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, ServerMessage, SharedSnapshot, Together};
    use crate::wire::tests::snapshot;
    use crate::wire::{Company, Person};

    #[test]
    fn a_viewers_message_is_as_if_it_were_encoded_for_it_alone() {
        let blank = crate::wire::Snapshot {
            together: Together::default(),
            may_control: false,
            ..snapshot()
        };
        let odd = Person {
            id: 7,
            name: r#"","together":{"you":0"#.into(),
        };
        let company = Company {
            viewers: 300,
            people: alloc::vec![odd],
            ..Company::default()
        };
        let together = Together {
            you: 1_234,
            company,
            ..Together::default()
        };
        for format in Format::ALL {
            let shared = SharedSnapshot::new(format, &ServerMessage::Snapshot(blank.clone()));
            for may_control in [true, false] {
                for together in [&together, &Together::default()] {
                    let whole = ServerMessage::Snapshot(crate::wire::Snapshot {
                        together: together.clone(),
                        may_control,
                        ..blank.clone()
                    });
                    let bytes = shared.with(together, may_control);
                    assert_eq!(bytes, format.encode_server(&whole));
                    assert_eq!(format.decode_server(&bytes), Ok(whole));
                }
            }
        }
    }
}
