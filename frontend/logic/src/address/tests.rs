//! Links and what they show.

use super::Address;
use crate::chart::bands::Percentile;
use crate::chart::brush::Brush;
use crate::chart::colour::Spread;
use crate::chart::measure::{Cause, Measure};
use crate::chart::view::{End, View};
use crate::keys::Linked;
use crate::table::{Column, Sort};
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
fn a_series_that_is_found_by_its_number_is_no_step() {
    let step = |from: &str, to: &str| Address::parse(to).is_step_from(&Address::parse(from));
    assert!(!step("series=7", "series=7@500"));
    assert!(step("series=7@400", "series=7@500") && step("series=7", "series=8@500"));
    assert!(step("series=7", "") && step("", "series=7"));
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
        series: Linked::parse("1002@88200"),
        filter: "a b&c".into(),
        view: Some(View::minutes(5)),
        measure: Measure::Share,
        percentiles: Some(vec![Percentile::P50, Percentile::Max]),
        ..Address::default()
    };
    let query = "series=1002@88200&filter=a%20b%26c&last=300&by=share&lines=p50,max";
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
    (1_u32..9_000, 1..9_000_u32, 0..20_usize, 0..16_usize).prop_map(|(from, more, low, high)| {
        Brush {
            from_ms: f64::from(from),
            to_ms: f64::from(from + more),
            from_slot: low,
            to_slot: low + high,
        }
    })
}

proptest! {
    #[test]
    fn a_link_shows_the_same(
        series in option::of((any::<u64>(), option::of(1..u64::MAX))),
        filter in "\\PC{0,12}",
        view in option::of(views()),
        measure in sample::select(Measure::ALL.to_vec()),
        cause in sample::select(Cause::ALL.to_vec()),
        log: bool,
        strips: bool,
        by_name: bool,
        by in sample::select(Column::ALL.to_vec()),
        turned: bool,
        percentiles in option::of(sample::subsequence(Percentile::ALL.to_vec(), 0..4)),
        brush in option::of(brushes()),
    ) {
        let series = series.map(|(key, start)| Linked { key, start });
        let spread = if log { Spread::Log } else { Spread::Sqrt };
        let sort = if turned { Sort::natural(by).clicked(by) } else { Sort::natural(by) };
        let address = Address { series, filter, view, measure, cause, spread, percentiles, brush, strips, by_name, sort };
        prop_assert_eq!(Address::parse(&address.query()), address);
    }

    #[test]
    fn no_address_makes_it_panic(query in "\\PC{0,80}") {
        Address::parse(&query);
    }
}
