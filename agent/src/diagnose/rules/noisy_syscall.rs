//! DC201 noisy-syscall: one syscall makes most of what arrived during the loss.
//!
//! It is this when, among the syscalls that the tool traces, one makes more than half of the exits in the time of the loss.
//!
//! If no rule needs it, take it out: `base_syscalls.custom_set: ["!name"]` (quoted: a bare ! is a tag in YAML), or `base_syscalls.repair: true`.
//! The share that the finding names is what that would save.

use crate::{
    diagnose::{
        case::Case,
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
        words,
    },
    number::{count, percent, share},
    remedies, syscall,
};

/// More than this share is most.
const LEAST_SHARE: f64 = 0.5;

/// Whether one traced syscall made most of what arrived.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Option<Finding> {
    let traced = case.falco.as_ref()?.last.traced_syscalls.as_deref()?;
    let probe = case.slice.probe()?;
    let of_it = probe.syscalls.iter().filter(|(slot, _)| traced.contains(&u32::from(*slot)));
    let (mut all, mut most) = (0, (0, 0));
    for (slot, exits) in of_it {
        all += exits;
        if *exits > most.1 {
            most = (*slot, *exits);
        }
    }
    let (slot, exits) = most;
    let share = share(exits, all);
    if share <= LEAST_SHARE || traced.len() < 2 {
        return None;
    }
    let name = syscall::name(slot);
    let summary = format!(
        "{name} makes {} of the syscalls that {} traces, in the time of the loss.",
        percent(share),
        words::name(case)
    );
    Some(Finding {
        tool: Some(case.loss.subject.clone()),
        evidence: vec![Fact::exact(format!("{} of {} exits of traced syscalls", count(exits), count(all)))],
        remedies: vec![remedies::without_syscall(
            &case.place(),
            &name,
            &format!("if no rule needs it: takes {} of what arrives away", percent(share)),
        )],
        ..Finding::new(Code::NoisySyscall, Severity::Info, Confidence::High, summary)
    })
}
