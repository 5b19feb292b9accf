//! The file that says what pseudonyms stand for: for whoever made them alone. It appears whole or not at all, never where a
//! link leads, and in the place of nothing but an earlier one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use rustix::{fs::OFlags, process::geteuid};
use tempfile::NamedTempFile;

use crate::{
    redact::{MAP_SCHEMA, Map},
    temporary,
};

/// An earlier map says what it is within so many bytes.
const HEAD_BYTES: u64 = 256;

/// A map that was found to be writable before the work began.
pub(super) struct MapFile {
    path: PathBuf,
    file: NamedTempFile,
    /// There is an earlier map at its place.
    replaces: bool,
}

impl MapFile {
    /// Makes sure that it can be written, and is none of the other `outputs`.
    pub(super) fn open(path: &Path, outputs: &[&Path]) -> Result<Self> {
        let cannot = || format!("cannot write to {} (--redact-map)", path.display());
        let is_same = |other: &&Path| {
            let is_either = |real: fn(&Path) -> Option<PathBuf>| {
                real(path).is_some_and(|path| real(other).is_some_and(|other| other == path))
            };
            *other == path || is_either(entry) || is_either(|path| path.canonicalize().ok())
        };
        if outputs.iter().any(is_same) {
            bail!("{}: the report goes there, and must not hold what it hides", cannot());
        }
        let replaces = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error).with_context(cannot),
            Ok(facts) if facts.is_symlink() => bail!("{}: it is a link; name the file itself", cannot()),
            Ok(facts) if !facts.is_file() => bail!("{}: something is there that is no file", cannot()),
            Ok(facts) if facts.uid() != geteuid().as_raw() => {
                bail!("{}: the file there is another user's", cannot())
            }
            Ok(_) if !is_map(path).with_context(cannot)? => {
                bail!("{}: the file there is no earlier map; remove it, or name another", cannot())
            }
            Ok(_) => true,
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".dropctl-").permissions(fs::Permissions::from_mode(0o600));
        let file =
            temporary::file_in(folder.unwrap_or_else(|| Path::new(".")), &builder).with_context(cannot)?;
        Ok(Self { path: path.to_owned(), file, replaces })
    }

    /// Writes it.
    pub(super) fn write(mut self, map: &Map) -> Result<()> {
        let cannot = || format!("cannot write to {} (--redact-map)", self.path.display());
        let text = serde_json::to_string_pretty(map).context("write the map as JSON")? + "\n";
        self.file.as_file_mut().write_all(text.as_bytes()).with_context(cannot)?;
        // Where nothing was, nothing that came meanwhile is replaced. Where an earlier map was, whatever is there now is.
        let placed = if self.replaces {
            self.file.persist(&self.path)
        } else {
            self.file.persist_noclobber(&self.path)
        };
        placed.map(drop).map_err(|error| error.error).with_context(cannot)
    }
}

/// The place in its folder, whether there is anything or not.
fn entry(path: &Path) -> Option<PathBuf> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

fn is_map(path: &Path) -> io::Result<bool> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    let head: String = String::from_utf8_lossy(&head).split_whitespace().collect();
    Ok(head.starts_with(&format!("{{\"schema\":\"{MAP_SCHEMA}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_output_goes_where_the_map_goes_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("below")).unwrap();
        std::os::unix::fs::symlink(at("below"), at("link")).unwrap();
        let opened = |map: &str, output: &str| MapFile::open(&at(map), &[&at(output)]).map(drop);
        for (map, output) in
            [("p.md", "p.md"), ("p.md", "./p.md"), ("p.md", "below/../p.md"), ("below/p.md", "link/p.md")]
        {
            let error = opened(map, output).unwrap_err().to_string();
            assert!(error.contains("must not hold what it hides"), "{map} {output}: {error}");
        }
        assert!(opened("p.md", "below/p.md").is_ok() && opened("p.md", "q.md").is_ok());
    }
}
