//! What is looked at, as the query of an address: a link shows somebody else the same.

use crate::chart::bands::Percentile;
use crate::chart::brush::Brush;
use crate::chart::colour::Spread;
use crate::chart::measure::{Cause, Measure};
use crate::chart::view::{End, View};
use crate::keys::Linked;
use crate::table::{Column, Sort};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use runqlat_common::buckets::SLOTS;

/// What an address says. What it leaves out is as it is by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    pub series: Option<Linked>,
    pub filter: String,
    pub view: Option<View>,
    pub measure: Measure,
    pub cause: Cause,
    pub spread: Spread,
    /// `None`: those that are shown by default.
    pub percentiles: Option<Vec<Percentile>>,
    pub brush: Option<Brush>,
    /// The list is shown as strips.
    pub strips: bool,
    /// Series of one name are one row of it.
    pub by_name: bool,
    pub sort: Sort,
}

/// Letters that need no escape in a value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b',')
    .remove(b'@')
    .remove(b'/')
    .remove(b':');

impl Address {
    /// `series=1002&from=…&to=…`, without a question mark; empty where everything is as by default.
    pub fn query(&self) -> String {
        let mut parts: Vec<(&str, String)> = Vec::new();
        let mut say = |name, value: Option<String>| parts.extend(value.map(|value| (name, value)));
        say("series", self.series.map(|linked| linked.to_string()));
        say("filter", some(&self.filter));
        if let Some(view) = self.view {
            match view.end {
                End::Live => say("last", Some(whole(view.span_ms / 1_000.0))),
                End::At(end) => {
                    say("from", Some(whole(end - view.span_ms)));
                    say("to", Some(whole(end)));
                }
            }
        }
        say("by", changed(self.measure, self.measure.name()));
        say("waits", changed(self.cause, self.cause.name()));
        say("scale", changed(self.spread, spread_name(self.spread)));
        say("lines", self.percentiles.as_deref().map(names));
        say("mark", self.brush.map(|brush| mark(&brush)));
        say("list", self.strips.then(|| "strips".to_owned()));
        say("sort", changed(self.sort, &sort_name(self.sort)));
        say("group", self.by_name.then(|| "name".to_owned()));
        let escaped = parts.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, ESCAPED);
            format!("{name}={value}")
        });
        escaped.collect::<Vec<_>>().join("&")
    }

    /// Reads a query, with or without its question mark. What can't be read is as by default.
    pub fn parse(query: &str) -> Self {
        let query = query.trim_start_matches('?');
        let mut address = Self::default();
        let (mut from, mut to) = (None, None);
        for part in query.split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy();
            match name {
                "series" => address.series = Linked::parse(&value),
                "filter" => address.filter = value.into_owned(),
                "last" => {
                    let seconds = number(&value).filter(|seconds| *seconds > 0.0);
                    address.view = seconds.map(|seconds| View::newest(seconds * 1_000.0));
                }
                "from" => from = number(&value),
                "to" => to = number(&value),
                "by" => address.measure = find(&Measure::ALL, Measure::name, &value),
                "waits" => address.cause = find(&Cause::ALL, Cause::name, &value),
                "scale" => address.spread = find(&Spread::ALL, spread_name, &value),
                "lines" => address.percentiles = Some(percentiles(&value)),
                "mark" => address.brush = brush(&value),
                "list" => address.strips = value == "strips",
                "sort" => address.sort = sort(&value),
                "group" => address.by_name = value == "name",
                _ => {}
            }
        }
        if let (Some(from), Some(to)) = (from, to)
            && from < to
        {
            let span_ms = View::newest(to - from).span_ms;
            // The shortest axis before the first of its seconds would begin before there are times.
            let end = End::At(to.max(span_ms));
            address.view = Some(View { span_ms, end });
        }
        address
    }

    /// Whether the way from one to the other is a step that one goes back, and not a movement.
    pub fn is_step_from(&self, before: &Self) -> bool {
        let same_series = match (self.series, before.series) {
            // If the link gave only a number, its newest series gets its start, too, once it is found.
            (Some(now), Some(before)) => now.fits(before),
            (now, before) => now == before,
        };
        let steps = |a: &Self| {
            (
                a.measure,
                a.cause,
                a.spread,
                a.brush.is_some(),
                a.strips,
                a.by_name,
            )
        };
        !same_series || steps(self) != steps(before)
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn changed<T: Default + PartialEq>(value: T, name: &str) -> Option<String> {
    (value != T::default()).then(|| name.to_owned())
}

/// Milliseconds and seconds without their parts.
fn whole(n: f64) -> String {
    format!("{n:.0}")
}

fn number(text: &str) -> Option<f64> {
    // As `whole` writes them: what reads fractions brings a table of 10 kB. Times beyond the year 10,000 are a mistake.
    let n: u64 = text.parse().ok()?;
    (n <= 260_000_000_000_000).then_some(n as f64)
}

fn find<T: Copy + Default>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> T {
    let found = all.iter().find(|one| name(**one) == text);
    found.copied().unwrap_or_default()
}

fn spread_name(spread: Spread) -> &'static str {
    match spread {
        Spread::Sqrt => "sqrt",
        Spread::Log => "log",
    }
}

/// A column, with a minus before it where its order is turned round.
fn sort_name(sort: Sort) -> String {
    let turned = if sort == Sort::natural(sort.by) {
        ""
    } else {
        "-"
    };
    format!("{turned}{}", sort.by.name())
}

fn sort(text: &str) -> Sort {
    let name = text.trim_start_matches('-');
    let found = Column::ALL.into_iter().find(|column| column.name() == name);
    let natural = found.map_or_else(Sort::default, Sort::natural);
    match name == text {
        true => natural,
        false => natural.clicked(natural.by),
    }
}

fn names(percentiles: &[Percentile]) -> String {
    let names: Vec<_> = percentiles.iter().map(|p| p.name()).collect();
    names.join(",")
}

fn percentiles(text: &str) -> Vec<Percentile> {
    let named: Vec<_> = text.split(',').collect();
    let all = Percentile::ALL.into_iter();
    all.filter(|p| named.contains(&p.name())).collect()
}

/// Both times and both buckets.
fn mark(brush: &Brush) -> String {
    let (from, to) = (whole(brush.from_ms), whole(brush.to_ms));
    format!("{from},{to},{},{}", brush.from_slot, brush.to_slot)
}

fn brush(text: &str) -> Option<Brush> {
    let parts: Vec<_> = text.split(',').collect();
    let [from, to, low, high] = parts[..] else {
        return None;
    };
    let brush = Brush {
        from_ms: number(from)?,
        to_ms: number(to)?,
        from_slot: low.parse().ok()?,
        to_slot: high.parse().ok()?,
    };
    let ordered = brush.from_ms < brush.to_ms && brush.from_slot <= brush.to_slot;
    (ordered && brush.to_slot < SLOTS).then_some(brush)
}

#[cfg(test)]
mod tests;
