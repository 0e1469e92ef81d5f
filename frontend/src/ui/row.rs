//! One place of the list and whose row it shows: elements that are made once and written only where
//! something has changed.

use super::columns::cells_of;
use super::rows::ROW_PX;
use super::text::{Maker, Text, set};
use crate::keys::{self, Linked};
use crate::table::{Listing, Row};
use crate::words;
use runqlat_common::contract::COMM_LEN;
use runqlat_common::wire::{Key, SeriesKey};
use web_sys::HtmlElement;

/// A row of the page, used for one series after another.
pub(super) struct Place {
    row: HtmlElement,
    pin: HtmlElement,
    star: Text,
    name_head: Text,
    name_end: Text,
    shown: Option<Shown>,
}

/// What makes up a row, but for what is measured: that is in `columns`.
#[derive(Clone, PartialEq)]
struct Shown {
    index: usize,
    /// Where its cells are in the columns; nowhere for a row that is out of view.
    line: Option<usize>,
    key: SeriesKey,
    series: Option<SeriesKey>,
    members: u64,
    name: String,
    kind: Key,
    gone: bool,
    pinned: bool,
    selected: bool,
    is_stop: bool,
}

impl Place {
    /// Makes the row with this number, empty and not seen, at the end of the list.
    pub(super) fn new(body: &HtmlElement, number: usize) -> Option<Self> {
        let document = body.owner_document()?;
        let make = Maker(&document);
        let row = make.child(body, "tr", "", "row")?;
        row.set_attribute("data-place", &number.to_string()).ok()?;
        row.set_attribute("hidden", "").ok()?;
        let pin_cell = make.child(&row, "td", "c-pin", "cell")?;
        let pin = make.child(&pin_cell, "button", "pin", "")?;
        pin.set_tab_index(-1);
        let name_cell = make.child(&row, "td", "c-name", "cell")?;
        let name = make.child(&name_cell, "span", "name", "")?;
        Some(Self {
            star: Text::new(&pin)?,
            name_head: make.text(&name, "span", "name-head")?,
            name_end: make.text(&name, "span", "name-end")?,
            row,
            pin,
            shown: None,
        })
    }

    pub(super) fn is_in(&self, body: &HtmlElement) -> bool {
        self.row.parent_node().as_ref() == Some(body)
    }

    /// Shows a row, or nothing. `stop` is where the tab key enters the list.
    pub(super) fn show(
        &mut self,
        row: Option<&Row>,
        listing: &Listing,
        selected: Option<SeriesKey>,
        stop: Option<SeriesKey>,
    ) {
        let now = row.map(|row| Shown {
            index: row.index,
            line: listing.window.clone().position(|index| index == row.index),
            key: row.key,
            series: row.series,
            members: row.members,
            name: row.name.clone(),
            kind: listing.key,
            gone: row.gone,
            pinned: row.pinned,
            selected: selected.is_some() && selected == row.series,
            is_stop: stop == Some(row.key),
        });
        if now != self.shown {
            self.dress(now.as_ref());
            self.shown = now;
        }
    }

    fn dress(&mut self, now: Option<&Shown>) {
        let before = self.shown.take();
        let row = &self.row;
        let Some(now) = now else {
            return set(row, "hidden", Some(""));
        };
        if before.is_none() {
            set(row, "hidden", None);
            set(row, "data-testid", Some("process-row"));
        }
        let was = before.as_ref();
        if was.is_none_or(|was| was.index != now.index) {
            let from_top = format!("{}px", now.index * ROW_PX);
            let _set = row.style().set_property("top", &from_top);
            set(row, "aria-rowindex", Some(&(now.index + 2).to_string()));
        }
        if was.is_none_or(|was| was.line != now.line) {
            set(row, "aria-owns", now.line.map(cells_of).as_deref());
        }
        if was.is_none_or(|was| was.key != now.key) {
            let key = Linked::from(now.key).to_string();
            set(row, "data-key", Some(&key));
        }
        self.mark(was, now);
        let title_now = title(now);
        if was.is_none_or(|was| title(was) != title_now) {
            self.row.set_title(&title_now);
        }
        let rest = |shown: &Shown| (shown.kind, shown.series, shown.members);
        if was.is_none_or(|was| was.name != now.name || rest(was) != rest(now)) {
            let (head, end) = keys::parts(now.kind, &now.name);
            self.name_head.set(head);
            match now.series {
                Some(_) => self.name_end.set(end),
                None => self.name_end.set(&words::times_many(now.members)),
            }
        }
    }

    /// How it looks and how the keyboard finds it.
    fn mark(&mut self, was: Option<&Shown>, now: &Shown) {
        let marks_now = marks(now);
        if was.is_none_or(|was| marks(was) != marks_now) {
            let classes = marks_now.iter().filter(|(is, _)| *is);
            let classes: Vec<_> = classes.map(|(_, class)| *class).collect();
            self.row.set_class_name(&classes.join(" "));
        }
        if was.is_none_or(|was| was.selected != now.selected) {
            set(&self.row, "aria-current", now.selected.then_some("true"));
        }
        if was.is_none_or(|was| was.is_stop != now.is_stop) {
            self.row.set_tab_index(if now.is_stop { 0 } else { -1 });
        }
        if was.is_none_or(|was| was.pinned != now.pinned) {
            let (pressed, about, star) = match now.pinned {
                true => ("true", "Unpin (p)", "★"),
                false => ("false", "Pin to the top (p)", "☆"),
            };
            set(&self.pin, "aria-pressed", Some(pressed));
            set(&self.pin, "aria-label", Some(about));
            self.pin.set_title(about);
            self.star.set(star);
        }
    }
}

/// Its classes, and whether it has them.
fn marks(shown: &Shown) -> [(bool, &'static str); 4] {
    [
        (shown.gone, "gone"),
        (shown.selected, "selected"),
        (shown.pinned, "pinned"),
        (is_long(&shown.name), "long"),
    ]
}

/// Whether it is longer than the kernel's names, and may not fit.
fn is_long(name: &str) -> bool {
    name.len() >= COMM_LEN
}

fn title(shown: &Shown) -> String {
    match shown.kind {
        kind if shown.series == Some(SeriesKey::OTHER) => keys::about_other(kind),
        kind if shown.series.is_none() => {
            let many = keys::kind(kind).many;
            format!("{many} of this name that waited, together; Enter or a click shows each")
        }
        kind if shown.gone => format!("this {} is gone", keys::kind(kind).one),
        _ => String::new(),
    }
}
