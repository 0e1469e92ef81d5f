//! The trust strip: how much was counted, what is missing, what measuring costs. A broken connection
//! or a failed probe takes its place, for its numbers are old then.

use super::boxed::{Show, live, memo, on};
use super::entry::EntryBanner;
use super::follow::Presence;
use super::notice::{AnotherBanner, NoticeText};
use super::state::App;
use super::told::Told;
use crate::keys;
use crate::session::Link;
use crate::words;
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;
use runqlat_common::human;
use runqlat_common::wire::{ProbeState, SeriesKey};

#[component]
pub(crate) fn Trust() -> impl IntoView {
    view! {
        <div class="trust-line">
            <dl class="trust">
                <Rate/>
                <Other/>
                <Keys/>
                <Cost/>
                // Last, because they become wider when something is lost.
                <Lost/>
                <Failed/>
            </dl>
            <NoticeText/>
            <Presence/>
            <ConnectionBanner/>
            <EntryBanner/>
            <ProbeBanner/>
            <AnotherBanner/>
        </div>
    }
}

/// One number with its name. Its title is written anew when the pointer comes: written with each reading it would have
/// styles computed each time.
#[component]
fn Fact(
    name: &'static str,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(optional, into)] class: Signal<&'static str>,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    let fact = NodeRef::<Div>::new();
    let tell = move |_: PointerEvent| {
        if let Some(fact) = fact.get_untracked() {
            fact.set_title(&title.get_untracked());
        }
    };
    view! {
        <div
            class=live(move || format!("fact {}", class.get()))
            title=title.get_untracked()
            data-testid=testid
            node_ref=fact
            on:pointerenter=on(tell)
        >
            <dt>{name}</dt>
            <dd><Told value/></dd>
        </div>
    }
}

#[component]
fn Rate() -> impl IntoView {
    let app = expect_context::<App>();
    let rate = memo(move || {
        let session = app.measured();
        let Some(column) = session.shown().columns.last() else {
            return "–".to_owned();
        };
        let seconds = column.duration_us.max(1) as f64 / 1e6;
        human::count(column.counts.total() as f64 / seconds)
    });
    let title = "Waits counted per second in the newest interval, the whole scope";
    view! { <Fact name="waits/s" title=title.to_owned() value=rate testid="rate"/> }
}

/// New losses below the first part of the waits change no number that is read here; above the second, the numbers
/// can't be trusted.
const REMARKABLE: f64 = 0.001;
const ALARMING: f64 = 0.01;

#[component]
fn Lost() -> impl IntoView {
    let app = expect_context::<App>();
    let losses = memo(move || {
        let session = app.measured();
        let data = session.shown();
        let losses = data.health.losses;
        // Those of the programs before are no part of what these have counted.
        let new = data.recent.newly_lost().min(losses.total());
        (losses, new, data.recent.waits())
    });
    let class = Signal::derive(move || match losses.get() {
        (_, 0, _) => "calm",
        (_, new, waits) if new as f64 >= waits as f64 * ALARMING => "alarm",
        (_, new, waits) if new as f64 >= waits as f64 * REMARKABLE => "warn",
        _ => "calm",
    });
    let value = Signal::derive(move || {
        let (losses, new, _) = losses.get();
        match new {
            0 => words::grouped(losses.total()),
            new => format!(
                "{} (+{} just now)",
                words::grouped(losses.total()),
                words::grouped(new)
            ),
        }
    });
    let title = Signal::derive(move || {
        let (losses, new, waits) = losses.get();
        words::losses(&losses, new, waits)
    });
    view! { <Fact name="lost" title=title value=value class=class testid="losses"/> }
}

#[component]
fn Other() -> impl IntoView {
    let app = expect_context::<App>();
    let waits = memo(move || {
        let session = app.measured();
        let data = session.shown();
        let recent = data
            .recent
            .total(SeriesKey::OTHER)
            .map_or(0, |total| total.waits);
        (data.health.other, recent, data.recent.scope().key)
    });
    let class = Signal::derive(move || if waits.get().1 > 0 { "warn" } else { "calm" });
    let value = Signal::derive(move || words::grouped(waits.get().0));
    let title = Signal::derive(move || {
        let (_, recent, key) = waits.get();
        format!(
            "{}. Since the programs of this scope were attached; {} in the last intervals",
            keys::about_other(key),
            words::grouped(recent)
        )
    });
    view! { <Fact name="other" title=title value=value class=class testid="other"/> }
}

#[component]
fn Keys() -> impl IntoView {
    let app = expect_context::<App>();
    let keys = memo(move || {
        let session = app.measured();
        let health = &session.shown().health;
        (health.keys, health.keys_max, health.keys_bound)
    });
    let value = Signal::derive(move || {
        let (keys, most, _) = keys.get();
        if most == 0 {
            return "–".to_owned();
        }
        format!(
            "{} of {}",
            words::grouped(keys.into()),
            words::grouped(most.into())
        )
    });
    let class = Signal::derive(move || {
        let (keys, most, _) = keys.get();
        if u64::from(keys) * 10 >= u64::from(most) * 9 && most > 0 {
            "keys warn"
        } else {
            "keys calm"
        }
    });
    let title = Signal::derive(move || {
        let session = app.session.read();
        let kind = keys::kind(session.shown().scopes.series().key);
        let (_, most, bound) = keys.get();
        let most = words::grouped(most.into());
        match words::grouped(bound.into()) {
            bound if bound == most => {
                format!(
                    "{} in the kernel's table, which has room for {most}",
                    kind.heading
                )
            }
            bound => format!(
                "{} in the kernel's table, which has room for {most} now and grows to {bound}",
                kind.heading
            ),
        }
    });
    view! { <Fact name="table" title=title value=value class=class testid="keys"/> }
}

/// Shown only when there is one.
#[component]
fn Failed() -> impl IntoView {
    let app = expect_context::<App>();
    let failed = memo(move || app.measured().shown().health.failed_readings);
    let value = Signal::derive(move || words::grouped(failed.get()));
    let title = "Readings of the kernel's counters that failed since the programs of this scope were attached. Each was tried again: what it missed is in the next that succeeded, a longer interval";
    view! {
        <Show when=move || failed.get() != 0>
            <Fact name="failed readings" title=title.to_owned() value=value class="warn" testid="failed-readings"/>
        </Show>
    }
}

#[component]
fn Cost() -> impl IntoView {
    let app = expect_context::<App>();
    let cost = memo(move || {
        let session = app.measured();
        let data = session.shown();
        let duration_us = data.columns.last().map_or(0, |column| column.duration_us);
        if duration_us == 0 {
            return "–".to_owned();
        }
        let cpu = words::cpu(data.health.self_cpu_us, duration_us);
        format!("{cpu} CPU, {}", words::memory(data.health.self_rss_kb))
    });
    let title = "What runqlat-web itself uses: part of one CPU in the newest interval, resident memory. The kernel programs' time is spent in the tasks they measure and is not in it";
    view! { <Fact name="own cost" title=title.to_owned() value=cost class="cost" testid="cost"/> }
}

#[component]
fn ConnectionBanner() -> impl IntoView {
    let app = expect_context::<App>();
    let retry_at = memo(move || match app.session.read().link {
        Link::Lost { retry_at_ms } => Some(retry_at_ms),
        _ => None,
    });
    let wait = move || {
        let left = retry_at.get().unwrap_or(0.0) - app.now.get();
        let seconds = (left / 1_000.0).ceil().max(0.0);
        let session = app.session.read();
        let what = match session.server {
            Some(_) => "Connection lost",
            None => "No connection",
        };
        match &*session.farewell {
            "" => format!("{what}. Retrying in {seconds} s"),
            why => format!("{what}: {why}. Retrying in {seconds} s"),
        }
    };
    view! {
        <Show when=move || retry_at.get().is_some()>
            <div class="banner bad" role="alert" data-testid="connection-banner">
                <span class="why">{wait}</span>
                <button class="button" on:click=on(move |_| app.retry_now())>"Retry now"</button>
            </div>
        </Show>
    }
}

#[component]
fn ProbeBanner() -> impl IntoView {
    let app = expect_context::<App>();
    let failure = memo(move || match &app.session.read().probe {
        Some(ProbeState::Failed { reason, hint }) => Some((reason.clone(), hint.clone())),
        _ => None,
    });
    view! {
        <Show when=move || failure.get().is_some()>
            <div class="banner bad" role="alert" data-testid="probe-banner">
                <strong>"Not measuring any more: "</strong>
                <span>{live(move || failure.get().map(|f| f.0))}</span>
                <span class="hint">{live(move || failure.get().map(|f| format!("Hint: {}", f.1)))}</span>
            </div>
        </Show>
    }
}
