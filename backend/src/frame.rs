//! A message for all viewers, encoded at most once per format, however many they are. Pure.

use bytes::Bytes;
use runqlat_common::wire::{Format, Interval, ServerMessage};
use std::sync::{Arc, OnceLock};

/// A message and its encodings.
pub struct Frame {
    message: ServerMessage,
    encoded: [OnceLock<Bytes>; Format::ALL.len()],
}

impl Frame {
    pub fn new(message: ServerMessage) -> Arc<Self> {
        Arc::new(Self {
            message,
            encoded: Default::default(),
        })
    }

    pub fn message(&self) -> &ServerMessage {
        &self.message
    }

    /// The interval, if it is one.
    pub fn interval(&self) -> Option<&Interval> {
        match &self.message {
            ServerMessage::Interval(interval) => Some(interval),
            _ => None,
        }
    }

    /// The message as it travels in `format`.
    pub fn bytes(&self, format: Format) -> Bytes {
        let encode = || format.encode_server(&self.message).into();
        self.encoded[format as usize].get_or_init(encode).clone()
    }
}
