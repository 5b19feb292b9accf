//! Which names leave: real ones to a terminal, pseudonyms to everything else, unless told otherwise.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read as _,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::map::MapFile;
use crate::{
    cli::NamesArgs,
    redact::{Key, Redactor},
    setup::Naming,
    sys::random,
    timeline::Timeline,
};

/// A key in a file is no longer.
const MOST_KEY_BYTES: u64 = 4096;
/// Of a random key.
const RANDOM_BYTES: usize = 32;

/// What is done about names.
pub(super) struct Names {
    redactor: Option<Redactor>,
    map: Option<MapFile>,
    has_own_key: bool,
}

impl Names {
    /// `is_read_here`: text on a terminal. `outputs`: what is written besides. Who gives a key or wants a map wants pseudonyms
    /// there as well.
    pub(super) fn new(args: &NamesArgs, is_read_here: bool, outputs: &[&Path]) -> Result<Self> {
        let NamesArgs { no_redact, redact_key, redact_map } = args;
        let is_wanted = redact_key.is_some() || redact_map.is_some();
        if *no_redact || (is_read_here && !is_wanted) {
            return Ok(Self { redactor: None, map: None, has_own_key: false });
        }
        let key = match redact_key {
            Some(given) => key(given).context("--redact-key")?,
            None => Key::new(&random::bytes::<RANDOM_BYTES>().context("make a key for pseudonyms")?)?,
        };
        let map = redact_map.as_deref().map(|path| MapFile::open(path, outputs)).transpose()?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self {
            redactor: Some(Redactor::new(key).with_host(&host)),
            map,
            has_own_key: redact_key.is_some(),
        })
    }

    /// Gives pseudonyms to all of it.
    pub(super) fn redact(&mut self, timeline: &mut Timeline, name: &str) -> Result<()> {
        let Some(redactor) = &mut self.redactor else { return Ok(()) };
        if timeline.setup.names == Naming::Pseudonyms && (self.map.is_some() || self.has_own_key) {
            bail!(
                "{name}: its names are pseudonyms already, so that --redact-key and --redact-map can do nothing; whoever \
                 made it may have their map"
            );
        }
        redactor.timeline(timeline);
        Ok(())
    }

    /// Whoever gives pseudonyms; `None`: names are left as they are.
    pub(super) fn redactor(&mut self) -> Option<&mut Redactor> {
        self.redactor.as_mut()
    }

    /// Writes the map, if one is wanted.
    pub(super) fn finish(self) -> Result<()> {
        match (self.redactor, self.map) {
            (Some(redactor), Some(map)) => map.write(&redactor.map()),
            _ => Ok(()),
        }
    }
}

/// What was typed, or what is in the file of that name. A key has no slash, so that a mistyped path is not taken for one.
fn key(given: &OsStr) -> Result<Key> {
    let path = PathBuf::from(given);
    let is_path = given.as_bytes().contains(&b'/');
    if !is_path && !path.exists() {
        return Ok(Key::new(given.as_bytes())?);
    }
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MOST_KEY_BYTES + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {} (a key itself has no / in it)", path.display()))?;
    if bytes.len() as u64 > MOST_KEY_BYTES {
        bail!("{} has more than {MOST_KEY_BYTES} bytes: it is no key", path.display());
    }
    Key::new(bytes.trim_ascii_end()).with_context(|| path.display().to_string())
}
