//! Where data goes: stdout, or a file that appears whole or not at all.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, IsTerminal as _, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _, fchown},
    },
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use tempfile::NamedTempFile;

use crate::{
    cli::{Format, PageArgs},
    report::painted,
    sys::stdio,
    temporary,
};

/// What a terminal calls itself if it cannot move its cursor.
pub(super) const DUMB: &str = "dumb";

/// An output that was found usable before the work began.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// A file under a temporary name beside its place, which may be where a link at `path` points.
    File { path: PathBuf, place: PathBuf, file: NamedTempFile },
    /// Something that exists and is no regular file: a pipe, a terminal, `/dev/fd/3`.
    Special { path: PathBuf, file: fs::File },
}

impl Output {
    /// Makes sure that `path` (or stdout) can be written to.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        if stdio::stdout_was_closed() && path.is_none() {
            bail!("stdout is closed: leave it open, or give -o FILE");
        }
        let Some(path) = path else { return Ok(Self::Stdout) };
        let cannot = || format!("cannot write to {}", path.display());
        match fs::metadata(path) {
            // `/dev/stdout`, whatever stands behind it.
            Ok(metadata) if is_stdout(&metadata) => Ok(Self::Stdout),
            Ok(metadata) if metadata.is_dir() => bail!("{}: it is a directory", cannot()),
            Ok(metadata) if !metadata.is_file() || is_of_the_kernel(path) => {
                let file = OpenOptions::new().append(true).open(path).with_context(cannot)?;
                Ok(Self::Special { path: path.to_owned(), file })
            }
            Ok(metadata) => {
                OpenOptions::new().append(true).open(path).with_context(cannot)?;
                // A link stays a link: its target is replaced.
                let target = path.canonicalize().with_context(cannot)?;
                let file = beside(&target, metadata.permissions()).with_context(cannot)?;
                // Root's report into a user's file stays the user's; who may not give files away keeps it.
                let _ = fchown(file.as_file(), Some(metadata.uid()), Some(metadata.gid()));
                Ok(Self::File { path: path.to_owned(), place: target, file })
            }
            Err(_) if path.as_os_str().as_bytes().ends_with(b"/") => bail!("{}: no such directory", cannot()),
            Err(_) => {
                let file = beside(path, fs::Permissions::from_mode(0o666)).with_context(cannot)?;
                Ok(Self::File { path: path.to_owned(), place: path.to_owned(), file })
            }
        }
    }

    /// Of a page, and the form that it has.
    pub(super) fn of_page(args: &PageArgs) -> Result<(Self, Format)> {
        let output = Self::open(args.output.as_deref())?;
        let format = output.format(args.format);
        Ok((output, format))
    }

    /// Writes a page in that form; a person who reads it here sees in colour what matters.
    pub(super) fn write_page(self, format: Format, text: impl AsRef<[u8]>) -> Result<()> {
        match str::from_utf8(text.as_ref()) {
            Ok(page) if self.is_read_here(format) && has_colors() => self.write(painted(page)),
            _ => self.write(text),
        }
    }

    /// Whether a person reads it now.
    fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::File { .. } => false,
            Self::Special { file, .. } => file.is_terminal(),
        }
    }

    /// Whether a person reads it in this form, and it goes nowhere else.
    pub(super) fn is_read_here(&self, format: Format) -> bool {
        format == Format::Text && self.is_terminal()
    }

    /// A second output beside a file, under its name with another ending; `None` beside anything else.
    pub(super) fn beside(&self, ending: &str) -> Result<Option<(PathBuf, Self)>> {
        let Self::File { path, .. } = self else { return Ok(None) };
        let path = path.with_extension(ending);
        Self::open(Some(&path)).map(|output| Some((path, output)))
    }

    /// The form that was asked for; else that of a file whose name says it, text for a person, Markdown for what will be
    /// pasted.
    pub(super) fn format(&self, asked: Option<Format>) -> Format {
        match asked.or_else(|| self.named()) {
            Some(format) => format,
            None if self.is_terminal() => Format::Text,
            None => Format::Markdown,
        }
    }

    /// What nobody would want anything else under that name.
    fn named(&self) -> Option<Format> {
        let Self::File { path, .. } = self else { return None };
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(Format::Html),
            "json" => Some(Format::Json),
            _ => None,
        }
    }

    /// Writes as it comes: a file is there at once, and grows.
    pub(super) fn stream(self) -> Result<Box<dyn io::Write>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Special { file, .. } => Box::new(file),
            Self::File { path, place, file } => {
                let cannot = || format!("cannot write to {}", path.display());
                Box::new(file.persist(&place).map_err(|error| error.error).with_context(cannot)?)
            }
        })
    }

    /// Writes everything. A reader who has gone (a closed pipe) is no error.
    pub(super) fn write(self, text: impl AsRef<[u8]>) -> Result<()> {
        let bytes = text.as_ref();
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                gone_is_fine(stdout.write_all(bytes).and_then(|()| stdout.flush()))
                    .context("cannot write to stdout")
            }
            Self::Special { path, mut file } => gone_is_fine(file.write_all(bytes))
                .with_context(|| format!("cannot write to {}", path.display())),
            Self::File { path, place, mut file } => {
                let cannot = || format!("cannot write to {}", path.display());
                // Not through tempfile, which adds its own path to the message here too.
                file.as_file_mut().write_all(bytes).with_context(cannot)?;
                file.persist(&place).map_err(|error| error.error).with_context(cannot)?;
                Ok(())
            }
        }
    }
}

/// Whether colours are wanted on a terminal: https://no-color.org.
pub(super) fn has_colors() -> bool {
    env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()) && !is_dumb()
}

/// Whether the terminal calls itself one that cannot move its cursor.
pub(super) fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|name| name == DUMB)
}

/// A file in the directory of `path`, which it will replace.
fn beside(path: &Path, permissions: fs::Permissions) -> Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dropctl-").permissions(permissions);
    Ok(temporary::file_in(directory.unwrap_or_else(|| Path::new(".")), &builder)?)
}

fn is_stdout(metadata: &fs::Metadata) -> bool {
    let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    fs::metadata("/proc/self/fd/1").is_ok_and(|stdout| identity(&stdout) == identity(metadata))
}

/// Names that the kernel made for open files: nothing there may be replaced.
fn is_of_the_kernel(path: &Path) -> bool {
    let folder = path.parent().and_then(|parent| parent.canonicalize().ok());
    folder.is_some_and(|folder| folder == Path::new("/dev") || folder.starts_with("/proc"))
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_form_that_its_name_says_unless_another_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let form = |name, asked| Output::open(Some(&folder.path().join(name))).unwrap().format(asked);
        assert_eq!(form("r.html", None), Format::Html);
        assert_eq!(form("r.HTM", None), Format::Html);
        assert_eq!(form("r.json", None), Format::Json);
        for name in ["r.md", "r", "html", "r.html.md"] {
            assert_eq!(form(name, None), Format::Markdown, "{name}");
        }
        assert_eq!(form("r.html", Some(Format::Text)), Format::Text);
    }
}
