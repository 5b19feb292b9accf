//! The files that are, or would be, under version control, and what a check found in them.

use std::{fmt, fs};

use anyhow::{Context as _, Result};

use crate::{command, workspace};

/// A text file; its path is relative to the clone.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

/// All of them. Files that are not text are left out.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

impl Tree {
    pub(super) fn read() -> Result<Self> {
        let mut git = command::program("git");
        let listed =
            command::text(git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]))
                .context("list the files of this clone")?;
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        let file = |path: &str| {
            let text = fs::read_to_string(workspace::root().join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        };
        Ok(Self { files: paths.into_iter().filter_map(file).collect() })
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// A tree of one file, to break a check with.
    #[cfg(test)]
    pub(super) fn of(path: &str, text: &str) -> Self {
        Self { files: vec![File { path: path.to_owned(), text: text.to_owned() }] }
    }
}

/// One place that breaks an invariant, or is about to.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: String,
    /// From 1; 0 is the whole file.
    pub(super) line: usize,
    pub(super) words: String,
    pub(super) warning: bool,
}

impl Finding {
    pub(super) fn new(path: &str, line: usize, words: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, words: words.into(), warning: false }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.words)
    }
}
