//! Episodes that are kept for later questions: alerts wait, group, and wake people after the memory has moved on.
//!
//! Each is a recording of its own, in a folder where one is configured, so that it survives a restart; else in memory. There are
//! never more than sixteen, none is older than a day, and all of them take a fixed number of bytes at most: the oldest goes first.

mod folder;

use std::{
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use self::folder::Folder;
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
        Self { folder: None, kept: Vec::new() }
    }

    /// In a folder, made if it is not there, and those that are in it. Beside them what in there cannot be used, a sentence each.
    ///
    /// # Errors
    ///
    /// When it is no folder that can be written to.
    pub fn in_folder(path: &Path, now_real_ns: u64) -> io::Result<(Self, Vec<String>)> {
        let folder = Folder::open(path)?;
        let found = folder.read()?;
        let kept = found.incidents.into_iter();
        let kept = kept.map(|(incident, bytes)| Kept { incident, bytes, place: Place::Folder });
        let mut incidents = Self { kept: kept.collect(), folder: Some(folder) };
        incidents.kept.sort_by(|one, other| {
            let key = |kept: &Kept| (kept.incident.start_ns, kept.incident.id.clone());
            key(one).cmp(&key(other))
        });
        incidents.forget(now_real_ns);
        Ok((incidents, found.notes))
    }

    /// Keeps one: a recording, compressed. Where the folder takes nothing more it is kept in memory, and the error says why.
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
        self.kept.push(Kept { incident, bytes: recording.len() as u64, place });
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
        let too_much = |is_there: fn(&Place) -> bool, most_bytes: u64| {
            let there = || self.kept.iter().filter(|kept| is_there(&kept.place));
            let bytes: u64 = there().map(|kept| kept.bytes).sum();
            (bytes > most_bytes).then(|| self.kept.iter().position(|kept| is_there(&kept.place))).flatten()
        };
        too_much(|place| matches!(place, Place::Memory(_)), MEMORY_BYTES)
            .or_else(|| too_much(|place| matches!(place, Place::Folder), FOLDER_BYTES))
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
