//! What no drop counter shows: a tool that is not there, or blind, runs that were skipped, outputs that lose alerts.

use super::rules::every_second;
use crate::{
    diagnose::story::{MIB, SECOND, Story, TGID},
    sample::{Absence, MetricsFacts, ProgramSample, ToolExit, ToolPrograms, ToolSample},
};

#[test]
fn absence() {
    let mut story = Story::healthy();
    let tool = story.tool.as_mut().expect("a tool");
    tool.is_service = true;
    tool.restarts = 1;
    tool.last_exit = Some(ToolExit { signal: Some(9), ..ToolExit::default() });
    tool.absences = vec![Absence { from_ns: 1_003 * SECOND, to_ns: Some(1_005 * SECOND) }];
    assert_eq!(story.causes(), ["DC116"]);
    let finding = story.findings().remove(0);
    assert!(finding.summary.contains("did not run for 2.00 s"), "{}", finding.summary);
    story.tool.as_mut().expect("a tool").is_service = false;
    assert_eq!(story.causes(), [] as [&str; 0], "a command that ended");
}

#[test]
fn blindness() {
    let mut story = every_second(|_, second| {
        second.events = [0; 2];
        second.consumed = 0;
    });
    assert_eq!(story.causes(), ["DC117"]);
    story.exits = vec![(0, 90_000)];
    assert_eq!(story.causes(), [] as [&str; 0], "nothing that it traces happened");
}

#[test]
fn skipped_runs() {
    let mut story = Story::healthy();
    let program = ProgramSample { id: 3, name: "sys_exit".to_owned(), program_type: 26, missed: 12 };
    let programs = |missed| ToolPrograms { count: 9, missed, with_misses: vec![program.clone()] };
    let tool = story.tool.as_mut().expect("a tool");
    tool.programs = Some(programs(Some(12)));
    assert_eq!(story.causes(), [] as [&str; 0], "before this time");
    let timeline = story.timeline();
    let change = |change: &dyn Fn(usize, &mut ToolSample)| {
        let mut again = crate::timeline::Timeline::new(timeline.node.clone(), timeline.setup.clone());
        for (index, sample) in timeline.samples().iter().enumerate() {
            let mut sample = sample.clone();
            change(index, &mut sample.tools.as_mut().expect("tools")[0]);
            again.push(sample);
        }
        let findings = crate::diagnose::diagnose(&again.all(), &[]);
        let skipped = findings.iter().find(|finding| finding.code.as_str() == "DC115")?;
        assert_eq!(skipped.tool.as_ref().map(|tool| tool.tgid), Some(TGID));
        skipped.drops
    };
    let at_first = |first: Option<ToolPrograms>| {
        change(&|index, tool| {
            if index == 0 {
                tool.programs.clone_from(&first);
            }
        })
    };
    assert_eq!(at_first(Some(programs(Some(2)))), Some(10));
    assert_eq!(at_first(None), None, "nobody knows when they were missed");
    let last_ns = timeline.samples().last().expect("samples").clock.boot_ns;
    let is_new = change(&|_, tool| tool.start_ns = Some(last_ns - 1));
    assert_eq!(is_new, Some(12), "a process that began meanwhile");
}

#[test]
fn outputs() {
    let story = Story::healthy();
    let timeline = story.timeline();
    let with = |at: usize, lost: u64, rss: u64| {
        let mut sample = timeline.samples()[at].clone();
        let metrics = MetricsFacts {
            time_ns: sample.clock.monotonic_ns,
            outputs_queue_num_drops: Some(lost),
            memory_rss_bytes: Some(rss),
            ..MetricsFacts::default()
        };
        sample.falcos.as_mut().expect("a Falco")[0].facts.metrics = Some(metrics);
        sample
    };
    let found = |second| {
        let mut timeline = crate::timeline::Timeline::new(timeline.node.clone(), timeline.setup.clone());
        timeline.push(with(0, 5, 100 * MIB));
        timeline.push(second);
        let findings = crate::diagnose::diagnose(&timeline.all(), &[]);
        findings.into_iter().filter(|finding| finding.code.as_str() == "DC111").collect::<Vec<_>>()
    };
    let codes = |second| found(second).len();
    assert_eq!(codes(with(9, 5, 100 * MIB)), 0);
    assert_eq!(codes(with(9, 8, 100 * MIB)), 1, "alerts were lost");
    assert_eq!(codes(with(9, 5, 180 * MIB)), 1, "memory grows and nothing bounds the queue");
    assert_eq!(codes(timeline.samples()[9].clone()), 1 - 1, "the page did not answer");
    let bounds = |second| {
        let remedies = found(second).remove(0).remedies;
        remedies.iter().filter(|remedy| format!("{remedy:?}").contains("outputs_queue.capacity")).count()
    };
    assert_eq!(bounds(with(9, 8, 100 * MIB)), 0, "its queue has a bound, which may be a larger one");
    assert_eq!(bounds(with(9, 5, 180 * MIB)), 1);
}
