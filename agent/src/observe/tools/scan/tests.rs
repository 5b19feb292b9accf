//! A /proc made by hand, and one real process.

use std::fs;

use super::*;
use crate::sample::{RingOwner, RingSample, ToolSample};

const SECOND: u64 = 1_000_000_000;
/// Above the largest process id there is (2^22): no pidfd of another process is opened.
const FIRST: u32 = 5_000_000;

/// A /proc of processes made by hand.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> (Self, State) {
        let tree = Self(tempfile::tempdir().unwrap());
        for name in ["self", "sys", "1"] {
            fs::create_dir(tree.0.path().join(name)).unwrap();
        }
        let state = State::new(tree.0.path());
        (tree, state)
    }

    fn process(&self, pid: u32, comm: &str, parent: u32, start: u64) {
        self.state(pid, comm, parent, start, 'S');
    }

    fn state(&self, pid: u32, comm: &str, parent: u32, start: u64, state: char) {
        let folder = self.0.path().join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        let ticks = start * procfs::ticks_per_second();
        let zeros = "0 ".repeat(17);
        fs::write(folder.join("stat"), format!("{pid} ({comm}) {state} {parent} {zeros}{ticks} 0\n"))
            .unwrap();
        fs::write(folder.join("comm"), format!("{comm}\n")).unwrap();
        fs::write(folder.join("cmdline"), format!("/usr/bin/{comm}\0-c\0x\0")).unwrap();
        fs::write(folder.join("cgroup"), format!("0::/pod/{pid}\n")).unwrap();
        fs::write(folder.join("status"), format!("Name:\t{comm}\nNStgid:\t{pid}\t7\n")).unwrap();
    }

    fn gone(&self, pid: u32) {
        fs::remove_dir_all(self.0.path().join(pid.to_string())).unwrap();
    }
}

fn tools(state: &State) -> Vec<ToolSample> {
    state.lives.sample()
}

#[test]
fn a_falco_among_others() {
    let (tree, mut state) = Tree::new();
    tree.process(FIRST, "falco", 1, 10);
    tree.process(FIRST + 1, "falcoctl", 1, 11);
    tree.process(FIRST + 2, "systemd-journal", 1, 11);
    tree.process(FIRST + 3, "falco", FIRST, 12);
    fs::create_dir(tree.0.path().join((FIRST + 4).to_string())).unwrap();
    state.scan(20 * SECOND);
    let found = tools(&state);
    assert_eq!(found.len(), 1, "neither others, nor a child, nor one that vanishes: {found:?}");
    assert_eq!((found[0].tgid, found[0].start_ns), (FIRST, Some(10 * SECOND)));
    assert_eq!(found[0].namespace_tgid, Some(7));
    assert_eq!(found[0].cgroup.as_deref(), Some(format!("/pod/{FIRST}").as_str()));
    assert_eq!((found[0].oom_kills, found[0].has_rings), (None, false));
}

#[test]
fn gone_and_come_again_with_the_same_id() {
    let (tree, mut state) = Tree::new();
    tree.process(FIRST, "falco", 1, 10);
    state.scan(20 * SECOND);
    tree.state(FIRST, "falco", 1, 10, 'Z');
    state.scan(21 * SECOND);
    assert!(!tools(&state)[0].is_running, "a zombie does not run");
    state.scan(22 * SECOND);
    assert_eq!(tools(&state).len(), 1, "nor is it another");
    tree.gone(FIRST);
    state.scan(23 * SECOND);
    tree.process(FIRST, "falco", 1, 24);
    state.scan(25 * SECOND);
    let again = &tools(&state)[0];
    assert_eq!((again.is_running, again.restarts, again.absent_ns), (true, 1, 3 * SECOND));
}

#[test]
fn a_shell_that_becomes_a_falco() {
    let (tree, mut state) = Tree::new();
    tree.process(FIRST, "sh", 1, 10);
    for second in 10..60 {
        state.scan(second * SECOND);
    }
    assert!(tools(&state).is_empty());
    tree.process(FIRST, "falco", 1, 10);
    for second in 60..66 {
        state.scan(second * SECOND);
    }
    let start_ns = tools(&state)[0].start_ns.unwrap();
    assert!((55..=60).contains(&(start_ns / SECOND)), "not since the shell began: {start_ns}");
}

#[test]
fn by_rings_where_names_do_not_say_it() {
    let (tree, mut state) = Tree::new();
    tree.process(FIRST, "systemd", 0, 1);
    let ring = |tgid, comm: &str| RingSample {
        owner: Some(RingOwner { tgid, comm: comm.to_owned(), tool: String::new() }),
        ..RingSample::default()
    };
    let rings = [ring(FIRST, "systemd"), ring(FIRST + 1, "me"), ring(FIRST + 2, "falco")];
    state.take_up_by_rings(&rings, true, 20 * SECOND);
    let found: Vec<u32> = tools(&state).iter().map(|tool| tool.tgid).collect();
    assert_eq!(found, [FIRST], "nobody knows `me`, and that falco is gone");
    // In a pid namespace of its own dropctl knows rings alone.
    let (_tree, mut state) = Tree::new();
    state.take_up_by_rings(&rings[2..], false, 20 * SECOND);
    assert_eq!((tools(&state)[0].tgid, tools(&state)[0].start_ns), (FIRST + 2, None));
    state.take_up_by_rings(&[], false, 30 * SECOND);
    let ended = &tools(&state)[0];
    assert_eq!(ended.absences[0].from_ns, 30 * SECOND);
    state.take_up_by_rings(&[ring(FIRST + 9, "falco")], false, 40 * SECOND);
    // Neither cgroup nor command are visible: it may be the next life or another one.
    assert_eq!(tools(&state).len(), 2);
}

/// A real process: its end is noticed through its pidfd, and how it ended where the kernel tells.
#[test]
fn a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tracee");
    std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
    let mut process = std::process::Command::new(&program).arg("60").spawn().unwrap();
    let (pid, mut state) = (process.id(), State::new(Path::new("/proc")));
    let is_it = |tool: &ToolSample| tool.tgid == pid;
    let now_ns = || crate::sys::clock::now().boot_ns;
    // After the fork it is us for a moment.
    while !tools(&state).iter().any(is_it) {
        state.scan(now_ns());
    }
    assert!(state.pidfds().iter().any(|(watched, _)| *watched == pid));
    process.kill().unwrap();
    process.wait().unwrap();
    state.end(pid, now_ns());
    state.scan(now_ns());
    let ended = tools(&state).into_iter().find(is_it).unwrap();
    assert!(!ended.is_running);
    let exit = ended.last_exit.unwrap();
    assert!(matches!(exit.signal, Some(9) | None) && exit.code.is_none(), "{exit:?}");
}
