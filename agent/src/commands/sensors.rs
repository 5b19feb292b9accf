//! What looks at the node in one mode: our own probe, if any, and the watch over all rings.

use anyhow::{Result, bail};

use super::log;
use crate::{
    observe::{
        own,
        rings::{Rings, Route, Wanted, WatchError},
        tools::Tools,
    },
    probe::{Mode, Probe, ProbeError, Request, Visibility},
    sample::{Clock, Sample},
    setup::Hook,
    sys::clock,
};

/// All of it, running.
pub(super) struct Sensors {
    probe: Option<Probe>,
    rings: Option<Rings>,
    tools: Option<Tools>,
    visibility: Vec<Visibility>,
    begun: Clock,
}

impl Sensors {
    /// Starts what the mode asks for and the node allows. In `passive` mode nothing is attached to the syscall path.
    /// `whose`: where a Falco is found, follow its drop counters there.
    pub(super) fn start(request: &Request, whose: bool) -> Result<Self> {
        // Loaded first, because what it cannot do without ends dropctl; attached last, when all is ready.
        let is_passive = request.mode == Mode::Passive;
        let mut probe = (!is_passive).then(|| Probe::load(request, log::kernel_half())).transpose()?;
        let rings = Rings::start(Wanted { route: None, whose: whose && !is_passive });
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
        if whose {
            visibility.extend(rings.as_ref().ok().map(|rings| whose_visibility(rings, is_passive)));
        }
        let tools = Tools::start();
        visibility.push(tools_visibility(&tools));
        let (rings, tools) = (rings.ok(), tools.ok());
        rings.iter().for_each(Rings::begin);
        let begun = probe.as_ref().map_or_else(clock::now, Probe::attached_at);
        Ok(Self { probe, rings, tools, visibility, begun })
    }

    /// When the window began.
    pub(super) fn begun(&self) -> Clock {
        self.begun
    }

    /// What the node allows.
    pub(super) fn visibility(&self) -> &[Visibility] {
        &self.visibility
    }

    /// Where our program sits; `None` in `passive` mode.
    pub(super) fn hook(&self) -> Option<Hook> {
        self.probe.as_ref().map(|probe| probe.plan().hook)
    }

    /// Everything at this instant.
    pub(super) fn sample(&mut self) -> Sample {
        let rings = self.rings.as_ref().map(Rings::sample);
        let falcos = self.rings.as_ref().map(Rings::falcos);
        let tools = self.tools.as_ref().map(|tools| {
            tools.sample(rings.as_deref().unwrap_or_default(), falcos.as_deref().unwrap_or_default())
        });
        Sample {
            clock: clock::now(),
            probe: self.probe.as_mut().map(Probe::sample),
            rings,
            falcos,
            tools,
            own: own::read(),
        }
    }

    /// Ends everything and reads it for the last time: nothing that was counted is lost.
    pub(super) fn stop(mut self) -> Result<Sample, ProbeError> {
        let end = match &mut self.probe {
            Some(probe) => probe.detach()?,
            None => clock::now(),
        };
        if let Some(rings) = &mut self.rings {
            rings.end();
            if let Some(failure) = rings.failure() {
                ::log::warn!("what is said of ring buffers is old: {failure}");
            }
        }
        let probe = self.probe.take().map(Probe::stop).transpose()?;
        // The probe is gone, so that this reads the rest.
        Ok(Sample { clock: end, probe, ..self.sample() })
    }
}

/// Whether it is seen whose events tools drop.
fn whose_visibility(rings: &Rings, is_passive: bool) -> Visibility {
    let note = match rings.cannot_follow() {
        None => "whose events Falco drops: its counters are followed at each syscall exit".to_owned(),
        Some(_) if is_passive => {
            "whose events Falco drops: mode passive attaches nothing to syscalls".to_owned()
        }
        Some(why) => format!("whose events Falco drops: {why}"),
    };
    Visibility { capability: "whose_drops".to_owned(), available: rings.cannot_follow().is_none(), note }
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

/// Whether the rings of the node are watched, and which way.
fn rings_visibility(rings: &Result<Rings, WatchError>) -> Visibility {
    let note = match rings {
        Ok(rings) => {
            let way = match rings.route() {
                Route::Pages => "position pages mapped read-only",
                Route::Iterator => "an iterator in the kernel",
            };
            format!("ring buffers of all tools through {way}, every {} ms", rings.every().as_millis())
        }
        Err(error) => format!("ring buffers of other tools are not watched: {error}"),
    };
    Visibility { capability: "rings".to_owned(), available: rings.is_ok(), note }
}
