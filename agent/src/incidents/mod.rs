//! Episodes that are kept for later questions: alerts wait, group, and wake people after the memory has moved on.
//!
//! Each is a recording of its own, in a folder where one is configured, so that it survives a restart; else in memory. There are
//! never more than sixteen, none is older than a day, and all of them take a fixed number of bytes at most: the oldest goes first.
//! In a folder, one that goes on has a journal, from which the next agent makes an incident if this one is killed.

mod folder;
mod journal;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use self::{folder::Folder, journal::Journal};
use crate::recording::Incident;

/// How many are kept.
pub const MOST: usize = 16;
/// How long, ns.
pub const LONGEST_NS: u64 = 24 * 3600 * 1_000_000_000;
/// Bytes of all together in a folder.
pub const FOLDER_BYTES: u64 = 32 << 20;
/// Bytes of all together in memory.
pub const MEMORY_BYTES: u64 = 8 << 20;

/// All that are kept, oldest first.
#[derive(Debug)]
pub struct Incidents {
    folder: Option<Folder>,
    kept: Vec<Kept>,
    /// Of the episode that goes on.
    journal: Option<Journal>,
    left: Vec<Left>,
}

/// The journal of an agent that was killed.
#[derive(Debug)]
pub struct Left {
    /// What the incident would have been called.
    pub id: String,
    /// What is there of its recording, compressed ([`recording::salvage`](crate::recording::salvage)).
    pub file: File,
}

#[derive(Debug)]
struct Kept {
    incident: Incident,
    bytes: u64,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<[u8]>),
    /// In the folder, by its id.
    Folder,
}

impl Incidents {
    /// In memory: gone with the agent.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { folder: None, kept: Vec::new(), journal: None, left: Vec::new() }
    }

    /// In a folder, made if it is not there, and those that are in it. Beside them what in there cannot be used, a sentence each.
    ///
    /// # Errors
    ///
    /// When it is no folder that can be written to; [`io::ErrorKind::WouldBlock`] if another agent that runs has it.
    pub fn in_folder(path: &Path, now_real_ns: u64) -> io::Result<(Self, Vec<String>)> {
        let folder = Folder::open(path)?;
        let found = folder.read()?;
        let kept = found.incidents.into_iter();
        let kept = kept.map(|(incident, bytes)| Kept { incident, bytes, place: Place::Folder });
        let mut incidents =
            Self { kept: kept.collect(), folder: Some(folder), journal: None, left: found.left };
        incidents.kept.sort_by(|one, other| {
            let key = |kept: &Kept| (kept.incident.start_ns, kept.incident.id.clone());
            key(one).cmp(&key(other))
        });
        incidents.forget(now_real_ns);
        Ok((incidents, found.notes))
    }

    /// The journals of agents that were killed, oldest first. Their incidents are to be added, and [`Self::done`] then.
    pub fn left(&mut self) -> Vec<Left> {
        let mut left = std::mem::take(&mut self.left);
        // Killed between the incident and the end of its journal.
        left.retain(|left| {
            let is_kept = self.kept.iter().any(|kept| kept.incident.id == left.id);
            if is_kept {
                self.done(&left.id);
            }
            !is_kept
        });
        left
    }

    /// Removes the journal of an agent that was killed.
    pub fn done(&self, id: &str) {
        let removed = self.folder.as_ref().map_or(Ok(()), |folder| folder.remove_journal(id));
        if let Err(error) = removed {
            log::warn!("the journal of incident {id} stays in its folder: {error}");
        }
    }

    /// Whether the episode that goes on has yet to get a journal.
    #[must_use]
    pub fn wants_journal(&self) -> bool {
        self.folder.is_some() && self.journal.is_none()
    }

    /// Begins the journal of an episode: its recording so far, compressed.
    ///
    /// # Errors
    ///
    /// What the folder said. It is not asked again for this one.
    pub fn begin(&mut self, id: &str, recording: &[u8]) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let bytes = recording.len() as u64;
        let begun = match bytes <= journal::MOST_BYTES {
            true => folder.begin(id, recording),
            false => Err(io::Error::other("it is larger than one may be")),
        };
        let (journal, result) = match begun {
            Ok(file) => (Journal::new(id.to_owned(), file, bytes), Ok(())),
            Err(error) => (Journal::refused(id.to_owned()), Err(error)),
        };
        self.journal = Some(journal);
        result
    }

    /// Adds a sample to the journal, by its text; with `is_due` all of them are in the file after it.
    ///
    /// # Errors
    ///
    /// What the folder said. It is not asked again for this one.
    pub fn append(&mut self, line: &[u8], is_due: bool) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.push(line);
        if is_due { journal.flush() } else { Ok(()) }
    }

    /// Keeps one: a recording, compressed; the journal of it ends. Where the folder takes nothing more it is kept in memory, with
    /// its journal for the next agent, and the error says why.
    ///
    /// # Errors
    ///
    /// What the folder said.
    pub fn add(&mut self, incident: Incident, recording: &[u8], now_real_ns: u64) -> io::Result<()> {
        let written = self.folder.as_ref().map(|folder| folder.write(&incident.id, recording));
        let (place, result) = match written {
            Some(Ok(())) => (Place::Folder, Ok(())),
            Some(Err(error)) => (Place::Memory(recording.into()), Err(error)),
            None => (Place::Memory(recording.into()), Ok(())),
        };
        let journal = self.journal.take();
        // What the folder did not take is still told by its journal.
        if let Some(journal) = journal.filter(|_| matches!(place, Place::Folder)) {
            self.done(&journal.id);
        }
        // What a killed agent left may be older than what is here.
        let at = self.kept.partition_point(|kept| kept.incident.start_ns <= incident.start_ns);
        self.kept.insert(at, Kept { incident, bytes: recording.len() as u64, place });
        self.forget(now_real_ns);
        result
    }

    /// Lets go what is too old or too much.
    pub fn forget(&mut self, now_real_ns: u64) {
        while let Some(index) = self.next_to_go(now_real_ns) {
            let gone = self.kept.remove(index);
            let removed = match (gone.place, &self.folder) {
                (Place::Folder, Some(folder)) => folder.remove(&gone.incident.id),
                _ => Ok(()),
            };
            if let Err(error) = removed {
                log::warn!("an old incident stays in its folder: {error}");
            }
        }
    }

    fn next_to_go(&self, now_real_ns: u64) -> Option<usize> {
        let oldest = self.kept.first()?;
        if self.kept.len() > MOST || now_real_ns.saturating_sub(oldest.incident.end_ns) > LONGEST_NS {
            return Some(0);
        }
        let journal_bytes = self.journal.as_ref().map_or(0, |journal| journal.bytes);
        let too_much = |is_there: fn(&Place) -> bool, most_bytes: u64| {
            let there = || self.kept.iter().filter(|kept| is_there(&kept.place));
            let bytes: u64 = there().map(|kept| kept.bytes).sum();
            (bytes > most_bytes).then(|| self.kept.iter().position(|kept| is_there(&kept.place))).flatten()
        };
        too_much(|place| matches!(place, Place::Memory(_)), MEMORY_BYTES).or_else(|| {
            too_much(|place| matches!(place, Place::Folder), FOLDER_BYTES.saturating_sub(journal_bytes))
        })
    }

    /// An id for one that began then: its time, to the second, in UTC.
    #[must_use]
    pub fn new_id(&self, start_real_ns: u64) -> String {
        let id: String = crate::number::rfc3339(start_real_ns)
            .chars()
            .filter(|sign| !matches!(sign, '-' | ':' | 'Z'))
            .collect();
        let is_taken = |id: &str| self.kept.iter().any(|kept| kept.incident.id == id);
        let first = format!("{id}Z");
        let ids = (2..).map(|number| format!("{id}Z-{number}"));
        std::iter::once(first).chain(ids).find(|id| !is_taken(id)).unwrap_or(id)
    }

    /// All of them, oldest first.
    pub fn list(&self) -> impl Iterator<Item = &Incident> {
        self.kept.iter().map(|kept| &kept.incident)
    }

    /// The recording of one.
    ///
    /// # Errors
    ///
    /// When its file cannot be read any more.
    pub fn open(&self, id: &str) -> Option<io::Result<Box<dyn Read + Send>>> {
        let kept = self.kept.iter().find(|kept| kept.incident.id == id)?;
        Some(match (&kept.place, &self.folder) {
            (Place::Memory(recording), _) => Ok(Box::new(io::Cursor::new(Arc::clone(recording)))),
            (Place::Folder, Some(folder)) => {
                folder.file(id).map(|file| -> Box<dyn Read + Send> { Box::new(file) })
            }
            (Place::Folder, None) => Err(io::ErrorKind::NotFound.into()),
        })
    }
}

#[cfg(test)]
mod tests;
