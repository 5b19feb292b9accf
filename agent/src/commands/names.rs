//! Which names leave: real ones to a terminal, pseudonyms to everything else, unless told otherwise.

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io::Read as _,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{map::MapFile, output::Output};
use crate::{
    cli::{Format, NamesArgs, PageArgs},
    redact::{Key, Redactor},
    setup::Naming,
    sys::random,
    timeline::Timeline,
};

/// A key in a file is no longer.
const MOST_KEY_BYTES: u64 = 4096;
/// Of a random key.
const RANDOM_BYTES: usize = 32;
/// A key that is typed has so many hexadecimal digits, or more: what `openssl rand -hex 16` prints.
const TYPED_DIGITS: usize = 32;
/// What a pod calls the node that it is on, if its manifest says so (deploy/base); its own name is the pod's.
const NODE: &str = "NODE_NAME";

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
        Ok(Self { redactor: Some(redactor(key)), map, has_own_key: redact_key.is_some() })
    }

    /// Those on a page that goes to `output` and nowhere else.
    pub(super) fn of_page(args: &PageArgs, output: &Output, format: Format) -> Result<Self> {
        let outputs: Vec<&Path> = args.output.as_deref().into_iter().collect();
        Self::new(&args.names, output.is_read_here(format), &outputs)
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

/// One that knows what this node is called.
fn redactor(key: Key) -> Redactor {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let redactor = Redactor::new(key).with_host(&uname.nodename().to_string_lossy(), &release);
    match env::var_os(NODE) {
        Some(node) => redactor.with_host(&node.to_string_lossy(), &release),
        None => redactor,
    }
}

/// What was typed, or what is in the file of that name. Names of files do not look like keys, so that a mistyped one is
/// not taken for one: everybody would know it.
fn key(given: &OsStr) -> Result<Key> {
    let bytes = given.as_bytes();
    if bytes.len() >= TYPED_DIGITS && bytes.iter().all(u8::is_ascii_hexdigit) {
        return Ok(Key::new(bytes)?);
    }
    let path = PathBuf::from(given);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MOST_KEY_BYTES + 1).read_to_end(&mut bytes));
    read.with_context(|| {
        format!(
            "cannot read {}, and no key looks like that: type {TYPED_DIGITS} or more hexadecimal digits, or make the \
             file with `openssl rand -hex 16`",
            path.display()
        )
    })?;
    if bytes.len() as u64 > MOST_KEY_BYTES {
        bail!("{} has more than {MOST_KEY_BYTES} bytes: it is no key", path.display());
    }
    Key::new(bytes.trim_ascii_end()).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_key_that_was_typed() {
        let digits = "0123456789abcdefABCDEF0123456789";
        assert!(key(OsStr::new(digits)).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("dropctl.key");
        std::fs::write(&there, "sixteen bytes or more").unwrap();
        assert!(key(there.as_os_str()).is_ok());
        for missing in [
            "dropctl-prod.key",
            "a-secret-of-sixteen-bytes",
            &digits[1..],
            "0123456789abcdef/0123456789abcdef",
        ] {
            let error = format!("{:#}", key(OsStr::new(missing)).unwrap_err());
            for said in [missing, "32 or more hexadecimal digits", "openssl rand -hex 16", "No such file"] {
                assert!(error.contains(said), "{missing}: {error}");
            }
        }
    }
}
