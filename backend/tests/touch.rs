//! Fingers on the heatmap, at the size of a phone: one moves time, two zoom, a tap holds a cell. Real touches, through
//! the browser's own input. On the synthetic machine.

mod support;

use fantoccini::actions::{Actions, InputSource, PointerAction, TouchActions};
use std::time::Duration;
use support::browser::{Browser, MAP, point};
use support::server::Server;

async fn open(server: &Server) -> Browser {
    let browser = Browser::open(390, 844).await;
    browser.page.goto(&server.url()).await.expect("a page");
    browser.painted(60).await;
    browser
}

fn demo() -> Server {
    Server::start(&["--demo=100", "--interval", "100ms"])
}

async fn number(browser: &Browser, script: &str) -> f64 {
    let script = format!("const d = {MAP}.facts; return {script}");
    browser.run(&script).await.as_f64().expect("a number")
}

/// A finger that is put down on the first of these points, moves to the others and is lifted.
fn finger(name: &str, path: &[(f64, f64)]) -> TouchActions {
    let to = |&(x, y): &(f64, f64)| PointerAction::MoveTo {
        duration: Some(Duration::from_millis(40)),
        x,
        y,
    };
    let down = TouchActions::new(name.to_owned())
        .then(to(&path[0]))
        .then(PointerAction::Down { button: 0 });
    let moved = path[1..]
        .iter()
        .fold(down, |finger, at| finger.then(to(at)));
    moved.then(PointerAction::Up { button: 0 })
}

async fn touch(browser: &Browser, fingers: impl Into<Actions>) {
    browser
        .page
        .perform_actions(fingers)
        .await
        .expect("touches");
}

#[tokio::test]
async fn a_finger_moves_time_and_a_button_follows_again() {
    let server = demo();
    let browser = open(&server).await;
    let before = number(&browser, "Number(d.endMs)").await;
    // What is known is shorter than the axis: only what was zoomed in can be moved.
    let (a, b) = (
        point(&browser, 0.45, 0.5).await,
        point(&browser, 0.55, 0.5).await,
    );
    let (far_a, far_b) = (
        point(&browser, 0.02, 0.5).await,
        point(&browser, 0.98, 0.5).await,
    );
    let pinch = Actions::from(finger("a", &[a, far_a])).and(finger("b", &[b, far_b]));
    touch(&browser, pinch).await;
    let zoomed = format!("const d = {MAP}.facts; return d.endMs - d.startMs < 20000");
    browser.until("two fingers zoom in", &zoomed).await;
    let (from, to) = (
        point(&browser, 0.2, 0.5).await,
        point(&browser, 0.8, 0.5).await,
    );
    touch(&browser, finger("a", &[from, to])).await;
    let moved = format!(
        "return {MAP}.facts.startMs < {before} && document.querySelector('[data-testid=follow]')"
    );
    browser
        .until("it moves back, and offers to follow", &moved)
        .await;
    let held = number(&browser, "Number(d.endMs)").await;
    browser
        .run("document.querySelector('[data-testid=follow]').click()")
        .await;
    let live = format!("return {MAP}.facts.endMs > {held}");
    browser.until("it follows again", &live).await;
    browser.close().await;
}

#[tokio::test]
async fn a_tap_holds_a_cell_and_another_lets_it_go() {
    let server = demo();
    let browser = open(&server).await;
    let at = point(&browser, 0.95, 0.8).await;
    touch(&browser, finger("a", &[at])).await;
    browser
        .until(
            "the cell's tooltip stays",
            "return document.querySelector('.tooltip.frozen')?.innerText",
        )
        .await;
    touch(&browser, finger("a", &[at])).await;
    browser
        .until("it goes", "return !document.querySelector('.tooltip')")
        .await;
    browser.close().await;
}
