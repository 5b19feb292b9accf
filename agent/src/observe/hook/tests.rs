//! A /proc made by hand.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use caps::{CapSet, CapsHashSet};

use super::*;
use crate::{observe::fdinfo::MOST_FILES, sample::RunCost};

/// A process with these open files: what each is, and its fdinfo.
fn process(proc: &Path, tgid: u32, comm: &str, files: &[(&str, String)]) {
    let folder = proc.join(tgid.to_string());
    for name in ["fd", "fdinfo"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    fs::write(folder.join("comm"), format!("{comm}\n")).unwrap();
    for (fd, (target, fdinfo)) in files.iter().enumerate() {
        symlink(target, folder.join(format!("fd/{fd}"))).unwrap();
        fs::write(folder.join(format!("fdinfo/{fd}")), fdinfo).unwrap();
    }
}

fn link(name: &str, id: u32) -> (&'static str, String) {
    let text =
        format!("pos:\t0\nlink_type:\traw_tracepoint\nlink_id:\t3\nprog_id:\t{id}\ntp_name:\t{name}\n");
    ("anon_inode:bpf_link", text)
}

fn program(id: u32, runs: u64) -> (&'static str, String) {
    let text =
        format!("pos:\t0\nprog_type:\t26\nprog_id:\t{id}\nrun_time_ns:\t{}\nrun_cnt:\t{runs}\n", 50 * runs);
    ("anon_inode:bpf-prog", text)
}

/// A link of a perf event, and what newer kernels tell of it.
fn perf_link(id: u32, more: &str) -> (&'static str, String) {
    ("anon_inode:bpf_link", format!("pos:\t0\nlink_type:\tperf\nlink_id:\t5\nprog_id:\t{id}\n{more}"))
}

fn set_timed(proc: &Path, value: &str) {
    fs::create_dir_all(proc.join("sys/kernel")).unwrap();
    fs::write(proc.join("sys/kernel/bpf_stats_enabled"), value).unwrap();
}

#[test]
fn whoever_owns_it() {
    let proc = tempfile::tempdir().unwrap();
    let proc = proc.path();
    process(proc, 7, "falco", &[link("sys_exit", 41), link("sched_switch", 44), program(41, 1_000)]);
    process(proc, 9, "mine", &[link("sys_enter", 42), link("sys_enter", 42), link("sys_exit_group_x", 43)]);
    process(proc, 10, "none", &[link("sys_exits", 45), ("/etc/passwd", "prog_id:\t41\n".to_owned())]);
    // It has ended meanwhile.
    fs::create_dir_all(proc.join("8")).unwrap();
    let found = read(proc);
    let facts: Vec<_> = found
        .programs
        .iter()
        .map(|program| (program.tgid, program.program, &*program.tracepoint, &*program.tool))
        .collect();
    let expected =
        [(7, 41, "sys_exit", "falco"), (9, 42, "sys_enter", "other"), (9, 43, "sys_exit_group_x", "other")];
    assert_eq!(facts, expected);
    assert_eq!((found.looked_at, found.hidden, found.is_timed), (3, 0, None));
    assert!(found.programs.iter().all(|program| !program.is_own));
}

#[test]
fn a_profiler_and_what_was_closed_hide_nothing() {
    let is_nothing = |code| look::is_on_no_tracepoint(&io::Error::from_raw_os_error(code));
    assert_eq!([libc::ENOENT, libc::EOPNOTSUPP, libc::EBADF].map(is_nothing), [true; 3]);
    assert_eq!([libc::EPERM, libc::EINVAL].map(is_nothing), [false; 2], "what it is on is not known");
}

#[test]
fn a_link_that_does_not_tell_where_it_is_may_be_there() {
    let untold = |files: &[(&str, String)]| {
        let proc = tempfile::tempdir().unwrap();
        process(proc.path(), 7, "tracer", files);
        let found = read(proc.path());
        (found.untold, found.programs.len())
    };
    let open = |kind: u32| ("anon_inode:bpf-prog", format!("pos:\t0\nprog_type:\t{kind}\nprog_id:\t50\n"));
    assert_eq!(untold(&[perf_link(50, "")]), (1, 0));
    assert_eq!(untold(&[perf_link(50, ""), open(5)]), (1, 0), "a program for tracepoints");
    assert_eq!(untold(&[perf_link(50, ""), open(2)]), (0, 0), "one for kprobes");
    assert_eq!(untold(&[perf_link(50, "name:\tf\nevent_type:\tkprobe\n")]), (0, 0));
    assert_eq!(untold(&[perf_link(50, "tp_name:\tsys_enter\nevent_type:\ttracepoint\n")]), (0, 1));
}

/// Without CAP_SYS_ADMIN the kernel does not tell what dropctl's own are on, either.
#[test]
fn what_is_its_own_is_not_untold() {
    let proc = tempfile::tempdir().unwrap();
    let own = std::process::id();
    process(proc.path(), own, "dropctl", &[perf_link(50, ""), link("sys_exit", 51)]);
    process(proc.path(), own + 1, "tracer", &[perf_link(52, "")]);
    let found = read(proc.path());
    assert_eq!((found.untold, found.programs.len(), found.programs[0].is_own), (1, 1, true));
}

/// Files that nobody may list, and files that may be listed, but not what they are: as those of a process with more rights.
#[test]
fn what_is_refused_is_hidden() {
    let proc = tempfile::tempdir().unwrap();
    let proc = proc.path();
    let modes = [(7, 0o000), (8, 0o400), (9, 0o500)];
    for (tgid, mode) in modes {
        process(proc, tgid, "falco", &[link("sys_exit", 41)]);
        fs::set_permissions(proc.join(format!("{tgid}/fd")), Permissions::from_mode(mode)).unwrap();
    }
    // Root passes by all modes; a thread without its capabilities does not.
    let found = thread::scope(|scope| {
        let look = || {
            caps::set(None, CapSet::Effective, &CapsHashSet::new()).unwrap();
            read(proc)
        };
        scope.spawn(look).join().unwrap()
    });
    assert_eq!((found.looked_at, found.hidden), (1, 2));
    assert_eq!(found.programs.iter().map(|program| program.tgid).collect::<Vec<_>>(), [9]);
    for (tgid, _) in modes {
        fs::set_permissions(proc.join(format!("{tgid}/fd")), Permissions::from_mode(0o700)).unwrap();
    }
}

/// Servers have thousands of files open.
#[test]
fn all_of_two_thousand_files_are_looked_at() {
    let proc = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..2_000).map(|id| perf_link(id, "")).collect();
    process(proc.path(), 7, "server", &files);
    let found = read(proc.path());
    assert_eq!((found.looked_at, found.hidden, found.untold), (1, 0, 2_000));
}

#[test]
fn processes_beyond_the_last_are_hidden() {
    let proc = tempfile::tempdir().unwrap();
    for tgid in 1..=look::MOST_PROCESSES + 2 {
        // No folders, which take four times as long to make: none of them has files to look at.
        fs::write(proc.path().join(tgid.to_string()), "").unwrap();
    }
    assert_eq!(read(proc.path()).hidden, 2);
}

#[test]
fn who_has_more_than_is_looked_at_is_hidden_in_part() {
    let proc = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..=MOST_FILES).map(|_| ("/etc/passwd", String::new())).collect();
    process(proc.path(), 7, "server", &files);
    let links: Vec<_> = (0..65).map(|id| link("sys_exit", id)).collect();
    process(proc.path(), 9, "mine", &links);
    let found = read(proc.path());
    assert_eq!((found.looked_at, found.hidden, found.programs.len()), (1, 2, 64));
}

#[test]
fn what_each_costs_where_that_is_counted() {
    let proc = tempfile::tempdir().unwrap();
    let proc = proc.path();
    process(proc, 7, "falco", &[link("sys_exit", 41), program(41, 1_000)]);
    process(proc, 9, "mine", &[link("sys_exit", 42)]);
    let costs = || -> Vec<_> { read(proc).programs.iter().map(|program| program.cost).collect() };
    let is_timed = |value| {
        set_timed(proc, value);
        read(proc).is_timed
    };
    assert_eq!((is_timed("0\n"), is_timed("1\n"), is_timed("x")), (Some(false), Some(true), None));
    assert_eq!(costs(), [Some(RunCost { runs: 1_000, run_ns: 50_000 }), None], "the other is not open");
    let hook = Hook::start(proc).unwrap();
    let sample = loop {
        if let Some(sample) = hook.sample() {
            break sample;
        }
    };
    assert_eq!(sample, read(proc));
    fs::write(proc.join("7/fdinfo/1"), program(41, 3_000).1).unwrap();
    let cost = |sample: HookSample| sample.programs[0].cost.unwrap().runs;
    assert_eq!(cost(hook.sample().unwrap()), 3_000, "with each sample");
    fs::write(proc.join("7/fdinfo/1"), program(99, 1).1).unwrap();
    assert_eq!(hook.sample().unwrap().programs[0].cost, None, "another file has its number");
}
