//! Falco's configuration: its command line, falco.yaml, and two files that it includes.
//!
//! The parts of an input stand apart by a line of `%%%`: arguments (a NUL between them), falco.yaml, config.d/a.yaml, and the
//! environment (a NUL between variables).
#![no_main]

use std::{fs, path::PathBuf};

use dropctl::observe::falco::{
    command_line::CommandLine,
    config::{Effective, Environment, Start},
    dialect::Dialect,
    root::Root,
};
use libfuzzer_sys::fuzz_target;

const BETWEEN: &str = "\n%%%\n";

thread_local! {
    static FOLDER: tempfile::TempDir = {
        let folder = tempfile::tempdir_in("/dev/shm").expect("a folder");
        fs::create_dir_all(folder.path().join("etc/falco/config.d")).expect("its folders");
        folder
    };
}

fuzz_target!(|text: &str| {
    let mut parts = text.split(BETWEEN);
    let mut part = || parts.next().unwrap_or_default();
    let Some(command_line) = CommandLine::parse(part().as_bytes()) else { return };
    FOLDER.with(|folder| {
        fs::write(folder.path().join("etc/falco/falco.yaml"), part()).expect("write it");
        fs::write(folder.path().join("etc/falco/config.d/a.yaml"), part()).expect("write it");
        let root = Root::open(folder.path()).expect("open it");
        let start = Start {
            command_line,
            environment: Environment::parse(part().as_bytes()),
            working_directory: PathBuf::from("/"),
            dialect: Dialect::of("0.44.1").expect("a version"),
        };
        let Ok(effective) = Effective::read(&root, &start) else { return };
        let _ = (effective.settings(), effective.engine_keys());
    });
});
