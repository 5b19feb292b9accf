//! What the agent remembers, for several threads: one takes in samples, others answer questions meanwhile.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{AFTER_NS, BEFORE_NS, Episode, Keeper, left};
use crate::{
    diagnose::standing::Standing,
    incidents::Incidents,
    memory::Recall,
    number::real_ns,
    recording::{Header, Incident, Writer},
    sample::Sample,
};

/// Asks for the newest incident.
const LAST: &str = "last";

/// Memory and incidents behind locks: of the memory for milliseconds, of the incidents for as long as a disk takes to write one.
#[derive(Debug)]
pub struct Shared {
    keeper: Mutex<Keeper>,
    incidents: Mutex<Incidents>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Of these.
    #[must_use]
    pub fn new(keeper: Keeper, incidents: Incidents) -> Self {
        Self { keeper: Mutex::new(keeper), incidents: Mutex::new(incidents) }
    }

    /// Takes in the next sample. Returns the findings that stand, if they were looked for.
    pub fn push(&self, sample: Sample) -> Option<Arc<Standing>> {
        let real_ns = sample.clock.real_ns;
        let mut keeper = locked(&self.keeper);
        let news = match keeper.push(sample) {
            Ok(news) => news,
            Err(error) => {
                log::error!("a sample was not remembered: {error}");
                return None;
            }
        };
        let standing = news.looked.then(|| Arc::new(keeper.standing().clone()));
        let newest = keeper.memory().recent().last().filter(|_| news.goes_on).map(serde_json::to_vec);
        drop(keeper);
        match (news.episode, newest) {
            (Some((episode, recall)), _) => self.keep(&episode, &recall, real_ns),
            (None, Some(Ok(newest))) => self.write_down(&newest, news.looked),
            (None, _) => {}
        }
        if news.looked {
            locked(&self.incidents).forget(real_ns);
        }
        standing
    }

    /// Writes down the episode that goes on: whoever kills the agent now asks for it later.
    fn write_down(&self, newest: &[u8], is_due: bool) {
        let wants_journal = locked(&self.incidents).wants_journal();
        let written = if wants_journal {
            let Some((incident, episode, recall)) = self.open() else { return };
            record(&episode, &recall, &incident)
                .and_then(|recording| locked(&self.incidents).begin(&incident.id, &recording))
        } else {
            locked(&self.incidents).append(newest, is_due)
        };
        if let Err(error) = written {
            log::warn!("an incident that goes on would not outlive the agent from here on: {error}");
        }
    }

    /// Keeps the episode that is going on: there are no more samples.
    pub fn end(&self) {
        let last = locked(&self.keeper).end();
        if let Some((episode, recall)) = last {
            self.keep(&episode, &recall, episode.end.real_ns);
        }
    }

    fn keep(&self, episode: &Episode, recall: &Recall, now_real_ns: u64) {
        let mut incidents = locked(&self.incidents);
        let incident = incident(episode, incidents.new_id(episode.begin.real_ns));
        // Compressing takes a while.
        drop(incidents);
        let recording = record(episode, recall, &incident);
        incidents = locked(&self.incidents);
        let kept = recording.and_then(|recording| incidents.add(incident, &recording, now_real_ns));
        if let Err(error) = kept {
            log::warn!("an incident is kept in memory only: {error}");
        }
    }

    /// The episode that is going on, as the incident that it is going to be, and what is remembered of it.
    fn open(&self) -> Option<(Incident, Episode, Recall)> {
        let (episode, recall) = locked(&self.keeper).open_episode()?;
        let id = locked(&self.incidents).new_id(episode.begin.real_ns);
        Some((incident(&episode, id), episode, recall))
    }

    /// All that is remembered since `from_ns`, `CLOCK_MONOTONIC`.
    pub fn since(&self, from_ns: u64) -> Recall {
        locked(&self.keeper).memory().since(from_ns)
    }

    /// The incidents that are kept, oldest first, and the one that is going on.
    pub fn incidents(&self) -> Vec<Incident> {
        let open = self.open().map(|(incident, ..)| incident);
        locked(&self.incidents).list().cloned().chain(open).collect()
    }

    /// The recording of one: of the `last`, of an id, or of one that was at a time.
    ///
    /// # Errors
    ///
    /// Why not, with what there is, in a sentence.
    pub fn incident(&self, which: &str) -> Result<Box<dyn Read + Send>, String> {
        let open = self.open();
        let wanted = wanted(which);
        if let Some((incident, episode, recall)) =
            open.as_ref().filter(|(incident, ..)| wanted(incident) || which == LAST)
        {
            let recording = record(episode, recall, incident).map_err(|error| error.to_string())?;
            return Ok(Box::new(io::Cursor::new(recording)));
        }
        let incidents = locked(&self.incidents);
        let found = match which {
            LAST => incidents.list().last(),
            _ => incidents.list().find(|incident| wanted(incident)),
        };
        let Some(found) = found else {
            let open = open.iter().map(|(incident, ..)| incident);
            let ids: Vec<&str> = incidents.list().chain(open).map(|incident| &*incident.id).collect();
            return Err(match ids.is_empty() {
                true => "the agent has kept no incident: nothing was lost in the last 24 hours, or since it started"
                    .to_owned(),
                false => format!("the agent has no incident {which:?}; it has {}", ids.join(", ")),
            });
        };
        let opened = incidents.open(&found.id).unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()));
        opened.map_err(|error| format!("the agent cannot read its incident {}: {error}", found.id))
    }
}

/// Whether an incident is the one of an id, or of a time.
fn wanted(which: &str) -> impl Fn(&Incident) -> bool {
    let at_ns = humantime::parse_rfc3339_weak(which).ok().and_then(real_ns);
    move |incident| {
        let around = incident.start_ns.saturating_sub(BEFORE_NS)..=incident.end_ns.saturating_add(AFTER_NS);
        incident.id == which || at_ns.is_some_and(|at_ns| around.contains(&at_ns))
    }
}

pub(super) fn incident(episode: &Episode, id: String) -> Incident {
    Incident {
        id,
        cut_off: false,
        start_ns: episode.begin.real_ns,
        end_ns: episode.end.real_ns,
        goes_on: episode.goes_on,
        drops: episode.drops,
        tools: episode.tools.iter().cloned().collect(),
        causes: episode.causes.iter().map(|code| code.as_str().to_owned()).collect(),
    }
}

pub(super) fn record(episode: &Episode, recall: &Recall, incident: &Incident) -> io::Result<Vec<u8>> {
    let mut header = Header { incident: Some(incident.clone()), ..recall.header() };
    // So that whoever reads the report knows as well.
    header.setup.visibility.extend(left::note(incident));
    let mut writer = Writer::new(Vec::new(), true, &header)?;
    let from_ns = episode.begin.monotonic_ns.saturating_sub(BEFORE_NS);
    recall.write(from_ns, episode.end.monotonic_ns.saturating_add(AFTER_NS), &mut writer)?;
    writer.finish()
}
