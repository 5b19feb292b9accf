//! `dropctl man`: the manual, from the same definitions as `--help`.

use std::{fs, io, path::Path};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use super::output::Output;
use crate::cli::{Cli, ManArgs};

/// What a command may end with; `--help` says it in short.
const EXIT_CODES: [(&str, &str); 3] = [
    ("0", "It ran. A reader of its output who has gone is no error."),
    ("1", "It ran, and what is needed (dropctl doctor) or watched for is not as it should be."),
    ("2", "It could not run, and says on stderr what to do."),
];
/// First line of examples in help, where a page has a heading.
const EXAMPLES: &str = "Examples:\n";

/// Runs the command.
pub fn run(args: &ManArgs) -> Result<()> {
    let mut cli = Cli::command();
    // Fills in the names under which commands are called.
    cli.build();
    if let Some(folder) = &args.all {
        return write_all(&cli, folder);
    }
    let output = Output::open(None)?;
    let named = |name: &String| cli.find_subcommand(name);
    let command = args.command.as_ref().and_then(named).unwrap_or(&cli);
    output.write(page(command).context("write the page")?)
}

fn write_all(cli: &Command, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for command in std::iter::once(cli).chain(cli.get_subcommands()) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        let path = folder.join(format!("{name}.1"));
        Output::open(Some(&path))?.write(page(command).context("write the page")?)?;
    }
    Ok(())
}

/// One page, the same for the same version.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone()).source(format!("dropctl {version}")).manual("dropctl");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if let Some(examples) = command.get_after_help() {
        let text = examples.to_string();
        let text = text.strip_prefix(EXAMPLES).unwrap_or(&text).to_owned();
        let mut roff = Roff::new();
        roff.control("SH", ["EXAMPLES"]).control("nf", []).text([roman(text)]).control("fi", []);
        roff.to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        roff.control("TP", []).text([roman(code)]).text([roman(meaning)]);
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::golden;

    #[test]
    fn every_command_has_a_page_with_its_options_and_examples() {
        let mut cli = Cli::command();
        cli.build();
        for command in std::iter::once(&cli).chain(cli.get_subcommands()) {
            let page = String::from_utf8(page(command).unwrap()).unwrap();
            let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
            for wanted in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "OPTIONS", "\"EXIT STATUS\""] {
                assert!(sections.contains(&wanted), "{}: no {wanted} in {sections:?}", command.get_name());
            }
        }
        let report = page(cli.find_subcommand("report").unwrap()).unwrap();
        assert!(String::from_utf8(report).unwrap().contains("dropctl\\-report"));
        let diff = page(cli.find_subcommand("diff").unwrap()).unwrap();
        golden("man/dropctl-diff.1", &String::from_utf8(diff).unwrap());
    }

    #[test]
    fn all_pages_are_written_as_files() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("man1");
        run(&ManArgs { command: None, all: Some(place.clone()) }).unwrap();
        let mut names: Vec<_> = fs::read_dir(place)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 1 + Cli::command().get_subcommands().count());
        assert!(names.contains(&"dropctl-report.1".to_owned()) && names.contains(&"dropctl.1".to_owned()));
    }
}
