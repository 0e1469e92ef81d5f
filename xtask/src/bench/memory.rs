//! `cargo xtask bench memory`: what the kernel holds for the tables of each mode, as the kernel itself says, beside
//! what `runqlat-web check` claims.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::tracer::Tracer;
use super::{hold, hold_all, proc};
use crate::process;

/// Megabytes for the tables by process, on a host of 1,000 processes.
const BUDGET: f64 = 16.0;
/// How far a claim may be from what is, as a part of what is.
const TOLERANCE: f64 = 0.20;
/// Room for the keys of 1,000 processes, as the server makes it at the start: twice them, and no less than this.
const USUAL: &str = "8192";
/// Bits of the largest stamp table that the server makes by itself; a slot has 8 bytes.
const STAMP_BITS: u32 = 19;

/// A mode as it was run.
struct Row {
    key: &'static str,
    keys: Option<&'static str>,
    real: f64,
    claimed: Option<f64>,
}

/// Measures and prints the table; an error if a figure or a claim is off.
pub(super) fn bench(binary: &Path) -> Result<()> {
    let check = process::stdout(Command::new(binary).arg("check"))
        .context("`check` finds that nothing can be measured here")?;
    let modes = [
        ("global", None),
        ("process", None),
        ("thread", None),
        ("pidns", None),
        ("cgroup", None),
        ("process", Some(USUAL)),
    ];
    let rows = modes
        .into_iter()
        .map(|(key, keys)| measure(binary, &check, key, keys))
        .collect::<Result<Vec<_>>>()?;
    print(&rows);
    let usual = rows.iter().find(|row| row.keys == Some(USUAL));
    let usual = usual.map_or(f64::NAN, |row| row.real) + missing_stamps(proc::pid_max()?);
    let budget = hold(
        "kernel memory by process, 1,000 processes and the largest stamp table",
        usual,
        BUDGET,
        " MB",
        "see which map grew: /proc/PID/fdinfo of the server tells each",
    );
    hold_all(std::iter::once(budget).chain(rows.iter().filter_map(Row::claim)))
}

impl Row {
    fn name(&self) -> String {
        let room = self.keys.map(|keys| format!(" --max-keys {keys}"));
        format!("--by {}{}", self.key, room.unwrap_or_default())
    }

    fn claim(&self) -> Option<Result<()>> {
        let off = (self.claimed? - self.real).abs() / self.real;
        Some(hold(
            &format!("how far `check` is off for {}", self.name()),
            off * 100.0,
            TOLERANCE * 100.0,
            " %",
            "`Sizes::bytes` in backend/src/probe/kernel/sizes.rs is what claims",
        ))
    }
}

fn measure(
    binary: &Path,
    check: &str,
    key: &'static str,
    keys: Option<&'static str>,
) -> Result<Row> {
    let mut arguments = vec!["--by", key];
    arguments.extend(keys.into_iter().flat_map(|keys| ["--max-keys", keys]));
    let server = Tracer::server(binary, &arguments)?;
    let maps = proc::maps(server.id())?;
    let real = maps.values().sum::<u64>() as f64 / 1e6;
    let claimed = match keys {
        None => claimed(check, key),
        Some(_) => None,
    };
    Ok(Row {
        key,
        keys,
        real,
        claimed,
    })
}

fn print(rows: &[Row]) {
    println!("\n{:<32} {:>10}  {:>10}", "mode", "real MB", "claimed");
    for row in rows {
        let claimed = row.claimed.map(|claimed| format!("{claimed:.1}"));
        println!(
            "{:<32} {:>10.2}  {:>10}",
            row.name(),
            row.real,
            claimed.as_deref().unwrap_or("-")
        );
    }
    println!(
        "What the kernel says it holds (memlock of each map, once); claimed is what `check` says."
    );
}

/// Megabytes that the stamp table would have more on a host with the most ids.
fn missing_stamps(pid_max: u64) -> f64 {
    let most = 1_u64 << STAMP_BITS;
    let here = pid_max.next_power_of_two().min(most);
    ((most - here) * 8) as f64 / 1e6
}

/// "by process     5.8 MB of the kernel's memory, …" claims 5.8 for process.
fn claimed(check: &str, key: &str) -> Option<f64> {
    memory_line(check, key)?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn memory_line<'a>(check: &'a str, key: &str) -> Option<&'a str> {
    let start = format!("by {key} ");
    check
        .lines()
        .filter_map(|line| line.strip_prefix(&start))
        .find(|rest| rest.contains("MB of the kernel's memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = "by process     yes, typed (tp_btf)\n\
         by global      0.3 MB of the kernel's memory\n\
         by process     5.8 MB of the kernel's memory, room for 8192 keys; grows up to 65536 (--max-keys), then 44.8 MB\n";

    #[test]
    fn claims_are_found() {
        assert_eq!(claimed(CHECK, "global"), Some(0.3));
        assert_eq!(claimed(CHECK, "process"), Some(5.8));
        assert_eq!(claimed(CHECK, "pidns"), None);
    }

    #[test]
    fn a_claim_may_be_off_by_a_fifth_either_way() {
        let row = |claimed| Row {
            key: "process",
            keys: None,
            real: 10.0,
            claimed,
        };
        assert!(row(Some(11.9)).claim().unwrap().is_ok());
        assert!(row(Some(8.1)).claim().unwrap().is_ok());
        assert!(row(Some(12.1)).claim().unwrap().is_err());
        assert!(row(Some(7.9)).claim().unwrap().is_err());
        assert!(row(None).claim().is_none());
    }

    #[test]
    fn a_host_with_few_ids_is_charged_for_many() {
        assert_eq!(missing_stamps(4_194_304), 0.0);
        assert!((missing_stamps(32_768) - 3.93).abs() < 0.01);
    }
}
