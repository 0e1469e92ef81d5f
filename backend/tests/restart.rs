//! A server that is killed without a word and started again on its port, under pages that are open and programs that
//! watch: they come back by themselves, to the new server's data alone. On the synthetic machine.

mod support;

use runqlat_common::wire::Format;
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use support::browser::Browser;
use support::client::{PATIENCE, Viewer, get};
use support::server::Server;

/// What the page looks at: all that an address can say but a series and a mark.
const LOOK: &str = "/?filter=postgres&last=30&by=time&scale=log&lines=p50,p99";

/// A page is live again this long after its server is: the longest wait between two attempts, and some.
const RETURN: Duration = Duration::from_secs(7);

const ARGS: [&str; 3] = ["--demo=100", "--interval", "500ms"];

/// A server on the port of one that was killed.
fn again(listen: &str, args: &[&str]) -> Server {
    Server::start_with(&[&["--listen", listen], args].concat())
}

async fn open(url: &str) -> Browser {
    let browser = Browser::open(1280, 720).await;
    browser.page.goto(url).await.expect("a page");
    browser
}

async fn until_it_is(browser: &Browser, state: &str) {
    let script = format!(
        "return document.querySelector('[data-testid=connection]')?.innerText === '{state}'"
    );
    browser.until(&format!("it is {state}"), &script).await;
}

/// Paused at the interval `at`: what the map's pixels are, what it says of itself, and what the list shows. Nothing if
/// it went past.
async fn picture(browser: &Browser, at: u64) -> Option<Value> {
    let pause = format!(
        "const pause = document.querySelector('[data-testid=pause]');
        const map = document.querySelector('[data-testid=heatmap]');
        if (pause.ariaPressed === 'true') return true;
        if (Number(map.facts.seq) < {at}) return false;
        pause.click();
        return true"
    );
    browser.until("it is paused", &pause).await;
    let stands = "return !!document.querySelector('[data-testid=paused]')";
    browser.until("it stands", stands).await;
    let told = "return document.querySelector('[data-testid=list-time]').innerText.includes(' – ')";
    browser.until("the list tells of its time", told).await;
    // What is paused is painted with the next frame, and the list with it.
    let seen = "const map = document.querySelector('[data-testid=heatmap]');
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        const rows = [...document.querySelectorAll('[data-testid=process-row]')];
        const { seq, startMs, endMs } = map.facts;
        return { seq: Number(seq), startMs, endMs, pixels: map.toDataURL(),
            rows: rows.map(row => row.dataset.key) }";
    let seen = browser
        .run(&format!("return (async () => {{ {seen} }})()"))
        .await;
    (seen["seq"] == at).then_some(seen)
}

/// Whether the browser shows the same as one that has never seen another server, interval for interval.
async fn looks_like_new(old: &Browser, new: &Browser, from: u64) {
    for at in (0..5).map(|n| from + 6 * n) {
        let (seen, expected) = tokio::join!(picture(old, at), picture(new, at));
        if let (Some(seen), Some(expected)) = (&seen, &expected) {
            for part in ["startMs", "endMs", "rows"] {
                assert_eq!(seen[part], expected[part], "{part} at {at}");
            }
            let same = seen["pixels"] == expected["pixels"];
            old.keep("restarted").await;
            new.keep("restarted-new").await;
            assert!(same, "the picture of the interval {at} is another");
            return;
        }
        for browser in [old, new] {
            let resume = "document.querySelector('[data-testid=pause]').click()";
            browser.run(resume).await;
        }
    }
    panic!("this machine is too busy to pause two pages at the same interval");
}

#[tokio::test]
async fn a_page_comes_back_to_the_new_servers_data_alone() {
    let server = Server::start(&ARGS);
    let listen = server.address.to_string();
    let url = server.url() + LOOK;
    let old = open(&url).await;
    // Far enough for numbers of then to be told from those of a new server.
    old.painted(24).await;
    let asked = old.page.current_url().await.expect("an address");
    drop(server);
    until_it_is(&old, "offline").await;
    // Long enough for a few attempts to fail.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let server = again(&listen, &ARGS);
    let since = Instant::now();
    until_it_is(&old, "live").await;
    let took = since.elapsed();
    println!("live {took:?} after its server");
    assert!(took < RETURN, "{took:?}");
    let seq = "return Number(document.querySelector('[data-testid=heatmap]').facts.seq)";
    let anew = format!("{seq} < 24");
    old.until("the new server's numbers are shown", &anew).await;

    let notice = "return document.querySelector('[data-testid=notice]').innerText";
    let said = old.run(notice).await.to_string();
    assert!(said.contains("The server was started anew at "), "{said}");
    assert!(said.contains(": what was before is gone"), "{said}");
    old.keep("restarted-notice").await;

    let new = open(&url).await;
    new.painted(1).await;
    assert_eq!(new.run(notice).await, "");
    let known = get(server.address, "/api/v1/state", &[]).json()["seq"].as_u64();
    looks_like_new(&old, &new, known.expect("a number") + 6).await;
    // It looks at what it looked at.
    assert_eq!(old.page.current_url().await.expect("an address"), asked);
    let filter = "return document.querySelector('[data-testid=filter]').value";
    assert_eq!(old.run(filter).await, "postgres");
    // Attempts that fail are the browser's to tell; whatever else is said is the page's.
    let complaints = old.complaints().await;
    let ours: Vec<_> = complaints
        .iter()
        .filter(|said| !said.contains("ERR_CONNECTION_REFUSED"))
        .collect();
    assert!(complaints.len() > ours.len(), "no attempt is told of");
    assert!(ours.is_empty(), "{ours:?}");
    old.close().await;
    new.close().await;
}

#[tokio::test]
async fn a_program_sees_the_end_and_a_new_beginning() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    let listen = server.address.to_string();
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let seen = loop {
        let seq = viewer.interval().await.column.seq;
        if seq >= 15 {
            break seq;
        }
    };
    drop(server);
    let ended = async { while let Some(Ok(_)) = viewer.frame().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("an end");
    let server = again(&listen, &["--demo", "--interval", "100ms"]);
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let snapshot = viewer.snapshot().await;
    assert!(snapshot.seq < seen, "{} after {seen}", snapshot.seq);
    assert_eq!(snapshot.scopes[0].from_seq, 1);
    for seq in snapshot.seq + 1..snapshot.seq + 5 {
        assert_eq!(viewer.interval().await.column.seq, seq);
    }
}

/// The links of a server that makes its own tokens end with it: the page says so, and knocks no more until it is given
/// another.
#[tokio::test]
async fn a_page_whose_token_has_ended_asks_for_a_new_link() {
    let args = ["--demo", "--interval", "100ms", "--token"];
    let server = Server::start(&args);
    let listen = server.address.to_string();
    let browser = open(server.link("view")).await;
    browser.painted(3).await;
    browser.count_knocks().await;
    drop(server);
    until_it_is(&browser, "offline").await;
    let server = again(&listen, &args);
    until_it_is(&browser, "no access").await;
    let banner = "return document.querySelector('[data-testid=entry-banner]')?.innerText";
    let said = browser.until("it says what to do", banner).await;
    let said = said.as_str().expect("text").to_owned();
    println!("{said}");
    assert!(said.contains("makes new ones when it starts"), "{said}");
    assert!(said.contains("Open a link that has a token"), "{said}");
    assert!(!browser.text().await.contains("Retrying"), "{said}");
    browser.keep("restarted-no-access").await;
    let knocks = browser.run("return window.knocks").await;
    assert!(knocks.as_u64() > Some(0), "{knocks}");
    browser.run("window.knocks = 0").await;
    // Longer than the page waits before it connects again, when it does.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(browser.run("return window.knocks").await, 0);

    let token = server.link("view").split("token=").nth(1).expect("one");
    let enter = format!(
        "const field = document.querySelector('[data-testid=token]');
        field.value = '{token}';
        field.form.requestSubmit()"
    );
    browser.run(&enter).await;
    until_it_is(&browser, "live").await;
    browser.painted(3).await;
    browser.close().await;
}

#[tokio::test]
async fn a_page_with_a_token_of_a_file_comes_back() {
    let folder = std::env::temp_dir().join(format!("rw-restart-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    let write = |name: &str, token: &str| {
        let path = folder.join(name);
        std::fs::write(&path, token).expect("a file");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its owner");
        path.to_str().expect("UTF-8").to_owned()
    };
    let view = write("view", "correct-horse-battery-staple");
    let control = write("control", "battery-staple-correct-horse");
    let args = ["--demo", "--interval", "100ms", "--token"];
    let files = ["--view-token-file", &view, "--control-token-file", &control];
    let args = [&args[..], &files].concat();
    let server = Server::start(&args);
    let listen = server.address.to_string();
    let url = format!("{}/#token=correct-horse-battery-staple", server.url());
    let browser = open(&url).await;
    browser.painted(20).await;
    drop(server);
    until_it_is(&browser, "offline").await;
    let _server = again(&listen, &args);
    until_it_is(&browser, "live").await;
    let anew = "const seq = Number(document.querySelector('[data-testid=heatmap]').facts.seq);
        return seq > 0 && seq < 20";
    browser.until("the new server's data", anew).await;
    std::fs::remove_dir_all(&folder).expect("the folder");
    browser.close().await;
}
