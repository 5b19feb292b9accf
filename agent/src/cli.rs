//! What can be typed. Definitions only: what it means is decided in `config` and `commands`.

mod examples;
mod page;
mod source;
mod top;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};
use clap_complete::Shell;

pub use self::{
    page::{Format, NamesArgs, PageArgs},
    source::SourceArgs,
    top::TopArgs,
};
use crate::{
    config::value,
    diagnose::Severity,
    setup::{Mode, Whose},
};

/// What help looks like: examples first, because that is what most people came for.
const HELP: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";

/// Names of all commands.
const COMMANDS: [&str; 10] =
    ["agent", "report", "record", "explain", "size", "diff", "top", "doctor", "completions", "man"];

/// What `dropctl report` writes.
const REPLAYABLE: &str = "Write to this file instead of stdout; a page in Markdown or HTML also writes the same as .json.gz, \
                          to be replayed";

/// Why BPF ring buffers drop events on this node, whose they are, and what to change.
#[derive(Debug, Parser)]
#[command(name = "dropctl", version, after_help = examples::DROPCTL, help_template = HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on stderr; twice also shows the log of the kernel half.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Say only what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run on the node: count syscalls and drops, serve /metrics.
    // Its environment is its configuration; a report that is asked for beside it has none.
    #[command(
        after_help = examples::AGENT,
        help_template = HELP,
        mut_arg("mode", |mode| mode.env("DROPCTL_MODE")),
        mut_arg("ring_bytes", |bytes| bytes.env("DROPCTL_RING_BYTES")),
        mut_arg("sample", |sample| sample.env("DROPCTL_SAMPLE"))
    )]
    Agent(AgentArgs),
    /// Look at this node for a while and explain what was seen.
    #[command(
        after_help = examples::REPORT,
        help_template = HELP,
        mut_arg("output", |output| output.help(REPLAYABLE))
    )]
    Report(ReportArgs),
    /// Look at this node for a while and write down what was seen.
    #[command(after_help = examples::RECORD, help_template = HELP)]
    Record(RecordArgs),
    /// Say what a drop alert of Falco means, or a finding.
    #[command(after_help = examples::EXPLAIN, help_template = HELP)]
    Explain(ExplainArgs),
    /// Say which ring buffer would have been enough, and what each preset of Falco would have lost.
    #[command(
        after_help = examples::SIZE,
        help_template = HELP,
        mut_arg("mode", |mode| mode.help("What runs per syscall while it looks [default: count]"))
    )]
    Size(SizeArgs),
    /// Compare two reports or recordings: did a change help?
    #[command(after_help = examples::DIFF, help_template = HELP)]
    Diff(DiffArgs),
    /// Watch rings, tools, syscalls, losers and findings on a terminal.
    #[command(
        after_help = examples::TOP,
        help_template = HELP,
        mut_arg("mode", |mode| mode.help("What runs per syscall while it looks [default: count]"))
    )]
    Top(TopArgs),
    /// Say what this node allows dropctl, what is missing, and how to get it.
    #[command(after_help = examples::DOCTOR, help_template = HELP)]
    Doctor(DoctorArgs),
    /// Print the completions of a shell.
    #[command(after_help = examples::COMPLETIONS, help_template = HELP)]
    Completions(CompletionsArgs),
    /// Print the manual, or write its pages.
    #[command(after_help = examples::MAN, help_template = HELP)]
    Man(ManArgs),
}

/// What runs per syscall.
#[derive(Clone, Debug, Args)]
pub struct ProbeArgs {
    /// What runs per syscall: count everything exactly, also stream records into a ring, or nothing.
    #[arg(long)]
    pub mode: Option<Mode>,
    /// Ring size: a power of two, such as 8MiB or 8388608.
    #[arg(long, value_name = "BYTES", value_parser = value::size)]
    pub ring_bytes: Option<ByteSize>,
    /// Stream one event in N; all are counted.
    #[arg(long, value_name = "N", value_parser = value::sample)]
    pub sample: Option<u32>,
}

/// Arguments of `dropctl agent`.
#[derive(Clone, Debug, Args)]
pub struct AgentArgs {
    /// Configuration file, YAML or TOML by its ending; flags and environment win over it.
    #[arg(long, env = "DROPCTL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to serve on [default: 127.0.0.1:9753].
    #[arg(long, env = "DROPCTL_LISTEN", value_name = "ADDRESS:PORT", value_parser = value::listen)]
    pub listen: Option<SocketAddr>,
    /// Time between samples, such as 1s [default: 1s].
    #[arg(long, env = "DROPCTL_INTERVAL", value_name = "TIME", value_parser = value::time)]
    pub interval: Option<Duration>,
    /// Whose events Falco drops, by following its counters at each syscall exit: auto begins with its first drop and
    /// ends after five minutes without [default: auto].
    #[arg(long, env = "DROPCTL_WHOSE")]
    pub whose: Option<Whose>,
    /// How far the agent's memory reaches back, a sample a second [default: 15m].
    #[arg(long, env = "DROPCTL_MEMORY", value_name = "TIME", value_parser = value::time)]
    pub memory: Option<Duration>,
    /// What that may take; if it is too little, the oldest goes first [default: 8MiB].
    #[arg(long, env = "DROPCTL_MEMORY_BYTES", value_name = "BYTES", value_parser = value::size)]
    pub memory_bytes: Option<ByteSize>,
    /// Folder for incidents, so that they survive a restart: the last 16, for a day; without it they are kept in memory.
    #[arg(long, env = "DROPCTL_INCIDENT_DIR", value_name = "DIR")]
    pub incident_dir: Option<PathBuf>,
    /// Unix socket at which `dropctl report --since` asks the agent [default: /run/dropctl/agent.sock].
    #[arg(long, env = "DROPCTL_SOCKET", value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
}

/// Arguments of `dropctl record`.
#[derive(Clone, Debug, Args)]
pub struct RecordArgs {
    /// How long to look, such as 10s or 2m.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = value::time)]
    pub duration: Duration,
    /// Whose events Falco drops, by following its counters at each syscall exit: auto is on, where one runs.
    #[arg(long, value_enum, default_value_t = Whose::Auto)]
    pub whose: Whose,
    /// Write to this file instead of stdout; compressed if it ends in .gz.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Names.
    #[command(flatten)]
    pub names: NamesArgs,
    /// Probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
}

/// Arguments of `dropctl report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// What it is about.
    #[command(flatten)]
    pub source: SourceArgs,
    /// End with code 1 if a finding is at least so severe.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Severity>,
    /// Page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of `dropctl size`.
#[derive(Clone, Debug, Args)]
pub struct SizeArgs {
    /// What it is about.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Ring sizes to judge, such as 512KiB,1MiB, instead of Falco's presets, or of those around the present size.
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = value::size)]
    pub sizes: Vec<ByteSize>,
    /// Page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of `dropctl explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// An alert, a file with alerts or metrics snapshots anywhere in it, `-` for stdin, or a finding.
    #[arg(value_name = "ALERT|FILE|CODE")]
    pub what: Option<String>,
    /// Look up the time of the alerts in this recording, or in this report in JSON.
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,
    /// Look it up in the memory of the agent at this socket; the one of this node is asked anyway.
    #[arg(long, value_name = "FILE", conflicts_with = "recording")]
    pub socket: Option<PathBuf>,
    /// Page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of `dropctl diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// Before the change: a recording, or a report in JSON with its recording; `-` for stdin.
    pub a: PathBuf,
    /// After it.
    pub b: PathBuf,
    /// Page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of `dropctl doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of `dropctl completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// Shell.
    pub shell: Shell,
}

/// Arguments of `dropctl man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Command whose page to print [default: the page of all].
    #[arg(value_parser = PossibleValuesParser::new(COMMANDS))]
    pub command: Option<String>,
    /// Write all pages into this folder instead.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub all: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::golden::golden;

    #[test]
    fn help_is_as_accepted() {
        let mut cli = Cli::command().term_width(80);
        cli.build();
        golden("help/dropctl.txt", &cli.render_long_help().to_string());
        for name in COMMANDS {
            let help = cli.find_subcommand_mut(name).unwrap().render_long_help().to_string();
            golden(&format!("help/{name}.txt"), &help);
        }
    }

    #[test]
    fn the_definition_is_sound_and_every_command_has_examples_first() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        let names: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, COMMANDS);
        for name in COMMANDS {
            let help = cli.find_subcommand_mut(name).unwrap().render_long_help().to_string();
            let at = |text: &str| help.find(text).unwrap_or_else(|| panic!("{name} has no {text}: {help}"));
            assert!(at("Examples:") < at("Usage:"), "{help}");
            assert!(help.contains(&format!("dropctl {name}")), "{help}");
            let wide = help.lines().take_while(|line| !line.starts_with("Usage:"));
            let wide = wide.filter(|line| line.starts_with("  ")).find(|line| line.len() > 80);
            assert_eq!(wide, None, "an example that a terminal breaks");
        }
    }
}
