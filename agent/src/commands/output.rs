//! Where data goes: stdout, or a file that appears whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, IsTerminal as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use tempfile::NamedTempFile;

use crate::sys::stdio;

/// An output that was found usable before the work began.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// A file under a temporary name beside its place.
    File { path: PathBuf, file: NamedTempFile },
    /// Something that exists and is no regular file: a pipe, a terminal, `/dev/stdout`.
    Special { path: PathBuf, file: fs::File },
}

impl Output {
    /// Makes sure that `path` (or stdout) can be written to.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            if stdio::stdout_was_closed() {
                bail!("stdout is closed: leave it open, or give -o FILE");
            }
            return Ok(Self::Stdout);
        };
        let path = path.to_owned();
        let cannot = || format!("cannot write to {}", path.display());
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => bail!("{}: it is a directory", cannot()),
            Ok(metadata) if !metadata.is_file() => {
                let file = OpenOptions::new().write(true).open(&path).with_context(cannot)?;
                Ok(Self::Special { path, file })
            }
            existing => {
                if existing.is_ok() {
                    OpenOptions::new().append(true).open(&path).with_context(cannot)?;
                }
                let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let file = tempfile::Builder::new()
                    .prefix(".dropctl-")
                    .permissions(fs::Permissions::from_mode(0o666))
                    .tempfile_in(directory.unwrap_or_else(|| Path::new(".")))
                    // tempfile adds its own path to the message, which nobody asked for.
                    .map_err(|error| {
                        let text = error.to_string();
                        text.split(" at path ").next().unwrap_or(&text).to_owned()
                    })
                    .map_err(anyhow::Error::msg)
                    .with_context(cannot)?;
                Ok(Self::File { path, file })
            }
        }
    }

    /// Whether a person reads it now.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::File { .. } => false,
            Self::Special { file, .. } => file.is_terminal(),
        }
    }

    /// Writes everything. A reader who has gone (a closed pipe) is no error.
    pub(super) fn write(self, text: &str) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                gone_is_fine(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
                    .context("cannot write to stdout")
            }
            Self::Special { path, mut file } => gone_is_fine(file.write_all(text.as_bytes()))
                .with_context(|| format!("cannot write to {}", path.display())),
            Self::File { path, mut file } => {
                let cannot = || format!("cannot write to {}", path.display());
                // Not through tempfile, which adds its own path to the message here too.
                file.as_file_mut().write_all(text.as_bytes()).with_context(cannot)?;
                file.persist(&path).map_err(|error| error.error).with_context(cannot)?;
                Ok(())
            }
        }
    }
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
