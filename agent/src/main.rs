//! Parse, dispatch, exit code.

use std::process::ExitCode;

use clap::{
    CommandFactory as _, Parser as _,
    error::{ContextKind, ContextValue, ErrorKind},
};
use dropctl::{
    cli::{Cli, Command},
    commands::{self, Ending},
};

/// It ran.
const RAN: u8 = 0;
/// It ran, and found what it was to look for.
const FOUND: u8 = 1;
/// It could not run, and said what to do.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain_arguments(&error),
    };
    commands::start_log(&cli);
    let fine = |()| Ending::Fine;
    let result = match &cli.command {
        Command::Agent(args) => commands::agent::run(args).map(fine),
        Command::Report(args) => commands::report::run(args),
        Command::Record(args) => commands::record::run(args).map(fine),
        Command::Explain(args) => commands::explain::run(args).map(fine),
        Command::Size(args) => commands::size::run(args).map(fine),
        Command::Diff(args) => commands::diff::run(args).map(fine),
        Command::Top(args) => commands::top::run(args).map(fine),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Completions(args) => commands::completions::run(args).map(fine),
        Command::Man(args) => commands::man::run(args).map(fine),
    };
    match result {
        Ok(Ending::Fine) => ExitCode::from(RAN),
        Ok(Ending::Found) => ExitCode::from(FOUND),
        Err(error) => {
            commands::talk(&format!("error: {}", one_line(&commands::with_causes(&error))));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Help and version go to stdout; a mistake is one line on stderr.
fn explain_arguments(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader who has gone is no error.
        let _ = error.print();
        return ExitCode::from(RAN);
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(COULD_NOT_RUN);
    }
    let text = error.to_string();
    let mut said = String::new();
    for line in text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:")) {
        if line.starts_with("For more information") {
            break;
        }
        let glue = if said.is_empty() || line.is_empty() {
            ""
        } else if line.starts_with("tip:") {
            "; "
        } else {
            " "
        };
        said.push_str(glue);
        said.push_str(line);
    }
    if let Some(variable) = blamed_variable(error) {
        said.push_str(&format!(" (from the environment variable {variable})"));
    }
    let unknown = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    if unknown && !said.contains("tip:") {
        said.push_str("; --help lists what there is");
    }
    if is_file_for_input(error) {
        said.push_str("; `dropctl report --input FILE` reads a file, and so do size and top");
    }
    commands::talk(&said);
    ExitCode::from(COULD_NOT_RUN)
}

/// A recording where a word of the command line was expected.
fn is_file_for_input(error: &clap::Error) -> bool {
    let word = match error.get(ContextKind::InvalidArg).or_else(|| error.get(ContextKind::InvalidSubcommand))
    {
        Some(ContextValue::String(word)) => word,
        _ => return false,
    };
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let takes_none = ["agent", "diff", "doctor", "explain", "record", "man"];
    let is_elsewhere = takes_none.iter().any(|command| usage.contains(&format!("dropctl {command}")));
    !is_elsewhere && std::path::Path::new(word).is_file()
}

/// clap blames the option even where its value came from the environment.
fn blamed_variable(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(blamed)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    // Such as `--sample <N>`.
    let option = blamed.split(' ').next()?;
    let name = option.strip_prefix("--")?;
    let typed = |argument: std::ffi::OsString| {
        argument.to_str().is_some_and(|text| text.split('=').next() == Some(option))
    };
    if std::env::args_os().any(typed) {
        return None;
    }
    let cli = Cli::command();
    let mut arguments = cli.get_subcommands().flat_map(clap::Command::get_arguments);
    let variable = arguments.find(|argument| argument.get_long() == Some(name))?.get_env()?;
    std::env::var_os(variable).map(|_| variable.to_string_lossy().into_owned())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
