//! The first series of the list as strips that fill it, below each other on one time axis.

use super::boxed::{effect, live, memo, on};
use super::reach::open;
use super::resize::size_of;
use super::state::App;
use super::strips::{paint, paint_when_new};
use super::text::{Maker, Text, set};
use crate::browser;
use crate::chart::layout::Size;
use crate::chart::strip::Layout;
use crate::chart::ticks;
use crate::keys::Linked;
use crate::session::strip::CELLS;
use crate::table::Row;
use crate::words;
use leptos::ev::PointerEvent;
use leptos::html::{Canvas, Div, Ol};
use leptos::prelude::*;
use runqlat_common::wire::SeriesKey;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Series that are shown.
pub(super) const MOST: usize = 8;

/// Cells between two times on the axis.
const TICK: usize = 20;

/// The first series of the list as strips.
#[component]
pub(crate) fn Multiples() -> impl IntoView {
    let app = expect_context::<App>();
    let (canvas, holder) = (NodeRef::<Canvas>::new(), NodeRef::<Div>::new());
    let list = NodeRef::<Ol>::new();
    let size = size_of(holder);
    let row = memo(move || (size.get().height / MOST as f64).floor());
    paint_when_new(app, true, move |look| {
        let (canvas, listing) = (canvas.get()?, app.listing.get());
        let Size { width, ratio, .. } = size.get();
        let layout = Layout::new(width, row.get(), ratio);
        let rows: Vec<_> = (0..MOST).map(|at| listing.at(at)).collect();
        paint(app, look, &canvas, &rows, &layout);
        Some(())
    });
    fill(app, list);
    let shown = memo(move || app.listing.with(|listing| listing.rows.min(MOST)));
    view! {
        <div class="multiples" class:away=live(move || !app.as_strips.get()) data-testid="strips">
            <div class="strip-plot">
                <div class="strip-space" node_ref=holder>
                    <canvas
                        node_ref=canvas
                        aria-hidden="true"
                        style:height=live(move || format!("{}px", row.get() * shown.get() as f64))
                    ></canvas>
                </div>
                <ol
                    class="strip-rows"
                    node_ref=list
                    style=("--row", move || format!("{}px", row.get()))
                    on:pointerenter=on(move |_: PointerEvent| app.pointed.set(true))
                    on:pointerleave=on(move |_: PointerEvent| app.pointed.set(false))
                    on:click=on(move |event| select(app, &event))
                ></ol>
            </div>
            <Axis/>
        </div>
    }
}

/// Writes the first rows of the list into elements that are made once, as the list does.
fn fill(app: App, list: NodeRef<Ol>) {
    let selected = memo(move || app.session.read().selected_key());
    let places = StoredValue::new_local(Vec::<Place>::new());
    effect(move || {
        if !app.as_strips.get() {
            return None;
        }
        let (list, listing, selected) = (list.get()?, app.listing.get(), selected.get());
        places.update_value(|places| {
            while places.len() < MOST {
                let Some(place) = Place::new(&list) else {
                    return;
                };
                places.push(place);
            }
            for (at, place) in places.iter_mut().enumerate() {
                place.show(listing.at(at), selected);
            }
        });
        Some(())
    });
}

/// Looks at the series of the strip that was clicked.
fn select(app: App, event: &web_sys::MouseEvent) {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let button = target.and_then(|t| t.closest("button").ok()?);
    let key = button.and_then(|button| Linked::parse(&button.get_attribute("data-key")?));
    let listing = app.listing.get_untracked();
    if let Some(row) = key.and_then(|key| listing.row_of(key.id())) {
        open(app, row);
    }
}

/// A button over a strip, with the series' name before it and its longest recent wait behind.
struct Place {
    item: HtmlElement,
    button: HtmlElement,
    name: Text,
    id: Text,
    longest: Text,
    named: String,
    shown: Option<(SeriesKey, bool)>,
}

impl Place {
    fn new(list: &HtmlElement) -> Option<Self> {
        let document = list.owner_document()?;
        let make = Maker(&document);
        let item = make.child(list, "li", "", "")?;
        let button = make.child(&item, "button", "strip-row", "")?;
        set(&button, "data-testid", Some("strip-row"));
        let label = make.child(&button, "span", "strip-name", "")?;
        let name = make.text(&label, "span", "")?;
        let id = make.text(&label, "small", "")?;
        let longest = make.text(&button, "span", "strip-longest")?;
        Some(Self {
            item,
            button,
            name,
            id,
            longest,
            named: String::new(),
            shown: None,
        })
    }

    fn show(&mut self, row: Option<&Row>, selected: Option<SeriesKey>) {
        let now = row.map(|row| (row.key, selected.is_some() && selected == row.series));
        if now != self.shown || now.is_none() {
            set(&self.item, "hidden", now.is_none().then_some(""));
            let key = now.map(|(key, _)| Linked::from(key).to_string());
            set(&self.button, "data-key", key.as_deref());
            let is_selected = now.is_some_and(|(_, selected)| selected);
            set(&self.button, "aria-current", is_selected.then_some("true"));
            self.shown = now;
        }
        if let Some(row) = row {
            if self.named != row.name {
                self.named.clone_from(&row.name);
                self.button.set_title(&row.name);
                self.name.set(&words::scope::short_path(&row.name));
            }
            let id = match row.series {
                Some(SeriesKey::OTHER) => String::new(),
                Some(id) => format!(" {}", id.key),
                None => words::times_many(row.members),
            };
            self.id.set(&id);
            let longest = row.max.map(words::short_range);
            self.longest.set(longest.as_deref().unwrap_or("–"));
        }
    }
}

/// The times of the strips' cells, read from the intervals themselves, whose length may have changed.
#[component]
fn Axis() -> impl IntoView {
    let app = expect_context::<App>();
    let times = memo(move || {
        if !app.as_strips.get() {
            return Vec::new();
        }
        let session = app.measured_series();
        let data = session.shown();
        let newest = data.recent.seq();
        let clock = |tick: usize| {
            let back = (CELLS - tick * TICK) as u64;
            let column = data.columns.at(newest?.checked_sub(back)?)?;
            let ms = column.end_ms as f64;
            Some(ticks::clock(ms, browser::utc_offset_min(ms)))
        };
        (0..=CELLS / TICK).map(clock).collect::<Vec<_>>()
    });
    let labels = (0..=CELLS / TICK).map(|tick| {
        let at = tick as f64 * TICK as f64 / CELLS as f64 * 100.0;
        let time = move || times.read().get(tick).cloned().flatten();
        view! { <span style:left=format!("{at:.2}%")>{time}</span> }
    });
    view! { <div class="strip-axis" aria-hidden="true">{labels.collect_view()}</div> }
}
