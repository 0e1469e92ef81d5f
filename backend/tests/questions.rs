//! Questions and answers from outside: who could be measured, and whose waits lie in a region. All but
//! one on synthetic data, so that they need no root.

mod support;

use runqlat_common::wire::{
    Cause, ClientMessage, Format, Interval, Region, ServerMessage, SetScope, Targets,
};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use support::cgroup::Group;
use support::client::{Viewer, get, put};
use support::is_root;
use support::server::Server;

const EVERYTHING: Region = Region {
    from_seq: 0,
    to_seq: u64::MAX,
    from_slot: 0,
    to_slot: 35,
    context_from_seq: 0,
    context_to_seq: u64::MAX,
    cause: None,
};

fn demo() -> Server {
    Server::start(&["--demo", "--interval", "100ms"])
}

fn targets(query: &str) -> ClientMessage {
    ClientMessage::Targets {
        query: query.into(),
    }
}

async fn ask(viewer: &mut Viewer, query: &str) -> Targets {
    viewer.send(&targets(query)).await;
    viewer.targets().await
}

#[tokio::test]
async fn what_is_found_can_be_measured() {
    let server = demo();
    for format in Format::ALL {
        let mut viewer = Viewer::join(server.address, format).await;
        let found = ask(&mut viewer, "POSTgres").await;
        assert_eq!(found.query, "POSTgres");
        assert!(!found.processes.is_empty() && !found.more);
        assert!(found.processes.iter().all(|p| p.comm == "postgres"));
        let [group] = &found.cgroups[..] else {
            panic!("{:?}", found.cgroups);
        };
        assert_eq!(group.processes as usize, found.processes.len());
        let mut scope = runqlat_common::wire::Scope {
            tgid: Some(found.processes[0].tgid),
            cgroup: Some(group.path.clone()),
            ..Default::default()
        };
        viewer
            .send(&ClientMessage::SetScope(SetScope {
                scope: scope.clone(),
                expect: None,
            }))
            .await;
        scope.interval_ms = 100;
        assert_eq!(viewer.scope().await.scope, scope);
        let interval = viewer.interval().await;
        assert_eq!(interval.series.len(), 1);

        // The synthetic machine's, and not the host's.
        let id = std::process::id();
        let here = ask(&mut viewer, &format!("questions {id}")).await;
        assert_eq!((here.processes, here.cgroups), (vec![], vec![]));
    }
    let reply = get(server.address, "/api/v1/targets?q=redis%20system", &[]).json();
    assert_eq!(reply["query"], "redis system");
    assert_eq!(reply["processes"][0]["comm"], "redis-server");
    assert_eq!(
        reply["cgroups"][0]["path"],
        "/system.slice/redis-server.service"
    );
    let all = get(server.address, "/api/v1/targets", &[]).json();
    assert_eq!(all["processes"].as_array().unwrap()[0]["tgid"], 900);
}

#[tokio::test]
async fn of_many_questions_the_last_is_answered_and_intervals_go_on() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let mut seq = viewer.snapshot().await.seq;
    // As many as a viewer may send at once.
    for n in 0..50 {
        viewer.send(&targets(&n.to_string())).await;
        viewer.send(&ClientMessage::Region(EVERYTHING)).await;
    }
    let (mut newest, mut regions) = (None, 0);
    while newest != Some(49) || regions == 0 {
        match viewer.next().await {
            ServerMessage::Targets(targets) => {
                let answered: Option<u32> = targets.query.parse().ok();
                assert!(answered > newest, "{newest:?} {answered:?}");
                newest = answered;
            }
            ServerMessage::Region(_) => regions += 1,
            ServerMessage::Interval(interval) => {
                assert_eq!(interval.column.seq, seq + 1);
                seq += 1;
            }
            _ => {}
        }
    }
    assert_eq!(viewer.interval().await.column.seq, seq + 1);
}

/// Waits of `interval` in the buckets from `from` on, and all, of woken tasks.
fn woken(counts: &runqlat_common::counts::Counts, from: usize) -> (u64, u64) {
    let counts = &counts.woken.counts;
    (counts.iter().skip(from).sum(), counts.iter().sum())
}

#[tokio::test]
async fn a_region_is_what_the_columns_and_series_said() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let mut seen: Vec<Interval> = Vec::new();
    while seen.len() < 8 {
        seen.push(viewer.interval().await);
    }
    let first = seen[0].column.seq;
    let region = Region {
        from_seq: first + 2,
        to_seq: first + 4,
        from_slot: 4,
        to_slot: 35,
        context_from_seq: first,
        context_to_seq: first + 7,
        cause: Some(Cause::Woken),
    };
    viewer.send(&ClientMessage::Region(region.clone())).await;
    let reply = viewer.region().await;
    let inside: u64 = seen[2..5]
        .iter()
        .map(|i| woken(&i.column.counts, 4).0)
        .sum();
    let all: u64 = seen.iter().map(|i| woken(&i.column.counts, 4).1).sum();
    assert!(inside > 0);
    assert_eq!((reply.inside, reply.outside), (inside, all - inside));
    assert_eq!(
        (reply.known_from_seq, reply.known_to_seq),
        (first + 2, first + 4)
    );
    assert_eq!((reply.more, reply.more_inside), (0, 0));
    for series in &reply.series {
        let of = |i: &Interval, from| {
            let found = i.series.iter().find(|s| s.key == series.key);
            found.map_or((0, 0), |found| woken(&found.counts, from))
        };
        let inside: u64 = seen[2..5].iter().map(|i| of(i, 4).0).sum();
        let all: u64 = seen.iter().map(|i| of(i, 4).1).sum();
        assert_eq!((series.inside, series.outside), (inside, all - inside));
        assert!(!series.name.is_empty(), "{series:?}");
    }
    let path = format!(
        "/api/v1/region?from_seq={}&to_seq={}&from_slot=4&to_slot=35&context_from_seq={}&context_to_seq={}&cause=woken",
        region.from_seq, region.to_seq, region.context_from_seq, region.context_to_seq
    );
    let over_http = get(server.address, &path, &[]).json();
    assert_eq!(over_http, serde_json::to_value(&reply).unwrap());
}

#[tokio::test]
async fn where_keys_change_their_meaning_a_region_begins() {
    let server = demo();
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    viewer.interval().await;
    put(server.address, "/api/v1/scope", r#"{"key": "cgroup"}"#);
    let change = viewer.scope().await;
    let interval = viewer.interval().await;
    viewer.send(&ClientMessage::Region(EVERYTHING)).await;
    let reply = viewer.region().await;
    assert_eq!(reply.known_from_seq, change.from_seq);
    assert!(reply.known_to_seq >= interval.column.seq);
    assert!(
        reply
            .series
            .iter()
            .all(|series| series.name.starts_with('/'))
    );
    assert_eq!(reply.outside, 0);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason_and_a_hint() {
    let server = demo();
    let rest = "to_seq=9&from_slot=0&context_from_seq=1&context_to_seq=9";
    let long = "x".repeat(201);
    let table = [
        (
            format!("region?from_seq=10&to_slot=35&{rest}"),
            "begins after it ends",
        ),
        (
            format!("region?from_seq=1&to_slot=36&{rest}"),
            "no bucket 36",
        ),
        (
            format!("region?from_seq=1&to_slot=300&{rest}"),
            "to_slot: number too large",
        ),
        (format!("region?from_seq=-1&to_slot=35&{rest}"), "from_seq"),
        (
            format!("region?to_slot=35&{rest}"),
            "missing field `from_seq`",
        ),
        (
            format!("region?from_seq=1&to_slot=35&cause=bored&{rest}"),
            "bored",
        ),
        (
            format!("region?from_seq=1&to_slot=35&colour=red&{rest}"),
            "colour",
        ),
        (format!("targets?q={long}"), "longer than 200"),
        ("targets?name=x".into(), "unknown field `name`"),
    ];
    for (path, said) in table {
        let reply = get(server.address, &format!("/api/v1/{path}"), &[]);
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        let error = reply.json();
        assert!(error["error"].as_str().unwrap().contains(said), "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
    }
    let mut viewer = Viewer::join(server.address, Format::Json).await;
    let backwards = Region {
        from_slot: 9,
        to_slot: 8,
        ..EVERYTHING
    };
    viewer.send(&ClientMessage::Region(backwards)).await;
    assert!(viewer.error().await.0.starts_with("the range of buckets"));
    viewer.send(&targets(&long)).await;
    assert!(viewer.error().await.0.contains("longer than 200"));
    assert!(!ask(&mut viewer, "").await.processes.is_empty());
}

/// A child that is ended when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn on_a_real_host_processes_are_found_whatever_they_call_themselves() {
    if !is_root("on_a_real_host_processes_are_found_whatever_they_call_themselves") {
        return;
    }
    let odd = OsStr::from_bytes(b"\x1b[31m\xff");
    let mut command = Command::new("sh");
    command
        .args(["-c", "read line; exit", "odd-title"])
        .arg(odd);
    let child = Ended(command.stdin(Stdio::piped()).spawn().expect("sh"));
    let group = Group::new("targets");
    group.take(child.0.id());

    let server = Server::start(&["--interval", "200ms"]);
    let mut viewer = Viewer::join(server.address, Format::Postcard).await;
    let found = ask(&mut viewer, "ODD-title read").await;
    let [process] = &found.processes[..] else {
        panic!("{found:?}");
    };
    assert_eq!((process.tgid, &*process.comm), (child.0.id(), "sh"));
    assert_eq!(
        process.command,
        r"sh -c read line; exit odd-title \u{1b}[31m\x{ff}"
    );
    assert_eq!(process.cgroup, group.path);
    let found = ask(&mut viewer, &group.path).await;
    assert_eq!(
        (&*found.cgroups[0].path, found.cgroups[0].processes),
        (&*group.path, 1)
    );
    // By its id it comes first, whoever else's begins alike.
    let found = ask(&mut viewer, &child.0.id().to_string()).await;
    assert_eq!(found.processes[0].tgid, child.0.id());
    let kernel = ask(&mut viewer, "kthreadd").await;
    assert!(
        kernel
            .processes
            .iter()
            .any(|p| p.tgid == 2 && p.command.is_empty())
    );
}
