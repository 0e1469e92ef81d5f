//! Golden bytes: what peers of version 2 send and understand. A change here is a change of the
//! protocol: it needs a new version, or must be readable by the old.

mod questions;
mod together;

use super::{
    ClientMessage, Column, Format, Health, Interval, Key, Losses, PROTOCOL_VERSION, ProbeState,
    Programs, Scope, ScopeChange, Series, SeriesHistory, SeriesKey, SeriesName, ServerInfo,
    ServerMessage, SetScope, Snapshot, comparable_from, forget_before,
};
use crate::buckets::Unit;
use crate::counts::{Counts, Waits};
use alloc::string::String;
use alloc::{vec, vec::Vec};
use proptest::prelude::{any, proptest};
use together::TOGETHER_JSON;

fn counts() -> Counts {
    Counts {
        woken: Waits {
            counts: vec![1, 0, 300],
            sum_ns: 1_000_000,
        },
        preempted: Waits::default(),
    }
}

fn interval() -> Interval {
    Interval {
        column: Column {
            seq: 7,
            end_ms: 1_700_000_000_000,
            duration_us: 1_000_012,
            counts: counts(),
        },
        series: vec![Series {
            key: 1_234,
            start: 300,
            counts: counts(),
        }],
        names: vec![SeriesName {
            key: 1_234,
            start: 300,
            name: "postgres".into(),
            name_hex: None,
        }],
        gone: vec![SeriesKey { key: 99, start: 5 }],
        health: Health {
            losses: Losses {
                unmatched: 2,
                ..Losses::default()
            },
            other: 3,
            keys: 5,
            keys_max: 8_192,
            keys_bound: 65_536,
            failed_readings: 1,
            self_cpu_us: 1_500,
            self_rss_kb: 9_000,
            viewers: 1,
            target_gone_ms: None,
        },
    }
}

fn scope() -> Scope {
    Scope {
        key: Key::Cgroup,
        tgid: Some(12),
        start: Some(300),
        cgroup: Some("/a".into()),
        cgroup_hex: None,
        unit: Unit::Ms,
        interval_ms: 1_000,
    }
}

pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        protocol: PROTOCOL_VERSION,
        server: ServerInfo {
            version: "0.1.0".into(),
            hostname: "db1".into(),
            kernel: "6.18".into(),
            cpus: 2,
            demo: false,
            tokens: true,
            started_ms: 1_700_000_000_000,
            caveats: vec!["c".into()],
            read_only: true,
        },
        scopes: vec![ScopeChange {
            number: 1,
            scope: scope(),
            from_seq: 1,
            at_ms: 1_700_000_000_000,
            by: "Ada".into(),
        }],
        probe: ProbeState::Attached {
            programs: Programs::Typed,
        },
        seq: 7,
        columns: vec![interval().column],
        names: vec![],
        together: together::together(),
        may_control: true,
    }
}

const COUNTS_JSON: &str =
    r#"{"woken":{"counts":[1,0,300],"sum_ns":1000000},"preempted":{"counts":[],"sum_ns":0}}"#;

const SCOPE_JSON: &str = r#"{"key":"cgroup","tgid":12,"start":300,"cgroup":"/a","cgroup_hex":null,"unit":"ms","interval_ms":1000}"#;
const SCOPE_CHANGE_JSON: &str = r#"{"number":1,"scope":{"key":"cgroup","tgid":12,"start":300,"cgroup":"/a","cgroup_hex":null,"unit":"ms","interval_ms":1000},"from_seq":1,"at_ms":1700000000000,"by":"Ada"}"#;

fn server_messages() -> Vec<(ServerMessage, String, &'static str)> {
    let column = alloc::format!(
        r#"{{"seq":7,"end_ms":1700000000000,"duration_us":1000012,"counts":{COUNTS_JSON}}}"#
    );
    vec![
        (
            ServerMessage::Interval(interval()),
            alloc::format!(
                r#"{{"interval":{{"column":{column},"series":[{{"key":1234,"start":300,"counts":{COUNTS_JSON}}}],"names":[{{"key":1234,"start":300,"name":"postgres","name_hex":null}}],"gone":[{{"key":99,"start":5}}],"health":{{"losses":{{"collisions":0,"missed":0,"unmatched":2,"discarded":0,"recursion":0}},"other":3,"keys":5,"keys_max":8192,"keys_bound":65536,"failed_readings":1,"self_cpu_us":1500,"self_rss_kb":9000,"viewers":1,"target_gone_ms":null}}}}}}"#
            ),
            "010780d095ffbc31cc843d030100ac02c0843d000001d209ac02030100ac02c0843d000001d209ac0208706f7374677265730001630500000200000305804080800401dc0ba8460100",
        ),
        (
            ServerMessage::Snapshot(snapshot()),
            alloc::format!(
                r#"{{"snapshot":{{"protocol":2,"server":{{"version":"0.1.0","hostname":"db1","kernel":"6.18","cpus":2,"demo":false,"tokens":true,"started_ms":1700000000000,"caveats":["c"],"read_only":true}},"scopes":[{SCOPE_CHANGE_JSON}],"probe":{{"attached":{{"programs":"typed"}}}},"seq":7,"columns":[{column}],"names":[],"together":{TOGETHER_JSON},"may_control":true}}}}"#
            ),
            "000205302e312e300364623104362e313802000180d095ffbc3101016301010104010c01ac0201022f610001e8070180d095ffbc3103416461010007010780d095ffbc31cc843d030100ac02c0843d00000009ac0201070341646101070341646102010380d095ffbc31027570034164610001",
        ),
        (
            ServerMessage::Probe(ProbeState::Failed {
                reason: "r".into(),
                hint: "h".into(),
            }),
            r#"{"probe":{"failed":{"reason":"r","hint":"h"}}}"#.into(),
            "020201720168",
        ),
        (
            ServerMessage::Series(SeriesHistory {
                key: 1_234,
                start: 300,
                from_seq: 1,
                to_seq: 7,
                columns: vec![(3, counts())],
            }),
            alloc::format!(
                r#"{{"series":{{"key":1234,"start":300,"from_seq":1,"to_seq":7,"columns":[[3,{COUNTS_JSON}]]}}}}"#
            ),
            "03d209ac0201070103030100ac02c0843d0000",
        ),
        (
            ServerMessage::Lagged { missed: 300 },
            r#"{"lagged":{"missed":300}}"#.into(),
            "04ac02",
        ),
        (
            ServerMessage::Error {
                reason: "r".into(),
                hint: "h".into(),
            },
            r#"{"error":{"reason":"r","hint":"h"}}"#.into(),
            "0501720168",
        ),
        (
            ServerMessage::Scope(snapshot().scopes.remove(0)),
            alloc::format!(r#"{{"scope":{SCOPE_CHANGE_JSON}}}"#),
            "060104010c01ac0201022f610001e8070180d095ffbc3103416461",
        ),
        (
            ServerMessage::ScopeRefused {
                reason: "r".into(),
                hint: "h".into(),
            },
            r#"{"scope_refused":{"reason":"r","hint":"h"}}"#.into(),
            "0701720168",
        ),
        (
            ServerMessage::Probe(ProbeState::Changing {
                programs: Programs::Raw,
                to: scope(),
            }),
            alloc::format!(r#"{{"probe":{{"changing":{{"programs":"raw","to":{SCOPE_JSON}}}}}}}"#),
            "02030104010c01ac0201022f610001e807",
        ),
    ]
}

fn all_messages() -> impl Iterator<Item = (ServerMessage, String, &'static str)> {
    let news = questions::answers().into_iter().chain(together::news());
    server_messages().into_iter().chain(news)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| alloc::format!("{b:02x}")).collect()
}

#[test]
fn server_messages_are_golden() {
    for (message, json, postcard) in all_messages() {
        let bytes = Format::Json.encode_server(&message);
        assert_eq!(core::str::from_utf8(&bytes).unwrap(), json);
        assert_eq!(Format::Json.decode_server(&bytes).unwrap(), message);
        let bytes = Format::Postcard.encode_server(&message);
        assert_eq!(hex(&bytes), postcard);
        assert_eq!(Format::Postcard.decode_server(&bytes).unwrap(), message);
    }
}

#[test]
fn client_messages_are_golden() {
    let table = [
        (ClientMessage::Snapshot, String::from(r#""snapshot""#), "00"),
        (
            ClientMessage::Series {
                key: 300,
                start: Some(5),
            },
            r#"{"series":{"key":300,"start":5}}"#.into(),
            "01ac020105",
        ),
        (
            ClientMessage::SetScope(SetScope {
                scope: scope(),
                expect: Some(3),
            }),
            alloc::format!(r#"{{"set_scope":{{"scope":{SCOPE_JSON},"expect":3}}}}"#),
            "0204010c01ac0201022f610001e8070103",
        ),
    ];
    for (message, json, postcard) in table
        .into_iter()
        .chain(questions::asked())
        .chain(together::told())
    {
        let bytes = Format::Json.encode_client(&message);
        assert_eq!(core::str::from_utf8(&bytes).unwrap(), json);
        assert_eq!(Format::Json.decode_client(&bytes).unwrap(), message);
        let bytes = Format::Postcard.encode_client(&message);
        assert_eq!(hex(&bytes), postcard);
        assert_eq!(Format::Postcard.decode_client(&bytes).unwrap(), message);
    }
}

/// People write requests by hand.
#[test]
fn a_scope_in_json_may_leave_fields_out_but_not_misspell_them() {
    let decode = |text: &str| Format::Json.decode_client(text.as_bytes());
    let short = decode(r#"{"set_scope":{"scope":{"tgid":7}}}"#).unwrap();
    let expected = SetScope {
        scope: Scope {
            tgid: Some(7),
            ..Scope::default()
        },
        expect: None,
    };
    assert_eq!(short, ClientMessage::SetScope(expected));
    let error = decode(r#"{"set_scope":{"scope":{"pid":7}}}"#).unwrap_err();
    assert!(error.0.contains("unknown field `pid`"), "{error}");
}

#[test]
fn series_are_comparable_since_key_or_unit_last_changed() {
    let change = |number, key, unit, from_seq| ScopeChange {
        number,
        scope: Scope {
            key,
            unit,
            ..Scope::default()
        },
        from_seq,
        at_ms: 0,
        by: String::new(),
    };
    let scopes = [
        change(1, Key::Process, Unit::Us, 1),
        change(2, Key::Process, Unit::Ms, 5),
        change(3, Key::Process, Unit::Ms, 9),
        change(4, Key::Thread, Unit::Ms, 12),
    ];
    let from: Vec<u64> = (0..=4).map(|n| comparable_from(&scopes[..n])).collect();
    assert_eq!(from, [0, 1, 5, 5, 12]);

    let left = |seq| {
        let mut scopes = scopes.to_vec();
        forget_before(&mut scopes, seq);
        scopes[0].number
    };
    assert_eq!(
        [0, 4, 5, 8, 11, 12, u64::MAX].map(left),
        [1, 1, 2, 2, 3, 4, 4]
    );
}

#[test]
fn what_follows_a_message_is_an_error() {
    let error = Format::Postcard.decode_client(&[0, 0]).unwrap_err();
    assert_eq!(error.0, "1 bytes after the end of the message");
    assert!(Format::Json.decode_client(b"\"snapshot\" 1").is_err());
}

#[test]
fn a_long_message_is_refused_unread() {
    let error = Format::Json.decode_client(&[b' '; 5_000]).unwrap_err();
    assert_eq!(error.0, "message of 5000 bytes, 4096 are allowed");
}

#[test]
fn a_collision_is_not_lost_twice() {
    let losses = Losses {
        collisions: 100,
        missed: 1,
        unmatched: 20,
        discarded: 300,
        recursion: 4_000,
    };
    assert_eq!(losses.total(), 4_321);
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for format in Format::ALL {
            let _ = format.decode_client(&bytes);
            let _ = format.decode_server(&bytes);
        }
    }
}
