//! Writes what is generated in docs/: the JSON Schema of a report. `cargo xtask docs` runs it.

use std::{env, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: docs DIRECTORY");
        return ExitCode::from(2);
    };
    let written = dropctl::report::schema().map_err(|error| error.to_string()).and_then(|schema| {
        fs::write(directory.join("report.schema.json"), schema).map_err(|error| error.to_string())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write docs: {error}");
            ExitCode::FAILURE
        }
    }
}
