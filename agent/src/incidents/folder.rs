//! A folder of incidents: one recording a file, `ID.jsonl.gz`, readable for its owner only, and the journal of the episode that goes
//! on. It may hold anything else, and anything may have happened to its files meanwhile: what is not dropctl's is neither read nor
//! removed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::geteuid,
};
use tempfile::Builder;

use super::{FOLDER_BYTES, Left};
use crate::{
    recording::{self, Incident},
    temporary,
};

/// Names end so.
const ENDING: &str = ".jsonl.gz";
/// Files that were not finished begin so.
const UNFINISHED: &str = ".dropctl-incident-";
/// So do journals, and more: a dropctl that knows none removes them.
const JOURNAL: &str = ".dropctl-incident-open-";
/// Entries that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// The folder, which one agent has at a time: two would give their incidents the same names.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Locked as long as it is open, whatever ends the agent.
    opened: File,
}

/// What is in it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// With their bytes.
    pub(super) incidents: Vec<(Incident, u64)>,
    /// Journals of agents that were killed.
    pub(super) left: Vec<Left>,
    /// A sentence for each file that looks like one of these and cannot be used.
    pub(super) notes: Vec<String>,
}

impl Folder {
    /// Makes it if it is not there, and sees whether it can be written to.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let opened = File::open(path)?;
        if flock(&opened, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err(io::Error::new(
                ErrorKind::WouldBlock,
                "another agent that runs keeps its incidents there",
            ));
        }
        let folder = Self { path: path.to_owned(), opened };
        folder.unfinished()?;
        Ok(folder)
    }

    fn unfinished(&self) -> io::Result<tempfile::NamedTempFile> {
        // Mode 0600, whatever the umask.
        temporary::file_in(&self.path, Builder::new().prefix(UNFINISHED))
    }

    /// Looks through it. What an agent that was killed did not finish is removed.
    pub(super) fn read(&self) -> io::Result<Found> {
        let mut found = Found::default();
        for entry in fs::read_dir(&self.path)?.take(MOST_ENTRIES) {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            let id_of = |name: &str| name.strip_suffix(ENDING).filter(|id| is_id(id)).map(str::to_owned);
            let looked = if let Some(id) = name.strip_prefix(JOURNAL).and_then(id_of) {
                self.own(name).map(|file| found.left.push(Left { id, file }))
            } else if name.starts_with(UNFINISHED) {
                if self.own(name).is_ok() {
                    fs::remove_file(self.path.join(name))?;
                }
                continue;
            } else if let Some(id) = id_of(name) {
                self.header(&id).map(|incident| found.incidents.push(incident))
            } else {
                continue;
            };
            if let Err(error) = looked {
                found.notes.push(format!("{}: {error}", self.path.join(name).display()));
            }
        }
        found.left.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    fn header(&self, id: &str) -> io::Result<(Incident, u64)> {
        let file = self.file(id)?;
        let bytes = file.metadata()?.len();
        let header = recording::header(file).map_err(io::Error::other)?;
        let incident = header.incident.ok_or_else(|| io::Error::other("it is no incident"))?;
        // Its name is what it is asked for by, whatever the file says.
        Ok((Incident { id: id.to_owned(), ..incident }, bytes))
    }

    /// The recording of one.
    pub(super) fn file(&self, id: &str) -> io::Result<File> {
        self.own(&format!("{id}{ENDING}"))
    }

    /// A regular file of our own user, of a size that we would write. Nothing else is opened for long, and no FIFO waits.
    fn own(&self, name: &str) -> io::Result<File> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.path.join(name))?;
        let facts = file.metadata()?;
        if !facts.is_file() || facts.uid() != geteuid().as_raw() {
            return Err(io::Error::other("it is not a file of dropctl's"));
        }
        if facts.len() > FOLDER_BYTES {
            return Err(io::Error::other("it is larger than all incidents together may be"));
        }
        Ok(file)
    }

    /// Writes one: whole, or not at all.
    pub(super) fn write(&self, id: &str, recording: &[u8]) -> io::Result<()> {
        self.put(&format!("{id}{ENDING}"), recording).map(drop)
    }

    /// Begins a journal with a recording, to be appended to.
    pub(super) fn begin(&self, id: &str, recording: &[u8]) -> io::Result<File> {
        self.put(&journal(id), recording)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<File> {
        let mut file = self.unfinished()?;
        file.write_all(bytes)?;
        // A node that loses power is one that somebody will ask about.
        file.as_file().sync_data()?;
        let file = file.persist(self.path.join(name)).map_err(|error| error.error)?;
        self.opened.sync_all()?;
        Ok(file)
    }

    /// Removes one. That it has gone already is fine.
    pub(super) fn remove(&self, id: &str) -> io::Result<()> {
        self.take_away(&format!("{id}{ENDING}"))
    }

    /// Removes a journal. That it has gone already is fine.
    pub(super) fn remove_journal(&self, id: &str) -> io::Result<()> {
        self.take_away(&journal(id))
    }

    fn take_away(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn journal(id: &str) -> String {
    format!("{JOURNAL}{id}{ENDING}")
}

/// Such as `20261126T022145Z` or `20261126T022145Z-2`.
fn is_id(text: &str) -> bool {
    let (time, number) = text.split_once('-').unwrap_or((text, "2"));
    let is_time = time.len() == 16
        && time.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    is_time && !number.is_empty() && number.len() < 4 && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_other_names() {
        assert!(is_id("20261126T022145Z") && is_id("20261126T022145Z-12"));
        for other in [
            "",
            "20261126T022145",
            "20261126T022145Z-",
            "20261126T022145Z-x",
            "20261126t022145Z",
            "../../etc/x",
        ] {
            assert!(!is_id(other), "{other}");
        }
    }
}
