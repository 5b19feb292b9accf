//! DC117 tool-blind: the tool is attached, and its counters stand still although the syscalls that it traces happen.
//!
//! It is this when dropctl counts syscalls that the tool traces, and the tool's `n_evts` does not move. Its programs are not run, or leave at
//! once: the wrong CPUs, a filter, a probe of the wrong size.
//!
//! Restart it, and look whether `n_evts` moves. Then compare versions of kernel and driver.
//!
//! Ruled out: a quiet node, because the syscalls were counted.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity, Subject},
    },
    number::{count, seconds},
    sample::FalcoSample,
    timeline::{Slice, seconds as from_ns, source::Source as _},
};

/// Fewer exits of traced syscalls than this may be of threads that the tool leaves out, such as its own.
const LEAST_EXITS: u64 = 1000;
/// A shorter time says nothing: its counters are read at other moments than ours, ns.
const LEAST_NS: u64 = 2_000_000_000;

/// Every Falco that counted nothing for a stretch in which the syscalls that it traces happened.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Vec<Finding> {
    let falcos = slice.last().and_then(|last| last.falcos.as_deref()).unwrap_or_default();
    falcos.iter().filter_map(|falco| of_one(slice, falco)).collect()
}

fn of_one(slice: &Slice<'_>, falco: &FalcoSample) -> Option<Finding> {
    let traced = falco.traced_syscalls.as_deref()?;
    // Where failed syscalls are left out, all of these may have failed.
    if falco.facts.capture.as_ref().and_then(|capture| capture.drop_failed) == Some(true) {
        return None;
    }
    let (mut longest, mut stretch) = (Stretch::default(), Stretch::default());
    for step in slice.steps() {
        let of_it = step.slice().falcos().into_iter().find(|totals| totals.last.id() == falco.id());
        let stands_still = of_it.is_some_and(|totals| totals.counts.n_evts == 0 && totals.known_ns > 0);
        let exits: u64 = step.slice().probe().map_or(0, |probe| {
            let of_it = probe.syscalls.iter().filter(|(slot, _)| traced.contains(&u32::from(*slot)));
            of_it.map(|(_, exits)| exits).sum()
        });
        stretch = match stands_still && exits > 0 {
            true => Stretch { length_ns: stretch.length_ns + step.length_ns(), exits: stretch.exits + exits },
            false => Stretch::default(),
        };
        if stretch.length_ns > longest.length_ns {
            longest = stretch;
        }
    }
    if longest.length_ns < LEAST_NS || longest.exits < LEAST_EXITS {
        return None;
    }
    let summary = format!(
        "{} counted no event in {}, while the syscalls that it traces ended {} times.",
        falco.comm,
        seconds(from_ns(longest.length_ns)),
        count(longest.exits)
    );
    Some(Finding {
        tool: Some(Subject { tool: falco.tool.clone(), comm: falco.comm.clone(), tgid: falco.tgid }),
        evidence: vec![
            Fact::tool("n_evts stood still on every CPU".to_owned()),
            Fact::exact(format!(
                "{} exits of the {} syscalls that it traces",
                count(longest.exits),
                traced.len()
            )),
        ],
        remedies: vec![Remedy::advice(
            "restart it and see whether n_evts moves; then compare the versions of kernel and driver"
                .to_owned(),
        )],
        ..Finding::new(Code::ToolBlind, Severity::Critical, Confidence::High, summary)
    })
}

/// Steps in a row in which it counted nothing.
#[derive(Clone, Copy, Default)]
struct Stretch {
    length_ns: u64,
    exits: u64,
}
