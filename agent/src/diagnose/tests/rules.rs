//! Each rule on its own: it fires, it is silent and says why, and it says what it would have to know.

use crate::{
    diagnose::{
        case::Case,
        rules,
        story::{CLOSE, MIB, OPENAT, SECOND, Second, Story},
        verdict::Verdict,
    },
    sample::{
        Compared, ConfigurationFacts, CpuLimit, FalcoFacts, KeyFacts, LoserSample, ToolSample, VersionFacts,
    },
};

type Rule = fn(&Case<'_>) -> Verdict;

fn pressed(states: [u64; 5]) -> Story {
    Story::lossy(|second| (second.states, second.pressed) = (states, states))
}

fn burst() -> Story {
    Story::lossy(|second| {
        second.states = [150, 5, 0, 0, 845];
        second.pressed = [40, 1, 0, 0, 9];
    })
}

fn unseen() -> Story {
    Story { is_thread_seen: false, ..burst() }
}

fn with_quota() -> Option<CpuLimit> {
    Some(CpuLimit {
        cgroup: "/kubepods/pod1/c1".to_owned(),
        quota_ns: Some(20_000_000),
        period_ns: Some(100_000_000),
        ..CpuLimit::default()
    })
}

pub(super) fn every_second(change: impl Fn(usize, &mut Second)) -> Story {
    let mut story = Story::healthy();
    story.seconds.iter_mut().enumerate().for_each(|(index, second)| change(index, second));
    story
}

fn fires(story: &Story, rule: Rule) {
    let verdict = story.verdict(rule);
    let Verdict::Fires(claim) = verdict else { panic!("{verdict:?}") };
    assert!((0.0..=1.0).contains(&claim.strength), "{claim:?}");
    assert!(claim.summary.starts_with("falco") && claim.summary.ends_with('.'), "{}", claim.summary);
    assert!(
        !claim.evidence.is_empty() && (!claim.remedies.is_empty() || claim.larger_rings.is_some()),
        "{claim:?}"
    );
}

fn is_silent(story: &Story, rule: Rule) {
    let verdict = story.verdict(rule);
    assert!(matches!(&verdict, Verdict::Silent(why) if !why.is_empty()), "{verdict:?}");
}

fn does_not_know(story: &Story, rule: Rule) {
    let verdict = story.verdict(rule);
    assert!(matches!(&verdict, Verdict::Unknown(what) if !what.is_empty()), "{verdict:?}");
}

#[test]
fn throttled() {
    let rule: Rule = rules::consumer_throttled::check;
    fires(&Story { limit: with_quota(), ..pressed([200, 0, 780, 0, 20]) }, rule);
    is_silent(&Story { limit: with_quota(), ..pressed([900, 40, 50, 0, 10]) }, rule);
    is_silent(&burst(), rule);
    does_not_know(&unseen(), rule);
    does_not_know(&Story { limit: None, ..pressed([200, 800, 0, 0, 0]) }, rule);
}

#[test]
fn starved() {
    let rule: Rule = rules::consumer_starved::check;
    fires(&pressed([200, 750, 0, 0, 50]), rule);
    is_silent(&burst(), rule);
    does_not_know(&unseen(), rule);
    does_not_know(&Story { limit: None, ..pressed([200, 750, 0, 0, 50]) }, rule);
}

#[test]
fn blocked() {
    let rule: Rule = rules::consumer_blocked::check;
    let story =
        Story { blocked_in: ('D', Some(74), Some("jbd2_log_wait_commit")), ..pressed([150, 10, 0, 800, 40]) };
    fires(&story, rule);
    let Verdict::Fires(claim) = story.verdict(rule) else { unreachable!("it fires") };
    assert!(
        claim.summary.contains("in uninterruptible sleep in fsync (jbd2_log_wait_commit)"),
        "{}",
        claim.summary
    );
    is_silent(&burst(), rule);
    does_not_know(&unseen(), rule);
}

#[test]
fn saturated() {
    let rule: Rule = rules::consumer_saturated::check;
    let saturated = every_second(|_, second| {
        second.events = [100_000; 2];
        second.drops = [40_000; 2];
        second.consumed = 120_000;
        second.states = [980, 20, 0, 0, 0];
        second.pressed = second.states;
    });
    fires(&saturated, rule);
    is_silent(&burst(), rule);
    is_silent(&pressed([200, 750, 0, 0, 50]), rule);
    does_not_know(&unseen(), rule);
}

/// One thread drains: a limit that has room for all that it could use is not raised, and never lowered.
#[test]
fn a_limit_that_one_thread_cannot_reach() {
    let codes = |quota_ns: u64, story: &Story| {
        let limit = with_quota().map(|limit| CpuLimit { quota_ns: Some(quota_ns), ..limit });
        let findings = Story { limit, ..story.clone() }.findings();
        findings.into_iter().filter(|finding| finding.code.as_str() == "DC304").count()
    };
    let saturated = every_second(|_, second| {
        second.events = [100_000; 2];
        second.drops = [40_000; 2];
        second.consumed = 120_000;
        second.states = [980, 20, 0, 0, 0];
        second.pressed = second.states;
    });
    assert_eq!(codes(90_000_000, &saturated), 1, "0.9 CPUs, and it takes 1.6");
    assert_eq!(codes(150_000_000, &saturated), 0, "1.5 CPUs");
}

#[test]
fn bursts() {
    let rule: Rule = rules::burst_exceeds_buffer::check;
    fires(&burst(), rule);
    let saturated = every_second(|_, second| {
        second.events = [100_000; 2];
        second.drops = [40_000; 2];
        second.consumed = 120_000;
        second.states = [980, 20, 0, 0, 0];
    });
    is_silent(&saturated, rule);
    does_not_know(&unseen(), rule);
    does_not_know(&Story { limit: None, ..pressed([200, 790, 0, 0, 10]) }, rule);
    // Most of the time its rings are empty; of the rest it sleeps most.
    let mut stalled = burst();
    stalled.seconds[3..6].iter_mut().for_each(|second| {
        second.states = [30, 5, 0, 460, 505];
        second.pressed = [30, 5, 0, 460, 505];
    });
    assert_eq!(stalled.causes(), ["DC104"]);
}

#[test]
fn uneven() {
    let rule: Rule = rules::uneven_rings::check;
    let uneven = Story::lossy(|second| {
        second.drops = [20_000, 0];
        second.fullest = [100, 12];
    });
    fires(&uneven, rule);
    is_silent(&burst(), rule);
    let both_fill = Story::lossy(|second| second.drops = [20_000, 0]);
    is_silent(&both_fill, rule);
}

#[test]
fn wakeups() {
    let rule: Rule = rules::missed_wakeup::check;
    let waits = Story { blocked_in: ('S', Some(232), Some("ep_poll")), ..pressed([50, 0, 0, 940, 10]) };
    fires(&waits, rule);
    is_silent(&Story { blocked_in: ('S', Some(230), Some("hrtimer_nanosleep")), ..waits }, rule);
    does_not_know(&unseen(), rule);
}

#[test]
fn memory() {
    let rule: Rule = rules::memory_pressure::check;
    let faults = Story::lossy(|second| {
        (second.states, second.pressed) = ([200, 10, 0, 700, 90], [200, 10, 0, 700, 90]);
        second.major_faults = 400;
    });
    fires(&faults, rule);
    let blocked = pressed([200, 10, 0, 700, 90]);
    is_silent(&blocked, rule);
    does_not_know(&unseen(), rule);
    // Direct reclaim: on a CPU, and yet it does not drain.
    let reclaims = Story::lossy(|second| {
        (second.states, second.pressed) = ([700, 10, 0, 200, 90], [700, 10, 0, 200, 90]);
        second.stalled = 600;
    });
    fires(&reclaims, rule);
    assert_eq!(reclaims.causes(), ["DC112"], "most of its time on a CPU is not its own");
    let Verdict::Fires(claim) = reclaims.verdict(rule) else { unreachable!("it fires") };
    let at_it = "its cgroup or one above it was at its limit, and memory was reclaimed for it";
    assert!(claim.evidence.iter().any(|fact| fact.text.contains(at_it)), "{claim:?}");
    assert_eq!(claim.remedies[0].key.as_deref(), Some("resources.limits.memory"), "it was hit: {claim:?}");
    let Verdict::Fires(claim) = faults.verdict(rule) else { unreachable!("it fires") };
    assert!(claim.remedies[0].text.contains("the node that is short"), "no limit was hit: {claim:?}");
    fires(&Story { is_thread_seen: false, ..reclaims.clone() }, rule);
    // Either of the two tells, and without both nothing does.
    is_silent(&Story { are_stalls_seen: false, ..blocked.clone() }, rule);
    is_silent(&Story { are_faults_seen: false, ..blocked.clone() }, rule);
    does_not_know(&Story { are_stalls_seen: false, are_faults_seen: false, ..blocked }, rule);
    let at_the_limit = Story::lossy(|second| second.stalled = 20);
    is_silent(&at_the_limit, rule);
}

#[test]
fn starts_and_reloads() {
    let rule: Rule = rules::startup_or_reload::check;
    let with = |change: fn(&mut ToolSample)| {
        let mut story = Story { is_drained: false, ..burst() };
        change(story.tool.as_mut().expect("a tool"));
        story
    };
    fires(&with(|tool| tool.start_ns = Some(1_002 * SECOND)), rule);
    fires(&with(|tool| tool.last_reload_ns = Some(1_003 * SECOND)), rule);
    is_silent(&burst(), rule);
    let drained = Story { is_drained: true, ..with(|tool| tool.start_ns = Some(1_002 * SECOND)) };
    is_silent(&drained, rule);
    does_not_know(&Story { tool: None, ..burst() }, rule);
    // Drained within the second in which the loss began: then by the ring's first stall.
    let anew = |made_anew, change: fn(&mut ToolSample)| {
        let mut story = Story { made_anew, ..burst() };
        change(story.tool.as_mut().expect("a tool"));
        story
    };
    let reloaded: fn(&mut ToolSample) = |tool| tool.last_reload_ns = Some(1_003 * SECOND);
    fires(&anew(Some(1), reloaded), rule);
    is_silent(&anew(Some(2), reloaded), rule);
    is_silent(&anew(Some(0), reloaded), rule);
    is_silent(&anew(None, reloaded), rule);
}

#[test]
fn growth() {
    let rule: Rule = rules::state_growth::check;
    let growing = every_second(|index, second| {
        let running = 200 + 80 * index as u64;
        second.states = [running, 0, 0, 0, 1000 - running];
        second.drops = if index > 7 { [10_000; 2] } else { [0; 2] };
    });
    fires(&growing, rule);
    let mut begins_later = growing.clone();
    let first = &mut begins_later.seconds[0];
    (first.events, first.consumed, first.states) = ([0; 2], 0, [0, 0, 0, 0, 1000]);
    fires(&begins_later, rule);
    let mut more_load = growing.clone();
    more_load.seconds[7..].iter_mut().for_each(|second| second.events = [90_000; 2]);
    is_silent(&more_load, rule);
    is_silent(&burst(), rule);
    does_not_know(&unseen(), rule);
    let short = Story { seconds: growing.seconds[6..].to_vec(), ..growing };
    does_not_know(&short, rule);
}

#[test]
fn defects() {
    let rule: Rule = rules::driver_defect::check;
    let mut impossible = burst();
    impossible.seconds.iter_mut().for_each(|second| second.drops = [60_000; 2]);
    fires(&impossible, rule);
    is_silent(&burst(), rule);
}

#[test]
fn oversized() {
    let rule: Rule = rules::oversized_events::check;
    let mut story = Story::healthy();
    story.seconds[4].oversized = 7;
    fires(&story, rule);
    is_silent(&burst(), rule);
}

#[test]
fn pending() {
    let rule: Rule = rules::pending_record::check;
    fires(&Story { is_pending: true, ..burst() }, rule);
    is_silent(&burst(), rule);
    assert_eq!(Story { is_pending: true, ..burst() }.causes(), ["DC107"]);
}

fn codes(story: &Story) -> Vec<&'static str> {
    story.findings().iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn noise() {
    let mut story = burst();
    assert!(!codes(&story).contains(&"DC201"), "two syscalls, half each");
    story.exits = vec![(OPENAT, 90_000), (CLOSE, 10_000)];
    assert!(codes(&story).contains(&"DC201"));
    let loser = |cgroup_id, drops| LoserSample {
        tgid: 7,
        comm: Some("load".to_owned()),
        cgroup_id: Some(cgroup_id),
        slot: OPENAT,
        drops,
        ..LoserSample::default()
    };
    assert!(!codes(&story).contains(&"DC202"), "nobody was followed");
    story.losers = Some(vec![loser(1, 4_000), loser(2, 14_000)]);
    assert!(codes(&story).contains(&"DC202"));
}

fn facts(keys: &[(&str, &str)]) -> FalcoFacts {
    let key = |(key, value): &(&str, &str)| KeyFacts {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        ..KeyFacts::default()
    };
    let configuration =
        ConfigurationFacts { keys: keys.iter().map(key).collect(), ..ConfigurationFacts::default() };
    FalcoFacts { configuration: Some(configuration), ..FalcoFacts::default() }
}

#[test]
fn silent_loss() {
    let mut story = burst();
    assert!(!codes(&story).contains(&"DC302"), "nothing is known of its alerts");
    story.facts = Some(facts(&[("syscall_event_drops.threshold", "0.1")]));
    assert!(!codes(&story).contains(&"DC302"), "20 % of the events are lost");
    story.facts = Some(facts(&[("syscall_event_drops.threshold", "0.3")]));
    assert!(codes(&story).contains(&"DC302"));
    story.facts = Some(facts(&[("syscall_event_drops.actions", "ignore")]));
    assert!(codes(&story).contains(&"DC302"));
    let both = [("syscall_event_drops.threshold", "0.3"), ("syscall_event_drops.actions", "ignore")];
    story.facts = Some(facts(&both));
    let findings = story.findings();
    let said = &findings.iter().find(|finding| finding.code.as_str() == "DC302").expect("it").summary;
    assert!(said.ends_with("the threshold of 30.0 %, and its actions are ignore."), "{said}");
}

/// What is advised shows the loss: both settings where both hide it, and before 0.42 no action beside the alert.
#[test]
fn a_loss_that_is_told_then() {
    let mut story = burst();
    let mut told = |version: &str, threshold: &str, actions: &str| {
        let keys = [("syscall_event_drops.threshold", threshold), ("syscall_event_drops.actions", actions)];
        let version = VersionFacts { falco: Some(version.to_owned()), ..VersionFacts::default() };
        story.facts = Some(FalcoFacts { version: Some(version), ..facts(&keys) });
        let findings = story.findings();
        let remedy = findings.iter().find(|finding| finding.code.as_str() == "DC302")?.remedies[0].clone();
        let also = remedy.also.into_iter().map(|changed| changed.to);
        Some(remedy.to.into_iter().chain(also).collect::<Vec<String>>().join(" "))
    };
    assert_eq!(told("0.44.1", "0.3", "log, alert").as_deref(), Some("0"));
    assert_eq!(told("0.44.1", "0.3", "ignore").as_deref(), Some("0 [alert]"));
    assert_eq!(told("0.44.1", "0", "log").as_deref(), Some("[log, alert]"));
    assert_eq!(
        told("0.44.1", "0", "log, exit").as_deref(),
        Some("[log, exit, alert]"),
        "as somebody wants it"
    );
    assert_eq!(told("0.41.3", "0.3", "log, alert").as_deref(), Some("0 [alert]"));
    assert_eq!(told("0.41.3", "0", "log").as_deref(), Some("[alert]"));
    assert_eq!(told("0.41.3", "0", "log, alert"), None, "it may be shown");
}

#[test]
fn settings_that_are_not_applied() {
    let mut story = Story::healthy();
    let compared = |configured| Compared {
        key: "engine.modern_ebpf.buf_size_preset".to_owned(),
        configured,
        effective: Some(8 * MIB),
    };
    let mut facts = facts(&[]);
    facts.comparison.ring_bytes = compared(Some(8 * MIB));
    story.facts = Some(facts.clone());
    assert!(!codes(&story).contains(&"DC301"));
    facts.comparison.ring_bytes = compared(None);
    story.facts = Some(facts.clone());
    assert!(!codes(&story).contains(&"DC301"), "unknown is no difference");
    facts.comparison.ring_bytes = compared(Some(32 * MIB));
    story.facts = Some(facts);
    assert!(codes(&story).contains(&"DC301"));
}

#[test]
fn limits() {
    let story = Story { limit: with_quota(), ..pressed([200, 0, 780, 0, 20]) };
    assert!(!codes(&story).contains(&"DC304"), "the whole time is not near the limit");
    let busy = every_second(|_, second| {
        second.drops = [20_000; 2];
        second.consumed = 60_000;
        second.states = [200, 0, 800, 0, 0];
        second.pressed = second.states;
    });
    assert!(codes(&Story { limit: with_quota(), ..busy }).contains(&"DC304"));
}
