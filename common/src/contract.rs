//! The layout of the BPF maps' values, shared by the kernel programs that write them and the
//! collector that reads them. Every field only grows while a probe is attached; an interval is the
//! difference of two readings.

use crate::buckets::SLOTS;

/// Ways in which a wait begins; the index of the histograms below.
pub const CAUSES: usize = 2;

/// Length of a task's name in the kernel (`TASK_COMM_LEN`), its terminating zero included.
pub const COMM_LEN: usize = 16;

/// What a field's offset says when the running kernel's structure lacks the field.
pub const ABSENT: u32 = u32::MAX;

/// What the kernel programs group waits by: [`Config::key`]. [`key_word`](crate::key_word) says what a key is.
pub mod key {
    /// Nothing: one histogram for all.
    pub const GLOBAL: u64 = 0;
    /// The tgid.
    pub const PROCESS: u64 = 1;
    /// The tid.
    pub const THREAD: u64 = 2;
    /// The inode number of the pid namespace in which the waiting task is active.
    pub const PIDNS: u64 = 3;
    /// The id of the waiting task's cgroup (v2).
    pub const CGROUP: u64 = 4;
}

/// What user space settles before it loads the programs. In the object, each place that needs a field
/// has an instruction that sets a register to that field's [`placeholder`]; user space writes the field's
/// value in its stead. So the verifier sees constants, and what they rule out costs nothing. (Fields of
/// a frozen map are constants to it, too, but it leaves the instructions that load them: three for each.)
///
/// Offsets are in bytes, from the running kernel's BTF; [`ABSENT`] where it lacks the field.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Only tasks in this cgroup (v2 id) or below it are measured, unless 0.
    pub only_cgroup: u64,
    /// One of [`key`].
    pub key: u64,
    /// Measures it only if it started then, in units of [`START_UNIT_NS`] of CLOCK_BOOTTIME; 0 for any start.
    pub only_start: u64,
    /// How deep that cgroup lies; the root is at 0.
    pub only_cgroup_level: u32,
    /// Only tasks of this process are measured, unless 0.
    pub only_tgid: u32,
    /// 1 when buckets count milliseconds, 0 for microseconds.
    pub milliseconds: u32,
    /// The stamp table has 2^`stamp_bits` slots.
    pub stamp_bits: u32,
    /// The same, ready to be used: its last slot's index.
    pub stamp_mask: u32,
    /// Each CPU has 2^`hot_bits` rows of its own.
    pub hot_bits: u32,
    /// The same, ready to be used: the last one's index.
    pub hot_mask: u32,
    /// [`id_shift`](crate::key_word::id_shift) of the key.
    pub id_shift: u32,
    pub layout: Layout,
}

/// The unit of a start in `/proc/PID/stat` (`USER_HZ`, 100 a second on all architectures).
pub const START_UNIT_NS: u64 = 10_000_000;

/// Where the programs find what they read in the kernel's structures.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub task_pid: u32,
    pub task_tgid: u32,
    /// `__state` since 5.14, 8 bytes wide and called `state` before.
    pub task_state: u32,
    /// [`ABSENT`] on a kernel built for one CPU.
    pub task_on_cpu: u32,
    /// In bytes: 4 up to 6.18, 1 in 7.2.
    pub task_on_cpu_size: u32,
    pub task_group_leader: u32,
    pub task_comm: u32,
    pub task_thread_pid: u32,
    pub task_cgroups: u32,
    pub task_start_boottime: u32,
    pub task_signal: u32,
    /// `signal_struct.live`, how many threads of a process have not begun to exit.
    pub signal_live: u32,
    pub pid_level: u32,
    pub pid_numbers: u32,
    /// Size of one of the `numbers`.
    pub upid_size: u32,
    pub upid_ns: u32,
    /// `pid_namespace.ns.inum`.
    pub pidns_inum: u32,
    pub pidns_child_reaper: u32,
    /// [`ABSENT`] if this kernel gives no way to tell whether a namespace still takes processes.
    pub pidns_pid_allocated: u32,
    pub css_set_dfl_cgrp: u32,
    pub cgroup_level: u32,
    pub cgroup_kn: u32,
    /// `cgroup.self.flags`; [`ABSENT`] if this kernel gives no way to tell whether a group was removed.
    pub cgroup_self_flags: u32,
    pub cgroup_root: u32,
    pub cgroup_root_hierarchy_id: u32,
    /// Array of pointers to cgroups, since 6.1.
    pub cgroup_ancestors: u32,
    /// Array of ids, before.
    pub cgroup_ancestor_ids: u32,
    pub kernfs_id: u32,
}

/// The upper half of every placeholder: no instruction has it by chance.
const PLACEHOLDER: u32 = 0x5e77_1e5e;

/// What stands in the object for the field of [`Config`] of `size` bytes at `offset`.
pub const fn placeholder(offset: usize, size: usize) -> u64 {
    ((PLACEHOLDER as u64) << 32) | ((size as u64) << 16) | offset as u64
}

/// The field, as bytes of [`Config`], that a constant stands for, if it stands for one.
pub const fn placeholder_field(constant: u64) -> Option<core::ops::Range<usize>> {
    let (offset, size) = (
        (constant & 0xffff) as usize,
        (constant >> 16) as u16 as usize,
    );
    if constant >> 32 != PLACEHOLDER as u64 || offset + size > size_of::<Config>() || size > 8 {
        return None;
    }
    Some(offset..offset + size)
}

/// One cumulative histogram, the two causes apart.
///
/// Counts are of 4 bytes, for the table of keys is read whole once an interval and most of the time
/// goes into moving it. They wrap after 2^32 waits in one bucket, which differences between two
/// readings survive ([`Counts::between`](crate::counts::Counts::between)).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hist {
    /// Total wait by cause, in ns, so that a mean is exact. In front, in the cache line of the buckets that the most
    /// waits fall into.
    pub sum_ns: [u64; CAUSES],
    /// Waits by [`Cause`](crate::stamp::Cause) and bucket.
    pub counts: [[u32; SLOTS]; CAUSES],
}

impl Hist {
    pub const ZERO: Self = Self {
        counts: [[0; SLOTS]; CAUSES],
        sum_ns: [0; CAUSES],
    };

    /// Total wait of both causes, in ns.
    pub fn total_ns(&self) -> u64 {
        self.sum_ns.iter().fold(0, |sum, ns| sum.wrapping_add(*ns))
    }

    /// Adds `other`'s waits.
    pub fn add(&mut self, other: &Self) {
        self.merge(other, u32::wrapping_add, u64::wrapping_add);
    }

    /// Waits since `before`, an earlier reading.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = *self;
        since.merge(before, u32::wrapping_sub, u64::wrapping_sub);
        since
    }

    fn merge(&mut self, other: &Self, counts: fn(u32, u32) -> u32, sums: fn(u64, u64) -> u64) {
        let ours = self.counts.as_flattened_mut().iter_mut();
        for (ours, other) in ours.zip(other.counts.as_flattened()) {
            *ours = counts(*ours, *other);
        }
        for (ours, other) in self.sum_ns.iter_mut().zip(other.sum_ns) {
            *ours = sums(*ours, other);
        }
    }
}

/// Value of the map `CPUS`: one per CPU, written by that CPU alone and so without atomics.
/// A multiple of 64 bytes, so that two CPUs never share a cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuStats {
    /// Waits that are counted under no key: all of them in whole-system mode, and those that found
    /// the table of keys full (`other`) when a key is kept.
    pub hist: Hist,
    /// Stamps overwritten because two waiting tasks shared a slot of the stamp table.
    pub collisions: u64,
    /// Stamps that prove that a switch was not seen; replaced, their wait not counted.
    pub missed: u64,
    /// Tasks that started to run without a stamp: the start of their wait was not seen.
    pub unmatched: u64,
    /// Waits dropped because their length came out negative.
    pub discarded: u64,
    /// Keys that the programs have inserted into the table.
    pub inserted: u64,
}

impl CpuStats {
    pub const ZERO: Self = Self {
        hist: Hist::ZERO,
        collisions: 0,
        missed: 0,
        unmatched: 0,
        discarded: 0,
        inserted: 0,
    };
}

/// Value of the tables in the map `KEYS`, whose keys are [words](crate::key_word) of the kind that [`Config::key`] says.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStats {
    pub hist: Hist,
    /// Zero-padded, and updated on exec and prctl: by process the thread group leader's name, by thread the thread's,
    /// by pid namespace that of its first process. By cgroup empty.
    pub comm: [u8; COMM_LEN],
    /// Not 0 once the process, thread, namespace or cgroup has ended. All waits of an ended process or thread have been
    /// counted; the last tasks of a namespace or cgroup may still wait while they exit.
    pub ended: u64,
}

impl KeyStats {
    pub const ZERO: Self = Self {
        hist: Hist::ZERO,
        comm: [0; COMM_LEN],
        ended: 0,
    };
}

/// Value of the map `HOT`: see [`hot`](crate::hot). A multiple of 64 bytes, for each is written by one CPU; the
/// owner lies in the cache line of the buckets that the most waits fall into.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotRow {
    /// A key, or what [`hot`](crate::hot) says.
    pub owner: u64,
    pub hist: Hist,
    /// Waits since the last sweep that could have been counted here, had the row been their key's.
    pub asked: u32,
}

impl HotRow {
    pub const ZERO: Self = Self {
        owner: 0,
        hist: Hist::ZERO,
        asked: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::{Config, CpuStats, Hist, HotRow, KeyStats, Layout, placeholder, placeholder_field};
    use core::mem::{offset_of, size_of};

    #[test]
    fn layout_is_what_both_sides_were_built_for() {
        assert_eq!(size_of::<Layout>(), 28 * 4);
        // Without padding: it is read as bytes.
        assert_eq!(size_of::<Config>(), 3 * 8 + 8 * 4 + size_of::<Layout>());
        assert_eq!(size_of::<Hist>(), 304);
        assert_eq!(size_of::<KeyStats>(), 328);
        assert_eq!(offset_of!(KeyStats, comm), 304);
        assert_eq!(offset_of!(KeyStats, ended), 320);
        assert_eq!(size_of::<CpuStats>(), 384);
        assert_eq!(size_of::<HotRow>(), 320);
        assert_eq!(offset_of!(HotRow, hist), 8);
        assert_eq!(offset_of!(HotRow, asked), 312);
        assert_eq!(offset_of!(CpuStats, collisions), 304);
        assert_eq!(offset_of!(CpuStats, inserted), 336);
    }

    #[test]
    fn what_is_added_is_the_difference_even_where_counts_wrap() {
        let mut before = Hist::ZERO;
        before.counts[1][3] = u32::MAX;
        before.sum_ns = [7, 1];
        let mut more = Hist::ZERO;
        (more.counts[0][35], more.counts[1][3]) = (1, 3);
        more.sum_ns = [5, 0];
        let mut after = before;
        after.add(&more);
        assert_eq!((after.counts[1][3], after.sum_ns), (2, [12, 1]));
        assert_eq!(after.since(&before), more);
    }

    #[test]
    fn a_placeholder_leads_to_its_field_and_other_constants_to_none() {
        let last = size_of::<Config>() - 4;
        assert_eq!(placeholder_field(placeholder(0, 8)), Some(0..8));
        assert_eq!(
            placeholder_field(placeholder(last, 4)),
            Some(last..last + 4)
        );
        assert_eq!(placeholder_field(placeholder(last, 8)), None);
        assert_eq!(placeholder_field(placeholder(0, 16)), None);
        for constant in [0, 4, u64::MAX, 0x5555_5555_5555_5555, (1 << 57) - 1] {
            assert_eq!(placeholder_field(constant), None, "{constant:#x}");
        }
    }
}
