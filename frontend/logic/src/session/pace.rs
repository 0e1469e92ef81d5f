//! How often what is read is told anew. The picture shows each interval; numbers that change ten times a
//! second can't be read, and rows that change places as often can't be clicked.

use super::Session;
use runqlat_common::wire::ServerMessage;

/// Numbers and the order of rows stay for so long, in ms, or for an interval if that is longer.
const READING_MS: u64 = 1_000;

/// What of the page a message changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renews {
    /// The picture alone.
    Picture,
    /// What intervals tell, too.
    Measured,
    #[default]
    All,
}

impl Session {
    /// What a message that is about to be taken changes. Of intervals that are shorter than people read, every so many
    /// are read, told by their number: all who watch read the same.
    pub fn renews(&self, message: &ServerMessage) -> Renews {
        let ServerMessage::Interval(interval) = message else {
            return Renews::All;
        };
        let interval_ms = self
            .scope()
            .map_or(READING_MS, |scope| scope.interval_ms.into());
        let every = READING_MS / interval_ms.max(1);
        match interval.column.seq % every.max(1) {
            0 => Renews::Measured,
            _ => Renews::Picture,
        }
    }
}
