//! A thread pool as in a server: jobs come in bursts, and each burst wakes all idle threads.

use super::loads::{compute_us, together};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Time from one burst to the next.
const BURST_APART: Duration = Duration::from_millis(5);

/// Jobs that no thread has taken yet, and whether more will come.
struct Jobs {
    left: u64,
    more: bool,
}

/// Every 5 ms, one thread queues a job for every second one of the others; a job computes for `busy_us`.
pub(super) fn pool(threads: u64, end: Instant, busy_us: u64) {
    let jobs = Mutex::new(Jobs {
        left: 0,
        more: true,
    });
    let shared = Arc::new((jobs, Condvar::new()));
    let made = AtomicU64::new(0);
    together(threads, move |n| {
        if n == 0 {
            bring(&shared, threads / 2, end);
        } else {
            while take(&shared) {
                compute_us(busy_us);
                made.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
}

fn bring((jobs, come): &(Mutex<Jobs>, Condvar), burst: u64, end: Instant) {
    while Instant::now() < end {
        thread::sleep(BURST_APART);
        // Jobs that are left over are dropped, so that each burst finds the pool in the same state.
        jobs.lock().unwrap_or_else(PoisonError::into_inner).left = burst;
        come.notify_all();
    }
    *jobs.lock().unwrap_or_else(PoisonError::into_inner) = Jobs {
        left: 0,
        more: false,
    };
    come.notify_all();
}

/// Takes a job, waiting for one if needed; false when no more will come.
fn take((jobs, come): &(Mutex<Jobs>, Condvar)) -> bool {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let idle = |jobs: &mut Jobs| jobs.left == 0 && jobs.more;
    let waited = come.wait_while(jobs, idle);
    let mut jobs = waited.unwrap_or_else(PoisonError::into_inner);
    let taken = jobs.left > 0;
    jobs.left = jobs.left.saturating_sub(1);
    taken
}
