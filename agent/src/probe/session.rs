//! One life of the probe: started, sampled, stopped.

use std::{thread, time::Duration};

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
    sys::{barrier, clock, counters::CounterView, heap, memlock, ring::OwnRing},
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

/// The running probe. Dropping it detaches everything and loses what was not drained; [`Self::stop`] does not.
pub struct Probe {
    // Fields drop in this order: detach and unload first, then unmap.
    loaded: Loaded,
    drain: Option<Drain>,
    reader: CounterReader,
    plan: Plan,
    own_tgid: u32,
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
        probe.attach()?;
        probe.check_abi();
        Ok(probe)
    }

    /// Loads without attaching, for measurements that attach and detach by turns.
    ///
    /// # Errors
    ///
    /// [`ProbeError`]; nothing is left loaded then.
    pub fn load(request: &Request, log: bool) -> Result<Self, ProbeError> {
        let mut probe = Self::load_undrained(request, log)?;
        if request.mode == Mode::Stream {
            let (map, capacity_bytes) = probe.loaded.ring()?;
            let ring = OwnRing::new(map, capacity_bytes)
                .map_err(|source| ProbeError::Map { what: "ring", source })?;
            let drain = Drain::start(ring, request.sample, request.processes).map_err(ProbeError::Thread)?;
            probe.drain = Some(drain);
        }
        Ok(probe)
    }

    /// Loads without attaching, and leaves the ring to fill up: for measurements of what a full ring costs.
    ///
    /// # Errors
    ///
    /// [`ProbeError`]; nothing is left loaded then.
    pub fn load_undrained(request: &Request, log: bool) -> Result<Self, ProbeError> {
        memlock::lift();
        let facts = Facts::read()?;
        check_version(facts.kernel)?;
        let plan = Plan::new(&facts, request);
        let mut loaded = Loaded::new(&plan, request, facts.cpus, log)?;
        heap::give_back();
        let own_tgid = loaded.learn_own_tgid()?;
        let view = CounterView::new(loaded.counters()?, facts.cpus as usize)
            .map_err(|source| ProbeError::Map { what: "counters", source })?;
        let reader = CounterReader::new(view);
        Ok(Self { loaded, drain: None, reader, plan, own_tgid, attached: Clock::default() })
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
        self.reader.wait_for_rest(100, clock::monotonic_ns, pause);
        Ok(detached)
    }

    /// What was loaded.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Our process id in the initial pid namespace.
    #[must_use]
    pub fn own_tgid(&self) -> u32 {
        self.own_tgid
    }

    /// The loaded object, for the kernel half's log.
    pub fn ebpf(&mut self) -> &mut Ebpf {
        self.loaded.ebpf()
    }

    /// Reads everything once.
    pub fn sample(&mut self) -> ProbeSample {
        let totals = self.reader.read(clock::monotonic_ns());
        let missed = self.missed();
        let stream = self.drain.as_ref().map(|drain| self.stream(drain.capacity_bytes(), &drain.progress()));
        into_sample(&totals, missed, stream)
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
        let stream = self.drain.take().map(|drain| {
            let capacity_bytes = drain.capacity_bytes();
            let progress = drain.finish();
            self.stream(capacity_bytes, &progress)
        });
        Ok(into_sample(&totals, missed, stream))
    }

    fn missed(&self) -> Option<u64> {
        self.loaded.program_fd().ok().and_then(missed_runs)
    }

    fn stream(&self, capacity_bytes: u64, progress: &Progress) -> StreamSample {
        let Progress { tally, positions, backlog_max_bytes } = progress;
        let overruns = &self.reader.overruns;
        let mut processes = tally.top_processes(PROCESSES_NAMED);
        let processes_other = tally.records_beyond(&processes);
        if self.own_tgid == std::process::id() {
            name_processes(&mut processes);
        }
        StreamSample {
            capacity_bytes,
            producer_bytes: positions.producer,
            consumer_bytes: positions.consumer,
            backlog_max_bytes: *backlog_max_bytes,
            consumed: tally.records,
            foreign: tally.foreign,
            overruns: overruns.listed(),
            overrun_count: overruns.count(),
            overrun_ns: overruns.total_ns(),
            errors: tally.errors(),
            processes,
            processes_other,
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

/// Ring buffers came with Linux 5.8.
fn check_version(kernel: (u8, u8)) -> Result<(), ProbeError> {
    if kernel < (5, 8) { Err(ProbeError::KernelTooOld(kernel.0, kernel.1)) } else { Ok(()) }
}

fn into_sample(totals: &Totals, missed: Option<u64>, stream: Option<StreamSample>) -> ProbeSample {
    ProbeSample { events: totals.events, missed, syscalls: nonzero_slots(&totals.syscalls), stream }
}

/// Names the processes that still live. Only from the initial pid namespace, whose ids records carry: seen from
/// another, the same number is somebody else.
fn name_processes(processes: &mut [ProcessCount]) {
    for process in processes {
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", process.tgid));
        process.comm = comm.ok().map(|comm| comm.trim_end().to_owned());
    }
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
