//! Writes what is generated in docs/: the JSON Schema of a report, the findings, and the table of remedies. `cargo xtask docs` runs it.

use std::{env, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: docs DIRECTORY");
        return ExitCode::from(2);
    };
    let write = |name: &str, text: String| {
        fs::write(directory.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    let written = dropctl::report::schema()
        .map_err(|error| error.to_string())
        .and_then(|schema| write("report.schema.json", schema))
        .and_then(|()| write("findings.md", dropctl::diagnose::document()))
        .and_then(|()| write("remedies.md", dropctl::remedies::document()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write docs: {error}");
            ExitCode::FAILURE
        }
    }
}
