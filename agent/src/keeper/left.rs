//! What an agent that was killed left of an episode: told to the end from its journal, by what would have told it then.

use std::io;

use thiserror::Error;

use super::{
    Episode, Keeper,
    shared::{incident, record},
};
use crate::{
    incidents::{Incidents, Left},
    memory::{Bounds, Recall},
    recording::{self, Incident, RecordingError},
    setup::Visibility,
};

/// Bytes of text that are read of a journal: eight minutes of samples with two hundred losers have less.
const TEXT_BYTES: u64 = 256 << 20;

/// Makes incidents of all journals that killed agents left. Returns a sentence for each of which none could be made.
pub fn finish(incidents: &mut Incidents, bounds: Bounds, now_real_ns: u64) -> Vec<String> {
    let mut notes = Vec::new();
    for left in incidents.left() {
        match told(&left, bounds) {
            Ok((incident, recording)) => match incidents.add(incident, &recording, now_real_ns) {
                Ok(()) => incidents.done(&left.id),
                // The journal stays for an agent that has room.
                Err(error) => log::warn!("incident {} is kept in memory only: {error}", left.id),
            },
            Err(why) => {
                notes.push(format!("what a killed agent left of {}: {why}", left.id));
                if !may_be_told_later(&why) {
                    incidents.done(&left.id);
                }
            }
        }
    }
    notes
}

/// Why a journal makes no incident.
#[derive(Debug, Error)]
enum Untold {
    /// It cannot be read.
    #[error("{0}")]
    Unread(#[from] RecordingError),
    /// Nothing is wrong in it.
    #[error("nothing is lost in it")]
    Nothing,
    /// Its recording cannot be made.
    #[error("{0}")]
    Unwritten(#[from] io::Error),
}

/// A disk that does not read today, or a dropctl that was newer: the journal is worth another look. What is damaged stays so.
fn may_be_told_later(why: &Untold) -> bool {
    match why {
        Untold::Unread(RecordingError::Newer(_)) => true,
        // Broken compression is `Other`.
        Untold::Unread(RecordingError::Read(error)) => error.kind() != io::ErrorKind::Other,
        Untold::Unread(_) | Untold::Nothing => false,
        Untold::Unwritten(_) => true,
    }
}

fn told(left: &Left, bounds: Bounds) -> Result<(Incident, Vec<u8>), Untold> {
    let begin = |header: recording::Header| {
        let start_ns = header.incident.map_or(u64::MAX, |incident| incident.start_ns);
        Telling {
            start_ns,
            begun: false,
            keeper: Keeper::new(header.node, header.setup, bounds),
            ended: None,
        }
    };
    let told = recording::salvage(&left.file, TEXT_BYTES, begin, |telling, sample| {
        if telling.ended.is_some() {
            return;
        }
        // The clock may be set back in the middle of it.
        telling.begun |= sample.clock.real_ns > telling.start_ns;
        if !telling.begun {
            // An earlier episode may be in the two minutes before.
            let _ = telling.keeper.push_before(sample);
        } else if let Ok(news) = telling.keeper.push(sample) {
            telling.ended = news.episode;
        }
    });
    let mut told = told?;
    let is_cut_off = told.ended.is_none();
    let ended = told.ended.take().or_else(|| {
        told.keeper.look();
        told.keeper.end()
    });
    let (episode, recall) = ended.ok_or(Untold::Nothing)?;
    let incident = Incident { cut_off: is_cut_off, ..incident(&episode, left.id.clone()) };
    let recording = record(&episode, &recall, &incident)?;
    Ok((incident, recording))
}

/// A journal that is being told.
struct Telling {
    /// When the episode began, `CLOCK_REALTIME` ns.
    start_ns: u64,
    /// A sample behind that was seen.
    begun: bool,
    keeper: Keeper,
    ended: Option<(Episode, Recall)>,
}

/// What a report of an incident has to say about the agent that kept it.
pub(super) fn note(incident: &Incident) -> Option<Visibility> {
    incident.cut_off.then(|| Visibility {
        capability: "memory".to_owned(),
        available: false,
        note: "the agent was killed while this went on (a signal, no memory left, or the node went down): what came after the \
               last sample is not known"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests;
