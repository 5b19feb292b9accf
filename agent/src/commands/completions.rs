//! `dropctl completions`: what a shell needs to complete commands and options.

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::output::Output;
use crate::cli::{Cli, CompletionsArgs};

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> Result<()> {
    let output = Output::open(None)?;
    output.write(script(args.shell))
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dropctl", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::golden;

    /// What each shell learns of an option that one command has; nobody reads all that it learns.
    #[test]
    fn scripts_are_as_accepted() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            let script = String::from_utf8(script(shell)).unwrap();
            let lines: Vec<&str> = script.lines().filter(|line| line.contains("fail-on")).collect();
            golden(&format!("completions/{shell}.txt"), &(lines.join("\n") + "\n"));
        }
    }
}
