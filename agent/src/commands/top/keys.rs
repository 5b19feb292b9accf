//! Keys, and changes of the terminal's size, from a thread of its own: reading them waits.

use std::{io, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TryRecvError};

/// Events that wait to be taken up: more than that stays in the terminal.
const WAITING: usize = 64;
/// How long the thread takes at most to notice that nobody wants keys any more.
const NOTICES: Duration = Duration::from_millis(200);

/// What is typed.
pub(super) struct Keys(Receiver<io::Result<Event>>);

impl Keys {
    /// Begins to read.
    pub(super) fn start() -> Result<Self> {
        let (keys, typed) = channel(WAITING);
        thread::Builder::new()
            .name("dropctl-keys".to_owned())
            .spawn(move || read(&keys))
            .context("start the thread that reads keys")?;
        Ok(Self(typed))
    }

    /// The next, once it is there.
    pub(super) async fn next(&mut self) -> Result<Event> {
        usable(self.0.recv().await)
    }

    /// One that is there already.
    pub(super) fn waiting(&mut self) -> Result<Option<Event>> {
        match self.0.try_recv() {
            Ok(event) => usable(Some(event)).map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => usable(None).map(Some),
        }
    }
}

fn usable(event: Option<io::Result<Event>>) -> Result<Event> {
    let cannot = "cannot read keys (--once prints one view and needs none)";
    event.ok_or_else(|| anyhow!("its thread has ended")).and_then(|event| Ok(event?)).context(cannot)
}

fn read(keys: &Sender<io::Result<Event>>) {
    while !keys.is_closed() {
        let event = match event::poll(NOTICES) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        let is_last = event.is_err();
        if keys.blocking_send(event).is_err() || is_last {
            return;
        }
    }
}
