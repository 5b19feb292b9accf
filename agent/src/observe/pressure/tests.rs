//! Made-up nodes, one file taken away at a time.

use std::fs;

use super::*;

const PSI: &str =
    "some avg10=0.00 avg60=0.10 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n";
const STALL: Stall = Stall { some_ns: 12_000, full_ns: Some(3000) };

/// A node whose process 7 is in `/a/b` of a v2 hierarchy.
fn node() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let group = root.path().join("cgroup/a/b");
    fs::create_dir_all(&group).unwrap();
    let mounts = format!("30 23 0:26 / {} rw - cgroup2 cgroup2 rw\n", root.path().join("cgroup").display());
    let files = [
        ("proc/self/mountinfo", mounts.as_str()),
        ("proc/7/cgroup", "0::/a/b\n"),
        ("proc/pressure/cpu", PSI),
        ("proc/pressure/memory", PSI),
        ("proc/pressure/io", PSI),
        (
            "proc/stat",
            "cpu  100 0 50 900 20 5 5 40 0 0\ncpu0 1 1\ncpu1 1 1\nintr 5\nprocs_running 3\nprocs_blocked 1\n",
        ),
        ("proc/loadavg", "0.25 0.30 1.00 3/400 1234\n"),
        ("proc/meminfo", "MemTotal: 2048 kB\nMemAvailable:   1024 kB\n"),
        ("cgroup/a/b/memory.current", "4096\n"),
        ("cgroup/a/b/memory.max", "8192\n"),
        ("cgroup/a/b/memory.events", "low 0\nhigh 2\nmax 9\noom 1\noom_kill 1\n"),
        ("cgroup/a/b/memory.events.local", "low 0\nhigh 2\nmax 5\noom 1\noom_kill 1\n"),
        ("cgroup/a/b/memory.pressure", PSI),
        ("cgroup/a/memory.max", "max\n"),
    ];
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn read(root: &tempfile::TempDir) -> PressureSample {
    Pressure::new(&root.path().join("proc")).read(&[7])
}

#[test]
fn a_node() {
    let tick = clock::ticks_to_ns(1);
    let expected = NodePressure {
        stalls: Some(Stalls { cpu: Some(STALL), memory: Some(STALL), io: Some(STALL) }),
        steal_ns: Some(40 * tick),
        busy_ns: Some(200 * tick),
        load_1_milli: Some(250),
        runnable: Some(3),
        blocked: Some(1),
        cpus_online: Some(2),
        available_bytes: Some(1 << 20),
    };
    assert_eq!(read(&node()).node, expected);
}

#[test]
fn each_file_that_is_absent_is_one_number_less() {
    let without = |path: &str| {
        let node = node();
        fs::remove_file(node.path().join(path)).unwrap();
        read(&node)
    };
    assert_eq!(without("proc/pressure/io").node.stalls.unwrap().io, None);
    let stat = without("proc/stat").node;
    assert_eq!((stat.steal_ns, stat.busy_ns, stat.runnable, stat.cpus_online), (None, None, None, None));
    assert!(stat.stalls.is_some() && stat.load_1_milli.is_some());
    assert_eq!(without("proc/loadavg").node.load_1_milli, None);
    assert_eq!(without("proc/meminfo").node.available_bytes, None);
    let group = |path: &str| without(path).tools[0].memory.clone().unwrap().remove(0);
    assert_eq!(group("cgroup/a/b/memory.current").current_bytes, None);
    assert_eq!(group("cgroup/a/b/memory.max").limit_bytes, None);
    assert_eq!(group("cgroup/a/b/memory.events").oom_kills, None);
    assert_eq!(group("cgroup/a/b/memory.events.local").max_events, None);
    assert_eq!(without("cgroup/a/b/memory.pressure").tools[0].stalls, None);
    let gone = without("proc/7/cgroup").tools.remove(0);
    assert_eq!(gone, ToolPressure { tgid: 7, memory: None, stalls: None });
}

#[test]
fn memory_of_a_cgroup_and_of_those_above() {
    let tool = read(&node()).tools.remove(0);
    let groups = tool.memory.unwrap();
    let own = MemoryGroup {
        cgroup: "/a/b".to_owned(),
        current_bytes: Some(4096),
        limit_bytes: Some(8192),
        high_events: Some(2),
        max_events: Some(5),
        oom_kills: Some(1),
    };
    assert_eq!(groups[0], own);
    assert_eq!(groups[1], MemoryGroup { cgroup: "/a".to_owned(), ..MemoryGroup::default() });
    assert_eq!((groups.len(), tool.stalls.unwrap().memory), (3, Some(STALL)));
}

#[test]
fn version_1_has_other_names_and_no_limit_is_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("memory.usage_in_bytes", "4096\n");
    write("memory.limit_in_bytes", "9223372036854771712\n");
    write("memory.failcnt", "3\n");
    write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    let group = Group { version: Version::V1, path: "/m".to_owned(), folder: folder.path().to_owned() };
    let expected = MemoryGroup {
        cgroup: "/m".to_owned(),
        current_bytes: Some(4096),
        limit_bytes: None,
        high_events: None,
        max_events: Some(3),
        oom_kills: Some(2),
    };
    assert_eq!(memory(&group), expected);
    write("memory.limit_in_bytes", "65536\n");
    assert_eq!(memory(&group).limit_bytes, Some(65536));
}

#[test]
fn lines_that_say_nothing() {
    assert_eq!(stall("some avg10=0.00 total=5\n"), Some(Stall { some_ns: 5000, full_ns: None }));
    assert_eq!((stall(""), stall("full total=1"), thousandths("nan")), (None, None, None));
    assert_eq!((thousandths("12.5"), thousandths("0.07")), (Some(12_500), Some(70)));
}
