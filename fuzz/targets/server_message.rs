//! What a server sends to the page, in either format, whatever its numbers: decoded, taken by the page's state, and
//! made into what is drawn. Each part of the input is a message, or if empty a change of what is looked at.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_common::buckets::SLOTS;
use runqlat_common::wire::{Format, SeriesKey, ServerMessage, Span};
use runqlat_fuzz::parts;
use runqlat_logic::chart::brush::Brush;
use runqlat_logic::chart::colour::Spread;
use runqlat_logic::chart::cursor::Target;
use runqlat_logic::chart::frame::{Frame, Request};
use runqlat_logic::chart::layout::Size;
use runqlat_logic::chart::measure::{Cause, Measure};
use runqlat_logic::filter::Filter;
use runqlat_logic::histogram::Histogram;
use runqlat_logic::keys::Linked;
use runqlat_logic::region;
use runqlat_logic::session::Session;
use runqlat_logic::table::pins::Pins;
use runqlat_logic::table::view::View;
use runqlat_logic::table::{How, Listing, Sort};
use runqlat_logic::tooltip::Tip;

/// More is no other state, only a longer past.
const MESSAGES: usize = 40;

fuzz_target!(|bytes: &[u8]| {
    let mut session = Session::default();
    for part in parts(bytes).take(MESSAGES) {
        if part.is_empty() {
            look(&mut session);
        }
        for format in Format::ALL {
            if let Ok(message) = format.decode_server(part) {
                is_the_same_again(&message);
                take(&mut session, message);
            }
        }
    }
    show(&session);
});

fn is_the_same_again(message: &ServerMessage) {
    for format in Format::ALL {
        let encoded = format.encode_server(message);
        assert_eq!(format.decode_server(&encoded).as_ref(), Ok(message));
    }
}

/// As the page does it.
fn take(session: &mut Session, mut message: ServerMessage) {
    session.together.hear(&mut message);
    session.apply(message);
}

/// Looks at a series, then halts and asks who waited, then goes on.
fn look(session: &mut Session) {
    let span = Span {
        from_seq: 1,
        to_seq: 9,
        by_name: true,
    };
    let first = session.live().recent.listed().map(|(id, _)| id).min();
    let linked = Linked::from(first.unwrap_or(SeriesKey { key: 7, start: 5 }));
    match (session.selection.is_some(), session.is_paused()) {
        (false, false) => drop(session.follow_link(Some(linked))),
        (true, false) => {
            session.pause();
            session.look_for(Some(span));
        }
        (_, true) => {
            session.resume();
            session.look_for(None);
            session.select(None);
        }
    }
    show(session);
}

fn show(session: &Session) {
    show_list(session);
    let Some(known) = session.known() else {
        return;
    };
    for window_ms in [2_000.0, 7_200_000.0] {
        for measure in Measure::ALL {
            show_picture(session, measure, window_ms, known.end_ms);
        }
    }
    let sum = session.sum(known.start_ms, known.end_ms);
    let unit = session.shown().scopes.series().unit;
    let histogram = Histogram::new(&sum.counts, unit, sum.measured_ms, 14);
    assert!(histogram.bars.len() <= SLOTS.max(14));
    let brush = Brush {
        from_ms: known.start_ms,
        to_ms: known.end_ms,
        from_slot: 0,
        to_slot: SLOTS - 1,
    };
    let shown = (known.start_ms, known.end_ms);
    region::question(&session.shown().columns, &brush, shown, Cause::All);
}

fn show_picture(session: &Session, measure: Measure, window_ms: f64, end_ms: f64) {
    let request = Request {
        size: Size {
            width: 400.0,
            height: 300.0,
            ratio: 1.0,
        },
        window_ms,
        end_ms,
        spread: Spread::Log,
        measure,
        cause: Cause::All,
        pinned: None,
        unit: session.shown().scopes.series().unit,
    };
    let slices = session.slices(end_ms - window_ms);
    let Some(frame) = Frame::new(slices, Vec::new(), &request, None) else {
        return;
    };
    assert!(
        frame.grid.columns.len() <= 400,
        "as many as there are pixels"
    );
    for column in 0..frame.grid.columns.len() {
        let target = Target::Cell { column, slot: 3 };
        Tip::new(&frame, target, None, 60).map(|tip| tip.line());
    }
}

fn show_list(session: &Session) {
    let recent = session.listed();
    recent.seconds();
    recent.waits();
    recent.newly_lost();
    for (key, total) in recent.listed() {
        total.percentile_slot(99);
        recent.strip(key);
        recent.name_of(key);
    }
    let (filter, pins, view) = (Filter::default(), Pins::default(), View::default());
    let mut before = None;
    for (by_name, held) in [
        (false, None),
        (false, Some(1)),
        (true, Some(1)),
        (true, None),
    ] {
        let how = How {
            filter: &filter,
            sort: Sort::default(),
            pins: &pins,
            view: &view,
            by_name,
            held,
        };
        let listing = Listing::new(recent, &how, before.as_ref());
        assert!(listing.matched <= listing.total);
        for row in listing.places.iter().flatten() {
            row.strip(recent);
        }
        before = Some(listing);
    }
    let data = session.shown();
    data.changes().for_each(drop);
    session.behind();
    session.notice();
}
