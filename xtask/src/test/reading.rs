//! Reads what test binaries print: libtest, libtest-mimic, and our `skip: NAME: reason` lines.
//!
//! With one thread libtest-mimic prints a name, runs the test, then prints the outcome, so that
//! lines of the test itself may stand between the two. Reasons of skips stand outside of tests.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::tally::Tally;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// State of reading the output of one or several test binaries.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// A name whose outcome has not come yet.
    open: Option<String>,
    /// Test binaries that the open test has started and that have not summed up yet.
    nested: usize,
    outcomes: Vec<(String, Outcome)>,
    reasons: BTreeMap<String, String>,
    /// The test whose words are being told, after all outcomes.
    told: Option<String>,
    /// The first words of each failure.
    causes: BTreeMap<String, String>,
    /// Sums of the `test result:` lines.
    announced: usize,
    results: usize,
}

impl Reading {
    pub(crate) fn line(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim_end();
        if self.is_nested(line) {
            return;
        }
        self.tell(line);
        if self.open.is_none()
            && let Some((name, reason)) = line.strip_prefix("skip: ").and_then(|rest| rest.split_once(": "))
        {
            self.reasons.insert(name.to_owned(), reason.to_owned());
        }
        if let Some(totals) = line.strip_prefix("test result: ") {
            self.results += 1;
            self.announced += counts(totals);
            self.open = None;
        } else if let Some((name, rest)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            self.begin(name.trim_end(), rest);
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ...")) {
            self.begin(name.trim_end(), "");
        } else if self.open.is_some()
            && let Some(outcome) = outcome(line)
        {
            self.end(outcome);
        }
    }

    /// A test may run test binaries itself: what they print is the test's own affair.
    fn is_nested(&mut self, line: &str) -> bool {
        let is_start = line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test"));
        if is_start && self.open.is_some() {
            self.nested += 1;
        } else if self.nested > 0 && line.starts_with("test result: ") {
            self.nested -= 1;
            return true;
        }
        self.nested > 0
    }

    /// Keeps the first words after `---- NAME ----` or `---- NAME stdout ----`.
    fn tell(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----")) {
            self.told = Some(name.trim_end_matches(" stdout").to_owned());
        } else if line == "failures:" || line.starts_with("test result: ") {
            self.told = None;
        } else if let Some(name) = &self.told
            && !line.is_empty()
        {
            // "thread ... panicked at FILE:" only says where; the line after it says what.
            let is_place = line.starts_with("thread '") && line.ends_with(':');
            let cause = self.causes.entry(name.clone()).or_default();
            cause.push_str(line);
            match is_place {
                true => cause.push(' '),
                false => self.told = None,
            }
        }
    }

    fn begin(&mut self, name: &str, rest: &str) {
        self.open = Some(name.to_owned());
        if let Some(outcome) = outcome(rest) {
            if let Some(reason) = rest.strip_prefix("ignored, ") {
                self.reasons.insert(name.to_owned(), reason.to_owned());
            }
            self.end(outcome);
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(name) = self.open.take() {
            self.outcomes.push((name, outcome));
        }
    }

    /// The sum, once the program has ended; `clean` is whether its exit code was 0.
    pub(crate) fn finish(mut self, clean: bool) -> Result<Tally> {
        let mut tally = Tally::default();
        for (name, outcome) in &self.outcomes {
            match (outcome, self.reasons.remove(name)) {
                (Outcome::Failed, _) => {
                    tally.fail(name, self.causes.get(name).map(String::as_str).unwrap_or_default());
                }
                (_, Some(reason)) => tally.skip(name, &reason),
                (Outcome::Ignored, None) => tally.skip(name, "ignored, no reason given"),
                (Outcome::Passed, None) => tally.passed += 1,
            }
        }
        // A binary may leave out what it cannot run and only say so.
        for (name, reason) in &self.reasons {
            tally.skip(name, reason);
        }
        if let Some(name) = &self.open {
            tally.fail(name, "the program ended during this test");
        } else if self.results == 0 {
            bail!("no `test result:` line came");
        } else if self.announced != self.outcomes.len() {
            let read = self.outcomes.len();
            tally.fail("output", &format!("{read} outcomes read, {} announced", self.announced));
        }
        if !clean && tally.failed.is_empty() {
            tally.fail("exit code", "not 0, although no test failed");
        }
        Ok(tally)
    }
}

/// A line without the colours that programs give to a terminal: guests have one.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

fn outcome(word: &str) -> Option<Outcome> {
    match word.trim() {
        "ok" => Some(Outcome::Passed),
        "FAILED" => Some(Outcome::Failed),
        word if word == "ignored" || word.starts_with("ignored, ") => Some(Outcome::Ignored),
        // libtest marks tests that should panic.
        word => word.strip_prefix("- should panic ... ").and_then(outcome),
    }
}

/// `ok. 3 passed; 1 failed; 2 ignored; ...`: passed + failed + ignored.
fn counts(totals: &str) -> usize {
    let words: Vec<&str> = totals.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .filter(|pair| ["passed", "failed", "ignored"].contains(&pair[1]))
        .filter_map(|pair| pair[0].parse::<usize>().ok())
        .sum()
}

#[cfg(test)]
mod tests;
