//! What the loads do; each is a function that ends when the load is over, with its threads alive.

use super::ASKED;
use super::pool::pool;
use super::storm::storm;
use crate::support::load::become_real_time;
use crate::support::tools;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Is the load that was asked for, if one was; whether that is so.
pub fn run_if_asked() -> bool {
    let asked = std::env::var(ASKED);
    if let Ok(asked) = &asked {
        run(asked);
    }
    asked.is_ok()
}

/// A load, as words: its kind and its numbers.
pub fn run(asked: &str) {
    let mut words = asked.split(' ');
    let kind = words.next().unwrap_or_default();
    let numbers: Vec<u64> = words.map(|n| n.parse().expect("a number")).collect();
    match (kind, numbers.as_slice()) {
        ("hog", &[ms, nice]) => hog(ms, nice),
        ("sleepers", &[threads, ms, busy_us, idle_us]) => {
            sleepers(threads, until(ms), busy_us, idle_us);
        }
        ("pingpong", &[ms]) => ping_pong(until(ms)),
        ("steps", &[ms]) => steps(until(ms)),
        ("storm", &[children, busy_us]) => storm(children, busy_us, None),
        ("execs", &[children, busy_us]) => {
            storm(children, busy_us, Some(&tools::compiled("storm")));
        }
        ("pool", &[threads, ms, busy_us]) => pool(threads, until(ms), busy_us),
        ("threads", &[threads, rounds]) => wake_in_turn(threads, rounds),
        _ => panic!("no such load: {asked}"),
    }
    say("done");
    // Until it is ended.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

pub(super) fn say(line: &str) {
    // One write a line, and not through the harness.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

fn until(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

fn compute(end: Instant) {
    while Instant::now() < end {}
}

pub(super) fn compute_us(us: u64) {
    compute(Instant::now() + Duration::from_micros(us));
}

fn hog(ms: u64, nice: u64) {
    // SAFETY: a number for a number.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice as i32) };
    assert_eq!(result, 0, "setpriority");
    compute(until(ms));
}

/// Threads that are told when all are over, and then stay: an ended thread takes its account along.
pub(super) fn together(threads: u64, work: impl Fn(u64) + Send + Sync + 'static) {
    let over = Arc::new(Barrier::new(threads as usize + 1));
    let work = Arc::new(work);
    for n in 0..threads {
        let (over, work) = (over.clone(), work.clone());
        thread::spawn(move || {
            work(n);
            over.wait();
            stay();
        });
    }
    over.wait();
}

fn stay() -> ! {
    loop {
        thread::park();
    }
}

/// Each computes for up to twice `busy_us` and sleeps for up to twice `idle_us`, in turns.
fn sleepers(threads: u64, end: Instant, busy_us: u64, idle_us: u64) {
    together(threads, move |n| {
        // Any sequence that is not the same for two threads.
        let mut random = n + 1;
        let mut next = |mean: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % (2 * mean)
        };
        while Instant::now() < end {
            compute_us(next(busy_us));
            thread::sleep(Duration::from_micros(next(idle_us)));
        }
    });
}

/// Two threads that hand one byte to and fro.
fn ping_pong(end: Instant) {
    let (mut from_first, mut to_second) = std::io::pipe().expect("a pipe");
    let (mut from_second, mut to_first) = std::io::pipe().expect("a pipe");
    thread::spawn(move || {
        let mut byte = [0];
        while from_first.read_exact(&mut byte).is_ok() && byte == [0] {
            to_first.write_all(&byte).expect("it is read");
        }
        stay();
    });
    let mut byte = [0];
    while Instant::now() < end {
        to_second.write_all(&byte).expect("it is read");
        from_second.read_exact(&mut byte).expect("a byte");
    }
    // The other one stays where it is.
    to_second.write_all(&[1]).expect("it is read");
}

/// Waits in the middle of the buckets of 16 us to 512 us, in turn: a real-time thread wakes another of its
/// priority on its CPU, computes for so long, and then lets it go before itself, which takes 2 to 4 us more. It does not
/// sleep for that: to wake an idle CPU takes a virtual machine 15 to 40 us, and as many waits as steps would lie there,
/// about an edge between buckets.
const STEPS_US: [u64; 6] = [20, 43, 88, 179, 360, 722];

/// How long it sleeps after two times all steps, so that the rest of the machine can go on.
const ROUND_APART: Duration = Duration::from_micros(1_500);

fn steps(end: Instant) {
    let (mut from_first, mut to_second) = std::io::pipe().expect("a pipe");
    thread::spawn(move || {
        become_real_time();
        while from_first.read_exact(&mut [0]).is_ok() {}
        stay();
    });
    become_real_time();
    while Instant::now() < end {
        for us in STEPS_US.into_iter().chain(STEPS_US) {
            to_second.write_all(&[0]).expect("it is read");
            compute_us(us);
            thread::yield_now();
        }
        thread::sleep(ROUND_APART);
    }
}

/// Many threads that sleep until they are woken, one after the other, and `rounds` times. Says `ready`
/// when all are there, and goes on when told to.
fn wake_in_turn(count: u64, rounds: u64) {
    let awake = Arc::new(AtomicU64::new(0));
    let waker = thread::current();
    let threads: Vec<Thread> = (0..count)
        .map(|_| sleeper(count, awake.clone(), waker.clone()))
        .collect();
    say("ready");
    std::io::stdin()
        .read_exact(&mut [0])
        .expect("a word to go on");
    for round in 1..=rounds {
        threads.iter().for_each(Thread::unpark);
        while awake.load(Ordering::Acquire) < round * count {
            thread::park();
        }
    }
}

/// One of `count` threads; the last that is awake in a round wakes `waker`.
fn sleeper(count: u64, awake: Arc<AtomicU64>, waker: Thread) -> Thread {
    let body = move || {
        loop {
            thread::park();
            if (awake.fetch_add(1, Ordering::AcqRel) + 1).is_multiple_of(count) {
                waker.unpark();
            }
        }
    };
    // Small stacks: twenty thousand of them.
    let thread = thread::Builder::new().stack_size(16 << 10).spawn(body);
    thread
        .expect("this machine gives as many threads")
        .thread()
        .clone()
}
