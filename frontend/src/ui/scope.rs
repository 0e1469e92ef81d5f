//! The picker of what is measured: a process or a cgroup by type-ahead, what waits are counted by, unit
//! and interval. What the server says to it is shown until it is done.

use super::boxed::{Show, effect, live, memo, on};
use super::sheet::Sheet;
use super::state::App;
use super::targets::{Aim, TargetList};
use crate::words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use runqlat_common::buckets::Unit;
use runqlat_common::wire::{ClientMessage, Key, ProbeState, Scope};

const KEYS: [(Key, &str); 5] = [
    (Key::Process, "process"),
    (Key::Thread, "thread"),
    (Key::Cgroup, "cgroup"),
    (Key::Pidns, "pid namespace"),
    (Key::Global, "not at all"),
];

const INTERVALS_MS: [u32; 8] = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000];

/// What is being chosen. Copies are the same state.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) scope: RwSignal<Scope>,
    /// What was typed to find a process or a cgroup.
    pub(super) typed: RwSignal<String>,
    /// The number of the scope that a change was asked of.
    asked: RwSignal<Option<u32>>,
}

impl Draft {
    fn new() -> Self {
        Self {
            scope: RwSignal::new(Scope::default()),
            typed: RwSignal::new(String::new()),
            asked: RwSignal::new(None),
        }
    }

    /// Starts with what is measured now.
    fn start(self, app: App) {
        let scope = app
            .session
            .with_untracked(|session| session.scope().cloned());
        self.scope.set(scope.unwrap_or_default());
        self.typed.set(String::new());
        self.asked.set(None);
        app.session.update(|session| session.refused = None);
        look_up(app, "");
    }

    /// Chooses a process or a cgroup; neither means the whole system. A choice that is measured already and still
    /// exists stays the same one; otherwise it means whatever has that number now.
    pub(super) fn aim(self, app: App, aim: Aim) {
        let measured = app.session.with_untracked(|session| {
            let measured = session.scope().filter(|_| session.gone().is_none());
            measured.cloned().unwrap_or_default()
        });
        self.scope.update(|scope| {
            scope.start = measured.start.filter(|_| aim.tgid == measured.tgid);
            scope.tgid = aim.tgid;
            (scope.cgroup, scope.cgroup_hex) = (aim.cgroup, aim.cgroup_hex);
        });
    }

    /// Asks for it. What is measured already is not measured anew, which would disturb all who watch.
    pub(super) fn apply(self, app: App) {
        let scope = self.scope.get_untracked();
        if app
            .session
            .with_untracked(|session| session.scope() == Some(&scope))
        {
            return app.choosing.set(false);
        }
        let number = |session: &crate::session::Session| session.live().scopes.number();
        self.asked.set(Some(app.session.with_untracked(number)));
        let messages = app.session.try_update(|session| session.set_scope(scope));
        app.send(&messages.unwrap_or_default());
    }
}

/// Asks the server what matches.
pub(super) fn look_up(app: App, typed: &str) {
    let query = typed.to_owned();
    app.send(&[ClientMessage::Targets { query }]);
}

#[component]
pub(crate) fn ScopePicker() -> impl IntoView {
    let app = expect_context::<App>();
    let draft = Draft::new();
    provide_context(draft);
    effect(move || {
        if app.choosing.get() {
            draft.start(app);
        }
    });
    // Done: what was asked for is measured.
    let number = memo(move || app.session.read().live().scopes.number());
    effect(move || {
        if draft.asked.get().is_some_and(|asked| number.get() > asked) {
            app.choosing.set(false);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.apply(app);
    };
    view! {
        <Sheet open=app.choosing title="Measure…" label="What is measured" testid="scope-picker">
            <form class="picker" on:submit=submit>
                <Caveats/>
                <TargetList/>
                <Told/>
                <Status/>
                <Earlier/>
            </form>
        </Sheet>
    }
}

/// What this host hides of the possible targets.
#[component]
fn Caveats() -> impl IntoView {
    let app = expect_context::<App>();
    let lines = move || {
        let caveats = app.caveats().into_iter();
        caveats
            .map(|caveat| view! { <li>{caveat}</li> })
            .collect_view()
    };
    view! { <ul class="caveats" data-testid="scope-caveats">{live(lines)}</ul> }
}

/// One of the buttons of which one is on.
fn option<T: PartialEq + Copy + Send + Sync + 'static>(
    (value, name): (T, &'static str),
    read: fn(&Scope) -> T,
    write: fn(&mut Scope, T),
) -> impl IntoView {
    let draft = expect_context::<Draft>();
    view! {
        <button
            type="button"
            aria-pressed=live(move || (read(&draft.scope.read()) == value).to_string())
            data-choice=name
            on:click=on(move |_| draft.scope.update(|scope| write(scope, value)))
        >
            {name}
        </button>
    }
}

/// Key, unit and interval.
#[component]
fn Told() -> impl IntoView {
    let keys = KEYS.map(|key| option(key, |scope| scope.key, |scope, key| scope.key = key));
    let units = [(Unit::Us, "µs"), (Unit::Ms, "ms")];
    let units = units.map(|unit| option(unit, |scope| scope.unit, |scope, unit| scope.unit = unit));
    view! {
        <div class="picker-row">
            <span class="muted">"told apart:"</span>
            <div class="segments" role="group" aria-label="Waits are told apart">{keys.collect_view()}</div>
            <span class="muted">"buckets of"</span>
            <div class="segments" role="group" aria-label="Unit of the buckets">{units.collect_view()}</div>
            <Interval/>
        </div>
    }
}

#[component]
fn Interval() -> impl IntoView {
    let draft = expect_context::<Draft>();
    let chosen = memo(move || draft.scope.read().interval_ms);
    let options = move || {
        let mut all = INTERVALS_MS.to_vec();
        if !all.contains(&chosen.get()) && chosen.get() > 0 {
            all.push(chosen.get());
            all.sort_unstable();
        }
        let option = |ms: u32| {
            let name = match ms {
                ..1_000 => format!("{ms} ms"),
                _ => words::span(f64::from(ms)),
            };
            view! { <option value=ms.to_string() selected=ms == chosen.get()>{name}</option> }
        };
        all.into_iter().map(option).collect_view()
    };
    let choose = move |event| {
        if let Ok(ms) = event_target_value(&event).parse() {
            draft.scope.update(|scope| scope.interval_ms = ms);
        }
    };
    view! {
        <label class="muted">
            "every "
            <select data-testid="interval" on:change=choose>{options}</select>
        </label>
    }
}

/// What would be measured, the button, and what the server says.
#[component]
fn Status() -> impl IntoView {
    let app = expect_context::<App>();
    let draft = expect_context::<Draft>();
    let words = move || words::scope::phrase(&draft.scope.read());
    let changes = memo(move || app.session.read().scope() != Some(&*draft.scope.read()));
    let refused = memo(move || app.session.read().refused.clone());
    let changing = memo(move || {
        let is_asked = draft.asked.get().is_some() && refused.get().is_none();
        is_asked || matches!(app.session.read().probe, Some(ProbeState::Changing { .. }))
    });
    view! {
        <div class="picker-row">
            <button
                type="submit"
                class="button primary"
                data-testid="apply"
                disabled=live(move || changing.get() || !changes.get())
            >
                {live(move || if changing.get() { "Attaching…" } else { "Apply" })}
            </button>
            <span data-testid="draft">{words}</span>
        </div>
        <Show when=move || refused.get().is_some()>
            <div class="refused" role="alert" data-testid="refused">
                <strong>{live(move || refused.get().map(|(reason, _)| reason))}</strong>
                <p>{live(move || refused.get().map(|(_, hint)| hint))}</p>
                <p class="muted">"What was measured before still is."</p>
            </div>
        </Show>
        <p class="muted">"A change is for everybody who watches this server; the map keeps its past."</p>
    }
}

/// What was measured before, to go back to.
#[component]
fn Earlier() -> impl IntoView {
    let app = expect_context::<App>();
    let draft = expect_context::<Draft>();
    let earlier = memo(move || {
        let mut scopes = app.session.read().live().scopes.earlier();
        scopes.truncate(5);
        scopes
    });
    let button = move |scope: Scope| {
        let words = words::scope::short_phrase(&scope);
        let go = move |_| {
            draft.scope.set(scope.clone());
            draft.apply(app);
        };
        view! { <button type="button" class="button" data-testid="earlier" on:click=go>{words}</button> }
    };
    view! {
        <Show when=move || !earlier.read().is_empty()>
            <div class="picker-row">
                <span class="muted">"Back to"</span>
                {live(move || earlier.get().into_iter().map(button).collect_view())}
            </div>
        </Show>
    }
}

/// Opens the picker.
#[component]
pub(crate) fn ScopeButton() -> impl IntoView {
    let app = expect_context::<App>();
    view! {
        <button
            class="button"
            data-testid="choose-scope"
            title="S: measure a process or a cgroup, or in another way"
            on:click=on(move |_| app.choose_scope())
        >
            "Measure…"
        </button>
    }
}
