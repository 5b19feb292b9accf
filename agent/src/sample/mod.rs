//! A [`Sample`]: everything known about the node at one instant, as plain data.
//!
//! Readers fill it in; nothing here reads anything. A number that is not known is `None`, never 0.

mod consumers;
mod estimate;
mod falco;
mod falco_facts;
mod hook;
mod loss;
mod node;
mod own;
mod perf;
mod pressure;
mod probe;
mod refused;
mod rings;
mod tools;

use serde::{Deserialize, Serialize};

pub(crate) use self::hook::FEW_HIDDEN;
pub use self::{
    consumers::{
        BlockedIn, ConsumerSample, ConsumerStates, CpuLimit, FALCO_BACK_OFF_NS, KnownBy, PLACES_KEPT,
    },
    estimate::EstimateSample,
    falco::{FalcoCounts, FalcoSample},
    falco_facts::{
        BaseSyscallsFacts, CaptureFacts, Compared, Comparison, ConfigurationFacts, CounterLayout, FalcoFacts,
        KeyFacts, MetricsFacts, PageFacts, PageStatus, VersionFacts,
    },
    hook::{HookProgram, HookSample, RunCost},
    loss::{
        CountedBy, LOSERS_LISTED, LOSERS_NAMED, LoserSample, LosersSample, LossRoute, Overruns, Workload,
        WorkloadDrops,
    },
    node::Node,
    own::OwnSample,
    perf::PerfBuffersSample,
    pressure::{MemoryGroup, NodePressure, PressureSample, Stall, Stalls, ToolPressure},
    probe::{Events, OVERRUNS_LISTED, Overrun, ProbeSample, ProcessCount, StreamSample},
    refused::{RefusalClass, RefusedSample},
    rings::{RingOwner, RingSample},
    tools::{Absence, CrashLoop, LIVES_LISTED, ProgramSample, ToolExit, ToolPrograms, ToolSample},
};

/// One instant on three clocks, ns. A suspend moves `boot_ns` and not `monotonic_ns`; a clock step moves
/// `real_ns` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// `CLOCK_MONOTONIC`.
    pub monotonic_ns: u64,
    /// `CLOCK_BOOTTIME`.
    pub boot_ns: u64,
    /// `CLOCK_REALTIME`, since 1970.
    pub real_ns: u64,
}

/// Facts at one instant. All counts are since their source was found; maxima whose names begin with `interval` are since
/// the sample before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// When.
    pub clock: Clock,
    /// Time since the sample before, ns, for which maxima hold; 0 for the first.
    pub interval_ns: u64,
    /// Samples before it that were left out, and whose maxima are in this one's.
    pub folded: u32,
    /// CPUs that run, such as `0-3`.
    pub cpus_online: Option<String>,
    /// What our own probe counted; `None` in `passive` mode.
    pub probe: Option<ProbeSample>,
    /// Every BPF ring buffer of the node; `None` when they are not watched.
    pub rings: Option<Vec<RingSample>>,
    /// Ring buffers beyond those that can be watched; `None` when they are not watched.
    #[serde(default)]
    pub rings_left_out: Option<u64>,
    /// The perf buffers of each process that has any; `None` where they are not visible.
    pub perf_buffers: Option<Vec<PerfBuffersSample>>,
    /// What the probes of Falco and its family count; `None` when maps are not watched.
    pub falcos: Option<Vec<FalcoSample>>,
    /// Known tools as processes; `None` when nobody looks for them.
    pub tools: Option<Vec<ToolSample>>,
    /// The threads that drain them, as far as they are known; `None` when they are not watched.
    pub consumers: Option<Vec<ConsumerSample>>,
    /// What the node and the cgroups of tools run short of; `None` where it is not read.
    pub pressure: Option<PressureSample>,
    /// Programs on the tracepoints that every syscall passes; `None` where nobody looked: the node's processes are not visible, or
    /// the first look is not done.
    pub hook: Option<HookSample>,
    /// What dropctl itself costs.
    pub own: OwnSample,
}

impl Sample {
    /// Stands for the sample before it, too, which is going to be left out: takes over its maxima. Its counters need
    /// nothing; they are cumulative.
    pub fn absorb(&mut self, earlier: &Self) {
        self.interval_ns = self.interval_ns.saturating_add(earlier.interval_ns);
        self.folded = self.folded.saturating_add(earlier.folded).saturating_add(1);
        for ring in self.rings.iter_mut().flatten() {
            let mut before = earlier.rings.iter().flatten();
            if let Some(before) = before.find(|before| before.map_id == ring.map_id) {
                ring.absorb(before);
            }
        }
    }
}
