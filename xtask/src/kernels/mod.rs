//! `cargo xtask test --kernels`: the binary on Linux from 5.10 to the newest, each in a virtual machine of its own.
//! This file has the matrix and puts the parts in order.

mod archive;
mod cache;
mod choice;
mod cpio;
mod image;
mod machine;
mod page;
mod proof;
mod sources;
mod surroundings;
mod system;
mod table;
mod transcript;
mod unit;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use anyhow::{Result, bail};

use self::archive::Archive;
use self::cache::Kernel;
use self::proof::{Case, Outcome};
use crate::project::Project;

pub(crate) use self::archive::is_usable;
pub(crate) use self::surroundings::prove as prove_surroundings;
pub(crate) use self::unit::prove as prove_unit;

/// The oldest supported kernel, Debian's long-term ones since, the newest two, and one with PREEMPT_RT.
pub(crate) const SERIES: [&str; 7] = ["5.10", "6.1", "6.1-rt", "6.12", "6.18", "7.2", "7.3"];

/// Where the programs for older kernels are proved beside those that load by themselves.
const ALSO_RAW: &str = "6.12";

/// Machines at a time. Each is one busy thread, and measures: more of them than CPUs would disturb each other.
const AT_A_TIME: usize = 2;

/// Proves the binary on these series, prints the table, and fails if anything is missing from it.
pub(crate) fn prove(project: &Project, binary: &Path, series: &[&'static str]) -> Result<()> {
    let folder = project.target.join("kernels");
    let cases = cases(series);
    let archive = Archive::new(folder.join("apt"));
    let kernels: BTreeMap<&str, Result<Kernel>> = series
        .iter()
        .map(|series| {
            let kernel = cache::kernel(&archive, series, &folder.join(series));
            (*series, kernel)
        })
        .collect();
    let runs = folder.join("runs");
    let outcomes = side_by_side(&cases, |case| {
        let folder = runs.join(case.name());
        proof::prove(case, &kernels[case.series], binary, &folder)
    });
    println!("\n{}", table::markdown(&outcomes));
    let failures = table::failures(&outcomes);
    if !failures.is_empty() {
        bail!(
            "not everything is proved\n{failures}\
             hint: what guests and kernels said is in {}",
            runs.display()
        );
    }
    Ok(())
}

fn cases(series: &[&'static str]) -> Vec<Case> {
    let raw = series.iter().filter(|series| **series == ALSO_RAW);
    let raw = raw.map(|&series| Case { series, raw: true });
    let plain = series.iter().map(|&series| Case { series, raw: false });
    plain.chain(raw).collect()
}

/// Runs all cases, some at a time, and returns the outcomes in the cases' order.
fn side_by_side(cases: &[Case], prove: impl Fn(Case) -> Outcome + Sync) -> Vec<Outcome> {
    // From the end: the newest kernels take longest, and should not be waited for alone.
    let waiting = Mutex::new(cases.iter().copied().enumerate().rev());
    let next = || waiting.lock().ok()?.next();
    let work = || {
        let mut done = Vec::new();
        while let Some((at, case)) = next() {
            done.push((at, prove(case)));
        }
        done
    };
    let mut done: Vec<(usize, Outcome)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        // A panic here is one there: its outcomes must not be forgotten.
        done.flat_map(|done| done.expect("a worker")).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_a_row_and_one_is_two() {
        let names = |series: &[&'static str]| -> Vec<String> {
            cases(series).into_iter().map(Case::name).collect()
        };
        assert_eq!(names(&["6.1"]), ["6.1"]);
        assert_eq!(names(&["6.12"]), ["6.12", "6.12-raw"]);
        assert_eq!(names(&SERIES).len(), SERIES.len() + 1);
    }

    #[test]
    fn outcomes_come_in_order() {
        let cases = cases(&SERIES);
        let outcomes = side_by_side(&cases, |case| Outcome {
            case,
            heard: transcript::Transcript::default(),
            failures: Vec::new(),
            time: std::time::Duration::ZERO,
        });
        let found: Vec<Case> = outcomes.iter().map(|outcome| outcome.case).collect();
        assert_eq!(found, cases);
    }
}
