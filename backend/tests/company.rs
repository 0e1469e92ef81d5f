//! What viewers tell each other, from outside: names, notes, presenting; its bounds and refusals.
//! Synthetic data, so that it needs no root.

mod support;

use runqlat_common::wire::{
    ClientMessage, Company, Format, Introduction, MAX_NOTES, NewNote, Note, ServerMessage, Showing,
    Shown,
};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::client::{Viewer, get, post, put, request, send};
use support::server::Server;

const NOTES: &str = "/api/v1/notes";

fn demo() -> Server {
    Server::start(&["--demo", "--interval", "100ms"])
}

/// Somebody who has said who they are; and their id.
async fn join(address: SocketAddr, name: &str, secret: &str) -> (Viewer, u32) {
    join_with(address, name, secret, &[]).await
}

async fn join_with(
    address: SocketAddr,
    name: &str,
    secret: &str,
    headers: &[(&str, &str)],
) -> (Viewer, u32) {
    let mut viewer = Viewer::join_with(address, Format::Postcard, headers).await;
    let you = viewer.snapshot().await.together.you;
    let (name, secret) = (name.to_owned(), secret.to_owned());
    let introduction = Introduction { name, secret };
    viewer.send(&ClientMessage::Introduce(introduction)).await;
    (viewer, you)
}

/// The first company of which `is_it`.
async fn company(viewer: &mut Viewer, is_it: impl Fn(&Company) -> bool) -> Company {
    viewer
        .first(|message| match message {
            ServerMessage::Company(company) if is_it(&company) => Some(company),
            _ => None,
        })
        .await
}

async fn note(viewer: &mut Viewer) -> Note {
    viewer
        .first(|message| match message {
            ServerMessage::Note(note) => Some(note),
            _ => None,
        })
        .await
}

async fn own_notes(viewer: &mut Viewer) -> Vec<u32> {
    viewer
        .first(|message| match message {
            ServerMessage::OwnNotes { ids } => Some(ids),
            _ => None,
        })
        .await
}

async fn shown(viewer: &mut Viewer) -> Shown {
    viewer
        .first(|message| match message {
            ServerMessage::Shown(shown) => Some(shown),
            _ => None,
        })
        .await
}

/// What is shown next; whoever has fallen behind finds it in a snapshot.
async fn newest(viewer: &mut Viewer) -> Shown {
    viewer
        .first(|message| match message {
            ServerMessage::Shown(shown) => Some(shown),
            ServerMessage::Snapshot(snapshot) => snapshot.together.shown,
            _ => None,
        })
        .await
}

fn new_note(text: &str, at_ms: Option<u64>) -> ClientMessage {
    let text = text.to_owned();
    ClientMessage::AddNote(NewNote { text, at_ms })
}

fn showing(query: &str) -> ClientMessage {
    let query = query.to_owned();
    ClientMessage::Show(Showing { query, cell: None })
}

fn names(company: &Company) -> Vec<&str> {
    company.people.iter().map(|p| p.name.as_str()).collect()
}

#[tokio::test]
async fn names_come_change_and_go_and_are_told_at_a_bounded_rate() {
    let server = demo();
    let mut watcher = Viewer::join(server.address, Format::Json).await;
    watcher.snapshot().await;
    let (mut ada, id) = join(server.address, " Ada ", "").await;
    let here = company(&mut watcher, |c| names(c) == ["Ada"]).await;
    assert_eq!((here.viewers, here.people[0].id), (2, id));
    // As fast as it goes, up to what one may do at once.
    for n in 0..15 {
        let name = format!("Ada {n}");
        let introduction = Introduction {
            name,
            ..Introduction::default()
        };
        ada.send(&ClientMessage::Introduce(introduction)).await;
    }
    let since = Instant::now();
    let mut told = 0;
    loop {
        let here = company(&mut watcher, |_| true).await;
        told += 1;
        if names(&here) == ["Ada 14"] {
            break;
        }
    }
    let allowed = since.elapsed().as_millis() / 250 + 2;
    assert!(told <= allowed, "{told} times in {:?}", since.elapsed());
    // Whoever comes later knows it.
    let mut late = Viewer::join(server.address, Format::Json).await;
    assert_eq!(names(&late.snapshot().await.together.company), ["Ada 14"]);
    drop(ada);
    let here = company(&mut watcher, |c| c.people.is_empty()).await;
    assert_eq!(here.viewers, 2);
}

#[tokio::test]
async fn what_is_no_name_note_or_view_is_refused_and_the_connection_goes_on() {
    let server = demo();
    let (mut viewer, _) = join(server.address, "Ada", "").await;
    viewer.interval().await;
    let introduce = |name: &str, secret: &str| {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        ClientMessage::Introduce(Introduction { name, secret })
    };
    let table = [
        (
            introduce(&"é".repeat(41), ""),
            "the name is longer than 40 characters",
        ),
        (
            introduce("A\u{1b}[31m", ""),
            "the name holds control or invisible characters",
        ),
        (
            introduce("A\u{202e}", ""),
            "the name holds control or invisible characters",
        ),
        (
            introduce("A", &"s".repeat(65)),
            "the secret is longer than 64 bytes",
        ),
        (
            new_note(&"é".repeat(201), None),
            "the note is longer than 200 characters",
        ),
        (new_note(" ", None), "the note is empty"),
        (
            new_note("a\nb", None),
            "the note holds control or invisible characters",
        ),
        (
            new_note("a", Some(1)),
            "the note's time is older than all that is kept",
        ),
        (
            new_note("a", Some(u64::MAX)),
            "the note's time is still to come",
        ),
        (ClientMessage::DeleteNote { id: 7 }, "there is no note 7"),
        (
            showing(&"x".repeat(2_001)),
            "the view is longer than 2000 bytes",
        ),
    ];
    for (message, said) in table {
        viewer.send(&message).await;
        let (reason, hint) = viewer.error().await;
        assert_eq!(reason, said);
        assert!(!hint.is_empty());
    }
    viewer.send(&new_note("still here", None)).await;
    assert_eq!(note(&mut viewer).await.text, "still here");
}

#[tokio::test]
async fn a_note_reaches_everybody_stays_and_is_deleted_by_its_author_alone() {
    // Only who may control may delete what somebody else wrote.
    let server = Server::start(&["--demo", "--interval", "100ms", "--token"]);
    let address = server.address;
    let bearer = server.bearer("view");
    let view = &[("authorization", &*bearer)][..];
    let (mut ada, _) = join_with(address, "Ada", "secret", view).await;
    let (mut bob, _) = join_with(address, "Bob", "", view).await;
    let at_ms = ada.interval().await.column.end_ms;
    ada.send(&new_note("<b>deployed</b> 1.2", Some(at_ms)))
        .await;
    let made = note(&mut bob).await;
    assert_eq!((made.at_ms, &*made.by), (at_ms, "Ada"));
    assert_eq!(made.text, "<b>deployed</b> 1.2");
    assert_eq!(own_notes(&mut ada).await, [made.id]);
    drop(ada);
    bob.send(&ClientMessage::DeleteNote { id: made.id }).await;
    assert_eq!(bob.error().await.0, "the note is somebody else's");
    let listed = get(address, NOTES, view).json();
    assert_eq!(listed[0]["text"], "<b>deployed</b> 1.2");
    assert!(!listed.to_string().contains("secret"), "{listed}");
    let path = format!("{NOTES}/{}", made.id);
    assert_eq!(request(address, "DELETE", &path, view).status, 403);
    // The author again, over another connection.
    let (mut ada, _) = join_with(address, "Ada", "secret", view).await;
    assert_eq!(own_notes(&mut ada).await, [made.id]);
    ada.send(&ClientMessage::DeleteNote { id: made.id }).await;
    let gone = bob.first(|message| match message {
        ServerMessage::NoteDeleted { id } => Some(id),
        _ => None,
    });
    assert_eq!(gone.await, made.id);
    assert_eq!(get(address, NOTES, view).json(), Value::Array(Vec::new()));
}

/// Each with who did it and what came of it.
#[tokio::test]
async fn what_is_done_for_all_is_written_down() {
    let server = Server::start(&["--demo", "--interval", "100ms", "--token"]);
    let address = server.address;
    let (control, view) = (server.bearer("control"), server.bearer("view"));
    let may = &[("authorization", &*control)][..];
    let body = r#"{"key": "thread"}"#;
    let length = body.len().to_string();
    let length = ("Content-Length", &*length);
    let changed = send(address, "PUT", "/api/v1/scope", &[may[0], length], body);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let who = ["audit", "127.0.0.1"];
    let said = |rest: &[&str]| server.says(&[&who, rest].concat());
    said(&["role=control", "scope", "thread", "done"]);
    let refused = send(
        address,
        "PUT",
        "/api/v1/scope",
        &[("authorization", &*view), length],
        body,
    );
    assert_eq!(refused.status, 403, "{}", refused.text());
    said(&["role=view", "scope", "only by those who may control"]);
    request(address, "DELETE", "/api/v1/notes/7", may);
    said(&["role=control", "note deleted", "there is no note 7"]);
    let (mut ada, _) = join_with(address, "Ada", "", may).await;
    let take_over = false;
    ada.send(&ClientMessage::Present { take_over }).await;
    let line = said(&["role=control", "present", "done"]);
    let token = control.trim_start_matches("Bearer ");
    assert!(!line.contains(token), "{line}");
}

/// Names and notes are writing; looking, presenting and following are not.
#[tokio::test]
async fn on_a_read_only_server_nobody_writes() {
    let server = Server::start(&["--demo", "--interval", "100ms", "--read-only"]);
    let address = server.address;
    let (mut ada, you) = join(address, "Ada", "secret").await;
    let refused = "this server is read-only: nobody may give a name";
    assert_eq!(ada.error().await.0, refused);
    ada.send(&new_note("deployed", None)).await;
    let refused = "this server is read-only: nobody may write notes";
    assert_eq!(ada.error().await.0, refused);
    let reply = post(address, NOTES, r#"{"text": "deployed"}"#);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(get(address, NOTES, &[]).json(), Value::Array(Vec::new()));
    let take_over = false;
    ada.send(&ClientMessage::Present { take_over }).await;
    let presents = company(&mut ada, |company| company.presenter.is_some()).await;
    let presenter = presents.presenter.expect("as was waited for");
    assert_eq!((presenter.id, &*presenter.name), (you, ""));
}

#[tokio::test]
async fn scripts_post_notes() {
    let server = demo();
    let address = server.address;
    let mut viewer = Viewer::join(address, Format::Postcard).await;
    viewer.interval().await;
    let reply = post(address, NOTES, r#"{"text": "deployed 1.2", "by": "hook"}"#);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let made = note(&mut viewer).await;
    assert_eq!((&*made.text, &*made.by), ("deployed 1.2", "hook"));
    // Now is on the columns' clock.
    let next = viewer.interval().await.column;
    assert!(
        next.end_ms.abs_diff(made.at_ms) < 5_000,
        "{next:?} {made:?}"
    );
    let path = format!("{NOTES}/{}", made.id);
    assert_eq!(request(address, "DELETE", &path, &[]).status, 204);
    assert_eq!(request(address, "DELETE", &path, &[]).status, 404);
    let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(5_000));
    let table = [
        ("", 400, "not a note"),
        (r#"{"text": ""}"#, 400, "the note is empty"),
        (r#"{"text": "x", "when": 1}"#, 400, "unknown field `when`"),
        (
            r#"{"text": "x", "by": "a\u0007"}"#,
            400,
            "invisible characters",
        ),
        (r#"{"text": "x", "at_ms": 1}"#, 422, "older than all"),
        (&long, 413, "length limit"),
    ];
    for (body, status, said) in table {
        let reply = post(address, NOTES, body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        let error = reply.json();
        assert!(error["error"].as_str().unwrap().contains(said), "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
    }
    let odd = request(address, "DELETE", &format!("{NOTES}/x"), &[]);
    assert_eq!(odd.status, 400, "{}", odd.text());
}

/// A hook gone wild is told, and viewers lose nothing by it.
#[tokio::test]
async fn notes_are_bounded_in_rate_and_number() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let mut seq = viewer.interval().await.column.seq;
    let statuses: Vec<u16> = (0..200)
        .map(|n| post(server.address, NOTES, &format!(r#"{{"text": "{n}"}}"#)).status)
        .collect();
    assert!(statuses.iter().all(|status| [201, 429].contains(status)));
    let made = statuses.iter().filter(|status| **status == 201).count();
    assert!((20..MAX_NOTES).contains(&made), "{made}");
    let mut notes = 0;
    while notes < made {
        match viewer.next().await {
            ServerMessage::Note(_) => notes += 1,
            ServerMessage::Interval(interval) => {
                seq += 1;
                assert_eq!(interval.column.seq, seq);
            }
            ServerMessage::Lagged { missed } => panic!("lagged by {missed}"),
            _ => {}
        }
    }
    // One viewer alone has an allowance of its own.
    let (mut eager, _) = join(server.address, "", "").await;
    for _ in 0..30 {
        eager.send(&ClientMessage::Follow { on: false }).await;
    }
    assert_eq!(eager.error().await.0, "that was too fast");
}

#[tokio::test]
async fn what_a_presenter_looks_at_is_kept_for_those_who_come_later_and_ends_with_him() {
    let server = demo();
    let (mut ada, id) = join(server.address, "Ada", "").await;
    let (mut bob, _) = join(server.address, "Bob", "").await;
    ada.send(&ClientMessage::Present { take_over: false }).await;
    let here = company(&mut bob, |c| c.presenter.is_some()).await;
    assert_eq!(here.presenter.unwrap().id, id);
    // A second is told who has it.
    bob.send(&ClientMessage::Present { take_over: false }).await;
    let (reason, hint) = bob.error().await;
    assert_eq!(
        (&*reason, &*hint),
        ("Ada presents already", "follow, or take over")
    );
    ada.send(&showing("last=60")).await;
    bob.send(&showing("last=9")).await;
    let seen = shown(&mut bob).await;
    assert_eq!((seen.by, &*seen.view.query), (id, "last=60"));
    bob.send(&ClientMessage::Follow { on: true }).await;
    company(&mut ada, |c| c.followers == 1).await;
    let mut late = Viewer::join(server.address, Format::Json).await;
    let together = late.snapshot().await.together;
    assert_eq!(together.shown, Some(seen));
    assert_eq!(together.company.followers, 1);
    drop(ada);
    let here = company(&mut bob, |c| c.presenter.is_none()).await;
    assert_eq!(here.followers, 0);
    let mut later = Viewer::join(server.address, Format::Json).await;
    assert_eq!(later.snapshot().await.together.shown, None);
    // Taken over knowingly.
    bob.send(&ClientMessage::Present { take_over: false }).await;
    let (mut eve, eve_id) = join(server.address, "Eve", "").await;
    company(&mut eve, |c| c.presenter.is_some()).await;
    eve.send(&ClientMessage::Present { take_over: true }).await;
    let is_eve = |c: &Company| c.presenter.as_ref().is_some_and(|p| p.id == eve_id);
    company(&mut bob, is_eve).await;
}

/// A presenter's hand moves faster than anybody must be told.
#[tokio::test]
async fn a_fast_presenter_is_told_at_a_bounded_rate_and_the_newest_wins() {
    let server = demo();
    let (mut ada, _) = join(server.address, "Ada", "").await;
    let mut bob = Viewer::join(server.address, Format::Postcard).await;
    bob.snapshot().await;
    ada.send(&ClientMessage::Present { take_over: false }).await;
    let since = Instant::now();
    // As many as a viewer may say at once.
    for n in 0..100 {
        ada.send(&showing(&format!("last={n}"))).await;
    }
    let mut told = 0;
    loop {
        told += 1;
        if shown(&mut bob).await.view.query == "last=99" {
            break;
        }
    }
    let allowed = since.elapsed().as_millis() / 100 + 2;
    assert!(told <= allowed, "{told} times in {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(20));
}

/// Prints how long it takes until all see what the presenter has come to rest at.
#[tokio::test]
async fn fifty_people_follow_one() {
    const PEOPLE: u32 = 50;
    let server = Server::start(&["--demo=10"]);
    let (mut ada, _) = join(server.address, "Ada", "").await;
    ada.send(&ClientMessage::Present { take_over: false }).await;
    // Before that nobody can be followed.
    company(&mut ada, |c| c.presenter.is_some()).await;
    let mut followers = Vec::new();
    for n in 1..=PEOPLE {
        let (mut follower, _) = join(server.address, &format!("follower {n}"), "").await;
        follower.send(&ClientMessage::Follow { on: true }).await;
        followers.push(follower);
    }
    let all = company(&mut ada, |c| c.followers == PEOPLE).await;
    assert_eq!(all.viewers, PEOPLE + 1);
    assert_eq!(all.people.len(), 50, "names are listed up to a bound");
    for n in 1..=20 {
        ada.send(&showing(&format!("last={n}"))).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let since = Instant::now();
    for follower in &mut followers {
        while newest(follower).await.view.query != "last=20" {}
    }
    println!("{PEOPLE} followers are there after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_change_of_what_is_measured_says_who_made_it() {
    let server = demo();
    let (mut ada, _) = join(server.address, "Ada", "").await;
    company(&mut ada, |c| names(c) == ["Ada"]).await;
    let set = r#"{"set_scope":{"scope":{"key":"thread"},"expect":null}}"#;
    let set = Format::Json.decode_client(set.as_bytes()).unwrap();
    ada.send(&set).await;
    assert_eq!(ada.scope().await.by, "Ada");
    let path = "/api/v1/scope?by=deploy%20hook";
    assert_eq!(put(server.address, path, "{}").json()["by"], "deploy hook");
    assert_eq!(ada.scope().await.by, "deploy hook");
    assert_eq!(put(server.address, "/api/v1/scope", "{}").json()["by"], "");
    let long = format!("/api/v1/scope?by={}", "x".repeat(41));
    assert_eq!(put(server.address, &long, "{}").status, 400);
}
