//! Rows: the counters of one key on one CPU, for keys that wait often. To find a key in a hash and to add to counters
//! that other CPUs write, too, is dearer than all else that is done for a wait; a row needs neither.
//!
//! Each CPU that is there has as many rows, indexed by the low bits of the key's id; one that is brought up later than
//! the programs has none. Who writes what:
//!
//! ```text
//!  owner  FREE ──► a key       its CPU alone, where many waits came for the row: who waits most is likeliest to be
//!                              the one that takes it
//!         a key ──► LEAVING    user space, where the row is used little or the key is gone
//!         LEAVING ──► FREE     user space, at a later sweep: programs that had seen the key are through by then
//!  hist                        its CPU alone; only grows, whoever owns the row
//!  asked                       its CPU counts, user space sets it to 0: a hint, which may be a few off
//! ```
//! So nobody needs a lock. A key that has a row stays in KEYS, with its name; its waits are those there and those that
//! user space has seen its rows grow by.

/// Nobody's. No key is 0.
pub const FREE: u64 = 0;

/// Nobody's any more, and not to be taken yet.
pub const LEAVING: u64 = u64::MAX;

/// Waits between two sweeps, a second or more, for which a row is taken, and with fewer of which it is taken back. What
/// waits less often saves nothing (some 30 ns a wait), and what is booked for a key is added at every reading.
pub const OFTEN: u32 = 512;

/// A wait was counted in KEYS, and the row of its key is free and was `asked` for so often: whether the key takes it.
#[inline(always)]
pub fn ask(asked: &mut u32) -> bool {
    *asked = asked.wrapping_add(1);
    *asked >= OFTEN
}

/// Rows per CPU are 2^this: together about 4,096, which are 1.3 MB. Hosts with many CPUs get 64 rows for each, up to 10
/// MB, because with fewer most keys that wait often would share a row. More rows take longer to read.
pub fn bits(cpus: usize) -> u32 {
    let cpus = cpus.max(1);
    let most = (32_768 / cpus).clamp(16, 1_024);
    (4_096 / cpus).clamp(64, 1_024).min(most).ilog2()
}

/// All rows of so many CPUs.
pub fn rows(cpus: usize) -> usize {
    cpus << bits(cpus)
}

#[cfg(test)]
mod tests {
    use super::{bits, rows};

    #[test]
    fn rows_are_shared_out_among_the_cpus() {
        let table = [
            (0, 10),
            (2, 10),
            (8, 9),
            (64, 6),
            (240, 6),
            (512, 6),
            (1_024, 5),
            (4_096, 4),
        ];
        for (cpus, expected) in table {
            assert_eq!(bits(cpus), expected, "{cpus}");
            assert_eq!(rows(cpus), cpus << expected);
            assert!(cpus > 2_048 || rows(cpus) <= 32_768, "{cpus}");
        }
    }
}
