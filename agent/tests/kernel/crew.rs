//! Children that start together, once everything is in place, and the usual course of a test.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    probe::{Mode, Probe, Request},
    sample::ProbeSample,
};

use crate::{
    child::{Child, LIMIT},
    expect,
    shared::{self, Page},
};

const READY: usize = 0;
const GO: usize = 1;
/// First word of the page that tests may use.
pub(crate) const FREE: usize = 8;

/// Children behind one gate.
pub(crate) struct Crew {
    children: Vec<Child>,
    page: &'static Page,
}

impl Crew {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Self { children: Vec::new(), page: shared::page() }
    }

    /// Words shared with the children, from [`FREE`] on.
    pub(crate) fn page(&self) -> &'static Page {
        self.page
    }

    /// Adds a child that runs `body` after [`Self::go`]. At the gate it spins in short sleeps
    /// (`nanosleep`), so whatever it needed to start lies before the gate.
    pub(crate) fn add(&mut self, cpu: Option<usize>, body: impl FnOnce() -> bool) -> Result<()> {
        let page = self.page;
        self.children.push(Child::spawn(cpu, move || {
            page[READY].fetch_add(1, Ordering::SeqCst);
            while page[GO].load(Ordering::SeqCst) == 0 {
                crate::raw::sleep_us(200);
            }
            body()
        })?);
        Ok(())
    }

    /// Waits until all are at the gate.
    pub(crate) fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.page[READY].load(Ordering::SeqCst) < self.children.len() as u64 {
            ensure!(Instant::now() < deadline, "children did not start");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Opens the gate.
    pub(crate) fn go(&self) {
        self.page[GO].store(1, Ordering::SeqCst);
    }

    /// Waits for the end of all.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.children.iter_mut().try_for_each(Child::wait)
    }
}

/// Counting only.
pub(crate) const COUNT: Request = Request { mode: Mode::Count, sample: 1, ring_bytes: 8 << 20, processes: 0 };

/// One event in `sample` streamed.
pub(crate) const fn stream(sample: u32) -> Request {
    Request { mode: Mode::Stream, sample, ring_bytes: 8 << 20, processes: 100 }
}

/// The usual course: the crew waits, the probe starts, the crew works, the probe stops. What must hold for any
/// stopped probe is checked here. Counts by slot are those since the gate opened: without the kernel's types the
/// probe itself begins with a child that makes a 32-bit syscall.
pub(crate) fn observe(request: &Request, mut crew: Crew) -> Result<ProbeSample> {
    crew.wait_ready()?;
    let mut probe = start(request)?;
    let before = probe.sample();
    crew.go();
    crew.finish()?;
    let mut sample = probe.stop().context("stop the probe")?;
    expect::conserved(&sample, request.sample)?;
    for (slot, count) in &mut sample.syscalls {
        *count -= expect::count(&before, u32::from(*slot));
    }
    Ok(sample)
}

/// Starts the probe where the environment wants it.
pub(crate) fn start(request: &Request) -> Result<Probe> {
    let probe = Probe::start(request, false).context("start the probe")?;
    expect::right_hook(&probe)?;
    Ok(probe)
}
