//! What passed, failed and was skipped.

use std::process::ExitCode;

/// With names and reasons.
#[derive(Debug, Default)]
pub(super) struct Tally {
    passed: usize,
    failed: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
}

impl Tally {
    pub(super) fn pass(&mut self) {
        self.passed += 1;
    }

    pub(super) fn fail(&mut self, name: &str, why: &str) {
        self.failed.push((name.to_owned(), why.to_owned()));
    }

    pub(super) fn skip(&mut self, name: &str, why: &str) {
        self.skipped.push((name.to_owned(), why.to_owned()));
    }

    /// Every skip and failure with its reason, and the line that ends a run.
    pub(super) fn text(&self) -> String {
        let line = |what: &str, (name, why): &(String, String)| format!("{what}: {name}: {why}\n");
        let skipped = self.skipped.iter().map(|one| line("skipped", one));
        let failed = self.failed.iter().map(|one| line("failed", one));
        let (failures, skips) = (self.failed.len(), self.skipped.len());
        let last = format!("{} passed, {failures} failed, {skips} skipped\n", self.passed);
        skipped.chain(failed).chain([last]).collect()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
