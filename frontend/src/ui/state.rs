//! The signals that the page is made of. Components read them and change them through the methods
//! here; whatever can be computed from state is computed in the pure modules.

use super::panel::Baseline;
use super::style::Style;
use crate::browser;
use crate::chart::bands::Percentile;
use crate::chart::brush::Brush;
use crate::chart::cursor::{Cursor, Target};
use crate::chart::frame::{Frame, Request};
use crate::chart::gesture::Tool;
use crate::chart::layout::Size;
use crate::chart::view::{Known, View};
use crate::filter::Filter;
use crate::net::{Event, Net};
use crate::session::Session;
use crate::table::{Listing, Sort};
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::{ClientMessage, ProbeState};
use std::sync::Arc;

/// How long the time axis can be set to, in minutes.
pub(crate) const WINDOWS: [u32; 4] = [1, 5, 10, 60];

/// Until someone chooses, or more is known.
const FIRST_VIEW_MS: f64 = 300_000.0;

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
    pub(crate) sort: RwSignal<Sort>,
    pub(crate) cursor: RwSignal<Cursor>,
    /// The picture is shown as a table.
    pub(crate) as_table: RwSignal<bool>,
    pub(crate) help: RwSignal<bool>,
    /// The picker of what is measured is open.
    pub(crate) choosing: RwSignal<bool>,
    pub(crate) baseline: RwSignal<Option<Baseline>>,
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
        let (view, style) = (RwSignal::new(None), RwSignal::new(Style::default()));
        let (filter, sort) = (RwSignal::new(String::new()), RwSignal::new(Sort::default()));
        let (cursor, size) = (
            RwSignal::new(Cursor::default()),
            RwSignal::new(Size::default()),
        );
        let frame = frame_of(session, view, style, size);
        let target = Memo::new(move |_| {
            let frame = frame.get()?;
            cursor.get().target(&frame)
        });
        let listing = Memo::new(move |_| {
            let (filter, sort) = (Filter::new(&filter.read()), sort.get());
            Arc::new(Listing::new(&session.read().shown().recent, &filter, sort))
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
            sort,
            as_table: RwSignal::new(false),
            help: RwSignal::new(false),
            choosing: RwSignal::new(false),
            baseline: RwSignal::new(None),
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
            self.settle_view();
            self.send(&answers.unwrap_or_default());
        });
        self.net.set_value(Some(net));
    }

    pub(crate) fn send(self, messages: &[ClientMessage]) {
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

    /// Goes one step back: a frozen or chosen cell first, then a marked region, then a selected series.
    pub(crate) fn escape(self) {
        if self.cursor.get_untracked() != Cursor::Nothing {
            self.cursor.set(Cursor::Nothing);
        } else if self.brush.get_untracked().is_some() {
            self.brush.set(None);
        } else {
            self.select(None);
        }
    }

    /// A server that has just started has little past: the axis begins short, and stays.
    fn settle_view(self) {
        if self.view.get_untracked().is_some() {
            return;
        }
        if let Some(known) = self.session.with_untracked(Session::known) {
            let minutes = if known.end_ms - known.start_ms < 90_000.0 {
                1
            } else {
                5
            };
            self.view.set(Some(View::minutes(minutes)));
        }
    }

    /// What is shown, and out of what; before anything is known, around now.
    pub(crate) fn view_and_known(self) -> (View, Known) {
        let now = browser::now_ms();
        let (start_ms, end_ms) = (now - FIRST_VIEW_MS, now);
        let known = self.session.with_untracked(Session::known);
        let view = self.view.get_untracked();
        (
            view.unwrap_or(View::newest(FIRST_VIEW_MS)),
            known.unwrap_or(Known { start_ms, end_ms }),
        )
    }

    /// Looks at another part of time.
    pub(crate) fn look(self, change: impl FnOnce(View, &Known) -> View) {
        let (view, known) = self.view_and_known();
        self.chosen_view.set(true);
        self.view.set(Some(change(view, &known)));
    }
}

fn frame_of(
    session: RwSignal<Session>,
    view: RwSignal<Option<View>>,
    style: RwSignal<Style>,
    size: RwSignal<Size>,
) -> Memo<Option<Arc<Frame>>> {
    // Every computed picture counts as a new one: comparing two costs as much as painting.
    Memo::new_with_compare(
        move |before: Option<&Option<Arc<Frame>>>| {
            let keeper = before.and_then(|frame| Some(frame.as_ref()?.keeper));
            let session = session.read();
            let view = view.get().unwrap_or(View::newest(FIRST_VIEW_MS));
            let style = style.get();
            let end_ms = session.known().map(|known| view.end_ms(&known));
            let request = Request {
                size: size.get(),
                window_ms: view.span_ms,
                end_ms: end_ms.unwrap_or_else(browser::now_ms),
                spread: style.spread,
                measure: style.measure,
                cause: style.cause,
                pinned: style.pinned_max(),
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
