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
    /// The list of series, too.
    List,
    /// What is counted of the whole scope and of what is looked at, too.
    Numbers,
    /// Both.
    Measured,
    #[default]
    All,
}

impl Renews {
    pub fn list(self) -> bool {
        matches!(self, Self::List | Self::Measured)
    }

    pub fn numbers(self) -> bool {
        matches!(self, Self::Numbers | Self::Measured)
    }
}

impl Session {
    /// What a message that is about to be taken changes. Of intervals that are shorter than people read, every so many
    /// are read, told by their number: all who watch read the same. The list is read at one of them and numbers at
    /// another, half of that time later: all at once is what a hand would wait for.
    pub fn renews(&self, message: &ServerMessage) -> Renews {
        let ServerMessage::Interval(interval) = message else {
            return Renews::All;
        };
        let interval_ms = self
            .scope()
            .map_or(READING_MS, |scope| scope.interval_ms.into());
        let every = (READING_MS / interval_ms.max(1)).max(1);
        match interval.column.seq % every {
            0 if every == 1 => Renews::Measured,
            0 => Renews::List,
            at if at == every / 2 => Renews::Numbers,
            _ => Renews::Picture,
        }
    }
}
