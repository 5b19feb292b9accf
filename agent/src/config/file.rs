//! The configuration file: YAML or TOML, the same keys as the flags.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use bytesize::ByteSize;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::value;
use crate::{
    nearest::nearest,
    setup::{Mode, Whose},
};

/// What a file may say. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct File {
    /// `--listen`.
    #[serde(deserialize_with = "listen")]
    pub listen: Option<SocketAddr>,
    /// `--mode`.
    pub mode: Option<Mode>,
    /// `--ring-bytes`.
    #[serde(deserialize_with = "size")]
    pub ring_bytes: Option<ByteSize>,
    /// `--sample`.
    #[serde(deserialize_with = "sample")]
    pub sample: Option<u32>,
    /// `--interval`.
    #[serde(deserialize_with = "time")]
    pub interval: Option<Duration>,
    /// `--whose`.
    pub whose: Option<Whose>,
    /// `--memory`.
    #[serde(deserialize_with = "time")]
    pub memory: Option<Duration>,
    /// `--memory-bytes`.
    #[serde(deserialize_with = "size")]
    pub memory_bytes: Option<ByteSize>,
    /// `--incident-dir`.
    pub incident_dir: Option<PathBuf>,
    /// `--socket`.
    pub socket: Option<PathBuf>,
}

/// Keys of [`File`].
const KEYS: [&str; 10] = [
    "listen",
    "mode",
    "ring_bytes",
    "sample",
    "interval",
    "whose",
    "memory",
    "memory_bytes",
    "incident_dir",
    "socket",
];

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// Unreadable.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Neither YAML nor TOML by its ending.
    #[error("{path}: the ending must be .yaml, .yml or .toml")]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// Not well-formed, or a value of the wrong kind.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where.
        message: String,
    },
    /// A key that we do not know.
    #[error("{path}: unknown key {key:?}: {hint}")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The nearest valid one, or all.
        hint: String,
    },
}

impl File {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text =
            fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        let malformed = |message: String| FileError::Malformed { path: path.to_owned(), message };
        let in_toml = |error: toml::de::Error| malformed(toml_message(&text, &error));
        let in_yaml = |error: serde_saphyr::Error| malformed(yaml_message(&text, &error));
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => {
                let table: toml::Table = toml::from_str(&text).map_err(in_toml)?;
                check_keys(path, table.keys())?;
                toml::from_str(&text).map_err(in_toml)
            }
            Some("yaml" | "yml") => {
                if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
                    return Ok(Self::default());
                }
                let map: serde_json::Map<String, serde_json::Value> =
                    serde_saphyr::from_str(&text).map_err(in_yaml)?;
                check_keys(path, map.keys())?;
                serde_saphyr::from_str(&text).map_err(in_yaml)
            }
            _ => Err(FileError::Ending { path: path.to_owned() }),
        }
    }
}

fn check_keys<'a>(path: &Path, mut keys: impl Iterator<Item = &'a String>) -> Result<(), FileError> {
    let Some(key) = keys.find(|key| !KEYS.contains(&key.as_str())) else {
        return Ok(());
    };
    let hint = match nearest(&key.replace('-', "_"), KEYS) {
        Some(valid) => format!("did you mean {valid:?}?"),
        None => format!("valid keys are {}", KEYS.join(", ")),
    };
    Err(FileError::UnknownKey { path: path.to_owned(), key: key.clone(), hint })
}

/// Parsers draw the place in the file over several lines; an error of ours is one.
fn toml_message(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start].matches('\n').count());
    in_one_line(text, line, error.message())
}

fn yaml_message(text: &str, error: &serde_saphyr::Error) -> String {
    let line = error.location().and_then(|place| usize::try_from(place.line()).ok());
    let message = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    // It ends in the place, which we put in front.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    in_one_line(text, line.and_then(|line| line.checked_sub(1)), message)
}

/// `line` counts from 0.
fn in_one_line(text: &str, line: Option<usize>, message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.and_then(|line| Some((line + 1, text.lines().nth(line)?.trim()))) {
        Some((number, line)) => format!("line {number}, `{line}`: {message}"),
        None => message,
    }
}

fn listen<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    value::in_file(from, value::listen)
}

fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ByteSize>, D::Error> {
    value::in_file(from, value::size)
}

fn sample<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    value::in_file(from, value::sample)
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    value::in_file(from, value::time)
}
