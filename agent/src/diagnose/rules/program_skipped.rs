//! DC115 program-skipped: the kernel skipped runs of the tool's programs, and no drop counter shows it.
//!
//! It is this when `recursion_misses` of the tool's programs grew. Since Linux 7.2 a program on a syscall tracepoint can be preempted; while
//! it is, other syscalls on that CPU skip it. Each skipped run is an event that the tool never saw. It counts neither as an event nor as
//! dropped.
//!
//! Boot with `preempt=none` or `preempt=voluntary` where the kernel still offers it, or run a kernel before 7.2. No setting of the tool helps.
//!
//! Ruled out: full rings, because the program did not even run.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity, Subject},
    },
    number::count,
    remedies::{self, Place},
    sample::{Sample, ToolSample},
    timeline::Slice,
};

/// Every tool whose programs the kernel skipped.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Vec<Finding> {
    let (Some(first), Some(last)) = (slice.first(), slice.last()) else { return Vec::new() };
    let before = |tool: &ToolSample| {
        let of = |sample: &Sample| {
            sample.tools.iter().flatten().find(|other| other.tgid == tool.tgid)?.programs.as_ref()?.missed
        };
        let was_there = |first: &Sample| {
            let seen =
                || first.tools.as_ref().is_none_or(|all| all.iter().any(|other| other.tgid == tool.tgid));
            tool.start_ns.map_or_else(seen, |start_ns| start_ns <= first.clock.boot_ns)
        };
        // Another process has other programs, which began at 0. Those that are seen only later may have missed runs before.
        if was_there(first) { slice.samples().iter().find_map(of) } else { Some(0) }
    };
    let finding = |tool: &ToolSample| {
        let programs = tool.programs.as_ref()?;
        let missed = programs.missed?.checked_sub(before(tool)?).filter(|missed| *missed > 0)?;
        let names: Vec<&str> =
            programs.with_misses.iter().take(3).map(|program| program.name.as_str()).collect();
        let summary = format!(
            "The kernel skipped {} runs of {}'s programs ({}): as many events that no counter of it shows.",
            count(missed),
            tool.comm,
            names.join(", ")
        );
        let subject = Subject { tool: tool.tool.clone(), comm: tool.comm.clone(), tgid: tool.tgid };
        Some(Finding {
            remedies: vec![remedies::other_preemption(&Place::of(slice, &subject))],
            tool: Some(subject),
            drops: Some(missed),
            evidence: vec![Fact::exact(format!(
                "recursion_misses of its programs grew by {}",
                count(missed)
            ))],
            ..Finding::new(Code::ProgramSkipped, Severity::Critical, Confidence::High, summary)
        })
    };
    last.tools.as_deref().unwrap_or_default().iter().filter_map(finding).collect()
}
