//! What the tooltip says about a cell of the heatmap.

use crate::chart::cursor::Target;
use crate::chart::frame::Frame;
use crate::chart::grid::GridColumn;
use crate::chart::marks;
use crate::chart::ticks;
use crate::words;
use runqlat_common::buckets::Unit;
use runqlat_common::counts::Range;
use runqlat_common::human;

/// The lines of a tooltip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// `12:03:58 – 12:03:59`.
    pub when: String,
    /// `2026-03-01, UTC+01:00`, and how many intervals were merged.
    pub date: String,
    /// The cell, or why there is none.
    pub cell: Result<CellTip, String>,
    /// The change of what is measured that lies here.
    pub change: Option<String>,
}

/// What is known of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellTip {
    /// The bucket: `512 µs – 1.02 ms`.
    pub range: String,
    /// Waits in it, and their part of the column's.
    pub count: u64,
    pub share: String,
    /// Part of the column's waits that were at most this long.
    pub cumulative: String,
    /// Waits of the whole column.
    pub total: u64,
}

impl Tip {
    /// `x` is the pointer's, in pixels of the plot.
    pub fn new(frame: &Frame, target: Target, x: Option<f64>, utc_offset_min: i32) -> Option<Self> {
        match target {
            Target::Cell { column, slot } => {
                let column = frame.grid.columns.get(column)?;
                let x = x.unwrap_or(f64::from(column.x0));
                Some(Self {
                    when: column_times(column, utc_offset_min),
                    date: date(column, utc_offset_min),
                    cell: Ok(CellTip::new(column, slot, frame.unit())),
                    change: change(frame, x),
                })
            }
            Target::Missing { ms } => Some(Self {
                when: ticks::clock(ms, utc_offset_min),
                date: zoned_date(ms, utc_offset_min),
                cell: Err(words::scope::missing(frame.grid.missing_at(ms))),
                change: x.and_then(|x| change(frame, x)),
            }),
        }
    }

    /// One line for a screen reader.
    pub fn line(&self) -> String {
        match &self.cell {
            Err(why) => format!("{}: {why}", self.when),
            Ok(cell) => format!(
                "{}: {} waits of {}, {} of {}",
                self.when, cell.count, cell.range, cell.share, cell.total
            ),
        }
    }
}

impl CellTip {
    fn new(column: &GridColumn, slot: usize, unit: Unit) -> Self {
        let counts = &column.counts;
        let total = counts.total();
        let up_to = (0..=slot).fold(0_u64, |sum, slot| sum.saturating_add(counts.at(slot)));
        Self {
            range: human::range(Range::of(slot, unit)),
            count: counts.at(slot),
            share: words::percent(counts.at(slot), total),
            cumulative: words::percent(up_to, total),
            total,
        }
    }
}

fn change(frame: &Frame, x: f64) -> Option<String> {
    marks::near(&frame.marks, x, frame.layout.size.ratio)
}

/// When a column was measured: `12:03:58 – 12:03:59`.
pub fn column_times(column: &GridColumn, utc_offset_min: i32) -> String {
    times(column.start_ms, column.end_ms, utc_offset_min)
}

/// A time range in local time: `12:03:58 – 12:03:59`.
pub fn times(start_ms: f64, end_ms: f64, utc_offset_min: i32) -> String {
    // Tenths are told only where they tell intervals apart.
    let clock = if end_ms - start_ms < 900.0 {
        ticks::clock_fine
    } else {
        ticks::clock
    };
    let [start, end] = [start_ms, end_ms].map(|ms| clock(ms, utc_offset_min));
    format!("{start} – {end}")
}

fn zoned_date(ms: f64, utc_offset_min: i32) -> String {
    let (date, zone) = (ticks::date(ms, utc_offset_min), ticks::zone(utc_offset_min));
    format!("{date}, {zone}")
}

fn date(column: &GridColumn, utc_offset_min: i32) -> String {
    let date = zoned_date(column.end_ms, utc_offset_min);
    match column.last_seq.saturating_sub(column.first_seq) {
        0 => date,
        more => format!("{date} · sum of {} intervals", more.saturating_add(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::{CellTip, Tip, date, times};
    use crate::chart::cursor::Target;
    use crate::chart::frame::{Frame, request_for_tests};
    use crate::chart::grid::GridColumn;
    use crate::chart::grid::{Missing, Slice};
    use crate::chart::marks::Change;
    use runqlat_common::buckets::Unit;
    use runqlat_common::counts::{Counts, Waits};

    #[test]
    fn a_cell_tells_its_share_and_what_lies_below() {
        let column = GridColumn {
            x0: 0,
            x1: 1,
            first_seq: 4,
            last_seq: 6,
            start_ms: 0.0,
            end_ms: 3_000.0,
            counts: Counts {
                woken: Waits {
                    counts: vec![50, 25, 25],
                    sum_ns: 0,
                },
                preempted: Waits::default(),
            },
            measured_ms: 3_000.0,
        };
        let tip = CellTip::new(&column, 1, Unit::Us);
        assert_eq!(tip.range, "2 µs – 4 µs");
        assert_eq!(CellTip::new(&column, 1, Unit::Ms).range, "2 ms – 4 ms");
        assert_eq!((tip.count, tip.total), (25, 100));
        assert_eq!(
            (tip.share.as_str(), tip.cumulative.as_str()),
            ("25.0 %", "75.0 %")
        );
        assert_eq!(CellTip::new(&column, 9, Unit::Us).cumulative, "100 %");
        assert_eq!(times(0.4, 1_000.4, 0), "00:00:00 – 00:00:01");
        assert_eq!(times(0.0, 100.0, 0), "00:00:00 – 00:00:00.1");
        assert_eq!(
            date(&column, 60),
            "1970-01-01, UTC+01:00 · sum of 3 intervals"
        );
        let backwards = GridColumn {
            first_seq: u64::MAX,
            ..column.clone()
        };
        assert_eq!(date(&backwards, 0), "1970-01-01, UTC");
        let endless = GridColumn {
            first_seq: 0,
            last_seq: u64::MAX,
            ..column
        };
        assert!(date(&endless, 0).contains("sum of 18446744073709551615"));
    }

    /// Two intervals, of which the first was measured in µs, and the change between them.
    fn changed_frame() -> Frame {
        let counts = Counts {
            woken: Waits {
                counts: vec![0, 0, 7],
                sum_ns: 0,
            },
            preempted: Waits::default(),
        };
        let slice = |seq: u32, counts| Slice {
            seq: u64::from(seq),
            start_ms: f64::from(seq - 1) * 5_000.0,
            end_ms: f64::from(seq) * 5_000.0,
            interval_ms: 5_000.0,
            counts,
        };
        let slices = [
            slice(1, Err(Missing::Unit(Unit::Us))),
            slice(2, Ok(&counts)),
        ];
        let change = Change {
            at_ms: 5_000.0,
            label: "ms buckets".into(),
            text: "µs buckets → ms buckets".into(),
            in_full: String::new(),
            note: None,
        };
        let request = request_for_tests(Unit::Ms);
        Frame::new(slices.into_iter(), vec![change], &request, None).expect("room")
    }

    #[test]
    fn a_change_is_told_beside_its_mark_and_another_unit_in_its_place() {
        let frame = changed_frame();
        assert_eq!((frame.marks[0].px, frame.grid.columns[0].x0), (500, 500));
        let tip = |target, x| Tip::new(&frame, target, x, 0).expect("a tip");
        let change = Some("µs buckets → ms buckets".to_owned());
        let missing = tip(Target::Missing { ms: 4_960.0 }, Some(496.0));
        assert_eq!(missing.cell, Err("measured in µs".into()));
        assert_eq!(missing.change, change);
        assert_eq!(missing.line(), "00:00:04: measured in µs");
        assert_eq!(tip(Target::Missing { ms: 100.0 }, Some(10.0)).change, None);
        let cell = Target::Cell { column: 0, slot: 2 };
        assert_eq!(tip(cell, Some(900.0)).change, None);
        // Chosen with the keys: the column begins where the mark is.
        let walked = tip(cell, None);
        assert_eq!(walked.change, change);
        assert_eq!(walked.cell.map(|cell| cell.range), Ok("4 ms – 8 ms".into()));
    }
}
