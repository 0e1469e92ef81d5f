//! `cargo xtask fuzz`: builds the fuzz targets and runs each for a while, from the kept corpus and what earlier runs
//! found. A crash ends it with an error, and its input is kept.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::toolchain::Rust;
use crate::{process, setup};

/// Seconds for each target in `cargo xtask test`.
pub(crate) const SECONDS: u32 = 12;

/// The targets are safe Rust, whose mistakes are panics and not bad addresses: without the address sanitizer they
/// build and run in half the time, and with a stable compiler.
const SANITIZER: &str = "none";

/// Longest input, in bytes, that is made up; the kept ones may be longer.
const LONGEST: u32 = 4_096;

/// How often each thing is done differs between any two conversations, for time goes on in them. Told apart by that, most
/// were kept and tried again; told apart by what is done, half as many more are tried, and they reach more of the code.
const UNCOUNTED: &str = "conversation";

/// Builds and runs all targets, `seconds` each, with this compiler.
pub(crate) fn run(project: &Project, host: &Rust, seconds: u32) -> Result<()> {
    let cargo_fuzz = setup::for_fuzzing(project, host)?;
    let fuzzing = Fuzzing {
        source: project.root.join("fuzz"),
        kept: project.target.join("fuzz"),
        triple: host.about()?.host,
        seconds,
    };
    fuzzing.build(host, &cargo_fuzz)?;
    let mut lines = Vec::new();
    for target in fuzzing.targets()? {
        lines.push(fuzzing.fuzz(&target)?);
    }
    println!("\ntarget               executions   edges  features  corpus");
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

struct Fuzzing {
    /// The crate of the targets.
    source: PathBuf,
    /// What is built and found.
    kept: PathBuf,
    triple: String,
    seconds: u32,
}

impl Fuzzing {
    fn build(&self, host: &Rust, cargo_fuzz: &Path) -> Result<()> {
        // An absolute path stands for itself: the tool's environment, in which cargo-fuzz finds this compiler.
        let mut build = host.tool(&cargo_fuzz.to_string_lossy());
        build
            .args(["fuzz", "build", "--sanitizer", SANITIZER])
            .arg("--target-dir")
            .arg(&self.kept)
            .arg("--fuzz-dir")
            .arg(&self.source)
            .current_dir(&self.source);
        process::run(&mut build).context("the fuzz targets were not built")
    }

    /// By the folders of the corpus, of which each target has one.
    fn targets(&self) -> Result<Vec<String>> {
        let corpus = self.source.join("corpus");
        let entries =
            fs::read_dir(&corpus).with_context(|| format!("cannot read {}", corpus.display()))?;
        let mut targets: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        targets.sort();
        Ok(targets)
    }

    /// Runs a target; returns its line of the table.
    fn fuzz(&self, target: &str) -> Result<String> {
        let program = self.kept.join(&self.triple).join("release").join(target);
        let [found, crashes] = ["found", "crashes"].map(|part| self.kept.join(part).join(target));
        for folder in [&found, &crashes] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut command = Command::new(&program);
        command
            // New inputs go into the first folder, which is nobody's source.
            .args([&found, &self.source.join("corpus").join(target)])
            .arg(format!("-artifact_prefix={}/", crashes.display()))
            .arg(format!("-max_total_time={}", self.seconds))
            .arg(format!("-max_len={LONGEST}"))
            .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]);
        if target == UNCOUNTED {
            command.arg("-use_counters=0");
        }
        println!("fuzzing {target} for {} s", self.seconds);
        let told = Told::of(&mut command)?;
        match told.failed {
            false => Ok(told.line(target)),
            true => bail!(
                "the fuzz target {target} failed:\n{}\nhint: repeat it with `{} INPUT`, where INPUT is the file in \
                 {} that is named above; when it is mended, keep it in fuzz/corpus/{target}",
                told.tail(),
                program.display(),
                crashes.display()
            ),
        }
    }
}

/// What libFuzzer said.
struct Told {
    lines: Vec<String>,
    failed: bool,
}

impl Told {
    fn of(command: &mut Command) -> Result<Self> {
        let line = process::line(command);
        let start = || format!("cannot start `{line}`");
        let mut child = command.stderr(Stdio::piped()).spawn().with_context(start)?;
        let stderr = child.stderr.take().with_context(start)?;
        let lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let lines = lines.collect();
        let failed = !child.wait().with_context(start)?.success();
        Ok(Self { lines, failed })
    }

    /// The number after a word in the last line that has it.
    fn number(&self, word: &str) -> &str {
        let mut rests = self
            .lines
            .iter()
            .rev()
            .filter_map(|line| line.split_once(word));
        let rest = rests.next().map_or("", |(_, rest)| rest.trim_start());
        rest.split([' ', '/']).next().unwrap_or_default()
    }

    fn line(&self, target: &str) -> String {
        format!(
            "{target:<20} {:>10}  {:>6}  {:>8}  {:>6}",
            self.number("stat::number_of_executed_units:"),
            self.number("cov: "),
            self.number("ft: "),
            self.number("corp: ")
        )
    }

    /// The end, where the panic and the input's name are.
    fn tail(&self) -> String {
        self.lines[self.lines.len().saturating_sub(40)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn the_last_figures_count() {
        let lines = [
            "#2\tINITED cov: 10 ft: 12 corp: 3/9b",
            "#9\tDONE   cov: 2085 ft: 5030 corp: 227/14Kb lim: 4096",
            "stat::number_of_executed_units: 51234",
        ];
        let told = Told {
            lines: lines.map(str::to_owned).to_vec(),
            failed: false,
        };
        let line = told.line("http");
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words, ["http", "51234", "2085", "5030", "227"]);
    }
}
