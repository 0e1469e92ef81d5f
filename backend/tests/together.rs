//! Two people in two browsers at one server: names, notes, presenting and following. On the synthetic
//! machine.

mod support;

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use std::time::Duration;
use support::browser::{Browser, MAP, press};
use support::client::post;
use support::server::Server;
use support::watch::now_ms;

fn demo() -> Server {
    Server::start(&["--demo=100", "--interval", "100ms"])
}

async fn open(server: &Server) -> Browser {
    open_link(&server.url()).await
}

async fn open_link(link: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(link).await.expect("a page");
    browser.painted(12).await;
    browser
}

async fn click(browser: &Browser, testid: &str) {
    let script = format!(
        "const e = document.querySelector('[data-testid={testid}]'); e?.click(); return !!e"
    );
    browser.until(&format!("{testid} is there"), &script).await;
}

async fn rename(browser: &Browser, name: &str) {
    let script = format!(
        "const i = document.querySelector('[data-testid=people] [data-testid=own-name]');
        i.value = '{name}'; i.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    );
    browser.run(&script).await;
}

/// Until an element's text holds `text`.
async fn says(browser: &Browser, testid: &str, text: &str) {
    let script = format!(
        "return document.querySelector('[data-testid={testid}]')?.textContent.includes('{text}')"
    );
    browser
        .until(&format!("{testid} says {text}"), &script)
        .await;
}

async fn write_note(browser: &Browser, text: &str) {
    press(browser, "n").await;
    let typed = format!(
        "const i = document.querySelector('[data-testid=note-text]');
        if (document.activeElement !== i) return false;
        i.value = '{text}'; document.querySelector('[data-testid=save-note]').click(); return true"
    );
    browser.until("a note can be typed", &typed).await;
}

/// The first note's text, as its flag tells it.
const NOTE: &str = "return document.querySelector('.mark.note')?.title";

#[tokio::test]
async fn names_and_notes_reach_the_other_window_and_stay() {
    let server = demo();
    let (ada, bob) = (open(&server).await, open(&server).await);
    says(&bob, "viewers", "2 viewers").await;
    rename(&ada, "Ada").await;
    says(&bob, "people", "Ada").await;
    says(&ada, "people", "Ada (you)").await;
    write_note(&ada, "deployed <b>1.2</b>").await;
    let note = bob.until("the note is there", NOTE).await;
    assert_eq!(note, "Ada: deployed <b>1.2</b>");
    // Text and nothing else.
    let elements = "return document.querySelectorAll('.mark.note b').length";
    assert_eq!(bob.run(elements).await, 0);
    // Some pixels before the other: notes of one place share a flag.
    let at_ms = now_ms() - 1_000;
    let earlier = format!(r#"{{"text": "rolled back", "by": "deploy hook", "at_ms": {at_ms}}}"#);
    let posted = post(server.address, "/api/v1/notes", &earlier);
    assert_eq!(posted.status, 201, "{}", posted.text());
    for browser in [&ada, &bob] {
        browser.page.refresh().await.expect("a page");
    }
    let both = "return [...document.querySelectorAll('.mark.note')]
        .map(m => m.title).join().includes('deploy hook: rolled back')";
    bob.until("it survives a reload", both).await;
    let own = "return document.querySelector('[data-testid=own-name]')?.value === 'Ada'";
    ada.until("the browser remembers who this is", own).await;
    says(&bob, "people", "Ada").await;
    bob.keep("notes").await;
    // Read, and deleted for everybody.
    let flag =
        "[...document.querySelectorAll('.mark.note')].find(m => m.title.includes('deployed'))";
    bob.run(&format!("{flag}.click()")).await;
    says(&bob, "note", "deployed").await;
    bob.keep("note-sheet").await;
    click(&bob, "delete-note").await;
    let gone = "const all = [...document.querySelectorAll('.mark.note')];
        return all.length > 0 && !all.some(m => m.title.includes('deployed'))";
    ada.until("it is gone in the other window", gone).await;
    ada.close().await;
    bob.close().await;
}

/// Where somebody may not control, a note is its author's to delete, and nobody else is offered to.
#[tokio::test]
async fn only_who_may_delete_a_note_is_offered_to() {
    let server = Server::start(&["--demo", "--interval", "100ms", "--token"]);
    let view = server.link("view");
    let (ada, bob) = (open_link(view).await, open_link(view).await);
    rename(&ada, "Ada").await;
    write_note(&ada, "deployed").await;
    let show = "document.querySelector('.mark.note')?.click();
        return document.querySelector('[data-testid=note]')?.checkVisibility()";
    let offered = "return document.querySelector('[data-testid=delete-note]').checkVisibility()";
    for browser in [&ada, &bob] {
        browser.until("the note is shown", show).await;
        browser.keep("note-to-delete").await;
    }
    assert_eq!(bob.run(offered).await, false);
    assert_eq!(ada.run(offered).await, true);
    // Who has written nothing yet has nothing to delete.
    // The page hears of it a moment later.
    let close = "const notes = document.querySelector('[data-testid=notes]');
        if (!notes.open) return true;
        notes.close()";
    ada.until("it is closed", close).await;
    press(&ada, "n").await;
    let empty = "return document.querySelector('[data-testid=notes]').open
        && !document.querySelector('[data-testid=note]').checkVisibility()";
    ada.until("a new note", empty).await;
    assert_eq!(ada.run(offered).await, false);
    // It stays its author's after a reload.
    ada.page.refresh().await.expect("a page");
    ada.until("the note is shown", show).await;
    ada.until("it is offered", offered).await;
    click(&ada, "delete-note").await;
    let gone = "return !document.querySelector('.mark.note')";
    bob.until("it is gone in the other window", gone).await;
    ada.close().await;
    bob.close().await;
}

async fn measure(browser: &Browser, measure: &str) {
    let script = format!("return {MAP}.facts.measure === '{measure}'");
    browser.until(&format!("it shows {measure}"), &script).await;
}

async fn point_at_the_map(browser: &Browser) {
    let place = browser
        .run(&format!(
            "const r = {MAP}.getBoundingClientRect(); return [r.left + r.width * 0.8, r.top + r.height * 0.6]"
        ))
        .await;
    let at = |i: usize| place[i].as_f64().expect("a place").round();
    let actions = MouseActions::new("mouse".into()).then(PointerAction::MoveTo {
        duration: Some(Duration::from_millis(30)),
        x: at(0),
        y: at(1),
    });
    browser.page.perform_actions(actions).await.expect("a move");
}

const DRIVEN: &str = "return !!document.querySelector('.presence.driven')";
const FREE: &str = "return !document.querySelector('.presence.driven')";

/// Ada presents, and Bob follows.
async fn followed(server: &Server) -> (Browser, Browser) {
    let (ada, bob) = (open(server).await, open(server).await);
    rename(&ada, "Ada").await;
    click(&ada, "present").await;
    says(&ada, "presence", "You present").await;
    says(&bob, "presence", "Ada presents").await;
    assert_eq!(bob.run(DRIVEN).await, false, "nobody is made to follow");
    press(&bob, "f").await;
    bob.until("it is driven", DRIVEN).await;
    says(&ada, "presence", "followers: 1").await;
    (ada, bob)
}

#[tokio::test]
async fn who_follows_sees_what_the_presenter_does_until_a_hand_lets_go() {
    let server = demo();
    let (ada, bob) = followed(&server).await;
    press(&ada, "m").await;
    measure(&bob, "share").await;
    click(&ada, "process-row").await;
    let is_one = "return /[?&]series=\\d+/.test(location.search) && location.search.match(/series=(\\d+)/)[1]";
    let key = ada.until("the address says it", is_one).await;
    let same = format!(
        "return location.search.includes('series={}')",
        key.as_str().unwrap()
    );
    bob.until("the follower looks at the same series", &same)
        .await;
    press(&ada, "+").await;
    let span = format!("{MAP}.facts.endMs - {MAP}.facts.startMs");
    let zoomed = format!("return {span} === 30000");
    ada.until("it is zoomed", &zoomed).await;
    bob.until("and at the same time", &zoomed).await;
    point_at_the_map(&ada).await;
    let tooltip = "return !!document.querySelector('[data-testid=tooltip]')";
    bob.until("the cursor is the presenter's", tooltip).await;
    bob.keep("driven").await;
    ada.keep("presenting").await;

    press(&bob, "Escape").await;
    bob.until("Escape lets go", FREE).await;
    says(&bob, "presence", "Ada presents").await;
    press(&ada, "m").await;
    measure(&ada, "time").await;
    // A later word from the server has come, and nothing was driven by it.
    let later = format!(
        "window.seq ??= Number({MAP}.facts.seq); return Number({MAP}.facts.seq) > window.seq + 8"
    );
    bob.until("time goes on", &later).await;
    measure(&bob, "share").await;
    click(&bob, "presence").await;
    measure(&bob, "time").await;
    // A name that is half typed is not taken away by what others do.
    let name = "const i = document.querySelector('[data-testid=people] [data-testid=own-name]');";
    bob.run(&format!("{name} i.value = 'Bo'")).await;
    rename(&ada, "Ada L").await;
    says(&bob, "presence", "Following Ada L").await;
    assert_eq!(bob.run(&format!("{name} return i.value")).await, "Bo");
    press(&bob, "[").await;
    bob.until("moving in time lets go", FREE).await;
    press(&bob, "f").await;
    bob.until("it is driven again", DRIVEN).await;
    click(&bob, "deselect").await;
    bob.until("choosing lets go", FREE).await;
    press(&bob, "f").await;
    bob.until("it is driven again", DRIVEN).await;
    press(&bob, "w").await;
    bob.until("choosing a mode lets go", FREE).await;
    ada.close().await;
    bob.close().await;
}

#[tokio::test]
async fn presenting_ends_with_the_presenter_and_can_be_taken_over() {
    let server = demo();
    let (ada, bob) = followed(&server).await;
    says(&bob, "present", "Take over from Ada").await;
    click(&bob, "present").await;
    says(&bob, "presence", "You present").await;
    bob.until("who presents is not driven", FREE).await;
    press(&ada, "f").await;
    ada.until("and is followed", DRIVEN).await;
    says(&ada, "presence", "Following somebody").await;
    bob.close().await;
    ada.until("the end of the presenter lets go", FREE).await;
    let gone = "return !document.querySelector('[data-testid=presence]').innerText";
    ada.until("nobody presents", gone).await;
    ada.close().await;
}

/// For looking at: the panel of names, wide and narrow, light and dark.
#[tokio::test]
async fn the_panel_of_names_fits_wide_and_narrow() {
    let server = demo();
    let (ada, bob) = followed(&server).await;
    rename(&bob, "A name of forty letters as long as it is").await;
    says(&ada, "people", "as long as").await;
    post(
        server.address,
        "/api/v1/notes",
        r#"{"text": "deployed 1.2", "by": "deploy hook"}"#,
    );
    let open = "document.querySelector('.people').open = true; return true";
    for (width, height) in [(1280, 720), (360, 740)] {
        for (browser, name) in [(&ada, "presents"), (&bob, "follows")] {
            let size = browser.page.set_window_size(width, height).await;
            size.expect("a window");
            let fits = "return document.documentElement.scrollWidth <= innerWidth";
            browser.until("nothing is wider than the page", fits).await;
            for theme in ["light", "dark"] {
                let set = format!(
                    "if (document.documentElement.dataset.theme === '{theme}') return true;
                    document.querySelector('[data-testid=theme]').click(); return false"
                );
                browser.until("the theme is set", &set).await;
                browser
                    .keep(&format!("together-{name}-{width}-{theme}"))
                    .await;
                browser.run(open).await;
                let inside = "const r = document.querySelector('[data-testid=people]').getBoundingClientRect();
                    return r.width > 0 && r.left >= 0 && r.right <= innerWidth";
                browser.until("the panel is inside", inside).await;
                browser
                    .keep(&format!("together-{name}-{width}-{theme}-panel"))
                    .await;
                browser
                    .run("document.querySelector('.people').open = false")
                    .await;
            }
        }
    }
    ada.close().await;
    bob.close().await;
}
