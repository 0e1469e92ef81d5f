//! The list's numbers, bars and strips: columns that lie over the rows in view. A browser lays a column of texts out in
//! the time of one cell's, and what is measured is another in all rows with each reading. To assistive technology they
//! are cells of the rows, which own them.

use super::boxed::effect;
use super::resize::size_of;
use super::rows::{HEAD_PX, ROW_PX};
use super::state::App;
use super::strips::{self, paint_when_new};
use super::text::{Maker, Style, Text, set};
use crate::chart::bars::Bars;
use crate::chart::layout::Size;
use crate::paint;
use crate::table::{Listing, Row};
use crate::words;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use runqlat_common::counts::Range;
use runqlat_common::human;
use runqlat_common::wire::SeriesKey;
use std::borrow::Cow;
use web_sys::HtmlElement;

/// Free part of a row above a bar and below it.
const GAP: f64 = 1.0 / 3.0;

/// What a column tells of a row.
type Tell = fn(&Row) -> Cow<'static, str>;

/// The columns of numbers, by their classes.
const COLUMNS: [(&str, Tell); 6] = [
    ("c-id", id),
    ("c-rate", |row| human::count(row.waits_per_s).into()),
    ("c-wait", |row| words::wait_rate(row.wait_ns_per_s).into()),
    ("c-p50", |row| range(row.p50)),
    ("c-p99", |row| range(row.p99)),
    ("c-max", |row| range(row.max)),
];

fn id(row: &Row) -> Cow<'static, str> {
    let id = row.series.filter(|id| *id != SeriesKey::OTHER);
    id.map_or(Cow::Borrowed(""), |id| id.key.to_string().into())
}

fn range(range: Option<Range>) -> Cow<'static, str> {
    range.map_or(Cow::Borrowed("–"), words::short_range)
}

/// The cells of a line, counted from the topmost row in view on, by their ids: what a row owns.
pub(super) fn cells_of(line: usize) -> String {
    let ids: Vec<_> = COLUMNS
        .iter()
        .map(|(class, _)| cell_id(class, line))
        .collect();
    ids.join(" ")
}

fn cell_id(class: &str, line: usize) -> String {
    format!("{class}-{line}")
}

/// Is as wide as the rows and has their columns, however wide the others are.
#[component]
pub(super) fn Columns() -> impl IntoView {
    let app = expect_context::<App>();
    let all = NodeRef::<Div>::new();
    let (shape, bars, row_strips) = (
        NodeRef::<Div>::new(),
        NodeRef::<Canvas>::new(),
        NodeRef::<Canvas>::new(),
    );
    fill(app, all);
    paint_bars(app, bars, size_of(shape));
    strips::paint_rows(app, row_strips);
    // Pictures come last: each is a layer to the browser, and so would be the texts after it.
    view! {
        <div class="columns" role="presentation" node_ref=all>
            {COLUMNS.map(|(class, _)| view! { <div class=class></div> }).collect_view()}
            <div class="c-strip"></div>
            <div class="shares-shape" aria-hidden="true" node_ref=shape>
                <canvas node_ref=bars data-testid="shares"></canvas>
            </div>
            <canvas
                node_ref=row_strips
                class="row-strips"
                data-testid="row-strips"
                aria-hidden="true"
            ></canvas>
        </div>
    }
}

/// Writes what has changed.
fn fill(app: App, all: NodeRef<Div>) {
    let written = StoredValue::new_local(None::<Written>);
    effect(move || {
        let all = all.get()?;
        let listing = app.listing.get();
        written.update_value(|written| {
            // The list may have been put up anew, with other columns.
            if written.as_ref().is_none_or(|written| *written.all != **all) {
                *written = Some(Written::new(&all));
            }
            if let Some(written) = written {
                written.show(&listing);
            }
        });
        Some(())
    });
}

fn paint_bars(app: App, canvas: NodeRef<Canvas>, size: RwSignal<Size>) {
    paint_when_new(app, false, move |look| {
        let canvas = canvas.get()?;
        let lengths = app.listing.with(|listing| {
            let rows = listing.in_window();
            rows.map(|row| row.map_or(0.0, |row| row.share)).collect()
        });
        let bars = Bars {
            lengths,
            ends: Vec::new(),
            inset: GAP,
        };
        paint::bars(&canvas, &bars, size.get(), &look.palette());
        Some(())
    });
}

/// The columns' elements, which are made once, and what they say.
struct Written {
    all: HtmlElement,
    top: Style,
    height: Style,
    lines: Vec<Vec<Cell>>,
}

impl Written {
    fn new(all: &HtmlElement) -> Self {
        Self {
            all: all.clone(),
            top: Style::new(all, "top"),
            height: Style::new(all, "height"),
            lines: Vec::new(),
        }
    }

    fn show(&mut self, listing: &Listing) {
        let window = &listing.window;
        let from_top = HEAD_PX + window.start * ROW_PX;
        self.top.set(&format!("{from_top}px"));
        self.height.set(&format!("{}px", window.len() * ROW_PX));
        while self.lines.len() < window.len() {
            let Some(line) = self.line(self.lines.len()) else {
                return;
            };
            self.lines.push(line);
        }
        let mut rows = listing.in_window();
        for cells in &mut self.lines {
            let row = rows.next().flatten();
            for (cell, (_, tell)) in cells.iter_mut().zip(COLUMNS) {
                cell.show(row, tell);
            }
        }
    }

    /// The next line's cells, at the end of their columns.
    fn line(&self, line: usize) -> Option<Vec<Cell>> {
        let document = self.all.owner_document()?;
        let make = Maker(&document);
        let columns = self.all.children();
        let cell = |(at, (class, _)): (usize, &(&str, Tell))| {
            let element = make.child(&columns.item(at as u32)?, "span", "", "cell")?;
            element.set_id(&cell_id(class, line));
            Some(Cell {
                text: Text::new(&element)?,
                element,
                gone: false,
            })
        };
        COLUMNS.iter().enumerate().map(cell).collect()
    }
}

/// A row's cell in a column: a line of its text.
struct Cell {
    element: HtmlElement,
    text: Text,
    gone: bool,
}

impl Cell {
    fn show(&mut self, row: Option<&Row>, tell: Tell) {
        let text = row.map(tell).unwrap_or_default();
        self.text.set(&format!("{text}\n"));
        let gone = row.is_some_and(|row| row.gone);
        if self.gone != gone {
            self.gone = gone;
            set(&self.element, "class", gone.then_some("gone"));
        }
    }
}
