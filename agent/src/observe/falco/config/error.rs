//! Why a configuration is not known: unreadable, or nothing that Falco would start with.

use std::path::PathBuf;

use thiserror::Error;

use super::{Endless, KeyError, YamlError};
use crate::observe::falco::root::RootError;

/// Why the configuration is not known.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that may not be read.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A file with contents that Falco refuses.
    #[error("{path}: {source}")]
    Yaml {
        /// Which.
        path: PathBuf,
        /// Why.
        source: YamlError,
    },
    /// A value that its environment makes endless.
    #[error("{path}: {source}")]
    Endless {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Endless,
    },
    /// An entry of `config_files` that is neither a path nor has one.
    #[error("an entry of config_files has no path")]
    Entry,
    /// `config_files` names the main file.
    #[error("config_files includes the main file {path}")]
    Recursive {
        /// The main file.
        path: PathBuf,
    },
    /// An included file has `config_files` itself.
    #[error("{path}: included files cannot have config_files")]
    Nested {
        /// Which.
        path: PathBuf,
    },
    /// More files than Falco is ever given.
    #[error("its configuration has too many files")]
    TooManyFiles,
    /// More bytes than a configuration has.
    #[error("its configuration is too large")]
    TooMuch,
    /// A list for a key that is no list.
    #[error("{path}: cannot append to {key}, which is no list")]
    NoList {
        /// Which.
        path: PathBuf,
        /// Its key.
        key: String,
    },
    /// An option without `=`.
    #[error("the option {option:?} is not of the form key=value")]
    Option {
        /// As typed.
        option: String,
    },
    /// An option's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An option's value in braces.
    #[error("the option {option:?}: {source}")]
    Object {
        /// As typed.
        option: String,
        /// Why.
        source: YamlError,
    },
}
