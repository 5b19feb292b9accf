//! What passed, failed and was skipped, with names and reasons, and the line that ends a run.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{command, missing::Missing};

/// Outcomes of a step or of a whole run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    /// Name and, where it is known, why.
    pub(crate) failed: Vec<(String, String)>,
    /// Name and reason; there is no skip without one.
    pub(crate) skipped: Vec<(String, String)>,
}

impl Tally {
    /// One outcome that has no tests inside.
    pub(crate) fn one_pass() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push((name.to_owned(), reason.to_owned()));
    }

    pub(crate) fn fail(&mut self, name: &str, why: &str) {
        self.failed.push((name.to_owned(), why.to_owned()));
    }

    /// Takes in the outcome of a part; names get the part in front. A part that lacks something on
    /// this machine is a skip, a part without a single test is a failure.
    pub(crate) fn add(&mut self, part: &str, outcome: Result<Self>) {
        match outcome {
            Ok(tally) if tally.is_empty() => self.fail(part, "ran no tests"),
            Ok(tally) => {
                let named = |(name, why): (String, String)| (format!("{part}: {name}"), why);
                self.merge(Self {
                    passed: tally.passed,
                    failed: tally.failed.into_iter().map(named).collect(),
                    skipped: tally.skipped.into_iter().map(named).collect(),
                });
            }
            Err(error) if error.is::<Missing>() => self.skip(part, &format!("{error:#}")),
            Err(error) => self.fail(part, &format!("{error:#}")),
        }
    }

    /// Takes in outcomes that have their full names.
    pub(crate) fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    /// Takes in a line of a program that ends as this one does: its reasons, and the sum in its last line.
    fn read(&mut self, line: &str) {
        let named = |what: &str| line.strip_prefix(what).and_then(|rest| rest.split_once(": "));
        if let Some((name, why)) = named("failed: ") {
            self.fail(name, why);
        } else if let Some((name, why)) = named("skipped: ") {
            self.skip(name, why);
        } else if let Some(passed) = line.split_once(" passed, ").and_then(|(passed, _)| passed.parse().ok())
        {
            self.passed = passed;
        }
    }

    /// Runs a program that ends as this one does, and shows what it says.
    pub(crate) fn of(program: &mut Command) -> Result<Self> {
        let mut tally = Self::default();
        let status = command::each_line(program, |line| {
            println!("{line}");
            tally.read(line);
        })?;
        if !status.success() && tally.failed.is_empty() {
            tally.fail("exit code", &format!("{status}"));
        }
        Ok(tally)
    }

    fn is_empty(&self) -> bool {
        self.passed == 0 && self.failed.is_empty() && self.skipped.is_empty()
    }

    /// Every skip with its reason, every failure by name, and the line that ends it.
    pub(crate) fn print(&self) {
        for (name, reason) in &self.skipped {
            println!("skipped: {name}: {reason}");
        }
        for (name, why) in &self.failed {
            println!("failed: {name}{}{why}", if why.is_empty() { "" } else { ": " });
        }
        println!("{}", self.last_line());
    }

    fn last_line(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_under_their_names() {
        let mut all = Tally::default();
        let mut part = Tally { passed: 2, ..Tally::default() };
        part.fail("ring", "1 != 2");
        part.skip("fexit", "refused by this kernel");
        all.add("guest 6.1", Ok(part));
        all.add("unit", Ok(Tally::one_pass()));
        assert_eq!(all.last_line(), "3 passed, 1 failed, 1 skipped");
        assert_eq!(all.failed[0].0, "guest 6.1: ring");
        assert_eq!(all.skipped[0], ("guest 6.1: fexit".to_owned(), "refused by this kernel".to_owned()));
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let mut tally = Tally::default();
        let lines = [
            "| a | b |",
            "skipped: pending: no guest",
            "failed: burst seed 1: no: x",
            "7 passed, 1 failed, 1 skipped",
        ];
        lines.iter().for_each(|line| tally.read(line));
        assert_eq!(tally.last_line(), lines[3]);
        assert_eq!(tally.failed[0], ("burst seed 1".to_owned(), "no: x".to_owned()));
    }

    #[test]
    fn no_tests_is_a_failure_and_a_missing_tool_a_skip() {
        let mut all = Tally::default();
        all.add("empty", Ok(Tally::default()));
        all.add("qemu", Err(Missing::error("qemu", "apt-get install qemu")));
        assert_eq!(all.last_line(), "0 passed, 1 failed, 1 skipped");
    }
}
