//! Who waits in a marked region, compared with the rest of the time that is shown.

use crate::bidi::isolated;
use crate::chart::brush::Brush;
use crate::chart::measure::Cause;
use crate::keys;
use crate::words;
use runqlat_common::columns::{Columns, start_ms};
use runqlat_common::wire::{self, Key, Region, RegionReply, RegionSeries, SeriesKey};
use std::cmp::Ordering;

/// What to ask about a region, while `shown` (from and to, in ms) is on the axis. `None` where nothing is
/// known of it.
pub fn question(
    columns: &Columns,
    brush: &Brush,
    shown: (f64, f64),
    cause: Cause,
) -> Option<Region> {
    let (from_seq, to_seq) = seqs(columns, brush.from_ms, brush.to_ms)?;
    let (first, last) = seqs(columns, shown.0, shown.1).unwrap_or((from_seq, to_seq));
    Some(Region {
        from_seq,
        to_seq,
        from_slot: u8::try_from(brush.from_slot).ok()?,
        to_slot: u8::try_from(brush.to_slot).ok()?,
        context_from_seq: first.min(from_seq),
        context_to_seq: last.max(to_seq),
        cause: match cause {
            Cause::All => None,
            Cause::Woken => Some(wire::Cause::Woken),
            Cause::Preempted => Some(wire::Cause::Preempted),
        },
    })
}

/// The intervals whose middle lies in a time range.
pub fn seqs(columns: &Columns, from_ms: f64, to_ms: f64) -> Option<(u64, u64)> {
    let middle = |c: &wire::Column| f64::midpoint(start_ms(c), c.end_ms as f64);
    let mut inside = columns
        .since(from_ms)
        .skip_while(|c| middle(c) < from_ms)
        .take_while(|c| middle(c) <= to_ms);
    let first = inside.next()?.seq;
    Some((first, inside.last().map_or(first, |last| last.seq)))
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Who accounts for how much of it, in a sentence.
    pub headline: String,
    /// What is not known of it.
    pub remark: Option<String>,
    /// Those who have more of it than of the rest come first.
    pub rows: Vec<Row>,
}

/// One series in the region.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub key: SeriesKey,
    pub name: String,
    pub waits: u64,
    /// Its part of the region's waits, 0 to 1, and of the rest's.
    pub inside: f64,
    pub outside: f64,
    /// `4.2×`, `only here`, `as elsewhere`, `0.3×`.
    pub times: String,
}

impl Row {
    fn new(series: &RegionSeries, reply: &RegionReply, key: Key) -> Self {
        let part = |n: u64, of: u64| n as f64 / of.max(1) as f64;
        let inside = part(series.inside, reply.inside);
        let outside = part(series.outside, reply.outside);
        Self {
            key: series.id(),
            name: keys::name(
                key,
                series.key,
                Some(&series.name)
                    .filter(|name| !name.is_empty())
                    .map(String::as_str),
            ),
            waits: series.inside,
            inside,
            outside,
            times: times(inside, outside),
        }
    }

    /// The part of the region's waits that it would not have if it were as elsewhere.
    fn excess(&self) -> f64 {
        self.inside - self.outside
    }
}

fn times(inside: f64, outside: f64) -> String {
    if outside == 0.0 {
        return "only here".to_owned();
    }
    match inside / outside {
        t if t >= 9.95 => format!("{t:.0}×"),
        t if (0.9..1.1).contains(&t) => "as elsewhere".to_owned(),
        t => format!("{t:.1}×"),
    }
}

/// A few that account for this part of it are named.
const MOST: f64 = 0.9;
const FEW: usize = 5;

impl Finding {
    /// Reads an answer; `key` is what waits are counted by.
    pub fn new(reply: &RegionReply, key: Key) -> Self {
        let series = reply.series.iter();
        let mut rows: Vec<Row> = series.map(|series| Row::new(series, reply, key)).collect();
        let headline = headline(reply, &rows, key);
        rows.sort_by(|a, b| {
            let by_excess = b.excess().partial_cmp(&a.excess());
            let by_excess = by_excess.unwrap_or(Ordering::Equal);
            by_excess
                .then(b.waits.cmp(&a.waits))
                .then(a.key.cmp(&b.key))
        });
        Self {
            headline,
            remark: remark(reply, key),
            rows,
        }
    }
}

fn headline(reply: &RegionReply, by_waits: &[Row], key: Key) -> String {
    let kind = keys::kind(key);
    if reply.inside == 0 {
        return "Nothing waited here".to_owned();
    }
    if !key.has_series() {
        return format!(
            "{} waits; who waited was not told apart",
            words::grouped(reply.inside)
        );
    }
    let mut sum = 0.0;
    let few = by_waits.iter().take(FEW).position(|row| {
        sum += row.inside;
        sum >= MOST
    });
    let all = by_waits.len() as u64 + u64::from(reply.more);
    let percent = |part: f64| format!("{:.0} %", (part * 100.0).floor());
    match few {
        Some(0) if all == 1 => format!("All of it is {}", isolated(&by_waits[0].name)),
        Some(0) => format!(
            "{} accounts for {} of it",
            isolated(&by_waits[0].name),
            percent(sum)
        ),
        Some(at) => format!(
            "{} {} account for {} of it",
            at + 1,
            kind.many,
            percent(sum)
        ),
        None => format!(
            "Spread over {} {}: the first {} account for {} of it",
            words::grouped(all),
            kind.many,
            by_waits.len().min(FEW),
            percent(sum)
        ),
    }
}

fn remark(reply: &RegionReply, key: Key) -> Option<String> {
    let region = &reply.region;
    if reply.known_from_seq > reply.known_to_seq {
        return Some("Of this time it is not kept any more who waited".to_owned());
    }
    if reply.known_from_seq > region.from_seq || reply.known_to_seq < region.to_seq {
        return Some("Of a part of this time it is not kept any more who waited".to_owned());
    }
    let more = format!(
        "{} more {} with {} waits",
        words::grouped(reply.more.into()),
        keys::kind(key).many,
        words::grouped(reply.more_inside)
    );
    (reply.more > 0).then_some(more)
}

#[cfg(test)]
mod tests;
