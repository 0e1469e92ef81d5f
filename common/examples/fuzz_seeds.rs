//! Writes what the fuzz targets start from, made of the messages as they are now:
//! `cargo run -p runqlat-common --example fuzz_seeds -- fuzz/corpus`.

use runqlat_common::counts::{Counts, Waits};
use runqlat_common::wire::{
    Cause, Cell, ClientMessage, Column, Earlier, Format, Health, Interval, Introduction, Key,
    NewNote, Note, PROTOCOL_VERSION, ProbeState, Programs, Region, Scope, ScopeChange, Series,
    SeriesHistory, SeriesKey, SeriesName, ServerInfo, ServerMessage, SetScope, Showing, Snapshot,
    Span, SpanReply, SpanSeries, Together,
};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).expect("the corpus' folder"));
    let asked = asked();
    for (at, message) in asked.iter().enumerate() {
        for format in Format::ALL {
            let name = format!("{at:02}-{format:?}").to_lowercase();
            write(
                &folder,
                "client_message",
                &name,
                &format.encode_client(message),
            )?;
        }
    }
    for (format, enter) in [(Format::Json, 8), (Format::Postcard, 4)] {
        let name = format!("{format:?}").to_lowercase();
        write(
            &folder,
            "conversation",
            &name,
            &conversation(format, enter, &asked),
        )?;
        let told = told()
            .iter()
            .map(|m| format.encode_server(m))
            .collect::<Vec<_>>();
        write(&folder, "server_message", &name, &parts(&told))?;
    }
    for (at, request) in requests(&asked).iter().enumerate() {
        write(&folder, "http", &format!("{at:02}"), request)?;
    }
    for (at, text) in ADDRESSES.iter().enumerate() {
        write(&folder, "address", &format!("{at:02}"), text.as_bytes())?;
    }
    for (at, name) in NAMES.iter().enumerate() {
        write(&folder, "name", &format!("{at:02}"), name)?;
    }
    Ok(())
}

fn write(folder: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("seed-{name}")), bytes)
}

/// With each kind of character that is escaped.
const NAMES: [&[u8]; 8] = [
    b"kworker/0:1-events",
    br"/system.slice/dev-disk-by\x2duuid.swap",
    b"a\npid = 1 sshd",
    b"\x1b[2J\x1b]0;owned\x07",
    b"\xe2\x80\xaegpj.exe\xe2\x80\x8b",
    b" a\xffb  \xf0\x9f\x9a",
    br"a\x{ff}\u{202e}\x{}",
    b"e\xcc\x81\xcc\x81\xcc\x81/\xcc\x81",
];

/// As the targets take several: each with its length before it.
fn parts(parts: &[Vec<u8>]) -> Vec<u8> {
    let length = |part: &Vec<u8>| {
        u16::try_from(part.len())
            .expect("seeds are short")
            .to_le_bytes()
    };
    parts
        .iter()
        .flat_map(|part| [&length(part), part.as_slice()].concat())
        .collect()
}

/// All that a viewer can send.
fn asked() -> Vec<ClientMessage> {
    let scope = |key, tgid, cgroup: Option<&str>| {
        let scope = Scope {
            key,
            tgid,
            cgroup: cgroup.map(Into::into),
            interval_ms: 500,
            ..Scope::default()
        };
        ClientMessage::SetScope(SetScope {
            scope,
            expect: None,
        })
    };
    vec![
        ClientMessage::Snapshot,
        ClientMessage::Series {
            key: 1_002,
            start: Some(5_000),
        },
        ClientMessage::Series {
            key: 1_002,
            start: None,
        },
        scope(Key::Global, None, None),
        scope(Key::Process, Some(1_001), Some("/system.slice")),
        scope(Key::Cgroup, None, Some("0::/user.slice/../x")),
        ClientMessage::Targets {
            query: "post gres".into(),
        },
        ClientMessage::Region(Region {
            from_seq: 1,
            to_seq: 2,
            from_slot: 3,
            to_slot: 9,
            context_from_seq: 0,
            context_to_seq: 4,
            cause: Some(Cause::Woken),
        }),
        ClientMessage::Span(Span {
            from_seq: 1,
            to_seq: 9,
            by_name: true,
        }),
        ClientMessage::SignIn {
            session: "v00ff".into(),
        },
        ClientMessage::Introduce(Introduction {
            name: "Ada".into(),
            secret: "s3cret".into(),
        }),
        ClientMessage::AddNote(NewNote {
            text: "deployed 1.2".into(),
            at_ms: None,
        }),
        ClientMessage::DeleteNote { id: 1 },
        ClientMessage::Present { take_over: true },
        ClientMessage::Show(Showing {
            query: "last=300".into(),
            cell: Some(Cell {
                seq: 2,
                slot: 7,
                frozen: true,
            }),
        }),
        ClientMessage::StopPresenting,
        ClientMessage::Follow { on: true },
    ]
}

/// Two viewers come, say everything between them while time goes on, and one goes.
fn conversation(format: Format, enter: u8, asked: &[ClientMessage]) -> Vec<u8> {
    let mut deeds = vec![vec![enter], vec![enter + 1], Vec::new()];
    for (at, message) in asked.iter().enumerate() {
        let whose = 4 + u8::try_from(at % 2).expect("0 or 1");
        deeds.push([vec![whose], format.encode_client(message)].concat());
        if at % 4 == 3 {
            // Nobody's: a second.
            deeds.push(vec![10 * 4 + 3]);
        }
    }
    deeds.push(vec![0]);
    parts(&deeds)
}

fn counts(counts: &[u64]) -> Counts {
    let waits = Waits {
        counts: counts.to_vec(),
        sum_ns: 4_200_000,
    };
    Counts {
        woken: waits.clone(),
        preempted: waits,
    }
}

fn interval(seq: u64) -> Interval {
    let gone = SeriesKey {
        key: 1_002,
        start: 5_000,
    };
    Interval {
        column: Column {
            seq,
            end_ms: 1_790_000_000_000 + seq * 1_000,
            duration_us: 1_000_000,
            counts: counts(&[0, 3, 0, 9]),
        },
        series: vec![Series {
            key: 1_002,
            start: 5_000,
            counts: counts(&[0, 3, 0, 9]),
        }],
        names: vec![SeriesName {
            key: 1_002,
            start: 5_000,
            name: "postgres".into(),
            name_hex: None,
        }],
        gone: if seq == 7 { vec![gone] } else { Vec::new() },
        health: Health::default(),
    }
}

fn change(number: u32, key: Key, from_seq: u64) -> ScopeChange {
    ScopeChange {
        number,
        scope: Scope {
            key,
            interval_ms: 1_000,
            ..Scope::default()
        },
        from_seq,
        at_ms: 1_790_000_004_000,
        by: "Ada".into(),
    }
}

/// What a server says, but for the answers that the page only keeps.
fn told() -> Vec<ServerMessage> {
    let programs = Programs::Synthetic;
    let mut told = vec![ServerMessage::Snapshot(Snapshot {
        protocol: PROTOCOL_VERSION,
        server: ServerInfo {
            version: "0.1.0".into(),
            hostname: "db1".into(),
            kernel: "6.18".into(),
            cpus: 2,
            demo: true,
            tokens: true,
            started_ms: 1_700_000_000_000,
            caveats: vec!["the server runs in a pid namespace".into()],
            read_only: false,
        },
        scopes: vec![change(1, Key::Process, 1)],
        probe: ProbeState::Attached { programs },
        seq: 3,
        columns: vec![interval(2).column, interval(3).column],
        names: interval(3).names,
        together: Together::default(),
        may_control: true,
    })];
    told.extend((4..=6).map(|seq| ServerMessage::Interval(interval(seq))));
    let columns = vec![interval(1).column];
    told.push(ServerMessage::Earlier(Earlier {
        sums: true,
        columns,
    }));
    told.push(ServerMessage::Series(SeriesHistory {
        key: 1_002,
        start: 5_000,
        from_seq: 2,
        to_seq: 6,
        columns: vec![(4, counts(&[0, 3]))],
    }));
    told.push(ServerMessage::Span(SpanReply {
        span: Span {
            from_seq: 1,
            to_seq: 9,
            by_name: true,
        },
        known_from_seq: 2,
        known_to_seq: 6,
        start_ms: 1_790_000_001_000,
        end_ms: 1_790_000_006_000,
        measured_us: 5_000_000,
        series: vec![SpanSeries {
            key: 1_002,
            start: 5_000,
            name: "make".into(),
            name_hex: None,
            members: 3,
            counts: counts(&[0, 3]),
            levels: vec![2, 0, 0, 1],
        }],
        more: 1,
        more_waits: 2,
    }));
    told.push(ServerMessage::Interval(interval(7)));
    told.push(ServerMessage::OwnNotes { ids: vec![1] });
    told.push(ServerMessage::Note(Note {
        id: 1,
        at_ms: 1_790_000_004_000,
        text: "deployed".into(),
        by: "Ada".into(),
    }));
    told.push(ServerMessage::NoteDeleted { id: 1 });
    told.push(ServerMessage::Scope(change(2, Key::Thread, 8)));
    told.push(ServerMessage::Interval(interval(8)));
    told.push(ServerMessage::Lagged { missed: 2 });
    told
}

/// Requests of each kind, after the byte that says what the server asks for.
fn requests(asked: &[ClientMessage]) -> Vec<Vec<u8>> {
    const VIEW: &str = "Authorization: Bearer view-0123456789abcdef-view\r\n";
    const CONTROL: &str = "Cookie: runqlat-web-8080=control-0123456789abcdef\r\n";
    let request = |options: u8, line: &str, headers: &str, body: &str| {
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        let text =
            format!("{line} HTTP/1.1\r\nHost: localhost:8080\r\n{headers}{length}\r\n{body}");
        [vec![options], text.into_bytes()].concat()
    };
    let get = |target: &str| request(1, &format!("GET {target}"), VIEW, "");
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut socket = request(
        0,
        "GET /ws",
        &format!("{upgrade}Sec-WebSocket-Protocol: v9, runqlat-web.v2.postcard\r\n"),
        "",
    );
    // Frames whose mask is zero: a message can be read in them, and changed.
    for message in &asked[..2] {
        let bytes = Format::Postcard.encode_client(message);
        let length = 0x80 | u8::try_from(bytes.len()).expect("seeds are short");
        socket.extend([vec![0x82, length, 0, 0, 0, 0], bytes].concat());
    }
    vec![
        get("/"),
        get("/api/v1/state"),
        get("/api/v1/histogram?key=1002&start=5000&intervals=3&format=text"),
        get(
            "/api/v1/region?from_seq=1&to_seq=2&from_slot=0&to_slot=9&context_from_seq=1&context_to_seq=3&cause=woken",
        ),
        get("/api/v1/span?from_seq=1&to_seq=9&by_name=true"),
        get("/api/v1/notes"),
        get("/assets/%2e%2e/x"),
        request(1, "GET /api/v1/targets?q=post%20gres", CONTROL, ""),
        request(
            1,
            "GET /api/v1/state",
            "Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site\r\n",
            "",
        ),
        request(
            1,
            "PUT /api/v1/scope?expect=1&by=Ada",
            CONTROL,
            r#"{"key":"thread","tgid":1001}"#,
        ),
        request(
            3,
            "PUT /api/v1/scope",
            CONTROL,
            r#"{"cgroup":"/system.slice"}"#,
        ),
        request(
            0,
            "POST /api/v1/notes",
            "",
            r#"{"text":"deployed 1.2","by":"hook","at_ms":3}"#,
        ),
        request(1, "DELETE /api/v1/notes/1", CONTROL, ""),
        request(
            1,
            "POST /api/v1/session",
            "",
            r#"{"token":"view-0123456789abcdef-view"}"#,
        ),
        request(1, "POST /api/v1/tokens/rotate", CONTROL, ""),
        request(1, "GET /healthz", "", ""),
        request(
            1,
            "GET /ws",
            &format!("{upgrade}Origin: http://localhost:8080\r\n"),
            "",
        ),
        socket,
    ]
}

/// Of the page; behind a line's end a name that a filter looks at.
const ADDRESSES: [&str; 8] = [
    "?series=1002@5000&filter=a%20b&last=300&by=share&lines=p50,max",
    "from=1790000000000&to=1790000300000&waits=woken&scale=log",
    "mark=1790000000000,1790000001000,3,9&list=strips",
    "by=time&waits=preempted&lines=&+=%ff",
    "series=1002&from=0&to=1",
    "post !12 /^g.*s$/\npostgres",
    "ÄRG Σας\närger",
    "!/a b/ (\n/system.slice",
];
