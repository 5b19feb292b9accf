//! DC903 shared-hook: another program sits on the same tracepoint.
//!
//! Each program on `sys_enter` or `sys_exit` costs every syscall of the node, whoever owns it. The first one on a tracepoint pays for entering
//! it too, and on the development machine a second one cost about 85 ns. The finding names them all, and what each has cost where the kernel
//! times runs of programs (`sysctl kernel.bpf_stats_enabled=1`, which costs each run of every BPF program two looks at the clock; dropctl
//! leaves it as it is). A program that nobody holds but a pinned link is not seen. dropctl's own part is off in `--mode passive`.
//!
//! It is no alarm, and stands on every node with a Falco beside dropctl: what a syscall pays for is said first, not found out later.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
    },
    number::{self, count, float, ratio},
    sample::{HookProgram, HookSample},
    setup::Mode,
    timeline::{Slice, seconds},
};

/// Whether others sit on the tracepoints of syscalls.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Option<Finding> {
    let is_passive = slice.setup.request.mode == Mode::Passive;
    let last = slice.last()?;
    let falcos = last.falcos.as_deref().unwrap_or_default();
    let probes = falcos.iter().map(|falco| (falco.tgid, &*falco.comm));
    let Some(hook) = &last.hook else {
        // Nobody looked; but where a probe of this family sits is known.
        let owners: BTreeMap<u32, &str> = probes.collect();
        return (!is_passive).then(|| finding(&owners, true, "sys_exit", vec![probes_fact()])).flatten();
    };
    let others = hook.programs.iter().filter(|program| !program.is_own);
    let mut owners: BTreeMap<u32, &str> = others.map(|program| (program.tgid, &*program.comm)).collect();
    let mut places: BTreeSet<&str> = hook.programs.iter().map(|program| &*program.tracepoint).collect();
    let mut facts = evidence(slice, hook);
    // Whose files are hidden shows its maps all the same.
    let unseen: Vec<(u32, &str)> =
        probes.filter(|(tgid, _)| hook.hidden > 0 && !owners.contains_key(tgid)).collect();
    if !unseen.is_empty() {
        owners.extend(unseen);
        places.insert("sys_exit");
        facts.push(probes_fact());
    }
    if is_passive && owners.len() < 2 {
        return None;
    }
    let places: Vec<&str> = places.into_iter().collect();
    finding(&owners, !is_passive, &places.join(" and "), facts)
}

fn probes_fact() -> Fact {
    Fact::seen("probes of Falco's family attach to sys_exit (one program for each)".to_owned())
}

/// `None` if there are no others.
fn finding(
    owners: &BTreeMap<u32, &str>,
    with_dropctl: bool,
    places: &str,
    evidence: Vec<Fact>,
) -> Option<Finding> {
    if owners.is_empty() {
        return None;
    }
    let mut names: Vec<String> = owners.iter().map(|(tgid, comm)| format!("{comm} (pid {tgid})")).collect();
    names.extend(with_dropctl.then(|| "dropctl".to_owned()));
    let (last, first) = names.split_last()?;
    let pays = if first.len() == 1 { "both" } else { "all of them" };
    let summary = format!(
        "{} and {last} sit on {places} together: each syscall of the node pays for {pays}.",
        first.join(", ")
    );
    Some(Finding { evidence, ..Finding::new(Code::SharedHook, Severity::Info, Confidence::High, summary) })
}

fn evidence(slice: &Slice<'_>, hook: &HookSample) -> Vec<Fact> {
    let mut together: BTreeMap<(u32, &str), Vec<&HookProgram>> = BTreeMap::new();
    for program in &hook.programs {
        together.entry((program.tgid, &*program.tracepoint)).or_default().push(program);
    }
    let mut facts: Vec<Fact> = together.values().flat_map(|programs| facts(slice, programs)).collect();
    let is_timed = hook.programs.iter().any(|program| grown(slice, program).is_some());
    if !is_timed && hook.is_timed != Some(true) {
        facts.push(Fact::estimated(
            "what each costs here is not counted: `sysctl kernel.bpf_stats_enabled=1` has the kernel time all BPF programs, at \
             two looks at the clock for each run; on the development machine a second program on sys_exit cost about 85 ns a \
             syscall"
                .to_owned(),
        ));
    }
    let hidden = format!("open files of other processes ({}) are hidden", count(hook.hidden));
    let untold = format!("the kernel did not tell what some perf events ({}) are on", count(hook.untold));
    let unseen: Vec<String> = [(hook.hidden, hidden), (hook.untold, untold)]
        .into_iter()
        .filter(|one| one.0 > 0)
        .map(|one| one.1)
        .collect();
    if !unseen.is_empty() {
        facts.push(Fact::seen(format!("there may be more: {}", unseen.join(", and "))));
    }
    facts
}

/// Programs of one process on one tracepoint.
fn facts(slice: &Slice<'_>, programs: &[&HookProgram]) -> Vec<Fact> {
    let costs: Vec<Grown> = programs.iter().filter_map(|program| grown(slice, program)).collect();
    // The cost of some of them would pass for that of all.
    if programs.len() > 1 && !costs.is_empty() && costs.len() < programs.len() {
        return programs.iter().flat_map(|program| facts(slice, &[*program])).collect();
    }
    fact(programs, &costs).into_iter().collect()
}

fn fact(programs: &[&HookProgram], costs: &[Grown]) -> Option<Fact> {
    let HookProgram { program: id, tracepoint, comm, .. } = programs.first()?;
    let name = match programs.len() {
        1 => format!("program {id} of {comm} on {tracepoint}"),
        several => format!("{several} programs of {comm} on {tracepoint}"),
    };
    let Some(in_ns) = costs.iter().map(|cost| cost.in_ns).max() else { return Some(Fact::seen(name)) };
    let (runs, run_ns) = costs.iter().fold((0_u64, 0_u64), |(runs, run_ns), cost| {
        (runs.saturating_add(cost.runs), run_ns.saturating_add(cost.run_ns))
    });
    let share: f64 = costs.iter().map(|cost| seconds(cost.run_ns) / seconds(cost.in_ns).max(1e-9)).sum();
    Some(Fact::exact(format!(
        "{name}: {} runs of {:.0} ns in {}, {:.2} % of one CPU, and what it takes to get there",
        count(runs),
        ratio(float(run_ns), float(runs)),
        number::seconds(seconds(in_ns)),
        100.0 * share
    )))
}

/// What a program cost between two samples.
struct Grown {
    runs: u64,
    run_ns: u64,
    /// Between them, ns: runs may be timed for a part of a slice.
    in_ns: u64,
}

/// What it cost in the slice; `None` where that is not known, or it never ran.
fn grown(slice: &Slice<'_>, program: &HookProgram) -> Option<Grown> {
    let mut costs = slice.samples().iter().filter_map(|sample| {
        let is_it = |other: &&HookProgram| (other.program, other.tgid) == (program.program, program.tgid);
        let cost = sample.hook.as_ref()?.programs.iter().find(is_it)?.cost?;
        Some((sample.clock.monotonic_ns, cost))
    });
    let ((first_ns, first), (last_ns, last)) = (costs.next()?, costs.next_back()?);
    let runs = last.runs.checked_sub(first.runs).filter(|runs| *runs > 0)?;
    let run_ns = last.run_ns.checked_sub(first.run_ns)?;
    Some(Grown { runs, run_ns, in_ns: last_ns.saturating_sub(first_ns) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{RunCost, Sample},
        timeline::{
            Timeline,
            example::{SECOND, falco, sample, timeline},
        },
    };

    fn program(tgid: u32, comm: &str, runs: Option<u64>) -> HookProgram {
        HookProgram {
            program: 10 * tgid,
            tracepoint: "sys_exit".to_owned(),
            tgid,
            comm: comm.to_owned(),
            tool: "other".to_owned(),
            is_own: comm == "dropctl",
            cost: runs.map(|runs| RunCost { runs, run_ns: 200 * runs }),
        }
    }

    /// Two samples with these, which run so often a second.
    fn with(programs: &[(u32, &str, Option<u64>)], is_timed: Option<bool>) -> Timeline {
        let at = |second: u64| {
            let programs = programs
                .iter()
                .map(|(tgid, comm, runs)| program(*tgid, comm, runs.map(|runs| runs * second)));
            let hook = HookSample { programs: programs.collect(), is_timed, ..HookSample::default() };
            Sample { hook: Some(hook), ..sample(second * SECOND) }
        };
        timeline([at(1), at(2)])
    }

    fn texts(finding: &Finding) -> String {
        finding.evidence.iter().map(|fact| format!("{}\n", fact.text)).collect()
    }

    #[test]
    fn anybody_on_the_hook_is_named_with_what_all_cost() {
        let timed = with(&[(7, "mine", Some(1_000_000)), (9, "dropctl", Some(500_000))], Some(true));
        let finding = check(&timed.all()).unwrap();
        assert_eq!(
            finding.summary,
            "mine (pid 7) and dropctl sit on sys_exit together: each syscall of the node pays for both."
        );
        assert_eq!(
            texts(&finding),
            "program 70 of mine on sys_exit: 1,000,000 runs of 200 ns in 1.00 s, 20.00 % of one CPU, and what it takes to \
             get there\nprogram 90 of dropctl on sys_exit: 500,000 runs of 200 ns in 1.00 s, 10.00 % of one CPU, and what \
             it takes to get there\n"
        );
    }

    #[test]
    fn a_cost_is_of_the_time_in_which_it_was_counted() {
        let timed = with(&[(7, "mine", Some(1_000_000))], Some(true));
        let mut early = timed.samples()[0].clone();
        (early.clock, early.hook) = (sample(0).clock, Some(HookSample::default()));
        let samples: Vec<Sample> = [early].into_iter().chain(timed.samples().to_vec()).collect();
        let said = texts(&check(&timeline(samples).all()).unwrap());
        assert!(said.contains("1,000,000 runs of 200 ns in 1.00 s, 20.00 % of one CPU"), "{said}");
    }

    #[test]
    fn programs_of_one_process_are_said_once() {
        let twice = |runs| {
            let mut both = with(&[(7, "dropctl-agent", Some(1_000_000)), (8, "other", runs)], Some(true));
            for sample in both.samples_mut() {
                let other = &mut sample.hook.as_mut().unwrap().programs[1];
                (other.tgid, other.comm) = (7, "dropctl-agent".to_owned());
            }
            check(&both.all()).unwrap()
        };
        let finding = twice(Some(500_000));
        assert!(finding.summary.starts_with("dropctl-agent (pid 7) and dropctl sit"), "{}", finding.summary);
        assert_eq!(
            texts(&finding),
            "2 programs of dropctl-agent on sys_exit: 1,500,000 runs of 200 ns in 1.00 s, 30.00 % of one CPU, and what it takes \
             to get there\n"
        );
        let said = texts(&twice(None));
        assert!(said.starts_with("program 70 of dropctl-agent on sys_exit: 1,000,000 runs"), "{said}");
        assert!(
            said.contains("program 80 of dropctl-agent on sys_exit\n"),
            "it is not known of both: {said}"
        );
    }

    #[test]
    fn where_nothing_is_timed_the_way_is_said() {
        let finding = check(&with(&[(7, "mine", None), (8, "other", None)], Some(false)).all()).unwrap();
        assert!(finding.summary.contains("mine (pid 7), other (pid 8) and dropctl"), "{}", finding.summary);
        let said = texts(&finding);
        assert!(said.contains("kernel.bpf_stats_enabled=1") && said.contains("85 ns"), "{said}");
    }

    #[test]
    fn is_silent_when_dropctl_is_alone() {
        assert_eq!(check(&with(&[(9, "dropctl", None)], Some(false)).all()), None);
    }

    #[test]
    fn what_nobody_looked_at_is_known_of_falco_alone() {
        let old = |falcos| Sample { falcos: Some(falcos), ..sample(SECOND) };
        let finding = check(&timeline([old(vec![falco(1, 1, 0)])]).all()).unwrap();
        assert!(finding.summary.starts_with("falco (pid 50) and dropctl"), "{}", finding.summary);
        assert_eq!(check(&timeline([old(Vec::new())]).all()), None);
    }

    #[test]
    fn a_falco_whose_files_are_hidden_is_known_by_its_maps() {
        let found = |hidden: u64, programs: &[(u32, &str, Option<u64>)]| {
            let mut last = with(programs, Some(false)).all().last().cloned().unwrap();
            last.hook.as_mut().unwrap().hidden = hidden;
            check(&timeline([Sample { falcos: Some(vec![falco(1, 1, 0)]), ..last }]).all())
        };
        let finding = found(40, &[(9, "dropctl", None)]).unwrap();
        assert!(
            finding.summary.starts_with("falco (pid 50) and dropctl sit on sys_exit"),
            "{}",
            finding.summary
        );
        assert!(
            texts(&finding).contains("probes of Falco's family")
                && texts(&finding).contains("processes (40) are hidden")
        );
        assert!(!texts(&finding).contains("perf events"), "all of them were told");
        let both = found(40, &[(50, "falco", None), (60, "mine", None)]).unwrap();
        assert!(both.summary.starts_with("falco (pid 50), mine (pid 60) and dropctl"), "{}", both.summary);
        assert!(!texts(&both).contains("probes of Falco's family"), "its program itself was seen");
        assert_eq!(found(0, &[(9, "dropctl", None)]), None, "it is not on the hook");
        let alone = found(40, &[]).unwrap();
        assert!(alone.summary.contains("dropctl sit on sys_exit together"), "{}", alone.summary);
    }

    #[test]
    fn passive_it_is_about_the_others() {
        let passive = |programs: &[(u32, &str, Option<u64>)]| {
            let mut timeline = with(programs, Some(false));
            timeline.setup.request.mode = Mode::Passive;
            check(&timeline.all()).map(|finding| finding.summary)
        };
        assert_eq!(passive(&[(7, "mine", None)]), None);
        let two = passive(&[(7, "mine", None), (8, "falco", None)]).unwrap();
        assert!(two.starts_with("mine (pid 7) and falco (pid 8) sit"), "{two}");
    }
}
