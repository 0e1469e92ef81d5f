//! Sessions from outside: what a token is exchanged for, how it lets in over HTTP and the WebSocket, and what ends it. On
//! synthetic data, so that it needs no root.

mod support;

use futures_util::future::{join_all, select_all};
use futures_util::{SinkExt, StreamExt};
use runqlat_common::wire::{CLOSE_FULL, CLOSE_NO_TOKEN, ClientMessage, Format};
use std::time::Instant;
use support::client::{Reply, Viewer, connect_with, farewell, get, post, request, send};
use support::server::Server;
use tokio_tungstenite::tungstenite::Message;

const STATE: &str = "/api/v1/state";
const SESSION: &str = "/api/v1/session";
const ROTATE: &str = "/api/v1/tokens/rotate";

fn guarded() -> Server {
    Server::start(&["--demo", "--interval", "100ms", "--token"])
}

fn token(server: &Server, to: &str) -> String {
    server.bearer(to)["Bearer ".len()..].to_owned()
}

fn exchange(server: &Server, token: &str) -> Reply {
    post(
        server.address,
        SESSION,
        &format!(r#"{{"token": "{token}"}}"#),
    )
}

fn session(server: &Server, to: &str) -> String {
    let reply = exchange(server, &token(server, to));
    reply.json()["session"].as_str().expect("a session").into()
}

fn state(server: &Server, headers: &[(&str, &str)]) -> Reply {
    get(server.address, STATE, headers)
}

fn bearer(session: &str) -> String {
    format!("Bearer {session}")
}

#[test]
fn a_token_is_exchanged_for_a_session_and_no_cookie() {
    let server = guarded();
    let token = token(&server, "view");
    let reply = exchange(&server, &token);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["may_control"], false);
    assert_eq!(reply.header("set-cookie"), None);
    let session = reply.json()["session"].as_str().unwrap().to_owned();
    assert!(!session.contains(&token));
    let shown = bearer(&session);
    let reply = state(&server, &[("Authorization", &shown)]);
    assert_eq!(
        (reply.status, &reply.json()["may_control"]),
        (200, &false.into())
    );
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(state(&server, &[("Runqlat-Session", &session)]).status, 200);
    // A password that a proxy wants stands beside it and hides nothing.
    let beside = [
        ("Authorization", "Basic YWRhOnB3"),
        ("Runqlat-Session", &*session),
    ];
    assert_eq!(state(&server, &beside).status, 200);
    let twice = [
        ("Authorization", "Basic YWRhOnB3"),
        ("Authorization", &*shown),
    ];
    assert_eq!(state(&server, &twice).status, 200);
    // A cookie is nothing, whatever is in it.
    let port = server.address.port();
    for secret in [&token, &session] {
        for name in ["runqlat-web".to_owned(), format!("runqlat-web-{port}")] {
            let cookie = format!("{name}={secret}");
            assert_eq!(state(&server, &[("Cookie", &cookie)]).status, 401);
        }
    }
    // A session is no token: it can't be exchanged for another.
    assert_eq!(exchange(&server, &session).status, 401);
    for body in ["", "{}", r#"{"token": 5}"#, r#"{"token": "x", "y": 1}"#] {
        assert_eq!(post(server.address, SESSION, body).status, 400, "{body}");
    }
    let evil = [("Origin", "http://evil.example"), ("Content-Length", "2")];
    assert_eq!(
        send(server.address, "POST", SESSION, &evil, "{}").status,
        403
    );
}

#[tokio::test]
async fn a_page_says_who_it_is_with_its_first_message() {
    let server = guarded();
    for (to, may) in [("view", false), ("control", true)] {
        let session = session(&server, to);
        let mut page = Viewer::page(server.address, &session).await;
        assert_eq!(page.snapshot().await.may_control, may);
        // Said again, it changes nothing.
        let again = ClientMessage::SignIn {
            session: "x".into(),
        };
        page.send(&again).await;
        page.send(&ClientMessage::Snapshot).await;
        assert_eq!(page.snapshot().await.may_control, may);
    }
    // A token itself will do, and JSON.
    let origin = format!("http://{}", server.address);
    let origin = [("origin", &*origin)];
    let mut page = Viewer::join_with(server.address, Format::Json, &origin).await;
    let session = token(&server, "view");
    page.send(&ClientMessage::SignIn { session }).await;
    page.snapshot().await;
}

#[tokio::test]
async fn what_is_no_sign_in_is_hung_up_on() {
    let server = guarded();
    let session = session(&server, "view");
    let forged = session.replacen('v', "c", 1);
    for shown in ["", "nonsense", &forged, &session[..40]] {
        let mut page = Viewer::page(server.address, shown).await;
        let (code, reason) = page.farewell().await;
        assert_eq!(code, CLOSE_NO_TOKEN, "{shown}");
        let expected = match shown {
            "" => "this server asks for a token",
            _ => "this is no token of this server",
        };
        assert!(reason.starts_with(expected), "{shown}: {reason}");
    }
    let origin = format!("http://{}", server.address);
    for first in [
        Message::text(r#""snapshot""#),
        Message::text("{"),
        Message::binary(vec![0]),
    ] {
        let mut page = connect_with(server.address, &[("origin", &origin)])
            .await
            .unwrap();
        page.send(first).await.unwrap();
        assert_eq!(farewell(&mut page).await.0, CLOSE_NO_TOKEN);
    }
}

/// Silence is no sign-in either, whatever pings come; and it takes no viewer's place meanwhile.
#[tokio::test]
async fn a_first_message_has_to_come_in_time() {
    let server = Server::start(&[
        "--demo",
        "--interval",
        "100ms",
        "--token",
        "--max-viewers",
        "1",
    ]);
    let origin = format!("http://{}", server.address);
    let mut silent = connect_with(server.address, &[("origin", &origin)])
        .await
        .unwrap();
    let since = Instant::now();
    silent.send(Message::Ping(vec![1].into())).await.unwrap();
    let mut page = Viewer::page(server.address, &session(&server, "view")).await;
    page.snapshot().await;
    let (code, reason) = farewell(&mut silent).await;
    assert_eq!(code, CLOSE_NO_TOKEN);
    assert!(
        reason.starts_with("this server asks for a token"),
        "{reason}"
    );
    let took = since.elapsed().as_secs_f64();
    assert!((9.5..20.0).contains(&took), "{took}");
}

#[tokio::test]
async fn who_is_known_is_let_in_whatever_a_page_has_stored() {
    let server = Server::start(&["--demo", "--interval", "100ms"]);
    for stored in ["", "of another day"] {
        let mut page = Viewer::page(server.address, stored).await;
        assert!(page.snapshot().await.may_control);
        page.send(&ClientMessage::Snapshot).await;
        assert!(page.snapshot().await.may_control);
    }
    let stale = [("Authorization", "Bearer of-another-day")];
    assert_eq!(state(&server, &stale).json()["may_control"], true);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere_and_no_other() {
    let server = guarded();
    let (mine, others) = (session(&server, "control"), session(&server, "control"));
    let mut tabs = [
        Viewer::page(server.address, &mine).await,
        Viewer::page(server.address, &mine).await,
    ];
    for tab in &mut tabs {
        tab.snapshot().await;
    }
    let mut other = Viewer::page(server.address, &others).await;
    other.snapshot().await;
    let out = |session: &str| {
        let shown = bearer(session);
        request(
            server.address,
            "DELETE",
            SESSION,
            &[("Authorization", &shown)],
        )
        .status
    };
    assert_eq!(out(&mine), 204);
    server.says(&["audit", "sign-out", "done"]);
    for tab in &mut tabs {
        let (code, reason) = tab.farewell().await;
        assert_eq!(
            (code, &*reason),
            (CLOSE_NO_TOKEN, "this browser has signed out")
        );
    }
    assert_eq!(
        state(&server, &[("Authorization", &bearer(&mine))]).status,
        401
    );
    let mut page = Viewer::page(server.address, &mine).await;
    assert_eq!(page.farewell().await.0, CLOSE_NO_TOKEN);
    assert_eq!(
        [out(&mine), out("nonsense"), out(&token(&server, "control"))],
        [401; 3]
    );
    assert_eq!(
        state(&server, &[("Authorization", &bearer(&others))]).status,
        200
    );
    other.send(&ClientMessage::Snapshot).await;
    other.snapshot().await;
}

#[tokio::test]
async fn new_tokens_end_all_sessions() {
    let server = guarded();
    let sessions = ["view", "control"].map(|to| session(&server, to));
    let mut pages = Vec::new();
    for session in &sessions {
        let mut page = Viewer::page(server.address, session).await;
        page.snapshot().await;
        pages.push(page);
    }
    let shown = bearer(&sessions[1]);
    let reply = request(server.address, "POST", ROTATE, &[("Authorization", &shown)]);
    let renewed = reply.json()["session"].as_str().unwrap().to_owned();
    server.says(&["audit", "tokens rotated", "done"]);
    for page in &mut pages {
        let (code, reason) = page.farewell().await;
        assert_eq!(code, CLOSE_NO_TOKEN);
        assert!(reason.starts_with("the tokens of this server were changed"));
    }
    for session in &sessions {
        assert_eq!(
            state(&server, &[("Authorization", &bearer(session))]).status,
            401
        );
        let mut page = Viewer::page(server.address, session).await;
        assert_eq!(page.farewell().await.0, CLOSE_NO_TOKEN);
    }
    let mut page = Viewer::page(server.address, &renewed).await;
    assert!(page.snapshot().await.may_control);
}

/// Guesses are answered and written down at a bounded rate, and keep nobody out who has a token.
#[test]
fn guesses_are_bounded() {
    let server = guarded();
    let guess = || exchange(&server, "0123456789-0123456789-01").status;
    let refused: Vec<u16> = (0..200).map(|_| guess()).collect();
    let answered = refused.iter().filter(|&&status| status == 401).count();
    assert!((20..100).contains(&answered), "{answered}");
    assert!(refused.iter().all(|status| [401, 429].contains(status)));
    assert_eq!(exchange(&server, &token(&server, "view")).status, 200);
    let (view, control) = (token(&server, "view"), token(&server, "control"));
    let said = server.end();
    let lines = said
        .lines()
        .filter(|line| line.contains("no token of this server"));
    assert!((20..100).contains(&lines.count()), "{said}");
    // Where links are printed they are; nothing after that has a token.
    let journal = said.split("to control:").nth(1).unwrap();
    let journal = journal.split_once('\n').unwrap().1;
    for secret in [&*view, &*control, "0123456789-0123456789-01"] {
        assert!(!journal.contains(secret), "{journal}");
    }
}

/// Pages that say nothing make room for one that does, once they have had the time for it.
#[tokio::test]
async fn silent_pages_make_room() {
    let server = guarded();
    let session = session(&server, "view");
    let origin = format!("http://{}", server.address);
    let origin = [("origin", &*origin)];
    // As many as strangers may be at a time, all at once.
    let all = (0..192).map(|_| connect_with(server.address, &origin));
    let mut silent = Vec::new();
    for page in join_all(all).await {
        silent.push(page.unwrap());
    }
    let since = Instant::now();
    let mut page = loop {
        if let Ok(page) = connect_with(server.address, &origin).await {
            break page;
        }
        assert!(since.elapsed().as_secs() < 8, "none of them makes room");
    };
    // The one whose request came first, whichever that was.
    let farewells = silent.iter_mut().map(|page| Box::pin(farewell(page)));
    let ((code, reason), ..) = select_all(farewells).await;
    assert_eq!(code, CLOSE_FULL);
    assert!(reason.starts_with("others needed the place"), "{reason}");
    let first = ClientMessage::SignIn { session };
    let first = String::from_utf8(Format::Json.encode_client(&first)).unwrap();
    page.send(Message::text(first)).await.unwrap();
    let answer = page.next().await.unwrap().unwrap();
    assert!(answer.to_text().unwrap().starts_with(r#"{"snapshot""#));
}

/// Whatever is done with tokens and sessions, with all that it can be made to say: no line has one.
#[tokio::test]
async fn nothing_that_is_written_has_a_secret() {
    let server = Server::start(&["--demo", "--interval", "100ms", "--token", "-v"]);
    let address = server.address;
    let mut secrets: Vec<String> = ["view", "control"].map(|to| token(&server, to)).into();
    let wrong = "0123456789-0123456789-01";
    assert_eq!(exchange(&server, wrong).status, 401);
    let (view, control) = (session(&server, "view"), session(&server, "control"));
    for shown in [&view, &control, wrong] {
        Viewer::page(address, shown).await.frame().await;
        let shown = bearer(shown);
        state(&server, &[("Authorization", &shown)]);
        request(
            address,
            "POST",
            "/api/v1/nothing",
            &[("Authorization", &shown)],
        );
    }
    let shown = bearer(&view);
    request(address, "DELETE", SESSION, &[("Authorization", &shown)]);
    request(address, "POST", ROTATE, &[("Authorization", &shown)]);
    let shown = bearer(&control);
    let reply = request(address, "POST", ROTATE, &[("Authorization", &shown)]);
    let reply = reply.json();
    let new = |to: &str| {
        reply[to]
            .as_str()
            .unwrap()
            .rsplit('=')
            .next()
            .unwrap()
            .to_owned()
    };
    secrets.extend([
        view,
        control,
        wrong.into(),
        new("session"),
        new("view"),
        new("control"),
    ]);
    let control = format!("to control: {}", server.link("control"));
    let said = server.end();
    let (_, journal) = said.split_once(&control).expect("the links");
    for line in ["sign-in", "sign-out", "tokens rotated", "no token of this"] {
        assert!(journal.contains(line), "{line}: {journal}");
    }
    for secret in &secrets {
        assert!(secret.len() >= 20 && !journal.contains(secret), "{journal}");
    }
}
