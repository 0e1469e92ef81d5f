//! The signals that the page is made of. Components read them and change them through the methods
//! here; whatever can be computed from state is computed in the pure modules.

use super::boxed::memo;
use super::notes::Noting;
use super::panel::Baseline;
use super::picture::{Shape, frame_of};
use super::style::Style;
use crate::browser;
use crate::chart::bands::Percentile;
use crate::chart::brush::Brush;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::frame::Frame;
use crate::chart::gesture::Tool;
use crate::chart::layout::Size;
use crate::chart::view::View;
use crate::filter::Filter;
use crate::keys::Linked;
use crate::net::Net;
use crate::session::Session;
use crate::table::pins::Pins;
use crate::table::view::View as ListView;
use crate::table::{How, Listing, Sort};
use leptos::prelude::*;
use runqlat_common::wire::SeriesKey;
use std::sync::Arc;

/// How long the time axis can be set to, in minutes.
pub(crate) const WINDOWS: [u32; 4] = [1, 5, 10, 60];

/// Everything that components share. Copies are the same state.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) session: RwSignal<Session>,
    /// The time that is shown; until someone chooses, it follows from how much is known.
    pub(crate) view: RwSignal<Option<View>>,
    /// Someone has chosen it.
    pub(crate) chosen_view: RwSignal<bool>,
    pub(crate) style: RwSignal<Style>,
    pub(crate) brush: RwSignal<Option<Brush>>,
    /// What a drag on the map does.
    pub(crate) tool: RwSignal<Tool>,
    pub(crate) percentiles: RwSignal<Vec<Percentile>>,
    pub(crate) filter: RwSignal<String>,
    /// What is wrong with the filter that was typed; the list follows the last right one.
    pub(crate) filter_error: Memo<Option<String>>,
    pub(crate) sort: RwSignal<Sort>,
    pub(crate) pins: RwSignal<Pins>,
    /// The part of the list that is in view.
    pub(crate) listed: RwSignal<ListView>,
    /// Series of one name are one row.
    pub(crate) by_name: RwSignal<bool>,
    /// The pointer is over the rows, or the keyboard's focus is in them: their order is held.
    pub(crate) pointed: RwSignal<bool>,
    pub(crate) focused: RwSignal<bool>,
    pub(crate) cursor: RwSignal<Cursor>,
    /// The picture is shown as a table.
    pub(crate) as_table: RwSignal<bool>,
    /// The list is shown as strips.
    pub(crate) as_strips: RwSignal<bool>,
    pub(crate) help: RwSignal<bool>,
    /// The picker of what is measured is open.
    pub(crate) choosing: RwSignal<bool>,
    pub(crate) baseline: RwSignal<Option<Baseline>>,
    /// Grows with each interval, which the picture shows at once.
    pub(super) came: RwSignal<f64>,
    /// Grow when the list and when numbers are to be read anew: the session itself tells of everything that is no
    /// interval.
    pub(super) listed_anew: RwSignal<f64>,
    pub(super) counted_anew: RwSignal<f64>,
    /// Grows when something is told of the others, which is no reason for a new picture.
    pub(super) heard: RwSignal<f64>,
    pub(crate) noting: Noting,
    /// The page is in view: what nobody sees is not painted.
    pub(crate) seen: RwSignal<bool>,
    /// Of the heatmap's canvas.
    pub(crate) size: RwSignal<Size>,
    /// Now, in ms since 1970, once a second while the connection is down.
    pub(crate) now: RwSignal<f64>,
    pub(crate) frame: Memo<Option<Arc<Frame>>>,
    /// What stays from picture to picture until somebody changes it.
    pub(super) shape: Memo<Option<Shape>>,
    pub(crate) target: Memo<Option<Target>>,
    pub(crate) listing: Memo<Arc<Listing>>,
    pub(super) net: StoredValue<Option<Net>, LocalStorage>,
}

impl App {
    pub(crate) fn new() -> Self {
        let session = RwSignal::new(Session::default());
        let (view, style) = (RwSignal::new(None), RwSignal::new(Style::default()));
        let (filter, sort) = (RwSignal::new(String::new()), RwSignal::new(Sort::default()));
        let (cursor, size) = (
            RwSignal::new(Cursor::default()),
            RwSignal::new(Size::default()),
        );
        let (came, listed_anew) = (RwSignal::new(0.0), RwSignal::new(0.0));
        let frame = frame_of((session, came), view, style, size);
        let shape = memo(move || frame.get().map(|frame| Shape::of(&frame)));
        let target = memo(move || {
            let frame = frame.get()?;
            cursor.get().target(&frame)
        });
        let (pins, listed) = (
            RwSignal::new(Pins::default()),
            RwSignal::new(ListView::default()),
        );
        let (valid, filter_error) = filter_of(filter);
        let new_bool = || RwSignal::new(false);
        let (by_name, pointed, focused) = (new_bool(), new_bool(), new_bool());
        let held = holding(move || {
            filter.track();
            sort.track();
            by_name.track();
            pointed.get() || focused.get()
        });
        let listing = Memo::new(move |before: Option<&Arc<Listing>>| {
            let how = How {
                filter: &valid.read(),
                sort: sort.get(),
                pins: &pins.read(),
                view: &listed.read(),
                by_name: by_name.get(),
                held: held.get(),
            };
            let before = before.map(|before| &**before);
            listed_anew.track();
            Arc::new(Listing::new(session.read().listed(), &how, before))
        });
        Self {
            session,
            view,
            chosen_view: RwSignal::new(false),
            style,
            brush: RwSignal::new(None),
            tool: RwSignal::new(Tool::default()),
            percentiles: RwSignal::new(vec![Percentile::P99]),
            filter,
            filter_error,
            sort,
            as_table: RwSignal::new(false),
            as_strips: RwSignal::new(false),
            help: RwSignal::new(false),
            choosing: RwSignal::new(false),
            baseline: RwSignal::new(None),
            came,
            listed_anew,
            counted_anew: RwSignal::new(0.0),
            heard: RwSignal::new(0.0),
            noting: Noting::new(),
            pins,
            listed,
            by_name,
            pointed,
            focused,
            cursor,
            seen: RwSignal::new(browser::is_seen()),
            size,
            now: RwSignal::new(browser::now_ms()),
            frame,
            shape,
            target,
            listing,
            net: StoredValue::new_local(None),
        }
    }

    /// What this host hides from the server.
    pub(super) fn caveats(self) -> Vec<String> {
        let session = self.session.read();
        let server = session.server.as_ref();
        server
            .map(|server| server.caveats.clone())
            .unwrap_or_default()
    }

    /// Opens the picker of what is measured, for who may change it.
    pub(crate) fn choose_scope(self) {
        if self.session.with_untracked(|session| session.may_control) {
            self.choosing.set(true);
        }
    }

    /// Looks at one series, or at the whole scope, because somebody here chose it.
    pub(crate) fn select(self, key: Option<SeriesKey>) {
        self.let_go();
        self.cursor.set(Cursor::Nothing);
        let messages = self.session.try_update(|session| session.select(key));
        self.send(&messages.unwrap_or_default());
    }

    /// Looks at what a link names.
    pub(super) fn follow_link(self, series: Option<Linked>) {
        self.cursor.set(Cursor::Nothing);
        let messages = self
            .session
            .try_update(|session| session.follow_link(series));
        self.send(&messages.unwrap_or_default());
    }

    pub(crate) fn toggle_pause(self) {
        self.session.update(|session| {
            if session.is_paused() {
                session.resume();
            } else {
                session.pause();
            }
        });
    }

    pub(crate) fn toggle_percentile(self, percentile: Percentile) {
        self.percentiles.update(|shown| {
            if !shown.contains(&percentile) {
                shown.push(percentile);
            } else {
                shown.retain(|p| *p != percentile);
            }
            // In their order, from the median upwards: their labels are laid out that way.
            shown.sort_by_key(|p| Percentile::ALL.iter().position(|q| q == p));
        });
    }

    /// Freezes the cell under the cursor, or lets go of a frozen one.
    pub(crate) fn toggle_frozen(self) {
        let frame = self.frame.get_untracked();
        self.cursor.update(|cursor| match frame {
            Some(_) if cursor.is_frozen() => *cursor = Cursor::Nothing,
            Some(frame) => *cursor = cursor.frozen(&frame),
            None => {}
        });
    }

    /// Goes one step back: following first, then a frozen or chosen cell, then a marked region, then a selected series.
    pub(crate) fn escape(self) {
        if self.let_go() {
            return;
        }
        if self.cursor.get_untracked() != Cursor::Nothing {
            self.cursor.set(Cursor::Nothing);
        } else if self.brush.get_untracked().is_some() {
            self.brush.set(None);
        } else {
            self.select(None);
        }
    }
}

/// While the order of the list is held, a number: another when it has to be sorted anew all the same.
fn holding(is_held: impl Fn() -> bool + Send + Sync + 'static) -> Memo<Option<u32>> {
    Memo::new_with_compare(
        move |before: Option<&Option<u32>>| {
            let number = before.copied().flatten().unwrap_or_default();
            is_held().then(|| number.wrapping_add(1))
        },
        |before, now| before != now,
    )
}

/// The last filter that could be understood, and what is wrong with the present one.
fn filter_of(typed: RwSignal<String>) -> (Memo<Arc<Filter>>, Memo<Option<String>>) {
    let parsed = Memo::new_with_compare(
        move |_| Filter::new(&typed.read()).map(Arc::new),
        |_, _| true,
    );
    let valid = Memo::new_with_compare(
        move |before: Option<&Arc<Filter>>| {
            let found = parsed.read().as_ref().ok().cloned();
            found.or_else(|| before.cloned()).unwrap_or_default()
        },
        |_, _| true,
    );
    (valid, memo(move || parsed.read().as_ref().err().cloned()))
}
