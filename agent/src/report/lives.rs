//! Known tools as processes: ages, outages, ends. Pure.

use super::{
    model::{Exit, Life, Outage, Program, Programs, Tool},
    number::{self, ratio},
};
use crate::{
    diagnose::installation,
    evidence::Evidence,
    sample::{Sample, ToolSample},
    setup::Visibility,
    timeline::{Slice, seconds},
};

/// From the facts of the last sample, in times of the slice.
#[must_use]
pub(super) fn build(tool: &ToolSample, slice: &Slice<'_>) -> Life {
    let boot_ns = |sample: Option<&Sample>| sample.map_or(0, |sample| sample.clock.boot_ns);
    let (start_ns, end_ns) = (boot_ns(slice.first()), boot_ns(slice.last()));
    let at = |time_ns: u64| match time_ns.checked_sub(start_ns) {
        Some(after_ns) => seconds(after_ns),
        None => -seconds(start_ns - time_ns),
    };
    Life {
        is_running: tool.is_running,
        age_seconds: tool
            .start_ns
            .filter(|_| tool.is_running)
            .map(|start_ns| seconds(end_ns.saturating_sub(start_ns))),
        engine: tool.engine.clone(),
        installation: tool.cgroup.as_deref().and_then(installation).map(str::to_owned),
        restarts: tool.restarts,
        crash_loop_lives: tool.crash_loop(end_ns).map(|found| found.lives),
        reloads: tool.reloads,
        absent_seconds: seconds(tool.absent_within(start_ns, end_ns)),
        absences: tool
            .absences
            .iter()
            .map(|absence| Outage {
                start_seconds: at(absence.from_ns),
                seconds: absence.to_ns.map(|to_ns| seconds(to_ns.saturating_sub(absence.from_ns))),
            })
            .collect(),
        last_exit: tool.last_exit.map(|exit| Exit {
            at_seconds: at(exit.time_ns),
            code: exit.code,
            signal: exit.signal,
            is_oom: exit.is_oom,
        }),
        oom_kills: tool.oom_kills,
        programs: tool.programs.as_ref().map(|programs| Programs {
            evidence: Evidence::Exact,
            count: programs.count,
            missed: programs.missed,
            with_misses: programs
                .with_misses
                .iter()
                .map(|program| Program { id: program.id, name: program.name.clone(), missed: program.missed })
                .collect(),
        }),
    }
}

/// What must be known before anything else about it, a sentence each; nothing if all is well.
#[must_use]
pub(super) fn verdict(tool: &Tool) -> Vec<String> {
    let Some(life) = &tool.life else { return Vec::new() };
    let comm = tool.comm.as_deref().unwrap_or("A tool without a name");
    let name = tool.tgid.map_or_else(|| comm.to_owned(), |tgid| format!("{comm} (pid {tgid})"));
    let mut sentences = Vec::new();
    if life.absent_seconds > 0.0 {
        let absent = number::seconds(life.absent_seconds);
        let now = if life.is_running { "" } else { " and does not run now" };
        sentences.push(format!(
            "{name} was not running for {absent} of the window{now}: it saw nothing of that time."
        ));
    }
    if let Some(lives) = life.crash_loop_lives {
        sentences.push(format!("{name} is in a crash loop: it was started {lives} times within 15 minutes."));
    }
    if life.last_exit.as_ref().and_then(|exit| exit.is_oom) == Some(true) {
        sentences.push(format!("The kernel killed {name} for want of memory."));
    }
    if life.engine.as_deref() == Some("kmod") && life.is_running {
        sentences.push(format!(
            "{name} takes its events through its kernel module: its ring buffers are invisible."
        ));
    }
    if life.engine.as_deref() == Some("ebpf") && life.is_running {
        sentences.push(format!(
            "{name} takes its events through the eBPF probe before the modern one: it has perf buffers, and its own counters are \
             not read."
        ));
    }
    sentences
}

/// Rings that exist and cannot be seen.
#[must_use]
pub(super) fn visibility(last: &Sample) -> Option<Visibility> {
    let hidden = last.tools.iter().flatten().filter(|tool| tool.hides_its_rings());
    let who: Vec<String> = hidden
        .map(|tool| {
            format!(
                "{} (pid {}, engine {})",
                tool.comm,
                tool.tgid,
                tool.engine.as_deref().unwrap_or("unknown")
            )
        })
        .collect();
    (!who.is_empty()).then(|| Visibility {
        capability: "tool_rings".to_owned(),
        available: false,
        note: format!(
            "rings and kernel counters of {}: they lie in a kernel module's memory; its process and its own pages can be \
             seen (engine modern_ebpf: rings as well)",
            who.join(", ")
        ),
    })
}

/// An age in words: seconds, and from two minutes on minutes, hours, days.
#[must_use]
pub(super) fn age(seconds: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min")];
    let unit = UNITS.iter().find(|(length, _)| seconds >= 2.0 * length);
    unit.map_or_else(
        || number::seconds(seconds),
        |(length, unit)| format!("{:.0} {unit}", ratio(seconds, *length).floor()),
    )
}

/// How it ended, in words.
#[must_use]
pub(super) fn end(exit: &Exit) -> String {
    let how = match (exit.signal, exit.code) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "ended, how is not visible".to_owned(),
    };
    if exit.is_oom == Some(true) { format!("{how}, out of memory") } else { how }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_the_unit_that_says_most() {
        assert_eq!(
            [1.5, 119.0, 130.0, 7300.0, 200_000.0].map(age),
            ["1.50 s", "119.00 s", "2 min", "2 h", "2 d"]
        );
    }

    #[test]
    fn ends_in_words() {
        let exit = Exit { at_seconds: 0.0, code: None, signal: Some(9), is_oom: Some(true) };
        assert_eq!(end(&exit), "signal 9, out of memory");
        assert_eq!(end(&Exit { code: Some(1), signal: None, is_oom: None, ..exit }), "exit code 1");
    }
}
