//! The page's address follows what is looked at, and the other way round: links, back and forward.

use super::boxed::{effect, memo};
use super::copy::Copy;
use super::follow::present;
use super::once::once_in;
use super::state::App;
use crate::address::Address;
use crate::browser;
use crate::chart::bands::Percentile;
use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;

/// Movements are written to the address when they have come to rest.
const REST: Duration = Duration::from_millis(250);

impl App {
    pub(super) fn address(self) -> Address {
        let style = self.style.get();
        let percentiles = self.percentiles.get();
        Address {
            series: self.session.read().linked(),
            filter: self.filter.get(),
            view: self.chosen_view.get().then(|| self.view.get()).flatten(),
            measure: style.measure,
            cause: style.cause,
            spread: style.spread,
            percentiles: (percentiles != [Percentile::P99]).then_some(percentiles),
            brush: self.brush.get(),
            strips: self.as_strips.get(),
            by_name: self.by_name.get(),
            sort: self.sort.get(),
        }
    }

    pub(super) fn follow_address(self, address: Address) {
        self.style.update(|style| {
            style.measure = address.measure;
            style.cause = address.cause;
            style.spread = address.spread;
        });
        let percentiles = address.percentiles;
        self.percentiles
            .set(percentiles.unwrap_or_else(|| vec![Percentile::P99]));
        self.filter.set(address.filter);
        if address.view.is_some() {
            self.chosen_view.set(true);
            self.view.set(address.view);
        }
        if self.session.with_untracked(|session| session.linked()) != address.series {
            self.follow_link(address.series);
        }
        self.brush.set(address.brush);
        self.as_strips.set(address.strips);
        self.by_name.set(address.by_name);
        if self.sort.get_untracked() != address.sort {
            self.sort.set(address.sort);
        }
    }
}

/// Reads the address once, and keeps both in step from then on.
pub(crate) fn keep_in_step(app: App) {
    app.follow_address(Address::parse(&browser::query()));
    let address = memo(move || app.address());
    let written = StoredValue::new(address.get_untracked());
    let write = once_in(REST, move || {
        let (now, before) = (address.get_untracked(), written.get_value());
        if now != before {
            browser::set_query(&now.query(), now.is_step_from(&before));
            written.set_value(now);
        }
    });
    let present = present(app);
    effect(move || {
        app.notice_hand(&address.read());
        write();
        present();
    });
    let back = window_event_listener(ev::popstate, move |_| {
        app.follow_address(Address::parse(&browser::query()));
        written.set_value(address.get_untracked());
    });
    on_cleanup(move || back.remove());
}

/// Copies the address.
#[component]
pub(crate) fn LinkButton() -> impl IntoView {
    let app = expect_context::<App>();
    // What is on its way to the address is in the link.
    let text = Box::new(move || browser::link(&app.address().query()));
    view! {
        <Copy
            label="Copy link"
            testid="copy-link"
            title="Copies a link that shows somebody else the same"
            text
        />
    }
}
