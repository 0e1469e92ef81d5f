//! What a guest says, line by line, and what that proves. Pure. Only what was said counts: a step that nobody heard of
//! has failed, so a guest that dies, hangs or forgets can't pass.

/// All that has to be proved, in order. The guest does all but `page`, which is seen from the host.
pub(super) const STEPS: [&str; 16] = [
    "check", "print", "sum", "wakeups", "process", "keys", "cgroup", "retarget", "rights", "users",
    "gone", "offline", "stepped", "asleep", PAGE, "console",
];

/// The step of the host.
pub(super) const PAGE: &str = "page";

/// What is wrong with a step that nobody heard of.
const NOT_DONE: &str = "not done";

/// What a line asks of the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Nothing,
    /// Load the page now, and then write a line.
    Page,
}

/// A guest's lines so far.
pub(super) struct Transcript {
    expected: &'static [&'static str],
    text: String,
    steps: Vec<(String, Result<(), String>)>,
    facts: Vec<(String, String)>,
    ended: bool,
}

impl Default for Transcript {
    fn default() -> Self {
        Self::of(&STEPS)
    }
}

impl Transcript {
    /// Of a guest that is to do these steps.
    pub(super) fn of(expected: &'static [&'static str]) -> Self {
        Self {
            expected,
            text: String::new(),
            steps: Vec::new(),
            facts: Vec::new(),
            ended: false,
        }
    }

    /// Takes the next line: `step NAME ok`, `step NAME FAILED why`, `fact NAME value`, `page`, `end`, or whatever
    /// else a program said.
    pub(super) fn hear(&mut self, line: &str) -> Request {
        self.text.push_str(line);
        self.text.push('\n');
        let (word, rest) = split(line);
        match word {
            "step" => {
                let (name, verdict) = split(rest);
                let result = match verdict {
                    "ok" => Ok(()),
                    other => Err(other.trim_start_matches("FAILED").trim().to_owned()),
                };
                self.steps.push((name.to_owned(), result));
            }
            "fact" => {
                let (name, value) = split(rest);
                self.facts.push((name.to_owned(), value.to_owned()));
            }
            "page" if rest.is_empty() => return Request::Page,
            "end" if rest.is_empty() => self.ended = true,
            _ => {}
        }
        Request::Nothing
    }

    /// Everything, for a person.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the guest said that it is done.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// A fact, or nothing.
    pub(super) fn fact(&self, name: &str) -> &str {
        let fact = self.facts.iter().rfind(|(known, _)| known == name);
        fact.map_or("", |(_, value)| value)
    }

    /// How many of the steps passed.
    pub(super) fn passed(&self) -> usize {
        self.expected
            .iter()
            .filter(|step| self.failure(step).is_none())
            .count()
    }

    /// All that is wrong; nothing is if the list is empty.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let mut missed = Vec::new();
        for &step in self.expected {
            match self.failure(step) {
                None => {}
                Some(NOT_DONE) => missed.push(step),
                Some(why) => failures.push(format!("{step}: {why}")),
            }
        }
        if !missed.is_empty() {
            failures.push(format!("{NOT_DONE}: {}", missed.join(", ")));
        }
        let unknown = self
            .steps
            .iter()
            .filter(|(name, _)| !self.expected.contains(&name.as_str()));
        failures.extend(unknown.map(|(name, _)| format!("{name}: a step that nobody knows")));
        if !self.ended {
            failures.push("the guest never came to its end".to_owned());
        }
        failures
    }

    fn failure(&self, step: &str) -> Option<&str> {
        let mut heard = self.steps.iter().filter(|(name, _)| name == step);
        match (heard.next(), heard.next()) {
            (Some((_, Ok(()))), None) => None,
            (Some((_, Err(why))), None) => Some(why),
            (None, _) => Some(NOT_DONE),
            (Some(_), Some(_)) => Some("done twice"),
        }
    }
}

/// The first word, and what follows it.
fn split(line: &str) -> (&str, &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    (word, rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guest that did all, with one line replaced.
    fn heard(replaced: &str, by: &str) -> Transcript {
        let mut lines: Vec<String> = STEPS.iter().map(|step| format!("step {step} ok")).collect();
        lines.push("end".to_owned());
        let mut transcript = Transcript::default();
        for line in lines {
            let line = if line == replaced { by } else { &line };
            transcript.hear(line);
        }
        transcript
    }

    #[test]
    fn only_all_steps_and_the_end_pass() {
        assert_eq!(heard("", "").failures(), <[&str; 0]>::default());
        assert_eq!(heard("", "").passed(), STEPS.len());
        let table = [
            (
                "step sum ok",
                "step sum FAILED 3 s of 6 s",
                "sum: 3 s of 6 s",
            ),
            ("step sum ok", "step sum", "sum: "),
            ("step sum ok", "step su", "not done: sum"),
            ("step sum ok", "sh: syntax error", "not done: sum"),
            ("step sum ok", "step check ok", "check: done twice"),
            ("end", "Kernel panic", "the guest never came to its end"),
        ];
        for (replaced, by, failure) in table {
            let failures = heard(replaced, by).failures();
            assert!(failures.iter().any(|f| f == failure), "{by}: {failures:?}");
        }
        assert_eq!(Transcript::default().passed(), 0);
        assert_eq!(Transcript::default().failures().len(), 2);
    }

    #[test]
    fn facts_are_kept_and_the_page_is_asked_for() {
        let mut transcript = Transcript::default();
        assert_eq!(transcript.hear("fact release 6.1.0"), Request::Nothing);
        assert_eq!(transcript.hear("page"), Request::Page);
        assert_eq!(transcript.hear("page is up"), Request::Nothing);
        assert_eq!(transcript.fact("release"), "6.1.0");
        assert_eq!(transcript.fact("programs"), "");
        assert_eq!(transcript.text().lines().count(), 3);
    }
}
