//! Lives made by hand: what continues what, and what is counted.

use super::*;

const SECOND: u64 = 1_000_000_000;

fn found(tgid: u32, comm: &str, command: &str, cgroup: &str, start: u64) -> Found {
    Found {
        tgid,
        comm: comm.to_owned(),
        command: Some(command.as_bytes().to_vec()),
        start_ns: Some(start * SECOND),
        cgroup: Some(cgroup.to_owned()),
        oom_kills: Some(3),
        ..Found::default()
    }
}

fn falco(tgid: u32, cgroup: &str, start: u64) -> Found {
    found(tgid, "falco", "/usr/bin/falco", cgroup, start)
}

#[test]
fn lives_and_the_window_between_them() {
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.end(50, 100 * SECOND, Some(3));
    let ended = &lives.sample()[0];
    assert!(!ended.is_running && ended.restarts == 0);
    assert_eq!(ended.absences, [Absence { from_ns: 100 * SECOND, to_ns: None }]);
    assert_eq!(ended.last_exit.unwrap().is_oom, Some(false));
    // A restarted container has another cgroup.
    lives.begin(falco(90, "/pod/b", 107), 108 * SECOND);
    let all = lives.sample();
    assert_eq!(all.len(), 1);
    let again = &all[0];
    assert_eq!((again.tgid, again.restarts, again.absent_ns, again.instance), (90, 1, 7 * SECOND, 0));
    assert_eq!(again.absences, [Absence { from_ns: 100 * SECOND, to_ns: Some(107 * SECOND) }]);
    assert_eq!(again.starts_ns, [10 * SECOND, 107 * SECOND]);
    assert_eq!(again.cgroup.as_deref(), Some("/pod/b"));
}

#[test]
fn two_of_a_kind_are_kept_apart() {
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.begin(falco(60, "/pod/b", 11), 11 * SECOND);
    lives.end(50, 100 * SECOND, None);
    lives.end(60, 101 * SECOND, None);
    // The cgroup counts more than the order in which they ended.
    lives.begin(falco(70, "/pod/b", 105), 105 * SECOND);
    lives.begin(found(80, "tetragon", "tetragon", "/pod/a", 106), 106 * SECOND);
    let all: Vec<_> =
        lives.sample().into_iter().map(|tool| (tool.tool, tool.instance, tool.tgid, tool.restarts)).collect();
    let expected = [("falco", 0, 50, 0), ("falco", 1, 70, 1), ("tetragon", 0, 80, 0)];
    assert_eq!(
        all,
        expected.map(|(tool, instance, tgid, restarts)| (tool.to_owned(), instance, tgid, restarts))
    );
}

#[test]
fn a_command_is_done_and_not_absent() {
    let mut lives = Lives::default();
    lives.begin(found(50, "bpftrace", "bpftrace -e x", "/user", 10), 10 * SECOND);
    lives.end(50, 20 * SECOND, None);
    assert!(lives.sample()[0].absences.is_empty());
    lives.begin(found(51, "bpftrace", "bpftrace -e x", "/user", 21), 21 * SECOND);
    assert_eq!(lives.sample().len(), 2, "another one, no restart");
    lives.forget(90 * SECOND);
    assert_eq!(lives.sample().len(), 1);
}

#[test]
fn a_question_to_the_program_is_no_tool() {
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.begin(found(51, "falco", "falco --version", "/pod/a", 20), 20 * SECOND);
    lives.end(51, 21 * SECOND, None);
    assert_eq!(lives.sample().len(), 1);
    // But one that is alone and ends at once is a Falco that cannot start.
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.end(50, 11 * SECOND, None);
    assert_eq!(lives.sample().len(), 1);
}

#[test]
fn killed_for_want_of_memory() {
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.end(50, 20 * SECOND, Some(4));
    lives.set_exit(50, 9);
    let sample = &lives.sample()[0];
    assert_eq!(sample.oom_kills, Some(1));
    let exit = ToolExit { time_ns: 20 * SECOND, code: None, signal: Some(9), is_oom: Some(true) };
    assert_eq!(sample.last_exit, Some(exit));
    // Its next life's cgroup begins with 3 again; nothing is counted twice.
    lives.begin(falco(60, "/pod/b", 30), 30 * SECOND);
    lives.set_oom_kills(60, Some(3), 31 * SECOND);
    assert_eq!(lives.sample()[0].oom_kills, Some(1));
    lives.end(60, 40 * SECOND, None);
    lives.set_exit(60, 256);
    let exit = lives.sample()[0].last_exit.unwrap();
    assert_eq!((exit.code, exit.signal, exit.is_oom), (Some(1), None, None), "the cgroup went with it");
}

/// The count grows when the kernel picks it, and it takes its time to be gone.
#[test]
fn killed_for_want_of_memory_and_seen_to_die() {
    let ended = |at_ns, wait_status| {
        let mut lives = Lives::default();
        lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
        lives.set_oom_kills(50, Some(4), 20 * SECOND);
        lives.end(50, at_ns, Some(4));
        lives.set_exit(50, wait_status);
        lives.sample()[0].last_exit.unwrap().is_oom
    };
    assert_eq!(ended(22 * SECOND, 9), Some(true));
    assert_eq!(ended(22 * SECOND, 256), Some(false), "it ended by itself");
    assert_eq!(ended(60 * SECOND, 9), Some(false), "that was another process");
}

#[test]
fn a_reload_is_no_restart() {
    let mut lives = Lives::default();
    lives.begin(falco(50, "/pod/a", 10), 10 * SECOND);
    lives.set_probe(50, true, Some(7), 11 * SECOND);
    lives.set_probe(50, false, None, 12 * SECOND);
    lives.set_probe(50, true, Some(9), 13 * SECOND);
    let sample = &lives.sample()[0];
    assert_eq!((sample.reloads, sample.last_reload_ns, sample.restarts), (1, Some(13 * SECOND), 0));
    lives.end(50, 20 * SECOND, None);
    lives.begin(falco(60, "/pod/a", 30), 30 * SECOND);
    lives.set_probe(60, true, Some(12), 31 * SECOND);
    assert_eq!(lives.sample()[0].reloads, 1, "a new life loads its probe for the first time");
}

#[test]
fn lists_are_bounded_and_sums_are_not() {
    let mut lives = Lives::default();
    for life in 0..40 {
        lives.begin(falco(50 + life, "/pod/a", 10 * u64::from(life)), 0);
        lives.end(50 + life, (10 * u64::from(life) + 4) * SECOND, None);
    }
    let sample = &lives.sample()[0];
    assert_eq!((sample.restarts, sample.absent_ns), (39, 39 * 6 * SECOND));
    assert_eq!((sample.starts_ns.len(), sample.absences.len()), (LIVES_LISTED, LIVES_LISTED));
    let mut lives = Lives::default();
    for one in 0..200 {
        lives.begin(found(one, "tracee", &format!("tracee {one}"), &format!("/{one}"), 1), SECOND);
        lives.set_probe(one, true, None, SECOND);
        lives.end(one, 2 * SECOND, None);
    }
    assert_eq!(lives.sample().len(), MOST_TOOLS);
}
