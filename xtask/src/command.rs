//! Starting other programs: in the root of the clone, with our own tools first on `PATH`, and an
//! error that names the command line.

use std::{
    env,
    ffi::OsString,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A program of this machine or of `target/tools`.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root()).env("PATH", search_path());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    program(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// `PATH` with the project's own tools in front.
pub(crate) fn search_path() -> OsString {
    let mut places = vec![workspace::target("tools/bin"), workspace::target("tools/usr/bin")];
    let inherited = env::var_os("PATH").unwrap_or_default();
    places.extend(env::split_paths(&inherited));
    env::join_paths(places).unwrap_or(inherited)
}

/// Whether a program of that name can be started.
pub(crate) fn exists(name: &str) -> bool {
    env::split_paths(&search_path()).any(|place| place.join(name).is_file())
}

/// Runs to the end; its output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("start {}", line(command)))?;
    accept(command, status)
}

/// Runs to the end and returns what it wrote to standard output.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("start {}", line(command)))?;
    accept(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("output of {}", line(command)))
}

/// Runs to the end without a terminal; an error carries what the program wrote.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("start {}", line(command)))?;
    accept(command, output.status).with_context(|| {
        let words = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&words).trim().to_owned()
    })
}

/// Runs to the end and hands over each line of standard output as it comes.
pub(crate) fn each_line(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("start {}", line(command)))?;
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).unwrap_or(0) > 0 {
            seen(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
            bytes.clear();
        }
    }
    child.wait().with_context(|| format!("wait for {}", line(command)))
}

/// Becomes the program, so that signals and the exit code are its own. Returns only an error.
pub(crate) fn become_program(command: &mut Command) -> anyhow::Error {
    anyhow::Error::new(command.exec()).context(format!("start {}", line(command)))
}

/// The command line as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    [name].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn accept(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}
