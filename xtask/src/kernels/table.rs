//! The matrix for people: a markdown table, and under it what went wrong. Pure.

use std::fmt::Write;

use super::proof::Outcome;
use super::transcript::STEPS;

/// A row for each outcome.
pub(super) fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "| kernel | Debian's version | programs | landlock | proved | waits / kernel's account | time |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for outcome in outcomes {
        let asked = if outcome.case.raw { " (asked for)" } else { "" };
        let proved = match (outcome.failures.is_empty(), outcome.heard.passed()) {
            (true, all) => format!("all {all}"),
            (false, some) => format!("FAILED: {some} of {}", STEPS.len()),
        };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "| {} | {} | {}{asked} | {} | {proved} | {} | {:.0} s |",
            outcome.case.series,
            or_none(outcome.heard.fact("version")),
            or_none(outcome.heard.fact("programs")),
            or_none(outcome.heard.fact("landlock")),
            or_none(outcome.heard.fact("sum")),
            outcome.time.as_secs_f64(),
        );
    }
    text
}

/// What failed, by kernel; empty if nothing did.
pub(super) fn failures(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        for failure in &outcome.failures {
            let _ = writeln!(text, "{}: {failure}", outcome.case.name());
        }
    }
    text
}

fn or_none(fact: &str) -> &str {
    if fact.is_empty() { "-" } else { fact }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernels::proof::Case;
    use crate::kernels::transcript::Transcript;

    fn outcome(raw: bool, lines: &[&str]) -> Outcome {
        let mut heard = Transcript::default();
        for line in lines {
            heard.hear(line);
        }
        let failures = heard.failures();
        Outcome {
            case: Case { series: "6.1", raw },
            heard,
            failures,
            time: Duration::from_millis(23_400),
        }
    }

    #[test]
    fn rows_say_what_was_proved_and_what_failed() {
        let steps = STEPS.map(|step| format!("step {step} ok"));
        let mut lines: Vec<&str> = steps.iter().map(String::as_str).collect();
        lines.extend([
            "fact version 6.1.177-1",
            "fact programs raw",
            "fact landlock 2",
            "fact sum 1.02",
            "end",
        ]);
        let outcomes = [
            outcome(true, &lines),
            outcome(false, &["step check FAILED no BTF"]),
        ];
        let table = markdown(&outcomes);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows[0],
            "| 6.1 | 6.1.177-1 | raw (asked for) | 2 | all 16 | 1.02 | 23 s |"
        );
        assert_eq!(rows[1], "| 6.1 | - | - | - | FAILED: 0 of 16 | - | 23 s |");
        assert!(failures(&outcomes).contains("6.1: check: no BTF\n"));
        assert_eq!(failures(&outcomes[..1]), "");
    }
}
