//! What is looked at, as the query of an address: a link shows somebody else the same.

use crate::chart::bands::Percentile;
use crate::chart::brush::Brush;
use crate::chart::colour::Spread;
use crate::chart::measure::{Cause, Measure};
use crate::chart::view::{End, View};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use runqlat_common::buckets::SLOTS;

/// What an address says. What it leaves out is as it is by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    pub series: Option<u64>,
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
}

/// Letters that need no escape in a value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b',')
    .remove(b'/')
    .remove(b':');

impl Address {
    /// `series=1002&from=…&to=…`, without a question mark; empty where everything is as by default.
    pub fn query(&self) -> String {
        let mut parts: Vec<(&str, String)> = Vec::new();
        let mut say = |name, value: Option<String>| parts.extend(value.map(|value| (name, value)));
        say("series", self.series.map(|key| key.to_string()));
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
                "series" => address.series = value.parse().ok(),
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
        let steps = |a: &Self| {
            (
                a.series,
                a.measure,
                a.cause,
                a.spread,
                a.brush.is_some(),
                a.strips,
            )
        };
        steps(self) != steps(before)
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
mod tests {
    use super::Address;
    use crate::chart::bands::Percentile;
    use crate::chart::brush::Brush;
    use crate::chart::colour::Spread;
    use crate::chart::measure::{Cause, Measure};
    use crate::chart::view::{End, View};
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
    use proptest::{option, sample};

    #[test]
    fn the_default_has_no_query_and_nonsense_is_the_default() {
        assert_eq!(Address::default().query(), "");
        let nonsense = "?series=x&last=-5&from=9&to=3&by=pain&mark=1,2,3&mark=5,4,0,0&&=&x=%ff";
        assert_eq!(Address::parse(nonsense), Address::default());
        let huge = Address::parse("mark=1,2,0,99&from=1e300&to=nan&last=inf");
        assert_eq!(huge, Address::default());
    }

    #[test]
    fn an_axis_begins_after_1970() {
        let first = Address::parse("from=0&to=1");
        assert_eq!(first.query(), "from=0&to=2000");
        assert_eq!(Address::parse(&first.query()), first);
    }

    #[test]
    fn an_address_can_be_read_by_people() {
        let address = Address {
            series: Some(1_002),
            filter: "a b&c".into(),
            view: Some(View::minutes(5)),
            measure: Measure::Share,
            percentiles: Some(vec![Percentile::P50, Percentile::Max]),
            ..Address::default()
        };
        let query = "series=1002&filter=a%20b%26c&last=300&by=share&lines=p50,max";
        assert_eq!(address.query(), query);
        assert_eq!(Address::parse(query), address);
    }

    fn views() -> impl Strategy<Value = View> {
        (
            2_000..7_200_000_u32,
            option::of(1_000_000_000_u32..2_000_000_000),
        )
            .prop_map(|(span, end)| View {
                span_ms: f64::from(span / 1_000 * 1_000),
                end: end.map_or(End::Live, |end| End::At(f64::from(end) * 1_000.0)),
            })
    }

    fn brushes() -> impl Strategy<Value = Brush> {
        (1_u32..9_000, 1..9_000_u32, 0..20_usize, 0..16_usize).prop_map(
            |(from, more, low, high)| Brush {
                from_ms: f64::from(from),
                to_ms: f64::from(from + more),
                from_slot: low,
                to_slot: low + high,
            },
        )
    }

    proptest! {
        #[test]
        fn a_link_shows_the_same(
            series in any::<Option<u64>>(),
            filter in "\\PC{0,12}",
            view in option::of(views()),
            measure in sample::select(Measure::ALL.to_vec()),
            cause in sample::select(Cause::ALL.to_vec()),
            log: bool,
            strips: bool,
            percentiles in option::of(sample::subsequence(Percentile::ALL.to_vec(), 0..4)),
            brush in option::of(brushes()),
        ) {
            let spread = if log { Spread::Log } else { Spread::Sqrt };
            let address = Address { series, filter, view, measure, cause, spread, percentiles, brush, strips };
            prop_assert_eq!(Address::parse(&address.query()), address);
        }

        #[test]
        fn no_address_makes_it_panic(query in "\\PC{0,80}") {
            Address::parse(&query);
        }
    }
}
