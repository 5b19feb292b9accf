//! The agent's memory, at work: a thread that takes in samples and does nothing else, so that what it finds out about them holds
//! up neither the sampling nor a request; and the socket at which others ask.

use std::{
    io::ErrorKind,
    path::Path,
    sync::{Arc, mpsc::Receiver},
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result};
use tokio::sync::watch;

use crate::{
    config::AgentConfig,
    diagnose::standing::Standing,
    incidents::Incidents,
    keeper::{self, Keeper, Shared},
    memory::Bounds,
    observe::node,
    sample::Sample,
    setup::Setup,
    socket::server::Listener,
    sys::clock,
};

/// The running thread, and what others may ask of it.
pub(super) struct Remembering {
    thread: JoinHandle<()>,
    pub(super) shared: Arc<Shared>,
}

impl Remembering {
    /// Starts it; it ends when nobody sends samples any more. The receiver has the findings that stand.
    pub(super) fn start(
        config: &AgentConfig,
        setup: Setup,
        samples: Receiver<Arc<Sample>>,
    ) -> Result<(Self, watch::Receiver<Arc<Standing>>)> {
        let incidents = match &config.incident_dir {
            None => Incidents::in_memory(),
            Some(folder) => in_folder(folder, config.memory)?,
        };
        let keeper = Keeper::new(node::read(), setup, config.memory);
        let shared = Arc::new(Shared::new(keeper, incidents));
        let (standing, stands) = watch::channel(Arc::default());
        let keeps = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("dropctl-memory".to_owned())
            .spawn(move || run(&keeps, &samples, &standing))
            .context("start the memory's thread")?;
        Ok((Self { thread, shared }, stands))
    }

    /// Waits until the last sample is taken in.
    pub(super) fn end(self) {
        if self.thread.join().is_err() {
            ::log::error!("the memory's thread panicked");
        }
    }
}

/// Where another agent has the folder, this one goes on without, and says so.
fn in_folder(folder: &Path, bounds: Bounds) -> Result<Incidents> {
    let now_real_ns = clock::now().real_ns;
    let (mut incidents, mut notes) = match Incidents::in_folder(folder, now_real_ns) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            ::log::warn!(
                "incidents are kept in memory only: {}: {error}; give each its own --incident-dir",
                folder.display()
            );
            return Ok(Incidents::in_memory());
        }
        opened => opened
            .with_context(|| format!("cannot keep incidents in {} (--incident-dir)", folder.display()))?,
    };
    notes.extend(keeper::finish(&mut incidents, bounds, now_real_ns));
    notes.iter().for_each(|note| ::log::warn!("an incident that cannot be used: {note}"));
    Ok(incidents)
}

fn run(shared: &Shared, samples: &Receiver<Arc<Sample>>, standing: &watch::Sender<Arc<Standing>>) {
    while let Ok(sample) = samples.recv() {
        if let Some(stands) = shared.push(Arc::unwrap_or_clone(sample)) {
            standing.send_replace(stands);
        }
    }
    shared.end();
}

/// The socket at which the agent answers. Where the default one cannot be had, the agent goes on without, and says so.
pub(super) fn listen(config: &AgentConfig) -> Result<Option<Listener>> {
    let path = &config.socket;
    match Listener::bind(path) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if config.socket_is_default => {
            let hint = match error.kind() {
                ErrorKind::AddrInUse => "",
                _ => ", or name another place with --socket",
            };
            ::log::warn!("`dropctl report --since` cannot ask this agent: {}: {error}{hint}", path.display());
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen at {} (--socket)", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_another_agent_has_the_folder_incidents_are_in_memory() {
        let place = tempfile::tempdir().unwrap();
        let bounds = Bounds { length_ns: 1, bytes: 1 << 20 };
        let first = in_folder(place.path(), bounds).unwrap();
        let second = in_folder(place.path(), bounds).unwrap();
        assert_eq!((first.wants_journal(), second.wants_journal()), (true, false));
        drop(first);
        assert!(in_folder(place.path(), bounds).unwrap().wants_journal(), "its lock went with it");
        assert!(in_folder(Path::new("/dev/null"), bounds).is_err());
    }
}
