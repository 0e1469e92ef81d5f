//! Golden bytes: what peers of version 1 send and understand. A change here is a change of the
//! protocol: it needs a new version, or must be readable by the old.

use super::{
    ClientMessage, Column, Format, Health, Interval, Key, Losses, PROTOCOL_VERSION, ProbeState,
    Programs, Scope, Series, SeriesHistory, SeriesName, ServerInfo, ServerMessage, Snapshot,
};
use crate::counts::{Counts, Waits};
use alloc::string::String;
use alloc::{vec, vec::Vec};
use proptest::prelude::{any, proptest};

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
            counts: counts(),
        }],
        names: vec![SeriesName {
            key: 1_234,
            name: "postgres".into(),
        }],
        gone: vec![99],
        health: Health {
            losses: Losses {
                unmatched: 2,
                ..Losses::default()
            },
            keys: 5,
            keys_max: 8_192,
            self_cpu_us: 1_500,
            self_rss_kb: 9_000,
            viewers: 1,
        },
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        protocol: PROTOCOL_VERSION,
        server: ServerInfo {
            version: "0.1.0".into(),
            hostname: "db1".into(),
            kernel: "6.18".into(),
            cpus: 2,
            demo: false,
        },
        scope: Scope {
            key: Key::Process,
            tgid: None,
            interval_ms: 1_000,
        },
        probe: ProbeState::Attached {
            programs: Programs::Typed,
        },
        seq: 7,
        columns: vec![interval().column],
        recent: vec![],
        names: vec![],
    }
}

const COUNTS_JSON: &str =
    r#"{"woken":{"counts":[1,0,300],"sum_ns":1000000},"preempted":{"counts":[],"sum_ns":0}}"#;

fn server_messages() -> Vec<(ServerMessage, String, &'static str)> {
    let column = alloc::format!(
        r#"{{"seq":7,"end_ms":1700000000000,"duration_us":1000012,"counts":{COUNTS_JSON}}}"#
    );
    vec![
        (
            ServerMessage::Interval(interval()),
            alloc::format!(
                r#"{{"interval":{{"column":{column},"series":[{{"key":1234,"counts":{COUNTS_JSON}}}],"names":[{{"key":1234,"name":"postgres"}}],"gone":[99],"health":{{"losses":{{"collisions":0,"missed":0,"unmatched":2,"discarded":0,"recursion":0}},"keys":5,"keys_max":8192,"self_cpu_us":1500,"self_rss_kb":9000,"viewers":1}}}}}}"#
            ),
            "010780d095ffbc31cc843d030100ac02c0843d000001d209030100ac02c0843d000001d20908706f73746772657301630000020000058040dc0ba84601",
        ),
        (
            ServerMessage::Snapshot(snapshot()),
            alloc::format!(
                r#"{{"snapshot":{{"protocol":1,"server":{{"version":"0.1.0","hostname":"db1","kernel":"6.18","cpus":2,"demo":false}},"scope":{{"key":"process","tgid":null,"interval_ms":1000}},"probe":{{"attached":{{"programs":"typed"}}}},"seq":7,"columns":[{column}],"recent":[],"names":[]}}}}"#
            ),
            "000105302e312e300364623104362e313802000100e807010007010780d095ffbc31cc843d030100ac02c0843d00000000",
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
                from_seq: 1,
                to_seq: 7,
                columns: vec![(3, counts())],
            }),
            alloc::format!(
                r#"{{"series":{{"key":1234,"from_seq":1,"to_seq":7,"columns":[[3,{COUNTS_JSON}]]}}}}"#
            ),
            "03d20901070103030100ac02c0843d0000",
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
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| alloc::format!("{b:02x}")).collect()
}

#[test]
fn server_messages_are_golden() {
    for (message, json, postcard) in server_messages() {
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
        (ClientMessage::Snapshot, r#""snapshot""#, "00"),
        (
            ClientMessage::Series { key: 300 },
            r#"{"series":{"key":300}}"#,
            "01ac02",
        ),
    ];
    for (message, json, postcard) in table {
        let bytes = Format::Json.encode_client(&message);
        assert_eq!(core::str::from_utf8(&bytes).unwrap(), json);
        assert_eq!(Format::Json.decode_client(&bytes).unwrap(), message);
        let bytes = Format::Postcard.encode_client(&message);
        assert_eq!(hex(&bytes), postcard);
        assert_eq!(Format::Postcard.decode_client(&bytes).unwrap(), message);
    }
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
