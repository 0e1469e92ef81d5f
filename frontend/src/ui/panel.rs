//! What the histogram beside the map shows: the newest interval, the column under the cursor, or the
//! marked time or that which is looked back at; and the baseline it is compared with.

use super::boxed::memo;
use super::state::App;
use crate::browser;
use crate::chart::cursor::Target;
use crate::chart::frame::Frame;
use crate::histogram::Histogram;
use crate::session::{Link, Session};
use crate::tooltip::{column_times, times};
use crate::words;
use leptos::prelude::*;
use runqlat_common::counts::Counts;
use std::sync::Arc;

/// What the panel shows.
#[derive(Clone, PartialEq)]
pub(crate) struct Shown {
    /// `newest interval`, `under the cursor`, `frozen`, `marked time`, `time shown`.
    pub(crate) what: String,
    pub(crate) when: String,
    pub(crate) counts: Counts,
    pub(crate) histogram: Histogram,
}

/// A histogram that was kept to compare others with.
#[derive(Clone, PartialEq)]
pub(crate) struct Baseline {
    pub(crate) when: String,
    pub(crate) histogram: Histogram,
}

/// The panel's state, shared by its parts.
#[derive(Clone, Copy)]
pub(crate) struct Panel(Memo<Arc<Option<Shown>>>);

impl Panel {
    pub(crate) fn new(app: App) -> Self {
        Self(memo(move || Arc::new(shown(app))))
    }

    pub(crate) fn read<T: Default>(self, read: impl FnOnce(&Shown) -> T) -> T {
        self.0
            .with(|shown| (**shown).as_ref().map(read).unwrap_or_default())
    }
}

impl App {
    /// Keeps the marked time, or all that is shown, to compare with; or drops what was kept.
    pub(crate) fn toggle_baseline(self) {
        if self.baseline.get_untracked().is_some() {
            return self.baseline.set(None);
        }
        let Some(frame) = self.frame.get_untracked() else {
            return;
        };
        let brush = self.brush.get_untracked();
        let (from, to) = brush.map_or((frame.time.start_ms, frame.time.end_ms), |brush| {
            (brush.from_ms, brush.to_ms)
        });
        let kept = sum(self, &frame, from, to, "baseline");
        self.baseline.set(Some(Baseline {
            when: kept.when,
            histogram: kept.histogram,
        }));
    }
}

/// Reads the picture as it is when there is something to be read anew, and not with each picture.
fn shown(app: App) -> Option<Shown> {
    app.track_measured();
    app.shape.track();
    let frame = app.frame.get_untracked()?;
    let rows = frame.layout.rows.rows;
    let frozen = app.cursor.get().is_frozen();
    let brush = app.brush.get();
    if let Some(Target::Cell { column, .. }) =
        app.target.get().filter(|_| frozen || brush.is_none())
    {
        let column = frame.grid.columns.get(column)?;
        return Some(Shown {
            what: if frozen { "frozen" } else { "under the cursor" }.to_owned(),
            when: column_times(column, browser::utc_offset_min(column.end_ms)),
            histogram: Histogram::new(&column.counts, frame.unit(), column.measured_ms, rows),
            counts: column.counts.clone(),
        });
    }
    if let Some(brush) = brush {
        return Some(sum(app, &frame, brush.from_ms, brush.to_ms, "marked time"));
    }
    let session = app.session.read_untracked();
    if let Some((from_ms, to_ms)) = looked_back_at(app, &session) {
        return Some(sum(app, &frame, from_ms, to_ms, "time shown"));
    }
    // The newest interval itself: the map's last column may be several.
    let newest = session.slices(0.0).next_back()?;
    let newest_is = match session.link {
        Link::Live => "newest interval",
        _ => "last interval that came",
    };
    let what = match newest.counts {
        Ok(_) => newest_is.to_owned(),
        Err(why) => format!("{newest_is}: {}", words::scope::missing(why)),
    };
    let counts = newest.counts.map(|counts| frame.cause.of(counts));
    let counts = counts.unwrap_or_default();
    let measured_ms = newest.end_ms - newest.start_ms;
    let utc_offset_min = browser::utc_offset_min(newest.end_ms);
    Some(Shown {
        what,
        when: times(newest.start_ms, newest.end_ms, utc_offset_min),
        histogram: Histogram::new(&counts, frame.unit(), measured_ms, rows),
        counts,
    })
}

/// The time that is looked back at. It and the list tell of one, whose answer comes when the view has settled; where no
/// list tells of it, it is what the picture shows.
fn looked_back_at(app: App, session: &Session) -> Option<(f64, f64)> {
    let view = app.view.get().filter(|view| !view.is_live())?;
    if let Some(told) = session.told() {
        return told.times;
    }
    let is_alone = app.as_strips.get() || !session.has_series();
    let known = session.known().filter(|_| is_alone)?;
    let end_ms = view.end_ms(&known);
    Some(((end_ms - view.span_ms).max(known.start_ms), end_ms))
}

/// The histogram of a time range of what is looked at.
fn sum(app: App, frame: &Frame, from_ms: f64, to_ms: f64, what: &str) -> Shown {
    let session = app.session.read_untracked();
    let sum = session.sum(from_ms, to_ms);
    let counts = frame.cause.of(&sum.counts);
    let rows = frame.layout.rows.rows;
    Shown {
        what: what.to_owned(),
        when: times(from_ms, to_ms, browser::utc_offset_min(to_ms)),
        histogram: Histogram::new(&counts, frame.unit(), sum.measured_ms, rows),
        counts,
    }
}
