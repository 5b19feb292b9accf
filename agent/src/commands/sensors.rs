//! What looks at the node in one mode: our own probe, if any, and the watch over all rings.

use std::{path::Path, time::Duration};

use anyhow::{Result, bail};

use super::{REVISION, log};
use crate::{
    observe::{
        consumers::{self, Consumers},
        falco::facts::Visits,
        hook::Hook,
        node, own,
        pressure::Pressure,
        rings::{Rings, Route, Wanted, WatchError},
        tools::Tools,
    },
    probe::{Mode, Probe, ProbeError, Request, Visibility},
    sample::{Clock, FalcoSample, ProbeSample, Sample},
    setup::{Naming, Setup, Whose},
    sys::clock,
};

/// How long the end waits for what a Falco says of itself, if that is not known by then.
const VISITS_END: Duration = Duration::from_secs(3);

/// All of it, running.
pub(super) struct Sensors {
    probe: Option<Probe>,
    rings: Option<Rings>,
    tools: Option<Tools>,
    request: Request,
    visits: Visits,
    consumers: Option<Consumers>,
    pressure: Pressure,
    hook: Option<Hook>,
    visibility: Vec<Visibility>,
    begun: Clock,
    /// When the last sample was taken; `None` before the first.
    sampled_ns: Option<u64>,
}

impl Sensors {
    /// Starts what the mode asks for and the node allows. In `passive` mode nothing is attached to the syscall path.
    /// `whose`: whether to follow a Falco's drop counters there.
    pub(super) fn start(request: &Request, whose: Whose) -> Result<Self> {
        // Loaded first, because what it cannot do without ends dropctl; attached last, when all is ready.
        let is_passive = request.mode == Mode::Passive;
        let mut probe = (!is_passive).then(|| Probe::load(request, log::kernel_half())).transpose()?;
        let rings = Rings::start(Wanted::of(whose));
        if let (true, Err(error)) = (is_passive, &rings) {
            bail!("mode passive watches ring buffers and nothing else, and cannot: {error}");
        }
        let mut visibility = Vec::new();
        if let Some(probe) = &mut probe {
            probe.begin()?;
            log::show_kernel_half(probe.ebpf())?;
            visibility.extend(probe.plan().visibility.iter().cloned());
        }
        visibility.push(rings_visibility(&rings));
        visibility.extend(rings.as_ref().ok().map(perf_visibility));
        if whose != Whose::Off || is_passive {
            let of =
                |rings| [whose_visibility(rings, is_passive, whose), refusals_visibility(rings, is_passive)];
            visibility.extend(rings.as_ref().ok().into_iter().flat_map(of));
        }
        let tools = Tools::start(Path::new("/"));
        visibility.push(tools_visibility(&tools));
        let (rings, tools) = (rings.ok(), tools.ok());
        let sees_processes = tools.as_ref().is_some_and(Tools::sees_processes);
        // After our own program: it is among those that are found.
        let hook = sees_processes.then(|| Hook::start(Path::new("/proc")).ok()).flatten();
        let consumers = rings.as_ref().and_then(|rings| Consumers::start(rings.drains()));
        if rings.is_some() {
            visibility.extend(consumers::visibility(consumers.is_some()));
        }
        let begun = probe.as_ref().map_or_else(clock::now, Probe::attached_at);
        let visits = Visits::new(Path::new("/proc"), node::cpus_online_count());
        let mut sensors = Self {
            probe,
            rings,
            tools,
            visits,
            consumers,
            pressure: Pressure::new(Path::new("/proc")),
            hook,
            request: *request,
            visibility,
            begun,
            sampled_ns: None,
        };
        // So that what takes a while has begun.
        sensors.falcos();
        Ok(sensors)
    }

    /// How this looks, with so much time between samples.
    pub(super) fn setup(&self, interval: Duration) -> Setup {
        Setup {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: REVISION.map(str::to_owned),
            request: self.request,
            hook: self.probe.as_ref().map(|probe| probe.plan().hook),
            visibility: self.visibility.clone(),
            interval_ns: u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX),
            names: Naming::Real,
        }
    }

    /// The sample that others count from: when our probe began, with nothing counted by it.
    pub(super) fn first_sample(&mut self) -> Sample {
        let now = self.sample();
        let probe = now.probe.as_ref().map(ProbeSample::at_its_start);
        let clock = if probe.is_some() { self.begun } else { now.clock };
        self.sampled_ns = Some(clock.monotonic_ns);
        Sample { clock, probe, ..now }
    }

    /// Everything at this instant.
    pub(super) fn sample(&mut self) -> Sample {
        self.rings.iter().for_each(Rings::refresh);
        let clock = clock::now();
        let sampled_ns = self.sampled_ns.replace(clock.monotonic_ns);
        let rings = self.rings.as_ref().map(Rings::sample);
        let perf_buffers = self.rings.as_ref().and_then(Rings::perf_buffers);
        let falcos = self.falcos();
        let tools = self.tools.as_ref().map(|tools| {
            let of = |tgid| self.rings.as_ref().and_then(|rings| rings.programs_of(tgid));
            let mut tools = tools.sample(
                rings.as_deref().unwrap_or_default(),
                perf_buffers.as_deref().unwrap_or_default(),
                falcos.as_deref().unwrap_or_default(),
            );
            for tool in tools.iter_mut().filter(|tool| tool.is_running) {
                tool.programs = of(tool.tgid);
            }
            tools
        });
        let consumers = self.consumers.as_ref().map(Consumers::sample);
        let drainers: Vec<u32> = consumers.iter().flatten().map(|consumer| consumer.tgid).collect();
        Sample {
            clock,
            interval_ns: sampled_ns.map_or(0, |sampled_ns| clock.monotonic_ns.saturating_sub(sampled_ns)),
            folded: 0,
            cpus_online: node::cpus_online(),
            probe: self.probe.as_mut().map(Probe::sample),
            rings,
            rings_left_out: self.rings.as_ref().map(Rings::left_out),
            perf_buffers,
            falcos,
            tools,
            pressure: Some(self.pressure.read(&drainers)),
            consumers,
            hook: self.hook.as_ref().and_then(Hook::sample),
            own: own::read(),
        }
    }

    /// What Falco's maps count, and what it says of itself.
    fn falcos(&mut self) -> Option<Vec<FalcoSample>> {
        let rings = self.rings.as_ref()?;
        let mut falcos = rings.falcos();
        if rings.sees_processes() {
            self.visits.complete(&mut falcos, &rings.sample());
        } else {
            for falco in &mut falcos {
                let why = "its files and pages: dropctl runs in another pid namespace (hostPID)";
                falco.facts.not_visible.push(why.to_owned());
            }
        }
        Some(falcos)
    }

    /// Ends everything and reads it for the last time: nothing that was counted is lost.
    pub(super) fn stop(mut self) -> Result<Sample, ProbeError> {
        let end = match &mut self.probe {
            Some(probe) => probe.detach()?,
            None => clock::now(),
        };
        self.consumers.iter_mut().for_each(Consumers::end);
        if let Some(rings) = &mut self.rings {
            rings.end();
            if let Some(failure) = rings.failure() {
                ::log::warn!("what is said of ring buffers is old: {failure}");
            }
            self.falcos();
            self.visits.wait(VISITS_END);
        }
        let probe = self.probe.take().map(Probe::stop).transpose()?;
        // The probe is gone, so that this reads the rest.
        let rest = self.sample();
        let interval_ns = rest.interval_ns.saturating_sub(rest.clock.monotonic_ns - end.monotonic_ns);
        Ok(Sample { clock: end, interval_ns, probe, ..rest })
    }
}

/// Whether it is seen whose events tools drop.
fn whose_visibility(rings: &Rings, is_passive: bool, whose: Whose) -> Visibility {
    let note = match rings.cannot_follow() {
        None if whose == Whose::Auto => {
            "whose events Falco drops: once it drops any, its counters are followed at each syscall exit"
                .to_owned()
        }
        None => "whose events Falco drops: its counters are followed at each syscall exit".to_owned(),
        Some(_) if is_passive => {
            "whose events Falco drops: mode passive attaches nothing to syscalls".to_owned()
        }
        Some(why) => format!("whose events Falco drops: {why}"),
    };
    Visibility { capability: "whose_drops".to_owned(), available: rings.cannot_follow().is_none(), note }
}

/// Whether perf buffers are seen, and what they lose.
fn perf_visibility(rings: &Rings) -> Visibility {
    let what = "perf buffers of tools, which some have in place of ring buffers";
    let note = match rings.cannot_see_perf() {
        None => format!("{what}: fill and lost samples, by an iterator in the kernel"),
        Some(why) => format!("{what}: {why}"),
    };
    Visibility { capability: "perf_buffers".to_owned(), available: rings.cannot_see_perf().is_none(), note }
}

/// Whether tools are seen as processes.
fn tools_visibility(tools: &std::io::Result<Tools>) -> Visibility {
    let note = match tools {
        Ok(tools) if tools.sees_processes() => "starts, ends and outages of tools, by their processes".to_owned(),
        Ok(_) => "starts, ends and outages of tools: dropctl is in a pid namespace of its own and knows them by their \
                  rings alone (a pod: hostPID: true)"
            .to_owned(),
        Err(error) => format!("starts, ends and outages of tools: {error}"),
    };
    let available = tools.as_ref().is_ok_and(Tools::sees_processes);
    Visibility { capability: "tools".to_owned(), available, note }
}

/// Whether refusals are counted for tools that do not count them, or not where dropctl can see it.
fn refusals_visibility(rings: &Rings, is_passive: bool) -> Visibility {
    const WHAT: &str = "drops of tools with unknown counters, and whose events";
    let cannot = rings.cannot_count_refusals();
    let note = match &cannot {
        None => format!("{WHAT}: counted behind the ring buffer helpers, at each refusal"),
        Some(_) if is_passive => format!("{WHAT}: mode passive attaches nothing to other tools' records"),
        Some(why) if rings.cannot_estimate().is_none() => {
            format!("{WHAT}: {why}; estimated by how full rings are at each syscall exit (docs/estimate.md)")
        }
        Some(why) => {
            format!("{WHAT}: {why}; docs/refusals.md says which kernels let these helpers be traced")
        }
    };
    Visibility { capability: "refusals".to_owned(), available: cannot.is_none(), note }
}

/// Whether the rings of the node are watched, and which way.
fn rings_visibility(rings: &Result<Rings, WatchError>) -> Visibility {
    let note = match rings {
        Ok(rings) => {
            let way = match rings.route() {
                Route::Pages => "position pages mapped read-only",
                Route::Iterator => {
                    "an iterator in the kernel (pages need CAP_SYS_ADMIN: cheaper, twice as often)"
                }
            };
            let [every, quiet] = [rings.every(), rings.every_quiet()].map(|every| every.as_millis());
            format!(
                "ring buffers of all tools through {way}, every {every} ms, and {quiet} ms while none fills"
            )
        }
        Err(error) => format!("ring buffers of other tools are not watched: {error}"),
    };
    Visibility { capability: "rings".to_owned(), available: rings.is_ok(), note }
}
