//! A process as /proc shows it, as far as it matters whether it is a tool and whose next life. A process may end at any
//! moment: what cannot be read is `None`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use procfs::{FromBufRead as _, ProcessCGroups};

/// More command line than this is not compared. The kernel allows 128 KiB for each argument.
const MOST_BYTES: u64 = 1 << 16;

/// What /proc/PID/stat says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) parent: u32,
    /// `CLOCK_BOOTTIME`, ns, to a hundredth of a second.
    pub(super) start_ns: u64,
    /// It has ended, and its parent has not noticed.
    pub(super) is_dead: bool,
}

/// The cgroups of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cgroups {
    /// That of the unified hierarchy; where nobody uses it (a hybrid), that of the memory controller.
    pub(super) path: Option<String>,
    /// The memory controller's, in a hierarchy of its own (v1).
    pub(super) memory_v1: Option<String>,
}

/// Name, parent and start of `proc`/`pid`.
pub(super) fn stat(proc: &Path, pid: u32) -> Option<Stat> {
    let text = read(&proc.join(pid.to_string()).join("stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&text))
}

/// Its name: 15 bytes, whatever they are.
pub(super) fn comm(proc: &Path, pid: u32) -> Option<String> {
    let text = read(&proc.join(pid.to_string()).join("comm")).ok()?;
    Some(String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned())
}

/// Its arguments; `None` where there are none to see.
pub(super) fn command(proc: &Path, pid: u32) -> Option<Vec<u8>> {
    read(&proc.join(pid.to_string()).join("cmdline")).ok().filter(|command| !command.is_empty())
}

/// Its id in its own pid namespace.
pub(super) fn namespace_tgid(proc: &Path, pid: u32) -> Option<u32> {
    let text = read(&proc.join(pid.to_string()).join("status")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find_map(|line| line.strip_prefix("NStgid:"))?;
    line.split_whitespace().last()?.parse().ok()
}

/// Its cgroups.
pub(super) fn cgroups(proc: &Path, pid: u32) -> Cgroups {
    let bytes = read(&proc.join(pid.to_string()).join("cgroup")).unwrap_or_default();
    let Ok(ProcessCGroups(all)) = ProcessCGroups::from_buf_read(&bytes[..]) else {
        return Cgroups::default();
    };
    let v1 = |controller: &str| {
        let with = |group: &&procfs::ProcessCGroup| group.controllers.iter().any(|name| name == controller);
        all.iter().find(with).map(|group| group.pathname.clone())
    };
    let unified = all.iter().find(|group| group.hierarchy == 0).map(|group| group.pathname.clone());
    let memory_v1 = v1("memory");
    let is_root = |path: &String| path == "/";
    let path = match (unified, &memory_v1) {
        (Some(unified), Some(memory)) if is_root(&unified) && !is_root(memory) => Some(memory.clone()),
        (unified, memory) => unified.or_else(|| memory.clone()),
    };
    Cgroups { path, memory_v1 }
}

/// The id of the container that a cgroup is: 64 hexadecimal digits in its name, which the runtimes put between a prefix
/// and `.scope`, or leave bare.
pub(super) fn container_id(cgroup: &str) -> Option<String> {
    const DIGITS: usize = 64;
    let is_id = |word: &&str| word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = |name: &'_ str| name.split(['-', '.', ':']).find(is_id).map(str::to_owned);
    cgroup.rsplit('/').find_map(words)
}

/// The name may hold spaces and parentheses: what follows the last one is numbers.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // `starttime` is the 22nd field of all (proc_pid_stat(5)), the 18th after the parent's.
    let ticks: u64 = fields.nth(17)?.parse().ok()?;
    let start_ns = ticks.checked_mul(1_000_000_000 / procfs::ticks_per_second().max(1))?;
    Some(Stat { parent, start_ns, is_dead: matches!(state, "Z" | "X") })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_name_may_look_like_numbers() {
        let tail = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 12345 99";
        let stat = parse_stat(&format!("7 (a) R 1 (b) S 42 {tail}")).unwrap();
        let start_ns = 12_345 * 1_000_000_000 / procfs::ticks_per_second();
        assert_eq!(stat, Stat { parent: 42, start_ns, is_dead: false });
        assert!(parse_stat(&format!("7 (falco) Z 42 {tail}")).unwrap().is_dead);
        assert_eq!(parse_stat("7 (falco) S 42 1"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn this_process_began_a_moment_ago() {
        let own = stat(Path::new("/proc"), std::process::id()).unwrap();
        let now_ns = crate::sys::clock::now().boot_ns;
        assert!(own.start_ns <= now_ns && now_ns - own.start_ns < 600_000_000_000, "{own:?}, now {now_ns}");
        assert_eq!(stat(Path::new("/proc"), u32::MAX), None);
    }

    #[test]
    fn cgroups_of_both_kinds() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("7")).unwrap();
        let write = |text: String| fs::write(proc.path().join("7/cgroup"), text).unwrap();
        write(format!("0::/kubepods.slice/cri-containerd-{ID}.scope\n"));
        let unified = cgroups(proc.path(), 7);
        assert_eq!(unified.memory_v1, None);
        assert_eq!(unified.path.as_deref().and_then(container_id).as_deref(), Some(ID));
        write(format!("4:memory:/docker/{ID}\n3:cpu,cpuacct:/x\n0::/\n"));
        let hybrid = cgroups(proc.path(), 7);
        assert_eq!((hybrid.path.clone(), hybrid.memory_v1), (Some(format!("/docker/{ID}")), hybrid.path));
        write("garbage".to_owned());
        assert_eq!(cgroups(proc.path(), 7), Cgroups::default());
        assert_eq!(cgroups(proc.path(), 8), Cgroups::default());
    }

    #[test]
    fn containers_by_their_cgroup() {
        let pod = "/kubepods/burstable/pod1f3c8e1c-0a2b-4c5d-9e8f-001122334455";
        assert_eq!(container_id(&format!("{pod}/{ID}")).as_deref(), Some(ID));
        assert_eq!(container_id(&format!("/system.slice/docker-{ID}.scope")).as_deref(), Some(ID));
        assert_eq!(container_id(&format!("/x/crio-{ID}.scope/container")).as_deref(), Some(ID));
        assert_eq!(container_id(pod), None);
        assert_eq!(container_id("/system.slice/falco.service"), None);
    }
}
