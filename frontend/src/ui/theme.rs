//! Light and dark: what the system says, unless someone has chosen.

use super::boxed::{effect, memo, on};
use crate::browser;
use crate::chart::palette::{Hue, Palette};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Under which the choice is kept; `boot.js` reads it before this program has loaded.
const STORED: &str = "runqlat-web.theme";

/// The same for the heatmap's colours.
const STORED_HUE: &str = "runqlat-web.colours";

/// The choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn stored() -> Self {
        let name = browser::stored(STORED);
        let all = [Self::Light, Self::Dark];
        let found = all.into_iter().find(|t| Some(t.name()) == name.as_deref());
        found.unwrap_or(Self::System)
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// How the page looks. Copies are the same state.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    theme: RwSignal<Theme>,
    pub(crate) hue: RwSignal<Hue>,
    palette: Memo<Arc<Palette>>,
}

impl Look {
    pub(crate) fn new() -> Self {
        let theme = RwSignal::new(Theme::stored());
        let system_dark = system_dark();
        let dark = memo(move || match theme.get() {
            Theme::System => system_dark.get(),
            chosen => chosen == Theme::Dark,
        });
        effect(move || {
            let name = theme.get().name();
            browser::store(STORED, name);
            let root = document().document_element();
            // The style sheet knows the rest.
            let _valid_name = root.map(|root| root.set_attribute("data-theme", name));
        });
        let stored = browser::stored(STORED_HUE);
        let hue = Hue::ALL
            .into_iter()
            .find(|hue| Some(hue.name()) == stored.as_deref());
        let hue = RwSignal::new(hue.unwrap_or_default());
        effect(move || {
            let name = hue.get().name();
            browser::store(STORED_HUE, name);
            let root = document().document_element();
            let _valid_name = root.map(|root| root.set_attribute("data-colours", name));
        });
        let palette = memo(move || Arc::new(Palette::new(hue.get(), dark.get())));
        Self {
            theme,
            hue,
            palette,
        }
    }

    /// The heatmap's colours.
    pub(crate) fn palette(self) -> Arc<Palette> {
        self.palette.get()
    }
}

/// What the system prefers, now and whenever it changes.
fn system_dark() -> RwSignal<bool> {
    let query = window().match_media("(prefers-color-scheme: dark)");
    let Ok(Some(query)) = query else {
        return RwSignal::new(false);
    };
    let dark = RwSignal::new(query.matches());
    let asked = query.clone();
    let changed = Closure::<dyn Fn()>::new(move || dark.set(asked.matches()));
    query.set_onchange(Some(changed.as_ref().unchecked_ref()));
    // Lives as long as the page.
    changed.forget();
    dark
}

/// Goes through system, light and dark.
#[component]
pub(crate) fn ThemeButton() -> impl IntoView {
    let look = expect_context::<Look>();
    let icon = move || match look.theme.get() {
        Theme::System => "◐",
        Theme::Light => "☀",
        Theme::Dark => "☾",
    };
    let label = move || format!("Theme: {}", look.theme.get().name());
    view! {
        <button
            class="button icon"
            data-testid="theme"
            title=label
            aria-label=label
            on:click=on(move |_| look.theme.update(|theme| *theme = theme.next()))
        >
            {icon}
        </button>
    }
}
