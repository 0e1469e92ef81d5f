//! Where on the time axis what is measured changed, and what people noted: a line between two columns,
//! and a label below the axis, which gets what room there is.

use super::layout::Size;
use super::scale::TimeScale;

/// A change or a note, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// In ms since 1970.
    pub at_ms: f64,
    /// What it is now, in few characters.
    pub label: String,
    /// From what to what, with long paths cut short and in full.
    pub text: String,
    pub in_full: String,
    /// The id of the note that it is.
    pub note: Option<u32>,
}

/// A change or a note in the picture; several where they lie in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The newest one's time, in ms since 1970.
    pub at_ms: f64,
    /// Pixels from the plot's left edge, between the columns that it parts.
    pub px: u32,
    pub label: String,
    pub text: String,
    pub in_full: String,
    /// The id of the newest note here.
    pub note: Option<u32>,
    pub side: Side,
}

/// Where a mark's label has room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// After the line, for so many CSS pixels at most.
    Right { room: f64 },
    /// Before the line, at the right end of the picture.
    Left,
    /// Nowhere: the flag alone is shown.
    Nowhere,
}

/// Width of a label's letter and of what surrounds it, in CSS pixels; letters are rather narrower.
const LETTER: f64 = 6.5;
const AROUND: f64 = 14.0;

/// A label with less room than this tells nothing, in CSS pixels.
const LEAST: f64 = 40.0;

/// How near to a mark, in CSS pixels, one points at it.
const NEAR: f64 = 5.0;

/// The marks of the changes that lie in the picture, which come by ascending time. `left` is the
/// plot's left edge in device pixels.
pub fn marks(changes: Vec<Change>, time: &TimeScale, left: u32, size: Size) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for change in changes {
        if !(time.start_ms..=time.end_ms).contains(&change.at_ms) {
            continue;
        }
        let px = time.edge_from_time(change.at_ms);
        match marks.last_mut() {
            // Two in one place are one flag that tells both.
            Some(last) if last.px == px => {
                last.label = change.label;
                last.text = format!("{}\n{}", last.text, change.text);
                last.in_full = format!("{}\n{}", last.in_full, change.in_full);
                last.at_ms = change.at_ms;
                last.note = change.note.max(last.note);
            }
            _ => marks.push(Mark {
                at_ms: change.at_ms,
                px,
                label: change.label,
                text: change.text,
                in_full: change.in_full,
                note: change.note,
                side: Side::Nowhere,
            }),
        }
    }
    give_room(&mut marks, left, size);
    marks
}

/// A label stands after its line, where what it tells begins, and is cut off by the next one; only at
/// the right end, where there is not room enough yet, it stands before.
fn give_room(marks: &mut [Mark], left: u32, size: Size) {
    let css = |mark: &Mark| f64::from(left + mark.px) / size.ratio;
    let mut end = size.width;
    let mut is_last = true;
    for i in (0..marks.len()).rev() {
        let x = css(&marks[i]);
        let before = i.checked_sub(1).map_or(0.0, |before| css(&marks[before]));
        let width = marks[i].label.chars().count() as f64 * LETTER + AROUND;
        (marks[i].side, end) = if is_last && x + width > end && x - width >= before {
            (Side::Left, x - width)
        } else if end - x >= LEAST.min(width) {
            (Side::Right { room: end - x }, x)
        } else {
            (Side::Nowhere, x)
        };
        is_last = false;
    }
}

/// What the marks near a pixel of the plot tell.
pub fn near(marks: &[Mark], px: f64, ratio: f64) -> Option<String> {
    let near = marks.iter();
    let near = near.filter(|mark| (f64::from(mark.px) - px).abs() <= NEAR * ratio);
    let texts: Vec<&str> = near.map(|mark| mark.text.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{Change, Side, Size, TimeScale, marks, near};

    fn change(at_ms: f64, label: &str) -> Change {
        Change {
            at_ms,
            label: label.into(),
            text: format!("→ {label}"),
            in_full: format!("all → {label}"),
            note: None,
        }
    }

    const TIME: TimeScale = TimeScale {
        start_ms: 10_000.0,
        end_ms: 20_000.0,
        width_px: 1_000,
    };

    const SIZE: Size = Size {
        width: 545.0,
        height: 200.0,
        ratio: 2.0,
    };

    #[test]
    fn a_mark_lies_at_the_edge_of_its_first_column() {
        let changes = vec![
            change(9_999.0, "too old"),
            change(12_004.0, "threads"),
            change(15_000.0, "ms buckets"),
            change(15_004.0, "cgroups"),
            change(20_001.0, "to come"),
        ];
        let marks = marks(changes, &TIME, 56, SIZE);
        let px: Vec<u32> = marks.iter().map(|mark| mark.px).collect();
        assert_eq!(px, [200, 500]);
        assert_eq!(marks[1].label, "cgroups");
        assert_eq!(marks[1].text, "→ ms buckets\n→ cgroups");
        assert_eq!(marks[1].in_full, "all → ms buckets\nall → cgroups");
        assert_eq!(near(&marks, 210.0, 2.0).as_deref(), Some("→ threads"));
        assert_eq!(near(&marks, 211.0, 2.0), None);
    }

    /// The plot is 500 CSS pixels wide and begins at 28; "threads" takes 59.5 of them.
    #[test]
    fn labels_go_where_there_is_room_and_never_over_each_other() {
        let sides = |at: &[f64]| {
            let changes = at.iter().map(|ms| change(*ms, "threads")).collect();
            let marks = marks(changes, &TIME, 56, SIZE);
            marks.iter().map(|mark| mark.side).collect::<Vec<_>>()
        };
        use Side::{Left, Nowhere};
        let right = |room| Side::Right { room };
        assert_eq!(sides(&[12_000.0]), [right(417.0)]);
        assert_eq!(sides(&[19_900.0]), [Left]);
        assert_eq!(sides(&[12_000.0, 13_500.0]), [right(75.0), right(342.0)]);
        // Cut off by the next, or by what stands before the next.
        assert_eq!(sides(&[12_000.0, 13_000.0]), [right(50.0), right(367.0)]);
        assert_eq!(sides(&[18_000.0, 19_900.0]), [Nowhere, Left]);
        assert_eq!(sides(&[17_600.0, 19_900.0]), [right(55.5), Left]);
        assert_eq!(sides(&[12_000.0, 12_500.0]), [Nowhere, right(392.0)]);
        // At the very end and right after another.
        assert_eq!(sides(&[19_800.0, 19_900.0]), [Nowhere, Nowhere]);
    }
}
