//! How often what is read is told anew. The picture shows each interval; numbers that change ten times a
//! second can't be read, and rows that change places as often can't be clicked.

use super::Session;
use runqlat_common::wire::ServerMessage;

/// Numbers and the order of rows stay for so long, in ms, or for an interval if that is longer.
const READING_MS: u64 = 1_000;

impl Session {
    /// Whether a message that is about to be taken changes more than the picture. Of intervals that are shorter than
    /// people read, it is every so many, told by their number: all who watch read the same.
    pub fn is_to_be_read(&self, message: &ServerMessage) -> bool {
        let ServerMessage::Interval(interval) = message else {
            return true;
        };
        let interval_ms = self
            .scope()
            .map_or(READING_MS, |scope| scope.interval_ms.into());
        let every = READING_MS / interval_ms.max(1);
        interval.column.seq % every.max(1) == 0
    }
}
