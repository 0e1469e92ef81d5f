//! What series' pasts are read from: intervals as they were sent. Pure: no clock, no sockets.

use bytes::Bytes;
use runqlat_common::wire::{Format, Interval, SeriesHistory, SeriesKey, ServerMessage};
use std::ops::RangeInclusive;
use std::sync::Weak;

/// Intervals as they were sent, oldest first, the newest numbered `to_seq`.
pub struct Past {
    to_seq: u64,
    encoded: Vec<Bytes>,
    /// Gone when nobody waits for what is read any more.
    wanted: Option<Weak<()>>,
}

impl Past {
    pub(super) fn new(to_seq: u64, encoded: Vec<Bytes>) -> Self {
        Self {
            to_seq,
            encoded,
            wanted: None,
        }
    }

    /// The same, which is read as long as somebody holds `wanted`, and then holds nothing.
    pub fn while_wanted(self, wanted: Weak<()>) -> Self {
        let wanted = Some(wanted);
        Self { wanted, ..self }
    }

    /// What is known of the series with this key and start, or else of the last one with this key that waited. Decodes
    /// every interval, a millisecond for each ten of a busy host, so it must not run on an I/O thread.
    pub fn series(&self, key: u64, mut start: Option<u64>) -> SeriesHistory {
        let known = self.known();
        let mut columns = Vec::new();
        for seq in known.clone().rev() {
            let Some(mut series) = self.interval(seq).map(|interval| interval.series) else {
                continue;
            };
            let newest = SeriesKey {
                key,
                start: start.unwrap_or(u64::MAX),
            };
            let Some(at) = series.partition_point(|s| s.id() <= newest).checked_sub(1) else {
                continue;
            };
            let found = series.swap_remove(at);
            if found.key == key && start.is_none_or(|start| start == found.start) {
                start = Some(found.start);
                columns.push((seq, found.counts));
            }
        }
        columns.reverse();
        SeriesHistory {
            key,
            start: start.unwrap_or_default(),
            from_seq: *known.start(),
            to_seq: self.to_seq,
            columns,
        }
    }

    /// The numbers of the intervals that are known; empty before the first.
    pub fn known(&self) -> RangeInclusive<u64> {
        self.to_seq + 1 - self.encoded.len() as u64..=self.to_seq
    }

    /// The interval `seq`, if it is known. Decodes it.
    pub fn interval(&self, seq: u64) -> Option<Interval> {
        if self
            .wanted
            .as_ref()
            .is_some_and(|wanted| wanted.strong_count() == 0)
        {
            return None;
        }
        let at = seq.checked_sub(*self.known().start())?;
        let encoded = self.encoded.get(usize::try_from(at).ok()?)?;
        match Format::Postcard.decode_server(encoded) {
            Ok(ServerMessage::Interval(interval)) => Some(interval),
            _ => None,
        }
    }
}
