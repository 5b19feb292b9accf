//! One life of the probe: started, sampled, stopped.

use std::{thread, time::Duration};

use agent_common::record::RECORD_FOOTPRINT_BYTES;
use aya::Ebpf;
use thiserror::Error;

use super::{
    counters::{CounterReader, Totals, nonzero_slots},
    drain::{Drain, Progress},
    facts::{Facts, FactsError},
    load::{LoadError, Loaded},
    missed::missed_runs,
    plan::Plan,
    self_check::check_abi,
};
use crate::{
    sample::{Clock, ProbeSample, ProcessCount, StreamSample},
    setup::{Hook, Mode, Request},
    sys::{
        barrier, clock,
        counters::CounterView,
        heap, memlock,
        ring::{OwnRing, PositionPages, Positions},
    },
};

/// Processes that a sample names.
pub(super) const PROCESSES_NAMED: usize = 20;

/// Why there is no probe.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The node could not be looked at.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Ring buffers came with Linux 5.8.
    #[error("Linux {0}.{1} is too old: BPF ring buffers came with 5.8")]
    KernelTooOld(u8, u8),
    /// The kernel half was refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Until Linux 5.11 maps are charged to the locked-memory limit.
    #[error(
        "missing CAP_SYS_RESOURCE (before Linux 5.11, to lift the limit of locked memory that maps are charged \
         to): grant it, or start dropctl with `ulimit -l unlimited`"
    )]
    LockedMemory,
    /// The counters went on changing after the probe was detached.
    #[error("the counters did not come to rest after detaching")]
    Restless,
    /// A map could not be mapped.
    #[error("cannot map the {what}: {source}")]
    Map {
        /// Which.
        what: &'static str,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// No thread could be made.
    #[error("cannot start the drain thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// Our ring, from the consumer's side.
struct Stream {
    drain: Drain,
    positions: PositionPages,
}

/// The running probe. Dropping it detaches everything and loses what was not drained; [`Self::stop`] does not.
pub struct Probe {
    // Fields drop in this order: detach and unload first, then unmap.
    loaded: Loaded,
    stream: Option<Stream>,
    reader: CounterReader,
    plan: Plan,
    names_processes: bool,
    attached: Clock,
}

impl Probe {
    /// Loads and attaches what `request` asks for and this node allows.
    ///
    /// # Errors
    ///
    /// [`ProbeError`]; nothing is left loaded then.
    pub fn start(request: &Request, log: bool) -> Result<Self, ProbeError> {
        let mut probe = Self::load(request, log)?;
        probe.begin()?;
        Ok(probe)
    }

    /// Attaches what was loaded, and sees whether it works.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Load`].
    pub fn begin(&mut self) -> Result<(), ProbeError> {
        self.attach()?;
        self.check_abi();
        Ok(())
    }

    /// Loads without attaching; see [`Self::begin`].
    ///
    /// # Errors
    ///
    /// [`ProbeError`]; nothing is left loaded then.
    pub fn load(request: &Request, log: bool) -> Result<Self, ProbeError> {
        let mut probe = Self::load_undrained(request, log)?;
        if request.mode == Mode::Stream {
            let (map, capacity_bytes) = probe.loaded.ring()?;
            let failed = |source| ProbeError::Map { what: "ring", source };
            let positions = PositionPages::new(map).map_err(failed)?;
            let ring = OwnRing::new(map, capacity_bytes).map_err(failed)?;
            let drain = Drain::start(ring, request.sample, request.processes).map_err(ProbeError::Thread)?;
            probe.stream = Some(Stream { drain, positions });
        }
        Ok(probe)
    }

    /// Loads without attaching, and leaves the ring to fill up: for measurements of what a full ring costs.
    ///
    /// # Errors
    ///
    /// [`ProbeError`]; nothing is left loaded then.
    pub fn load_undrained(request: &Request, log: bool) -> Result<Self, ProbeError> {
        let lifted = memlock::lift();
        let facts = Facts::read()?;
        check_version(facts.kernel)?;
        let mut plan = Plan::new(&facts, request);
        let charges_locked_memory = facts.kernel < (5, 11) && !lifted;
        let mut loaded = Loaded::new(&plan, request, facts.cpus, log).map_err(|error| {
            if charges_locked_memory && error.is_not_permitted() {
                ProbeError::LockedMemory
            } else {
                error.into()
            }
        })?;
        heap::give_back();
        plan.set_own_process(loaded.learn_own_tgid(&facts)?);
        plan.set_missed_runs(missed_runs(loaded.program_fd()?).is_some());
        let view = CounterView::new(loaded.counters()?, facts.cpus as usize)
            .map_err(|source| ProbeError::Map { what: "counters", source })?;
        let reader = CounterReader::new(view, request.sample);
        let names_processes = facts.initial_pid_namespace;
        Ok(Self { loaded, stream: None, reader, plan, names_processes, attached: Clock::default() })
    }

    /// Attaches; again, too, after [`Self::detach`].
    ///
    /// # Errors
    ///
    /// [`ProbeError::Load`].
    pub fn attach(&mut self) -> Result<(), ProbeError> {
        self.attached = clock::now();
        Ok(self.loaded.attach()?)
    }

    /// When counting began.
    #[must_use]
    pub fn attached_at(&self) -> Clock {
        self.attached
    }

    /// Detaches, and waits for the runs that had begun. Returns when counting ended.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Load`].
    pub fn detach(&mut self) -> Result<Clock, ProbeError> {
        self.loaded.detach()?;
        let detached = clock::now();
        let pause = || {
            if !barrier::wait_for_running_programs() {
                thread::sleep(Duration::from_millis(5));
            }
        };
        if !self.reader.wait_for_rest(100, clock::monotonic_ns, pause) {
            return Err(ProbeError::Restless);
        }
        Ok(detached)
    }

    /// What was loaded.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The loaded object, for the kernel half's log.
    pub fn ebpf(&mut self) -> &mut Ebpf {
        self.loaded.ebpf()
    }

    /// Reads everything once, what comes late in the life of a record first: so nothing is consumed before it was
    /// submitted.
    pub fn sample(&mut self) -> ProbeSample {
        let streamed = self.stream.as_ref().map(|stream| {
            let progress = stream.drain.progress();
            (stream.drain.capacity_bytes(), progress, stream.positions.read())
        });
        let mut totals = self.reader.read(clock::monotonic_ns());
        // A record that is being written right now is neither submitted nor refused; it has not been tried yet.
        totals.events.attempted = totals.events.submitted + totals.events.dropped;
        let unsettled =
            self.stream.as_ref().zip(streamed.as_ref()).map(|(stream, (_, progress, positions))| {
                let came_bytes = stream.positions.read().producer.wrapping_sub(positions.producer);
                let consumed = stream.drain.consumed().saturating_sub(progress.tally.records);
                came_bytes / RECORD_FOOTPRINT_BYTES + consumed + self.reader.cpus()
            });
        let missed = self.missed();
        let stream = streamed.map(|(capacity_bytes, progress, positions)| {
            self.stream_sample(capacity_bytes, &progress, positions, unsettled.unwrap_or(0))
        });
        self.to_sample(&totals, missed, stream)
    }

    /// Detaches, drains what is left and reads everything for the last time: nothing that was counted is lost.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Load`].
    pub fn stop(mut self) -> Result<ProbeSample, ProbeError> {
        self.detach()?;
        let missed = self.missed();
        let totals = self.reader.read(clock::monotonic_ns());
        let stream = self.stream.take().map(|Stream { drain, positions }| {
            let capacity_bytes = drain.capacity_bytes();
            let progress = drain.finish();
            self.stream_sample(capacity_bytes, &progress, positions.read(), 0)
        });
        Ok(self.to_sample(&totals, missed, stream))
    }

    fn to_sample(&self, totals: &Totals, missed: Option<u64>, stream: Option<StreamSample>) -> ProbeSample {
        ProbeSample {
            since_ns: self.attached.monotonic_ns,
            events: totals.events,
            missed,
            syscalls: nonzero_slots(&totals.syscalls),
            stream,
        }
    }

    fn missed(&self) -> Option<u64> {
        self.loaded.program_fd().ok().and_then(missed_runs)
    }

    fn stream_sample(
        &self,
        capacity_bytes: u64,
        progress: &Progress,
        positions: Positions,
        unsettled: u64,
    ) -> StreamSample {
        let Progress { tally, backlog_max_bytes } = progress;
        let overruns = &self.reader.overruns;
        let mut processes = tally.top_processes(PROCESSES_NAMED);
        let processes_other = tally.records_beyond(&processes);
        if self.names_processes {
            name_processes(&mut processes);
        }
        StreamSample {
            capacity_bytes,
            producer_bytes: positions.producer,
            consumer_bytes: positions.consumer,
            backlog_max_bytes: (*backlog_max_bytes).max(positions.backlog_bytes()),
            consumed: tally.records,
            foreign: tally.foreign,
            overruns: overruns.listed(),
            overrun_count: overruns.count(),
            overrun_ns: overruns.total_ns(),
            errors: tally.errors(),
            processes,
            processes_other,
            processes_beyond: tally.records_without_a_place(),
            unsettled,
        }
    }

    fn check_abi(&mut self) {
        if self.plan.hook == Hook::Btf {
            self.plan.set_abi(Ok(()));
            return;
        }
        let reader = &mut self.reader;
        self.plan.set_abi(check_abi(|slot| reader.read(clock::monotonic_ns()).syscalls[slot as usize]));
    }
}

/// The first with BPF ring buffers.
pub const OLDEST_KERNEL: (u8, u8) = (5, 8);

fn check_version(kernel: (u8, u8)) -> Result<(), ProbeError> {
    if kernel < OLDEST_KERNEL { Err(ProbeError::KernelTooOld(kernel.0, kernel.1)) } else { Ok(()) }
}

/// Names the processes that still live. Only from the initial pid namespace, whose ids records carry: seen from
/// another, the same number is somebody else.
fn name_processes(processes: &mut [ProcessCount]) {
    for process in processes {
        process.comm = process_name(process.tgid);
    }
}

/// Name of a process that still lives, by an id of our own pid namespace.
fn process_name(tgid: u32) -> Option<String> {
    let comm = std::fs::read(format!("/proc/{tgid}/comm")).ok()?;
    // A process may call itself any bytes, a newline among them; the kernel adds one.
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    Some(String::from_utf8_lossy(comm).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_without_ring_buffers_are_refused() {
        let refusal = check_version((5, 7)).unwrap_err().to_string();
        assert_eq!(refusal, "Linux 5.7 is too old: BPF ring buffers came with 5.8");
        assert!(check_version((4, 19)).is_err());
        assert!(check_version((5, 8)).is_ok() && check_version((6, 1)).is_ok());
    }
}
