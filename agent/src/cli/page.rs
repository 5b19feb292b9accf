//! What a page looks like, where it goes, and which names are on it: the same for all commands that write one.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

/// A page, and where it goes.
#[derive(Clone, Debug, Default, Args)]
pub struct PageArgs {
    /// Form of the page [default: html or json for a file that ends so, text on a terminal, else markdown].
    #[arg(long)]
    pub format: Option<Format>,
    /// Write to this file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Names.
    #[command(flatten)]
    pub names: NamesArgs,
}

/// What becomes of names that leave this terminal.
#[derive(Clone, Debug, Default, Args)]
pub struct NamesArgs {
    /// Keep real names. Else a pipe, a file and every format but text get pseudonyms for hosts, addresses, paths, namespaces,
    /// pods, containers, units and cgroups; a terminal shows real ones.
    #[arg(long, help_heading = "Names", conflicts_with_all = ["redact_key", "redact_map"])]
    pub no_redact: bool,
    /// Key of the pseudonyms, 32 or more hexadecimal digits, or a file with one of at least 16 bytes: the same key gives the
    /// same pseudonyms [default: random each time].
    #[arg(long, help_heading = "Names", value_name = "KEY|FILE")]
    pub redact_key: Option<OsString>,
    /// Write what each pseudonym stands for to this file, for you alone.
    #[arg(long, help_heading = "Names", value_name = "FILE")]
    pub redact_map: Option<PathBuf>,
}

/// Forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For an issue.
    Markdown,
    /// For programs; see docs/report.schema.json.
    Json,
    /// For a browser: one file that needs no network and no script; a report's has charts over time.
    Html,
}
