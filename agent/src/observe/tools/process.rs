//! A process as /proc shows it, as far as it matters whether it is a tool and whose next life. A process may end at any
//! moment: what cannot be read is `None`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

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
    use super::*;

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
}
