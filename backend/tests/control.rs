//! Changing what is measured, from outside: who may, who is told, and what a refusal says. Synthetic
//! data, so that it needs no root.

mod support;

use runqlat_common::buckets::Unit;
use runqlat_common::wire::{
    ClientMessage, Format, Key, ProbeState, Scope, ServerMessage, SetScope,
};
use std::time::Instant;
use support::client::{Viewer, get, put};
use support::server::Server;

const SCOPE: &str = "/api/v1/scope";

fn demo() -> Server {
    Server::start(&["--demo", "--interval", "100ms"])
}

#[tokio::test]
async fn a_change_reaches_everybody_and_the_past_stays() {
    let server = demo();
    let mut json = Viewer::join(server.address, Format::Json).await;
    let mut postcard = Viewer::join(server.address, Format::Postcard).await;
    let before = json.interval().await.column.seq;
    let body = r#"{"key": "cgroup", "cgroup": "/system.slice", "unit": "ms"}"#;
    let reply = put(server.address, SCOPE, body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let expected = Scope {
        key: Key::Cgroup,
        cgroup: Some("/system.slice".into()),
        unit: Unit::Ms,
        // Left out: as it was.
        interval_ms: 100,
        ..Scope::default()
    };
    for viewer in [&mut json, &mut postcard] {
        let change = viewer.scope().await;
        assert_eq!((change.number, &change.scope), (2, &expected));
        let interval = viewer.interval().await;
        assert_eq!(interval.column.seq, change.from_seq);
        let names: Vec<_> = interval.names.iter().map(|name| &*name.name).collect();
        assert!(
            names.contains(&"/system.slice/postgres.service"),
            "{names:?}"
        );
    }
    let mut late = Viewer::join(server.address, Format::Postcard).await;
    let snapshot = late.snapshot().await;
    let numbers: Vec<u32> = snapshot.scopes.iter().map(|scope| scope.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(snapshot.columns[0].seq, 1);
    assert!(snapshot.seq >= before);
    let since = snapshot.scopes[1].from_seq;
    assert!(late.interval().await.column.seq >= since);
    let state = get(server.address, "/api/v1/state", &[]).json();
    assert_eq!(state["scope"]["scope"]["cgroup"], "/system.slice");
    let text = get(
        server.address,
        "/api/v1/histogram?intervals=9&format=text",
        &[],
    );
    assert!(text.text().contains("msecs"), "{}", text.text());
}

#[tokio::test]
async fn over_the_websocket_only_who_asked_is_told_of_a_refusal() {
    let server = demo();
    let mut asker = Viewer::join(server.address, Format::Postcard).await;
    let mut other = Viewer::join(server.address, Format::Json).await;
    other.snapshot().await;
    let scope = |tgid| Scope {
        tgid,
        ..Scope::default()
    };
    let set = |tgid, expect| {
        ClientMessage::SetScope(SetScope {
            scope: scope(tgid),
            expect,
        })
    };
    asker.send(&set(Some(7), None)).await;
    let (reason, hint) = loop {
        if let ServerMessage::ScopeRefused { reason, hint } = asker.next().await {
            break (reason, hint);
        }
    };
    assert_eq!(reason, "there is no process 7");
    assert!(hint.contains("`ps`"), "{hint}");
    asker.send(&set(Some(1_000), Some(1))).await;
    assert_eq!(asker.scope().await.scope.tgid, Some(1_000));
    asker.send(&set(None, Some(1))).await;
    let reason = loop {
        if let ServerMessage::ScopeRefused { reason, .. } = asker.next().await {
            break reason;
        }
    };
    assert!(reason.starts_with("somebody else has changed"), "{reason}");
    // The other saw the attempts in the probe's state and the one change, and no refusal.
    let mut states = 0;
    loop {
        match other.next().await {
            ServerMessage::Probe(ProbeState::Changing { .. }) => states += 1,
            ServerMessage::Scope(change) => {
                assert_eq!(change.number, 2);
                break;
            }
            ServerMessage::ScopeRefused { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }
    assert_eq!(states, 2);
}

#[test]
fn refusals_say_what_and_what_to_do() {
    let server = demo();
    let table = [
        ("", SCOPE, 400, "not a scope"),
        (r#"{"pid": 7}"#, SCOPE, 400, "unknown field `pid`"),
        (
            r#"{"key": "colour"}"#,
            SCOPE,
            400,
            "unknown variant `colour`",
        ),
        (r#"{"tgid": 7}"#, SCOPE, 422, "there is no process 7"),
        (r#"{"interval_ms": 5}"#, SCOPE, 422, "5 ms is out of bounds"),
        ("{}", "/api/v1/scope?expect=9", 409, "somebody else"),
        ("{}", "/api/v1/scope?when=9", 400, "unknown field `when`"),
        ("{}", "/api/v1/state", 405, "does not answer this method"),
    ];
    for (body, path, status, said) in table {
        let reply = put(server.address, path, body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        let error = reply.json();
        assert!(error["error"].as_str().unwrap().contains(said), "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
    }
    let now = get(server.address, SCOPE, &[]).json();
    assert_eq!(now["number"], 1);
}

/// Each change would begin the series' past anew, and end an interval.
#[tokio::test]
async fn what_is_measured_changes_once_a_second_and_five_times_at_once() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let before = viewer.interval().await.column.seq;
    let since = Instant::now();
    let (mut made, mut refused) = (0, 0);
    for turn in 0..100 {
        let key = ["thread", "process"][turn % 2];
        let reply = put(server.address, SCOPE, &format!(r#"{{"key": "{key}"}}"#));
        if reply.status == 200 {
            made += 1;
            continue;
        }
        refused += 1;
        assert_eq!(reply.status, 429, "{}", reply.text());
        assert!(reply.header("retry-after").is_some());
        let error = reply.json()["error"].to_string();
        assert!(error.contains("once a second"), "{error}");
    }
    let seconds = since.elapsed().as_secs();
    assert!((5..=6 + seconds).contains(&made), "{made} in {seconds} s");
    let state = get(server.address, "/api/v1/state", &[]).json();
    assert_eq!(state["refused"]["scope_changes"], refused);
    assert_eq!(state["scope"]["number"], made + 1);
    // Those who watch see what was measured before, and the one who asks is told why it stays.
    let request = SetScope {
        scope: Scope::default(),
        expect: None,
    };
    let refusal = async {
        loop {
            viewer.send(&ClientMessage::SetScope(request.clone())).await;
            let refused = |message| match message {
                ServerMessage::ScopeRefused { reason, .. } => Some(Some(reason)),
                ServerMessage::Scope(_) => Some(None),
                _ => None,
            };
            if let Some(reason) = viewer.first(refused).await {
                return reason;
            }
        }
    };
    let reason = refusal.await;
    assert!(reason.contains("once a second"), "{reason}");
    let mut late = Viewer::join(server.address, Format::Postcard).await;
    let snapshot = late.snapshot().await;
    assert!(snapshot.columns[0].seq <= before);
}
