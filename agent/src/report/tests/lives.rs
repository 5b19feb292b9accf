//! Tools as processes, and what a report says of them.

use super::{super::model, SECOND, passive};
use crate::sample::{Absence, ProgramSample, ToolExit, ToolPrograms, ToolSample};

/// The falco, which was away for 0.4 s of the window, and another that uses its kernel module.
pub(super) fn tools() -> Vec<ToolSample> {
    let falco = ToolSample {
        tool: "falco".to_owned(),
        comm: "falco".to_owned(),
        tgid: 50,
        is_service: true,
        is_running: true,
        start_ns: Some(101_400_000_000),
        has_rings: true,
        engine: Some("modern_ebpf".to_owned()),
        restarts: 1,
        starts_ns: vec![10 * SECOND, 101_400_000_000],
        absences: vec![Absence { from_ns: 101 * SECOND, to_ns: Some(101_400_000_000) }],
        absent_ns: 400_000_000,
        last_exit: Some(ToolExit { time_ns: 101 * SECOND, code: None, signal: Some(9), is_oom: Some(true) }),
        oom_kills: Some(1),
        programs: Some(ToolPrograms {
            count: 199,
            missed: Some(1234),
            with_misses: vec![ProgramSample {
                id: 5,
                name: "sys_exit".to_owned(),
                program_type: 26,
                missed: 1234,
            }],
        }),
        ..ToolSample::default()
    };
    let old = ToolSample {
        instance: 1,
        tgid: 60,
        start_ns: Some(10 * SECOND),
        has_rings: false,
        engine: Some("kmod".to_owned()),
        restarts: 0,
        absences: Vec::new(),
        absent_ns: 0,
        last_exit: None,
        oom_kills: None,
        programs: None,
        ..falco.clone()
    };
    vec![falco, old]
}

#[test]
fn a_tool_that_was_away_or_hides_its_rings_comes_first() {
    let report = passive();
    for said in
        ["falco (pid 50) was not running for 400 ms of the window:", "for want of memory", "kernel module"]
    {
        let all = super::said(&report);
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(report.visibility.iter().any(|entry| entry.capability == "tool_rings" && !entry.available));
    let tools = report.tools.unwrap();
    let life = tools.iter().find(|tool| tool.tgid == Some(50)).and_then(|tool| tool.life.clone()).unwrap();
    assert_eq!(life.absences, [model::Outage { start_seconds: 1.0, seconds: Some(0.4) }]);
    assert_eq!((life.restarts, life.crash_loop_lives, life.age_seconds), (1, None, Some(0.6)));
    let hidden = tools.iter().find(|tool| tool.tgid == Some(60)).unwrap();
    assert!(hidden.rings.is_empty() && hidden.life.is_some());
}

#[test]
fn the_probe_before_the_modern_one_is_named_first_too() {
    let mut tool = passive().tools.unwrap().into_iter().find(|tool| tool.tgid == Some(60)).unwrap();
    tool.life.as_mut().unwrap().engine = Some("ebpf".to_owned());
    let said = super::super::lives::verdict(&tool).join(" ");
    assert!(
        said.contains("the eBPF probe before the modern one") && !said.contains("kernel module"),
        "{said}"
    );
}
