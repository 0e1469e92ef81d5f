//! What can be measured, as it is found while one types: the whole system, processes, cgroups.

use super::boxed::{effect, live, memo, on};
use super::scope::{Draft, look_up};
use super::state::App;
use crate::bidi::isolated;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use runqlat_common::wire::{CgroupTarget, ProcessTarget, Scope};
use wasm_bindgen::JsCast;

/// One line of the list.
#[derive(Clone, PartialEq)]
struct Target {
    aim: Aim,
    name: String,
    detail: String,
}

/// What the scope becomes when it is chosen.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Aim {
    pub(super) tgid: Option<u32>,
    pub(super) cgroup: Option<String>,
    pub(super) cgroup_hex: Option<String>,
}

impl Aim {
    fn of(scope: &Scope) -> Self {
        Self {
            tgid: scope.tgid,
            cgroup: scope.cgroup.clone(),
            cgroup_hex: scope.cgroup_hex.clone(),
        }
    }
}

impl Target {
    fn everything() -> Self {
        Self {
            aim: Aim::default(),
            name: "Whole system".to_owned(),
            detail: "all tasks of this host".to_owned(),
        }
    }

    fn process(process: &ProcessTarget) -> Self {
        let command = match process.command.as_str() {
            "" => "kernel thread",
            command => command,
        };
        Self {
            aim: Aim {
                tgid: Some(process.tgid),
                ..Aim::default()
            },
            name: format!("{} {}", isolated(&process.comm), process.tgid),
            detail: format!("{} · {}", isolated(command), isolated(&process.cgroup)),
        }
    }

    fn cgroup(cgroup: &CgroupTarget) -> Self {
        Self {
            aim: Aim {
                cgroup: Some(cgroup.path.clone()),
                cgroup_hex: cgroup.path_hex.clone(),
                ..Aim::default()
            },
            name: cgroup.path.clone(),
            detail: match cgroup.processes {
                1 => "cgroup of 1 process".to_owned(),
                n => format!("cgroup of {n} processes"),
            },
        }
    }
}

#[component]
pub(super) fn TargetList() -> impl IntoView {
    let app = expect_context::<App>();
    let draft = expect_context::<Draft>();
    let found = memo(move || {
        let session = app.session.read();
        let mut found = Vec::new();
        let targets = session.targets.as_ref();
        // Who types looks for something else.
        if targets.is_none_or(|targets| targets.query.is_empty()) {
            found.push(Target::everything());
        }
        if let Some(targets) = targets {
            found.extend(targets.processes.iter().map(Target::process));
            found.extend(targets.cgroups.iter().map(Target::cgroup));
        }
        found
    });
    // What was found first is chosen: Enter takes it. Nothing else is, when nothing was found.
    effect(move || {
        let best = found.with(|found| found.first().cloned());
        if draft.typed.read_untracked().is_empty() {
            return;
        }
        let now = app
            .session
            .with_untracked(|session| session.scope().cloned());
        match (best, now) {
            (Some(best), _) => draft.aim(app, best.aim),
            (None, Some(now)) => draft.aim(app, Aim::of(&now)),
            (None, None) => {}
        }
    });
    let remark = memo(move || {
        let session = app.session.read();
        let targets = session.targets.as_ref()?;
        if targets.more {
            return Some("More match: type more to narrow".to_owned());
        }
        let none = found.with(Vec::is_empty);
        none.then(|| format!("No process and no cgroup matches “{}”", targets.query))
    });
    let typed = move |event| {
        let typed: String = event_target_value(&event);
        look_up(app, &typed);
        draft.typed.set(typed);
    };
    let rows = move || {
        let rows = found.get().into_iter();
        rows.map(|target| view! { <TargetRow target/> })
            .collect_view()
    };
    view! {
        <input
            type="search"
            autofocus
            class="picker-search"
            data-testid="target-search"
            placeholder="process name, id, command line, or cgroup"
            aria-label="Find a process or a cgroup"
            autocomplete="off"
            spellcheck="false"
            prop:value=draft.typed
            on:input=typed
            on:keydown=on_search_key
        />
        <div class="targets" role="listbox" aria-label="What can be measured" data-testid="targets">
            {rows}
        </div>
        <p class="muted">{remark}</p>
    }
}

/// Down goes into the list.
fn on_search_key(event: KeyboardEvent) {
    if event.key() == "ArrowDown" {
        event.prevent_default();
        let first = document().query_selector(".targets [role=option]");
        focus(first.ok().flatten());
    }
}

fn focus(element: Option<web_sys::Element>) {
    let element = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    let _focused = element.map(|element| element.focus());
}

#[component]
fn TargetRow(target: Target) -> impl IntoView {
    let app = expect_context::<App>();
    let draft = expect_context::<Draft>();
    let Target { aim, name, detail } = target;
    let detail_in_full = detail.clone();
    let aim = StoredValue::new(aim);
    let chosen = memo(move || aim.with_value(|aim| *aim == Aim::of(&draft.scope.read())));
    let choose = move || draft.aim(app, aim.get_value());
    let on_key = move |event: KeyboardEvent| {
        let row = event.current_target();
        let row = row.and_then(|row| row.dyn_into::<web_sys::Element>().ok());
        match event.key().as_str() {
            "ArrowDown" => focus(row.and_then(|row| row.next_element_sibling())),
            "ArrowUp" => focus(row.and_then(|row| row.previous_element_sibling())),
            " " => choose(),
            "Enter" => {
                choose();
                draft.apply(app);
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <div
            role="option"
            tabindex="0"
            data-testid="target"
            aria-selected=live(move || chosen.get().to_string())
            title=detail_in_full
            on:click=on(move |_| choose())
            on:keydown=on_key
        >
            <strong>{name}</strong>
            <span class="muted">{detail}</span>
        </div>
    }
}
