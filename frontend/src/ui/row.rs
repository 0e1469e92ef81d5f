//! One place of the list and what it shows: elements that are made once and written only where
//! something has changed.

use super::rows::ROW_PX;
use super::text::{Maker, Text, set};
use crate::keys;
use crate::table::Row;
use crate::words;
use runqlat_common::contract::COMM_LEN;
use runqlat_common::counts::Range;
use runqlat_common::human;
use runqlat_common::wire::{Key, OTHER};
use web_sys::HtmlElement;

/// A row of the page, used for one series after another.
pub(super) struct Place {
    row: HtmlElement,
    pin: HtmlElement,
    star: Text,
    name_head: Text,
    name_end: Text,
    cells: [Text; 6],
    shown: Option<Shown>,
}

/// What makes up a row besides its texts.
#[derive(Clone, PartialEq)]
struct Shown {
    index: usize,
    key: u64,
    series: Option<u64>,
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
        let name_head = make.child(&name, "span", "name-head", "")?;
        let name_end = make.child(&name, "span", "name-end", "")?;
        let cell = |class| make.child(&row, "td", class, "cell");
        let (id, rate, wait) = (cell("c-id num")?, cell("c-rate num")?, cell("c-wait num")?);
        // Its bar is drawn over it: see `shares`.
        make.child(&wait, "span", "share", "")?;
        let (p50, p99, max) = (cell("c-p50 num")?, cell("c-p99 num")?, cell("c-max num")?);
        // The strip is painted over it: see `strips`.
        cell("c-strip")?;
        Some(Self {
            star: Text::new(&pin)?,
            name_head: Text::new(&name_head)?,
            name_end: Text::new(&name_end)?,
            cells: [
                Text::new(&id)?,
                Text::new(&rate)?,
                Text::new(&wait)?,
                Text::new(&p50)?,
                Text::new(&p99)?,
                Text::new(&max)?,
            ],
            row,
            pin,
            shown: None,
        })
    }

    pub(super) fn is_in(&self, body: &HtmlElement) -> bool {
        self.row.parent_node().as_ref() == Some(body)
    }

    /// Shows a row, or nothing. `stop` is where the tab key enters the list. What is measured is written
    /// where someone can see it: a row outside of the view keeps its numbers until it comes into view.
    pub(super) fn show(
        &mut self,
        row: Option<&Row>,
        kind: Key,
        selected: Option<u64>,
        stop: Option<u64>,
        seen: bool,
    ) {
        let now = row.map(|row| Shown {
            index: row.index,
            key: row.key,
            series: row.series,
            members: row.members,
            name: row.name.clone(),
            kind,
            gone: row.gone,
            pinned: row.pinned,
            selected: selected.is_some() && selected == row.series,
            is_stop: stop == Some(row.key),
        });
        let is_another = now.as_ref().map(|now| now.key) != self.shown.as_ref().map(|was| was.key);
        if now != self.shown {
            self.dress(now.as_ref());
            self.shown = now;
        }
        if let Some(row) = row.filter(|_| seen || is_another) {
            self.write(row);
        }
    }

    /// Everything but the measured.
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
        if was.is_none_or(|was| was.key != now.key) {
            set(row, "data-key", Some(&now.key.to_string()));
        }
        if was.is_none_or(|was| was.series != now.series) {
            let id = now.series.filter(|key| *key != OTHER);
            self.cells[0].set(&id.map(|key| key.to_string()).unwrap_or_default());
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

    /// The measured.
    fn write(&mut self, row: &Row) {
        let range = |range: Option<Range>| range.map_or("–".into(), words::short_range);
        let texts = [
            human::count(row.waits_per_s).into(),
            words::wait_rate(row.wait_ns_per_s).into(),
            range(row.p50),
            range(row.p99),
            range(row.max),
        ];
        for (cell, text) in self.cells[1..].iter_mut().zip(texts) {
            cell.set(&text);
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
        kind if shown.series == Some(OTHER) => keys::about_other(kind),
        kind if shown.series.is_none() => {
            let many = keys::kind(kind).many;
            format!("{many} of this name that waited, together; Enter or a click shows each")
        }
        kind if shown.gone => format!("this {} is gone", keys::kind(kind).one),
        _ => String::new(),
    }
}
