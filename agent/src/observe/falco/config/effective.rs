//! Falco's configuration as it is in effect: files merged, environment filled in, command line on top.
//!
//! The order is that of `falco_configuration::init_from_file` (userspace/falco/configuration.cpp): the main file; then
//! `-o config_files...`; then the files and directories of `config_files` in their order, a directory's regular files
//! (whatever their names, not those of subdirectories) by name; last every `-o`. Included files work on top-level keys,
//! which are replaced whole; only lists are appended to. A configuration that Falco would refuse is an error here:
//! what is returned is what it sees, if its files have not changed since it read them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{
    ConfigError, Engine, Environment, Strategy,
    key::{self, Step},
    merge::{self, INCLUDES, Include},
    yaml,
};
use crate::observe::falco::{
    command_line::CommandLine,
    dialect::Dialect,
    root::{Kind, Root},
};

/// Most files, and most bytes of all of them: whoever owns that root may fill a directory.
const MOST_FILES: usize = 256;
const MOST_BYTES: usize = 4 << 20;

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, as a path below the process's root.
    File(PathBuf),
    /// `-o`.
    CommandLine,
}

/// What a process was started with, as far as its configuration depends on it.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its arguments.
    pub command_line: CommandLine,
    /// Its environment.
    pub environment: Environment,
    /// Where relative paths begin.
    pub working_directory: PathBuf,
    /// Its version's rules. Where only /versions can tell, which the configuration leads to: read with the newest,
    /// ask, and read again if it is another.
    pub dialect: Dialect,
}

/// The configuration in effect.
#[derive(Clone, Debug)]
pub struct Effective {
    tree: Map<String, Value>,
    /// Who wrote where, in order: a later entry wins over an earlier one above or at its place.
    writes: Vec<(Vec<String>, Origin)>,
    files: Vec<PathBuf>,
    /// Bytes of all files.
    bytes: usize,
    pub(super) dialect: Dialect,
    /// Driver chosen outside the configuration.
    pub(super) chosen: Option<Engine>,
    /// The last entry of `config_files`, if it is a folder whose files may replace keys.
    last_folder: Option<PathBuf>,
}

impl Effective {
    /// Reads and merges.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn read(root: &Root, start: &Start) -> Result<Self, ConfigError> {
        let main = &start.command_line.config_file;
        let main_path = start.working_directory.join(main);
        let (tree, bytes) = read_file(root, &main_path, start)?;
        let legacy_probe = start.environment.get("FALCO_BPF_PROBE").map(|_| Engine::LegacyEbpf);
        let mut config = Self {
            writes: tree.keys().map(|key| (vec![key.clone()], Origin::File(main_path.clone()))).collect(),
            tree,
            files: vec![main_path],
            bytes,
            dialect: start.dialect,
            chosen: start.command_line.engine.clone().or(legacy_probe),
            last_folder: None,
        };
        if start.dialect.includes_files() {
            for option in start.command_line.options.iter().filter(|option| option.starts_with(INCLUDES)) {
                config.apply_option(option)?;
            }
            for include in merge::includes(config.tree.get(INCLUDES))? {
                if include.path == *main {
                    return Err(ConfigError::Recursive { path: include.path });
                }
                config.include(root, &include, start)?;
                let path = start.working_directory.join(&include.path);
                let may_replace = include.strategy != Strategy::AddOnly || !start.dialect.has_strategies();
                let is_folder = may_replace && root.kind(&path)? == Some(Kind::Directory);
                config.last_folder = is_folder.then_some(path);
            }
        }
        start.command_line.options.iter().try_for_each(|option| config.apply_option(option))?;
        Ok(config)
    }

    /// A value by its key, such as `engine.kind`; `None` where nobody set it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let first = self.tree.get(names.next()?)?;
        names.try_fold(first, |node, name| node.get(name))
    }

    /// Who set a value last, or a part of it; `None` where nobody set it.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.get(key)?;
        let asked: Vec<_> = key.split('.').collect();
        let touches = |written: &[String]| written.iter().zip(&asked).all(|(one, other)| one == other);
        self.writes.iter().rev().find(|(written, _)| touches(written)).map(|(_, origin)| origin)
    }

    /// The files that were read, in order.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// A folder whose files are read after all others and may replace keys.
    #[must_use]
    pub fn last_folder(&self) -> Option<&Path> {
        self.last_folder.as_deref()
    }

    fn include(&mut self, root: &Root, include: &Include, start: &Start) -> Result<(), ConfigError> {
        let path = start.working_directory.join(&include.path);
        match root.kind(&path)? {
            Some(Kind::File) => self.include_file(root, path, include.strategy, start),
            Some(Kind::Directory) => {
                let mut names = root.list(&path)?;
                names.sort();
                for name in names {
                    let file = path.join(name);
                    if root.kind(&file)? == Some(Kind::File) {
                        self.include_file(root, file, include.strategy, start)?;
                    }
                }
                Ok(())
            }
            Some(Kind::Other) | None => Ok(()),
        }
    }

    fn include_file(
        &mut self,
        root: &Root,
        path: PathBuf,
        strategy: Strategy,
        start: &Start,
    ) -> Result<(), ConfigError> {
        if self.files.len() == MOST_FILES {
            return Err(ConfigError::TooManyFiles);
        }
        let (file, bytes) = read_file(root, &path, start)?;
        self.bytes += bytes;
        if self.bytes > MOST_BYTES {
            return Err(ConfigError::TooMuch);
        }
        let strategy = if self.dialect.has_strategies() { strategy } else { Strategy::Override };
        for (key, value) in file {
            if key == INCLUDES {
                return Err(ConfigError::Nested { path });
            }
            match merge::put(&mut self.tree, &key, value, strategy) {
                Some(true) => self.writes.push((vec![key], Origin::File(path.clone()))),
                Some(false) => {}
                None => return Err(ConfigError::NoList { path, key }),
            }
        }
        self.files.push(path);
        Ok(())
    }

    fn apply_option(&mut self, option: &str) -> Result<(), ConfigError> {
        let malformed = || ConfigError::Option { option: option.to_owned() };
        let (key, text) = option.split_once('=').ok_or_else(malformed)?;
        let steps = key::parse(key, self.dialect)?;
        let value = if self.dialect.has_objects() && text.starts_with('{') && text.ends_with('}') {
            let object = |source| ConfigError::Object { option: option.to_owned(), source };
            Value::Object(yaml::parse(text.as_bytes()).map_err(object)?)
        } else {
            Value::String(text.to_owned())
        };
        key::set(&mut self.tree, &steps, value)?;
        let names = steps.into_iter().map_while(|step| match step {
            Step::Name(name) => Some(name),
            Step::Index(_) | Step::Append => None,
        });
        self.writes.push((names.collect(), Origin::CommandLine));
        Ok(())
    }
}

/// The file's keys, and its length.
fn read_file(root: &Root, path: &Path, start: &Start) -> Result<(Map<String, Value>, usize), ConfigError> {
    let bytes = root.read(path)?;
    let file = yaml::parse(&bytes).map_err(|source| ConfigError::Yaml { path: path.to_owned(), source })?;
    let mut file = Value::Object(file);
    if start.dialect.substitutes_environment() {
        let endless = |source| ConfigError::Endless { path: path.to_owned(), source };
        start.environment.fill(&mut file).map_err(endless)?;
    }
    Ok((if let Value::Object(map) = file { map } else { Map::new() }, bytes.len()))
}
