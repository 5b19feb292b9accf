//! What an event costs the thread that drains: work, waiting for answers and for disks, pages of its state.

use std::{
    fs::{File, OpenOptions},
    hint,
    io::{Read as _, Write as _},
    os::unix::{fs::FileExt as _, net::UnixStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use crate::{cli::StandinArgs, sys::pages::Pages};

/// Events after which the work per event grows once more.
const STEP: u64 = 1000;

/// All chores; they outlive a reload, as a cache does.
#[derive(Debug)]
pub(in crate::standin) struct Chores {
    work: Duration,
    growth: Duration,
    events: u64,
    lookup_every: u64,
    server: Option<UnixStream>,
    fsync_every: u64,
    fsync: Option<(File, Vec<u8>)>,
    state: Option<Pages>,
    /// Where the next page of the state is.
    place: u64,
}

impl Chores {
    pub(in crate::standin) fn new(arguments: &StandinArgs) -> Result<Self> {
        let server = match arguments.lookup_every {
            0 => None,
            _ => Some(slow_server(arguments.lookup_time)?),
        };
        let mut chores = Self {
            work: Duration::from_nanos(arguments.work_ns),
            growth: Duration::from_nanos(arguments.growth_ns),
            events: 0,
            lookup_every: arguments.lookup_every,
            server,
            fsync_every: arguments.fsync_every,
            fsync: None,
            state: None,
            place: 1,
        };
        let Some(path) = &arguments.scratch else { return Ok(chores) };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(path);
        let file = file.with_context(|| format!("make {}", path.display()))?;
        if arguments.state_bytes != 0 {
            fill(&file, arguments.state_bytes).with_context(|| format!("fill {}", path.display()))?;
            chores.state = Some(Pages::new(&file, arguments.state_bytes).context("map the state")?);
        }
        if arguments.fsync_every != 0 {
            chores.fsync = Some((file, vec![b'e'; usize::try_from(arguments.fsync_bytes)?]));
        }
        Ok(chores)
    }

    /// All that is due for one event.
    pub(super) fn event(&mut self) -> Result<()> {
        self.events += 1;
        work(self.work + self.growth * u32::try_from(self.events / STEP).unwrap_or(u32::MAX));
        if let Some(state) = &self.state {
            // Knuth's sequence: no order that the kernel could read ahead in.
            self.place = self.place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.touch(self.place >> 32);
        }
        if let Some(server) = &mut self.server
            && self.events.is_multiple_of(self.lookup_every)
        {
            server
                .write_all(b"?")
                .and_then(|()| server.read_exact(&mut [0]))
                .context("ask the slow server")?;
        }
        if let Some((file, data)) = &mut self.fsync
            && self.events.is_multiple_of(self.fsync_every)
        {
            file.write_all_at(data, 0).and_then(|()| file.sync_data()).context("write to the disk")?;
        }
        Ok(())
    }
}

/// Uses CPU time.
fn work(time: Duration) {
    if time.is_zero() {
        return;
    }
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}

/// Answers each byte with a byte, after that time: a container runtime that is asked for a name, say.
fn slow_server(time: Duration) -> Result<UnixStream> {
    let (ours, mut its) = UnixStream::pair().context("a pair of sockets")?;
    let serve = move || {
        while its.read_exact(&mut [0]).is_ok() {
            thread::sleep(time);
            if its.write_all(b"!").is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("slow-server".to_owned()).spawn(serve).context("start the slow server")?;
    Ok(ours)
}

/// Whole blocks, so that no page is a hole.
fn fill(file: &File, bytes: u64) -> std::io::Result<()> {
    const BLOCK: u64 = 1 << 20;
    let block = vec![1; 1 << 20];
    for at in (0..bytes).step_by(1 << 20) {
        let length = usize::try_from(BLOCK.min(bytes - at)).unwrap_or_default();
        file.write_all_at(&block[..length], at)?;
    }
    // Clean pages can be taken away at any time.
    file.sync_all()
}
