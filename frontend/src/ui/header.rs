//! The top line: what is measured and where, the state of probe and connection, pause.

use super::boxed::{Show, live, memo, on};
use super::entry::{NotKept, ViewOnly};
use super::help::HelpButton;
use super::link::LinkButton;
use super::people::People;
use super::scope::ScopeButton;
use super::state::App;
use super::theme::ThemeButton;
use crate::session::Link;
use crate::words;
use leptos::prelude::*;
use runqlat_common::wire::ProbeState;

#[component]
pub(crate) fn Header() -> impl IntoView {
    view! {
        <DemoStripe/>
        <header class="top">
            <span class="brand">
                <svg class="logo" viewBox="0 0 16 16" aria-hidden="true">
                    <path d="M1 11h3v4H1zM5 7h3v8H5zM9 1h3v14H9zM13 9h2v6h-2z"/>
                </svg>
                "runqlat-web"
            </span>
            <Subject/>
            <Caveats/>
            <Control/>
            <NotKept/>
            <span class="spring"></span>
            <Probe/>
            <Connection/>
            <People/>
            <LinkButton/>
            <PauseButton/>
            <ThemeButton/>
            <HelpButton/>
        </header>
    }
}

/// What may be changed, for who may.
#[component]
fn Control() -> impl IntoView {
    let app = expect_context::<App>();
    let may = memo(move || {
        let session = app.session.read();
        session.server.as_ref().map(|_| session.may_control)
    });
    view! {
        <Show when=move || may.get() == Some(true)>
            <ScopeButton/>
        </Show>
        <Show when=move || may.get() == Some(false)>
            <ViewOnly/>
        </Show>
    }
}

#[component]
fn DemoStripe() -> impl IntoView {
    let app = expect_context::<App>();
    let demo = memo(move || {
        let session = app.session.read();
        session.server.as_ref().is_some_and(|server| server.demo)
    });
    view! {
        <Show when=move || demo.get()>
            <div class="demo" data-testid="demo-badge" role="note">
                <span>"DEMO — synthetic data, not this machine"</span>
            </div>
        </Show>
    }
}

/// Host, kernel, and what is measured in words.
#[component]
fn Subject() -> impl IntoView {
    let app = expect_context::<App>();
    let server = memo(move || app.session.read().server.clone());
    let scope = memo(move || app.session.read().scope().cloned());
    let host = move || server.get().map(|server| server.hostname);
    let kernel = move || {
        let server = server.get()?;
        Some(format!("Linux {} · {} CPUs", server.kernel, server.cpus))
    };
    let words = move || scope.get().map(|scope| words::scope::short_phrase(&scope));
    let in_full = move || {
        let words = scope.get().map(|scope| words::scope::phrase(&scope));
        format!("{}\n{DEFINITION}", words.unwrap_or_default())
    };
    const DEFINITION: &str = "Run-queue latency: the time from the moment a task becomes runnable without \
        being on a CPU (woken, or preempted) until it starts to run.";
    view! {
        <span class="subject">
            <strong data-testid="host" title="The host that is measured">{host}</strong>
            <span class="muted kernel" title=kernel>{kernel}</span>
            <span class="scope" data-testid="scope" title=in_full>{words}</span>
        </span>
    }
}

/// Says that this host hides something from the server; the title says what.
#[component]
fn Caveats() -> impl IntoView {
    let app = expect_context::<App>();
    let caveats = memo(move || app.caveats());
    let title = move || caveats.read().join("\n");
    let text = move || match caveats.read().len() {
        1 => "1 caveat".to_owned(),
        n => format!("{n} caveats"),
    };
    view! {
        <Show when=move || !caveats.read().is_empty()>
            <span class="badge busy" data-testid="caveats" role="note" title=live(title)>
                {live(text)}
            </span>
        </Show>
    }
}

#[component]
fn Probe() -> impl IntoView {
    let app = expect_context::<App>();
    // What was told before the connection broke says nothing of now.
    let probe = memo(move || {
        let session = app.session.read();
        session.probe.clone().filter(|_| session.link == Link::Live)
    });
    let class = move || match probe.get() {
        Some(ProbeState::Attached { .. }) => "badge good",
        Some(ProbeState::Failed { .. }) => "badge bad",
        Some(ProbeState::Attaching | ProbeState::Changing { .. }) => "badge busy",
        None => "badge",
    };
    let text = move || match probe.get() {
        Some(ProbeState::Attached { .. }) => "attached".to_owned(),
        Some(ProbeState::Failed { .. }) => "failed".to_owned(),
        Some(ProbeState::Attaching) => "attaching…".to_owned(),
        Some(ProbeState::Changing { to, .. }) => {
            let session = app.session.read_untracked();
            format!("{}…", words::scope::changing(session.scope(), &to))
        }
        None => "unknown".to_owned(),
    };
    let title = move || match probe.get() {
        Some(ProbeState::Attached { programs }) => words::programs(programs).to_owned(),
        Some(ProbeState::Failed { reason, hint }) => format!("{reason}\n{hint}"),
        Some(ProbeState::Attaching) => "programs are being loaded and attached".to_owned(),
        Some(ProbeState::Changing { programs, to }) => format!(
            "still measuring as before, with {}, while the programs for another scope are attached:\n{}",
            words::programs(programs),
            words::scope::phrase(&to)
        ),
        None => "the server has not told yet".to_owned(),
    };
    view! {
        <span class=class data-testid="probe-state" title=title role="status">
            <span class="muted">"probe "</span>
            <span class="badge-text">{text}</span>
        </span>
    }
}

#[component]
fn Connection() -> impl IntoView {
    let app = expect_context::<App>();
    let link = memo(move || app.session.read().link);
    let class = move || match link.get() {
        Link::Live => "badge good live",
        Link::Connecting => "badge busy",
        Link::Lost { .. } | Link::Refused => "badge bad",
    };
    let text = move || match link.get() {
        Link::Live => "live",
        Link::Connecting => "connecting…",
        Link::Lost { .. } => "offline",
        Link::Refused => "no access",
    };
    view! {
        <span class=class data-testid="connection" title="connection to the server" role="status">
            {text}
        </span>
    }
}

#[component]
fn PauseButton() -> impl IntoView {
    let app = expect_context::<App>();
    let paused = memo(move || app.session.read().is_paused());
    view! {
        <button
            class="button pause"
            data-testid="pause"
            aria-pressed=live(move || paused.get().to_string())
            title="Space: freeze the view; data goes on being collected"
            on:click=on(move |_| app.toggle_pause())
        >
            {live(move || if paused.get() { "▶ Resume" } else { "❙❙ Pause" })}
        </button>
    }
}
