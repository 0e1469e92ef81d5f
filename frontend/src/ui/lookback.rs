//! Asks who waited in the time that is looked at, when that is not the present and the view has settled.

use super::boxed::{effect, memo};
use super::state::App;
use crate::chart::cursor::Cursor;
use crate::chart::view::View;
use crate::region::seqs;
use leptos::prelude::*;
use runqlat_common::wire::Span;
use std::time::Duration;

/// Asked when the view has stood still for so long.
const REST: Duration = Duration::from_millis(300);

pub(crate) fn keep_told(app: App) {
    let paused = memo(move || app.session.read().is_paused());
    let wanted = memo(move || wanted(app, paused));
    let newest = StoredValue::new(0_u32);
    effect(move || {
        let wanted = wanted.get();
        let mine = newest.get_value().wrapping_add(1);
        newest.set_value(mine);
        if wanted.is_none() {
            return app.look_for(None);
        }
        let look = move || {
            if newest.try_get_value() == Some(mine) {
                app.look_for(wanted.clone());
            }
        };
        set_timeout(look, REST);
    });
}

impl App {
    fn look_for(self, span: Option<Span>) {
        let asked = self.session.try_maybe_update(|session| {
            let (is_another, messages) = session.look_for(span);
            (is_another || !messages.is_empty(), messages)
        });
        self.send(&asked.unwrap_or_default());
    }
}

/// The intervals that are looked at: those of a frozen cell, or all in view. Nothing where the list follows what comes,
/// where strips are shown, which are the present's, and where a mark has a table of its own.
fn wanted(app: App, paused: Memo<bool>) -> Option<Span> {
    if app.as_strips.get() || app.brush.read().is_some() {
        return None;
    }
    let view = app.view.get()?;
    let by_name = app.by_name.get();
    let span = move |(from_seq, to_seq)| Span {
        from_seq,
        to_seq,
        by_name,
    };
    if let Cursor::Cell {
        seq, frozen: true, ..
    } = app.cursor.get()
    {
        // The picture goes on; the cell's intervals stay.
        let frame = app.frame.get_untracked()?;
        let column = frame.grid.columns.get(frame.grid.index_of_seq(seq)?)?;
        return Some(span((column.first_seq, column.last_seq)));
    }
    if view.is_live() && !paused.get() {
        return None;
    }
    seen(app, view).map(span)
}

fn seen(app: App, view: View) -> Option<(u64, u64)> {
    let session = app.measured();
    let known = session.known().filter(|_| session.has_series())?;
    let end_ms = view.end_ms(&known);
    seqs(&session.shown().columns, end_ms - view.span_ms, end_ms)
}
