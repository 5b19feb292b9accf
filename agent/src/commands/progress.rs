//! What goes on, for whoever waits: one line on a terminal's stderr that is drawn over and over, from two seconds on, and is gone when
//! the work is done. Nothing where stderr is no terminal, and nothing with `--quiet`.

use std::{
    io::{self, IsTerminal as _, Read},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::termios::tcgetwinsize;

use super::{log, output::is_dumb};
use crate::{
    number::{bytes, float, percent, ratio},
    report::printable,
};

/// Nobody waits in front of a silent terminal for longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two drawings.
const DRAW_EVERY: Duration = Duration::from_millis(200);
/// Of a terminal that does not say how wide it is.
const COLUMNS: u16 = 80;

/// When the program began.
static BEGUN: OnceLock<Instant> = OnceLock::new();

/// Starts the clock by which somebody has waited for too long.
pub(super) fn begin() {
    BEGUN.get_or_init(Instant::now);
}

/// What is waited for.
pub(super) enum Work {
    /// A look at the node, for so long.
    Look(Duration),
    /// Bytes of a name, of so many where that is known.
    Reading(String, Option<u64>),
    /// Something that has no measure, in words such as `comparing`.
    Doing(&'static str),
}

impl Work {
    /// After so long, and with so many bytes done.
    fn line(&self, elapsed: Duration, done: u64) -> String {
        let time =
            |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
        match self {
            Self::Look(all) => {
                let end = humantime::format_duration(*all);
                format!(
                    "looking: {} of {end}; Ctrl-C ends with what was seen so far",
                    time(elapsed.min(*all))
                )
            }
            Self::Reading(name, Some(all @ 1..)) => {
                let share = ratio(float(done), float(*all)).min(1.0);
                format!("reading {name}: {} of {}", percent(share), bytes(*all))
            }
            Self::Reading(name, _) => format!("reading {name}: {} so far", bytes(done)),
            Self::Doing(what) => format!("{what}: {}", time(elapsed)),
        }
    }

    /// Whether it is known to be long before it has begun.
    fn is_long(&self) -> bool {
        matches!(self, Self::Look(length) if *length > PATIENCE)
    }
}

/// The line, until this is dropped.
pub(super) struct Progress(Option<Running>);

struct Running {
    done: Arc<AtomicU64>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show it.
    pub(super) fn start(work: Work) -> Self {
        if !io::stderr().is_terminal() || !log::is_talking() {
            return Self(None);
        }
        let done = Arc::new(AtomicU64::new(0));
        let (end, ends) = channel();
        let counted = Arc::clone(&done);
        let run = move || {
            let begun = Instant::now();
            let (mut is_said, mut shown) = (false, String::new());
            loop {
                let is_late = BEGUN.get().is_none_or(|begun| begun.elapsed() > PATIENCE);
                if is_late || work.is_long() {
                    let line = work.line(begun.elapsed(), counted.load(Ordering::Relaxed));
                    // A terminal far away is not sent the same again.
                    if line != shown || !log::is_drawn() {
                        show(&line, &mut is_said);
                        shown = line;
                    }
                }
                if !matches!(ends.recv_timeout(DRAW_EVERY), Err(RecvTimeoutError::Timeout)) {
                    break log::wipe();
                }
            }
        };
        // Without a thread there is no line, and all else goes on.
        let thread = thread::Builder::new().name("dropctl-progress".to_owned()).spawn(run).ok();
        Self(Some(Running { done, end: Some(end), thread }))
    }

    fn add(&self, more: usize) {
        if let Some(running) = &self.0 {
            running.done.fetch_add(more as u64, Ordering::Relaxed);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // What comes next may go to the same terminal.
            let _ = thread.join();
        }
    }
}

fn show(line: &str, is_said: &mut bool) {
    let line = printable(line);
    if is_dumb() {
        // It cannot be drawn over.
        if !std::mem::replace(is_said, true) {
            log::talk(&line);
        }
        return;
    }
    let columns = tcgetwinsize(io::stderr()).map_or(COLUMNS, |size| size.ws_col);
    log::draw(&line, if columns == 0 { COLUMNS } else { columns });
}

/// A source, and how much of it was read.
pub(super) struct Watched<R> {
    source: R,
    progress: Progress,
}

impl<R: Read> Watched<R> {
    /// `size`: all that there is, bytes.
    pub(super) fn new(source: R, name: &str, size: Option<u64>) -> Self {
        Self { source, progress: Progress::start(Work::Reading(name.to_owned(), size)) }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.add(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let at =
            |work: &Work, seconds: u64, done| work.line(Duration::from_millis(seconds * 1000 + 900), done);
        let look = Work::Look(Duration::from_secs(90));
        assert_eq!(at(&look, 4, 0), "looking: 4s of 1m 30s; Ctrl-C ends with what was seen so far");
        assert!(at(&look, 100, 0).starts_with("looking: 1m 30s of 1m 30s;"), "it takes longer to end");
        let file = |size| Work::Reading("r.jsonl".to_owned(), size);
        assert_eq!(at(&file(Some(4096)), 1, 1024), "reading r.jsonl: 25.0 % of 4.0 KiB");
        assert_eq!(at(&file(Some(4096)), 1, 5000), "reading r.jsonl: 100.0 % of 4.0 KiB");
        for unknown in [None, Some(0)] {
            assert_eq!(at(&file(unknown), 1, 1024), "reading r.jsonl: 1.0 KiB so far");
        }
        assert_eq!(at(&Work::Doing("comparing"), 7, 0), "comparing: 7s");
    }
}
