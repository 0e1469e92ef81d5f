//! The golden bytes of questions and answers.

use crate::counts::{Counts, Waits};
use crate::wire::{
    Cause, CgroupTarget, ClientMessage, ProcessTarget, Region, RegionReply, RegionSeries,
    ServerMessage, Span, SpanReply, SpanSeries, Targets,
};
use alloc::string::String;
use alloc::{format, vec, vec::Vec};

const REGION_JSON: &str = r#"{"from_seq":3,"to_seq":300,"from_slot":4,"to_slot":35,"context_from_seq":1,"context_to_seq":7,"cause":"preempted"}"#;

fn region() -> Region {
    Region {
        from_seq: 3,
        to_seq: 300,
        from_slot: 4,
        to_slot: 35,
        context_from_seq: 1,
        context_to_seq: 7,
        cause: Some(Cause::Preempted),
    }
}

fn span() -> Span {
    Span {
        from_seq: 3,
        to_seq: 300,
        by_name: true,
    }
}

pub(super) fn asked() -> Vec<(ClientMessage, String, &'static str)> {
    let any_cause = Region {
        cause: None,
        ..region()
    };
    vec![
        (
            ClientMessage::Targets { query: "pg".into() },
            r#"{"targets":{"query":"pg"}}"#.into(),
            "03027067",
        ),
        (
            ClientMessage::Region(region()),
            format!(r#"{{"region":{REGION_JSON}}}"#),
            "0403ac02042301070101",
        ),
        (
            ClientMessage::Region(any_cause),
            format!(r#"{{"region":{REGION_JSON}}}"#).replace(r#""preempted""#, "null"),
            "0403ac020423010700",
        ),
        (
            ClientMessage::Span(span()),
            r#"{"span":{"from_seq":3,"to_seq":300,"by_name":true}}"#.into(),
            "0c03ac0201",
        ),
        (
            ClientMessage::SignIn {
                session: "v0f".into(),
            },
            r#"{"sign_in":{"session":"v0f"}}"#.into(),
            "0d03763066",
        ),
        (
            ClientMessage::SignIn {
                session: String::new(),
            },
            r#"{"sign_in":{"session":""}}"#.into(),
            "0d00",
        ),
    ]
}

pub(super) fn answers() -> Vec<(ServerMessage, String, &'static str)> {
    vec![
        (
            ServerMessage::Targets(Targets {
                query: "pg".into(),
                processes: vec![ProcessTarget {
                    tgid: 300,
                    comm: "pg".into(),
                    comm_hex: None,
                    command: "pg -D".into(),
                    cgroup: "/a".into(),
                    cgroup_hex: None,
                }],
                cgroups: vec![CgroupTarget {
                    path: r"/\x{ff}".into(),
                    path_hex: Some("2fff".into()),
                    processes: 2,
                }],
                more: true,
            }),
            r#"{"targets":{"query":"pg","processes":[{"tgid":300,"comm":"pg","comm_hex":null,"command":"pg -D","cgroup":"/a","cgroup_hex":null}],"cgroups":[{"path":"/\\x{ff}","path_hex":"2fff","processes":2}],"more":true}}"#.into(),
            "0802706701ac0202706700057067202d44022f610001072f5c787b66667d0104326666660201",
        ),
        (
            ServerMessage::Region(RegionReply {
                region: region(),
                known_from_seq: 3,
                known_to_seq: 9,
                inside: 12,
                outside: 300,
                series: vec![RegionSeries {
                    key: 1_234,
                    start: 300,
                    name: "pg".into(),
                    name_hex: None,
                    inside: 10,
                    outside: 5,
                }],
                more: 1,
                more_inside: 2,
            }),
            format!(
                r#"{{"region":{{"region":{REGION_JSON},"known_from_seq":3,"known_to_seq":9,"inside":12,"outside":300,"series":[{{"key":1234,"start":300,"name":"pg","name_hex":null,"inside":10,"outside":5}}],"more":1,"more_inside":2}}}}"#
            ),
            "0903ac0204230107010103090cac0201d209ac02027067000a050102",
        ),
        (
            ServerMessage::Span(SpanReply {
                span: span(),
                known_from_seq: 3,
                known_to_seq: 9,
                start_ms: 2_000,
                end_ms: 9_000,
                measured_us: 300,
                series: vec![SpanSeries {
                    key: 1_234,
                    start: 300,
                    name: "pg".into(),
                    name_hex: None,
                    members: 2,
                    counts: Counts {
                        woken: Waits {
                            counts: vec![0, 5],
                            sum_ns: 7_000,
                        },
                        preempted: Waits::default(),
                    },
                    levels: vec![2, 0],
                }],
                more: 1,
                more_waits: 2,
            }),
            r#"{"span":{"span":{"from_seq":3,"to_seq":300,"by_name":true},"known_from_seq":3,"known_to_seq":9,"start_ms":2000,"end_ms":9000,"measured_us":300,"series":[{"key":1234,"start":300,"name":"pg","name_hex":null,"members":2,"counts":{"woken":{"counts":[0,5],"sum_ns":7000},"preempted":{"counts":[],"sum_ns":0}},"levels":[2,0]}],"more":1,"more_waits":2}}"#.into(),
            "1003ac02010309d00fa846ac0201d209ac020270670002020005d83600000202000102",
        ),
    ]
}

/// People write requests by hand.
#[test]
fn a_region_may_leave_out_its_cause_and_misspell_nothing() {
    use crate::wire::Format;
    let decode = |text: &str| Format::Json.decode_client(text.as_bytes());
    let fields = r#""from_seq":3,"to_seq":300,"from_slot":4,"to_slot":35,"context_from_seq":1,"context_to_seq":7"#;
    let any_cause = Region {
        cause: None,
        ..region()
    };
    let short = decode(&format!(r#"{{"region":{{{fields}}}}}"#)).unwrap();
    assert_eq!(short, ClientMessage::Region(any_cause));
    let error = decode(&format!(r#"{{"region":{{{fields},"why":"woken"}}}}"#)).unwrap_err();
    assert!(error.0.contains("unknown field `why`"), "{error}");
}
