//! What a hostile peer costs: the server's CPU time, and how much later a well-behaved viewer hears of an interval than
//! in the same run without the peer. The server has one CPU, the hostile peers the other. Synthetic data, so that it
//! needs no root.

mod support;

use runqlat_common::wire::{Format, ServerMessage};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::client::{PATIENCE, Viewer, get};
use support::delays::Delays;
use support::is_long;
use support::server::{Server, binary};
use tokio_tungstenite::tungstenite::Message;

/// Of one CPU.
const MOST_CPU: f64 = 0.2;

/// How much later a viewer may hear of an interval, at the 95th percentile.
const MOST_LATER: Duration = Duration::from_millis(100);

/// How long each is measured, with peace before; twice where tests may take long.
const PART: Duration = Duration::from_millis(2_000);
const PEACE: Duration = Duration::from_millis(1_000);

/// Until what may be taken at once is used up.
const BURST: Duration = Duration::from_secs(2);
const LONG_BURST: Duration = Duration::from_secs(7);

const INTERVAL: Duration = Duration::from_millis(100);

const CPUS: [usize; 2] = [0, 1];

const EMPTY_PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const EMPTY_CONTINUATION: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
const EMPTY_BEGINNING: [u8; 6] = [0x01, 0x80, 0, 0, 0, 0];

/// One way of being hostile, for as long as it is told.
struct Attack {
    name: &'static str,
    burst: Duration,
    work: fn(SocketAddr, &AtomicBool),
}

const ATTACKS: [Attack; 9] = [
    Attack::new("empty fragments", BURST, fragments),
    Attack::new("pings", BURST, pings),
    Attack::new("single bytes", BURST, single_bytes),
    Attack::new("snapshots", BURST, snapshots),
    Attack::new("slow readers", BURST, slow_readers),
    Attack::new("silent sockets", BURST, silent_sockets),
    Attack::new("scope changes", BURST, scope_changes),
    Attack::new("questions", LONG_BURST, questions),
    Attack::new("series by HTTP", LONG_BURST, histograms),
];

impl Attack {
    const fn new(name: &'static str, burst: Duration, work: fn(SocketAddr, &AtomicBool)) -> Self {
        Self { name, burst, work }
    }
}

/// The thread that calls this, and those that it starts, get this CPU, if there is one.
fn pin(cpu: usize) {
    // SAFETY: an empty set is all zeros; both calls know its size, and the set outlives them.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set);
    }
}

/// CPU time that a process has used, all its threads.
fn cpu_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let (_, rest) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<u64> = { rest.split_whitespace().skip(11).take(2) }
        .map(|field| field.parse().expect("ticks"))
        .collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}

/// What a viewer hears, and when.
type Heard = Arc<Mutex<Vec<(Instant, Message)>>>;

/// A viewer beside the server, until the server ends.
fn listen(server: SocketAddr) -> Heard {
    let heard = Heard::default();
    let (list, (joined, is_there)) = (heard.clone(), std::sync::mpsc::channel());
    thread::spawn(move || {
        pin(CPUS[0]);
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut viewer = Viewer::join(server, Format::Postcard).await;
            viewer.fresh().await;
            joined.send(()).expect("somebody waits");
            while let Some(Ok(message)) = viewer.frame().await {
                let mut list = list.lock().expect("no panic");
                list.push((Instant::now(), message));
            }
        });
    });
    is_there.recv_timeout(PATIENCE).expect("a viewer");
    heard
}

/// How much later than it should each interval came after the one before, and when. The synthetic machine's clock is one
/// of its own, and no measure.
fn late(heard: &Heard) -> Vec<(Instant, Duration)> {
    let list = heard.lock().expect("no panic");
    let interval = |(at, message): &(Instant, Message)| {
        let Message::Binary(bytes) = message else {
            return None;
        };
        match Format::Postcard.decode_server(bytes).expect("a message") {
            ServerMessage::Interval(_) => Some(*at),
            ServerMessage::Lagged { missed } => panic!("{missed} were missed"),
            _ => None,
        }
    };
    let all: Vec<_> = list.iter().filter_map(interval).collect();
    let late = |pair: &[Instant]| (pair[1], (pair[1] - pair[0]).saturating_sub(INTERVAL));
    all.windows(2).map(late).collect()
}

/// Of these, those that came in these times.
fn within(late: &[(Instant, Duration)], parts: &[(Instant, Instant)]) -> Delays {
    let is_in = |at: Instant| parts.iter().any(|(from, to)| (*from..*to).contains(&at));
    let found = late.iter().filter(|(at, _)| is_in(*at));
    Delays::new(found.map(|(_, late)| *late).collect())
}

/// What was measured while something went on.
#[derive(Default)]
struct Measured {
    cpu: Duration,
    time: Duration,
    parts: Vec<(Instant, Instant)>,
}

impl Measured {
    fn add(&mut self, server: u32, length: Duration) {
        let (from, cpu) = (Instant::now(), cpu_time(server));
        thread::sleep(length);
        self.cpu += cpu_time(server) - cpu;
        self.time += from.elapsed();
        self.parts.push((from, Instant::now()));
    }

    fn cpus(&self) -> f64 {
        self.cpu.as_secs_f64() / self.time.as_secs_f64()
    }
}

#[test]
fn who_is_hostile_costs_little_and_moves_nobody_else() {
    let args = [
        "--demo=1000",
        "--interval",
        "100ms",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(binary()).args(args);
    let server = Server::start_by(&mut command);
    let heard = listen(server.address);
    // Questions are dear when there is a past.
    thread::sleep(Duration::from_secs(5));
    println!(
        "{:<20} {:>17} {:>17} {:>14}",
        "", "CPU, peace", "p95, peace", "MB"
    );
    let each = ATTACKS
        .iter()
        .map(|attack| (attack.name, std::slice::from_ref(attack)));
    let all = std::iter::once(("all of them at once", ATTACKS.as_slice()));
    for (name, attacks) in each.chain(all) {
        // What shares this machine for a moment makes the same work cost more: only what is too much twice is too much.
        let is_little = || is_within(name, &measure(&server, attacks), &heard);
        assert!(is_little() || is_little(), "{name} take too much");
    }
    assert_eq!(get(server.address, "/healthz", &[]).status, 200);
}

/// Prints a row, and says whether it is within the limits.
fn is_within(
    name: &str,
    (peace, attacked, memory): &(Measured, Measured, u64),
    heard: &Heard,
) -> bool {
    let late = late(heard);
    let [before, during] = [peace, attacked].map(|m| within(&late, &m.parts).percentile(95));
    let (cpu, calm) = (attacked.cpus(), peace.cpus());
    println!("{name:<20} {cpu:>8.3} {calm:>8.3} {during:>8.0?} {before:>8.0?} {memory:>14}");
    cpu - calm <= MOST_CPU && during <= before + MOST_LATER
}

/// Peace and attack, in turn, and the server's memory at the end in MB.
fn measure(server: &Server, attacks: &[Attack]) -> (Measured, Measured, u64) {
    let (mut peace, mut attacked) = (Measured::default(), Measured::default());
    let mut memory = 0;
    let parts = if is_long() { 2 } else { 1 };
    for part in 0..parts {
        peace.add(server.id(), PEACE);
        let over = Arc::new(AtomicBool::new(false));
        let peers: Vec<_> = { attacks.iter() }
            .map(|attack| {
                let (address, over, work) = (server.address, over.clone(), attack.work);
                thread::spawn(move || {
                    pin(CPUS[1]);
                    work(address, &over);
                })
            })
            .collect();
        let burst = attacks.iter().map(|attack| attack.burst).max();
        let burst = burst.unwrap_or_default();
        // The second time there is less left to take at once.
        thread::sleep(if part == 0 { burst } else { BURST });
        attacked.add(server.id(), PART);
        memory = resident_mb(server.id());
        over.store(true, Ordering::Relaxed);
        peers
            .into_iter()
            .for_each(|peer| peer.join().expect("an end"));
        // What they asked for last is done.
        thread::sleep(Duration::from_millis(500));
    }
    (peace, attacked, memory)
}

fn resident_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kb.expect("VmRSS") >> 10
}

/// A WebSocket, with short time-outs.
fn upgrade(address: SocketAddr) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    socket.set_write_timeout(Some(Duration::from_millis(200)))?;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes())?;
    Ok(socket)
}

/// Reads all that comes, until the connection ends.
fn drain(socket: &TcpStream) -> io::Result<()> {
    let mut socket = socket.try_clone()?;
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match socket.read(&mut buffer) {
                Ok(1..) => {}
                Err(error) if is_timeout(&error) => {}
                Ok(0) | Err(_) => return,
            }
        }
    });
    Ok(())
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Begins anew as often as the server ends it.
fn again(over: &AtomicBool, mut work: impl FnMut() -> io::Result<()>) {
    while !over.load(Ordering::Relaxed) {
        let _ended = work();
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends `pattern` again and again, as fast as it is taken, so many bytes at a time.
fn flood(socket: &mut TcpStream, pattern: &[u8], each: usize, over: &AtomicBool) -> io::Result<()> {
    let many = pattern.repeat(each.div_ceil(pattern.len()).max(100));
    let mut at = 0;
    while !over.load(Ordering::Relaxed) {
        let end = many.len().min(at + each);
        match socket.write(&many[at..end]) {
            Ok(written) => at = (at + written) % many.len(),
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    socket.shutdown(std::net::Shutdown::Both)
}

fn fragments(address: SocketAddr, over: &AtomicBool) {
    again(over, || {
        let mut socket = upgrade(address)?;
        drain(&socket)?;
        socket.write_all(&EMPTY_BEGINNING)?;
        flood(&mut socket, &EMPTY_CONTINUATION, 16_384, over)
    });
}

fn pings(address: SocketAddr, over: &AtomicBool) {
    again(over, || {
        let mut socket = upgrade(address)?;
        drain(&socket)?;
        flood(&mut socket, &EMPTY_PING, 16_384, over)
    });
}

fn single_bytes(address: SocketAddr, over: &AtomicBool) {
    again(over, || {
        let mut socket = upgrade(address)?;
        drain(&socket)?;
        flood(&mut socket, &EMPTY_PING, 1, over)
    });
}

/// A text frame; what is masked with zeros stays as it is.
fn text(message: &str) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a short message");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(message.as_bytes());
    frame
}

/// As often as messages are heard in the long run.
fn keep_asking(address: SocketAddr, over: &AtomicBool, message: impl Fn(usize) -> String) {
    again(over, || {
        let mut socket = upgrade(address)?;
        drain(&socket)?;
        for n in 0.. {
            if over.load(Ordering::Relaxed) {
                break;
            }
            socket.write_all(&text(&message(n)))?;
            thread::sleep(Duration::from_millis(26));
        }
        socket.shutdown(std::net::Shutdown::Both)
    });
}

fn snapshots(address: SocketAddr, over: &AtomicBool) {
    keep_asking(address, over, |_| r#""snapshot""#.to_owned());
}

/// By several viewers, so that soon nothing is left of what may be asked at once. No two questions are the same.
fn questions(address: SocketAddr, over: &AtomicBool) {
    let to = u64::MAX;
    let message = |viewer: usize, n: usize| match n % 4 {
        0 => r#"{"series":{"key":900}}"#.to_owned(),
        1 => r#"{"targets":{"query":"a"}}"#.to_owned(),
        2 => format!(
            r#"{{"region":{{"from_seq":{viewer},"to_seq":{to},"from_slot":0,"to_slot":35,"context_from_seq":{n},"context_to_seq":{to},"cause":null}}}}"#
        ),
        _ => format!(
            r#"{{"span":{{"from_seq":{viewer},"to_seq":{},"by_name":true}}}}"#,
            to - n as u64
        ),
    };
    thread::scope(|scope| {
        for viewer in 0..4 {
            scope.spawn(move || keep_asking(address, over, move |n| message(viewer, n)));
        }
    });
}

/// From many connections.
fn histograms(address: SocketAddr, over: &AtomicBool) {
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let head =
                    "GET /api/v1/histogram?key=900&intervals=9999 HTTP/1.1\r\nConnection: close";
                again(over, || {
                    request(address, &format!("{head}\r\nHost: {address}\r\n\r\n"))
                });
            });
        }
    });
}

/// Those who ask for much and take a little at a time.
fn slow_readers(address: SocketAddr, over: &AtomicBool) {
    let mut held = Vec::new();
    let mut little = [0; 256];
    while !over.load(Ordering::Relaxed) {
        if held.len() < 40 {
            held.extend(upgrade(address));
        }
        held.retain_mut(|socket| {
            let asked = socket.write_all(&text(r#""snapshot""#));
            asked.is_ok() && socket.read(&mut little).is_ok_and(|read| read > 0)
        });
        thread::sleep(Duration::from_millis(20));
    }
}

/// As many connections as there may be, none of which says anything; new ones for those that are closed.
fn silent_sockets(address: SocketAddr, over: &AtomicBool) {
    let mut held = Vec::new();
    let mut at = 0;
    while !over.load(Ordering::Relaxed) {
        if held.len() < 256 {
            held.extend(TcpStream::connect(address));
        } else {
            held[at % 256] = match TcpStream::connect(address) {
                Ok(socket) => socket,
                Err(_) => continue,
            };
            at += 1;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Another scope at once after each change.
fn scope_changes(address: SocketAddr, over: &AtomicBool) {
    let change = |key: &str| {
        let body = format!(r#"{{"key": "{key}"}}"#);
        let length = body.len();
        let head =
            format!("PUT /api/v1/scope HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}");
        request(address, &format!("{head}\r\nHost: {address}\r\n\r\n{body}"))
    };
    again(over, || {
        change("thread")?;
        change("process")
    });
}

/// A request whose answer nobody reads. It may be refused, or hung up on.
fn request(address: SocketAddr, request: &str) -> io::Result<()> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.write_all(request.as_bytes())?;
    io::copy(&mut socket, &mut io::sink()).map(drop)
}
