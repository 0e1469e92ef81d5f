//! The signals that the page is made of. Components read them and change them through the methods
//! here; whatever can be computed from state is computed in the pure modules.

use crate::browser;
use crate::chart::bands::Percentile;
use crate::chart::colour::Spread;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::frame::{Frame, Request};
use crate::chart::layout::Size;
use crate::filter::Filter;
use crate::net::{Event, Net};
use crate::session::Session;
use crate::table::pins::Pins;
use crate::table::view::View;
use crate::table::{Listing, Sort};
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, ProbeState};
use std::sync::Arc;

/// How long the time axis is, in minutes.
pub(crate) const WINDOWS: [u32; 3] = [1, 5, 10];

/// Everything that components share. Copies are the same state.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) session: RwSignal<Session>,
    /// What the window was set to; until someone sets it, it follows from how much is known.
    pub(crate) window: RwSignal<Option<u32>>,
    pub(crate) spread: RwSignal<Spread>,
    pub(crate) percentiles: RwSignal<Vec<Percentile>>,
    pub(crate) filter: RwSignal<String>,
    /// What is wrong with the filter that was typed; the list follows the last right one.
    pub(crate) filter_error: Memo<Option<String>>,
    pub(crate) sort: RwSignal<Sort>,
    pub(crate) pins: RwSignal<Pins>,
    /// The part of the list that is in view.
    pub(crate) view: RwSignal<View>,
    pub(crate) cursor: RwSignal<Cursor>,
    /// Of the heatmap's canvas.
    pub(crate) size: RwSignal<Size>,
    /// Now, in ms since 1970, once a second while the connection is down.
    pub(crate) now: RwSignal<f64>,
    pub(crate) frame: Memo<Option<Arc<Frame>>>,
    pub(crate) target: Memo<Option<Target>>,
    pub(crate) listing: Memo<Arc<Listing>>,
    net: StoredValue<Option<Net>, LocalStorage>,
}

impl App {
    pub(crate) fn new() -> Self {
        let session = RwSignal::new(Session::default());
        let (window, spread) = (RwSignal::new(None), RwSignal::new(Spread::default()));
        let (filter, sort) = (RwSignal::new(String::new()), RwSignal::new(Sort::default()));
        let (cursor, size) = (
            RwSignal::new(Cursor::default()),
            RwSignal::new(Size::default()),
        );
        let frame = frame_of(session, window, spread, size);
        let target = Memo::new(move |_| {
            let frame = frame.get()?;
            cursor.get().target(&frame)
        });
        let (pins, view) = (
            RwSignal::new(Pins::default()),
            RwSignal::new(View::default()),
        );
        let (valid, filter_error) = filter_of(filter);
        let listing = Memo::new(move |_| {
            let session = session.read();
            let recent = &session.shown().recent;
            let listing = Listing::new(
                recent,
                &valid.read(),
                sort.get(),
                &pins.read(),
                &view.read(),
            );
            Arc::new(listing)
        });
        Self {
            session,
            window,
            spread,
            percentiles: RwSignal::new(vec![Percentile::P99]),
            filter,
            filter_error,
            sort,
            pins,
            view,
            cursor,
            size,
            now: RwSignal::new(browser::now_ms()),
            frame,
            target,
            listing,
            net: StoredValue::new_local(None),
        }
    }

    /// Opens the connection and lets what comes change the state.
    pub(crate) fn connect(self) {
        let net = Net::connect(move |event| {
            let answers = self.session.try_update(|session| match event {
                Event::Connecting => Vec::new(),
                Event::Message(message) => session.apply(*message),
                Event::Garbled(reason) => {
                    session.garbled(reason);
                    Vec::new()
                }
                Event::Lost { retry_at_ms } => {
                    session.lost(retry_at_ms);
                    Vec::new()
                }
            });
            self.now.set(browser::now_ms());
            self.settle_window();
            self.send(&answers.unwrap_or_default());
        });
        self.net.set_value(Some(net));
    }

    fn send(self, messages: &[ClientMessage]) {
        self.with_net(|net| messages.iter().for_each(|message| net.send(message)));
    }

    fn with_net(self, act: impl FnOnce(&Net)) {
        // Cloned out: what it does may come back here.
        if let Some(net) = self.net.get_value() {
            act(&net);
        }
    }

    pub(crate) fn retry_now(self) {
        self.with_net(Net::retry_now);
    }

    /// Once a second: the countdown, and a connection that has fallen silent.
    pub(crate) fn tick(self) {
        self.now.set(browser::now_ms());
        let silence_ms = self.session.with_untracked(|session| {
            let measures = matches!(
                session.probe,
                Some(ProbeState::Attached { .. } | ProbeState::Changing { .. })
            );
            let scope = session.scope().filter(|_| measures)?;
            Some(f64::from(scope.interval_ms) * 3.0 + 10_000.0)
        });
        self.with_net(|net| {
            if silence_ms.is_some_and(|limit| net.silent_ms() > limit) {
                net.give_up();
            }
        });
    }

    /// Looks at one series, or at the whole scope.
    pub(crate) fn select(self, key: Option<u64>) {
        self.cursor.set(Cursor::Nothing);
        let messages = self.session.try_update(|session| session.select(key));
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

    /// Goes one step back: a frozen or chosen cell first, then a selected series.
    pub(crate) fn escape(self) {
        if self.cursor.get_untracked() != Cursor::Nothing {
            self.cursor.set(Cursor::Nothing);
        } else {
            self.select(None);
        }
    }

    /// A server that has just started has little past: the axis begins short, and stays.
    fn settle_window(self) {
        if self.window.get_untracked().is_some() {
            return;
        }
        let known = self.session.with_untracked(Session::known_ms);
        if known > 0.0 {
            let minutes = if known < 90_000.0 { 1 } else { 5 };
            self.window.set(Some(minutes));
        }
    }
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
    (
        valid,
        Memo::new(move |_| parsed.read().as_ref().err().cloned()),
    )
}

fn frame_of(
    session: RwSignal<Session>,
    window: RwSignal<Option<u32>>,
    spread: RwSignal<Spread>,
    size: RwSignal<Size>,
) -> Memo<Option<Arc<Frame>>> {
    // Every computed picture counts as a new one: comparing two costs as much as painting.
    Memo::new_with_compare(
        move |before: Option<&Option<Arc<Frame>>>| {
            let keeper = before.and_then(|frame| Some(frame.as_ref()?.keeper));
            let session = session.read();
            let request = Request {
                size: size.get(),
                window_ms: f64::from(window.get().unwrap_or(WINDOWS[1])) * 60_000.0,
                end_ms: session.end_ms().unwrap_or_else(browser::now_ms),
                spread: spread.get(),
                unit: session.shown().scopes.series().unit,
            };
            let slices = session.slices(request.end_ms - request.window_ms);
            let changes = session.shown().changes();
            let changes = changes.map(|change| words::scope::mark(&change)).collect();
            Frame::new(slices, changes, &request, keeper).map(Arc::new)
        },
        |_, _| true,
    )
}
