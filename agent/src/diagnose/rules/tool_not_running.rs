//! DC116 tool-not-running: the tool was not there, and nothing was inspected.
//!
//! It is this when a tool that was seen before was absent for a part of the window: it ended, was killed for memory, or starts and ends again
//! and again. What happened on the node meanwhile was seen by nobody.
//!
//! Read its last words (`kubectl logs --previous`, `journalctl -u`). Killed for memory: raise `limits.memory`, or make the rings smaller;
//! where it has no limit, the node was short. Falco without CAP_SYS_RESOURCE ends at once, because it cannot raise its memlock limit.
//!
//! Ruled out: a reload, because the process itself was gone.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity, Subject},
    },
    number::{count, seconds},
    remedies::{self, Place},
    sample::ToolSample,
    timeline::{Slice, seconds as from_ns},
};

/// Shorter absences are a restart that lost next to nothing, ns.
const LEAST_ABSENT_NS: u64 = 100_000_000;

/// Every tool that should run and did not for a part of the time.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Vec<Finding> {
    let (Some(first), Some(last)) = (slice.first(), slice.last()) else { return Vec::new() };
    let tools = last.tools.as_deref().unwrap_or_default().iter().filter(|tool| tool.is_service);
    let before = |tool: &ToolSample| {
        let same = |other: &&ToolSample| (&other.tool, other.instance) == (&tool.tool, tool.instance);
        first.tools.as_deref().unwrap_or_default().iter().find(same)
    };
    let time = (first.clock.boot_ns, last.clock.boot_ns);
    tools.filter_map(|tool| of_one(slice, tool, before(tool), time)).collect()
}

fn of_one(
    slice: &Slice<'_>,
    tool: &ToolSample,
    before: Option<&ToolSample>,
    (from_ns_, to_ns): (u64, u64),
) -> Option<Finding> {
    let absent_ns = tool.absent_within(from_ns_, to_ns);
    if absent_ns < LEAST_ABSENT_NS {
        return None;
    }
    let restarts = tool.restarts.saturating_sub(before.map_or(0, |before| before.restarts));
    let killed = tool.oom_kills.zip(Some(before.and_then(|before| before.oom_kills).unwrap_or(0)));
    let killed = killed.and_then(|(now, before)| now.checked_sub(before)).filter(|killed| *killed > 0);
    let crash_loop = tool.crash_loop(to_ns);
    let how = match (&crash_loop, killed, tool.is_running) {
        (Some(found), ..) => {
            format!("it began {} times within {}", found.lives, seconds(from_ns(to_ns - found.from_ns)))
        }
        (None, Some(_), _) => "the kernel killed it for want of memory".to_owned(),
        (None, None, true) => "it ended and came again".to_owned(),
        (None, None, false) => "it ended and has not come again".to_owned(),
    };
    let summary = format!(
        "{} did not run for {} of this time ({how}): nobody inspected what happened meanwhile.",
        tool.comm,
        seconds(from_ns(absent_ns))
    );
    let mut evidence = vec![Fact::exact(format!(
        "absent for {} of {}, {} restarts",
        seconds(from_ns(absent_ns)),
        seconds(from_ns(to_ns.saturating_sub(from_ns_))),
        count(restarts)
    ))];
    evidence.extend(
        killed.map(|killed| Fact::exact(format!("oom_kill of its cgroup grew by {}", count(killed)))),
    );
    let exit = tool.last_exit.and_then(|exit| match (exit.code, exit.signal) {
        (Some(code), _) => Some(Fact::exact(format!("its last life ended with code {code}"))),
        (None, Some(signal)) => Some(Fact::exact(format!("its last life was ended by signal {signal}"))),
        (None, None) => None,
    });
    evidence.extend(exit);
    let subject = Subject { tool: tool.tool.clone(), comm: tool.comm.clone(), tgid: tool.tgid };
    let place = Place::of(slice, &subject);
    let remedy = match killed {
        Some(_) => remedies::more_memory(&place, None, "the rings may be made smaller instead"),
        None => remedies::last_words(&place),
    };
    Some(Finding {
        tool: Some(subject),
        evidence,
        remedies: vec![remedy],
        ..Finding::new(Code::ToolNotRunning, Severity::Critical, Confidence::High, summary)
    })
}
