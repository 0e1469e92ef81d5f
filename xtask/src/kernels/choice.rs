//! Which of the archive's packages make up the newest kernel of a series. Pure.

use std::cmp::Ordering;

/// Debian's flavour for virtual machines: a third of the size of the others.
const FLAVOUR: &str = "-cloud-amd64";
/// Suffix of a series that has PREEMPT_RT.
const REAL_TIME: &str = "-rt";
const REAL_TIME_FLAVOUR: &str = "-rt-amd64";

/// What a kernel can come in. Up to 6.18 all of it is in the first; later ones have the image, and then the modules,
/// in packages of their own.
const PARTS: [&str; 3] = ["linux-image-", "linux-binary-", "linux-modules-"];

/// A kernel in the archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// What `uname -r` will say.
    pub(super) release: String,
    pub(super) packages: Vec<String>,
}

/// The newest kernel of a series (`6.1`, `6.1-rt`) in a list of all package names, one a line.
pub(super) fn newest(series: &str, names: &str) -> Option<Choice> {
    let (series, flavour) = match series.strip_suffix(REAL_TIME) {
        Some(series) => (series, REAL_TIME_FLAVOUR),
        None => (series, FLAVOUR),
    };
    let names: Vec<&str> = names.lines().map(str::trim).collect();
    let release = names
        .iter()
        .filter_map(|name| name.strip_prefix(PARTS[0]))
        .filter(|release| release.ends_with(flavour) && is_of(series, release))
        .max_by(|a, b| compare(a, b))?;
    let packages = PARTS
        .iter()
        .map(|part| format!("{part}{release}"))
        .filter(|package| names.contains(&package.as_str()))
        .collect();
    Some(Choice {
        release: release.to_owned(),
        packages,
    })
}

/// `6.1.0-56-…` is of 6.1; `6.12.9-…` is not, nor is the package `6.1-…` that only depends on others.
fn is_of(series: &str, release: &str) -> bool {
    let patch = release
        .strip_prefix(series)
        .and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| patch.starts_with(|c: char| c.is_ascii_digit()))
}

/// By the numbers in it, in turn: 6.1.10 is newer than 6.1.9.
fn compare(a: &str, b: &str) -> Ordering {
    let numbers = |release: &str| -> Vec<u64> {
        let runs = release.split(|c: char| !c.is_ascii_digit());
        runs.filter_map(|run| run.parse().ok()).collect()
    };
    numbers(a).cmp(&numbers(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "linux-image-6.1-cloud-amd64
linux-image-6.1.0-9-cloud-amd64
linux-image-6.1.0-56-cloud-amd64
linux-image-6.1.0-56-cloud-amd64-dbg
linux-image-6.1.0-57-cloud-amd64-unsigned
linux-image-6.1.0-58-amd64
linux-image-6.1.0-55-rt-amd64
linux-image-6.1.0-9-rt-amd64
linux-image-6.1.0-59-rt-amd64-dbg
linux-image-6.1.0-0.deb11.52-cloud-amd64
linux-image-6.12.9+deb13-cloud-amd64
linux-image-6.12.117+deb12-cloud-amd64
linux-image-6.12.117+deb13-cloud-amd64
linux-image-6.12.115+deb13.1-cloud-amd64
linux-image-6.19.14+deb13-cloud-amd64
linux-binary-6.19.14+deb13-cloud-amd64
linux-image-7.3.4+deb13-cloud-amd64
linux-binary-7.3.4+deb13-cloud-amd64
linux-modules-7.3.4+deb13-cloud-amd64
linux-modules-cloud-amd64
linux-image-cloud-amd64
";

    #[test]
    fn the_newest_of_each_series_is_chosen_with_all_its_packages() {
        let table = [
            ("6.1", Some("6.1.0-56-cloud-amd64"), 1),
            ("6.1-rt", Some("6.1.0-55-rt-amd64"), 1),
            ("6.12", Some("6.12.117+deb13-cloud-amd64"), 1),
            ("6.19", Some("6.19.14+deb13-cloud-amd64"), 2),
            ("7.3", Some("7.3.4+deb13-cloud-amd64"), 3),
            ("5.10", None, 0),
        ];
        for (series, release, packages) in table {
            let choice = newest(series, NAMES);
            let found = choice.as_ref().map(|choice| choice.release.as_str());
            assert_eq!(found, release, "{series}");
            let count = choice.map_or(0, |choice| choice.packages.len());
            assert_eq!(count, packages, "{series}");
        }
    }
}
