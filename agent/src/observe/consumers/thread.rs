//! What /proc says of one thread. Its files need: `schedstat`, `stat`, `status` nothing; `wchan` `CAP_SYS_PTRACE`
//! over it, else it says `0`; `syscall` the same and to be root, because only root may open it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::account::Place;

/// More than any of these files has.
const MOST_BYTES: u64 = 8 << 10;

/// The folder of a thread.
#[must_use]
pub fn folder(proc: &Path, tgid: u32, tid: u32) -> PathBuf {
    proc.join(format!("{tgid}/task/{tid}"))
}

/// What one look at a thread reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadLook {
    /// Name.
    pub comm: String,
    /// Time on a CPU and run delay, ns.
    pub run_ns: u64,
    /// Run delay, ns.
    pub delay_ns: u64,
    /// Where it slept; `None` if it was runnable.
    pub place: Option<Place>,
    /// `voluntary_ctxt_switches`.
    pub voluntary: Option<u64>,
    /// `nonvoluntary_ctxt_switches`.
    pub involuntary: Option<u64>,
    /// Major faults.
    pub major_faults: Option<u64>,
    /// Waiting for block devices, clock ticks; `None` while there was none: with delay accounting off, the default since
    /// Linux 5.14, the kernel prints 0 as well (kernel/delayacct.c).
    pub block_io_ticks: Option<u64>,
}

/// Reads a thread; `None` if it is gone, or the kernel keeps no scheduler statistics.
#[must_use]
pub fn read(folder: &Path) -> Option<ThreadLook> {
    let (run_ns, delay_ns) = schedstat(folder)?;
    let stat = text(&folder.join("stat")).ok()?;
    let (comm, fields) = split_stat(&stat)?;
    let state = fields.first()?.chars().next()?;
    // Counted from the state, which is field 3 (Documentation/filesystems/proc.rst).
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let status = text(&folder.join("status")).unwrap_or_default();
    Some(ThreadLook {
        comm: comm.to_owned(),
        run_ns,
        delay_ns,
        place: (state != 'R').then(|| Place { state, wchan: wchan(folder), syscall: syscall(folder) }),
        voluntary: status_field(&status, "voluntary_ctxt_switches"),
        involuntary: status_field(&status, "nonvoluntary_ctxt_switches"),
        major_faults: field(12),
        block_io_ticks: field(42).filter(|ticks| *ticks > 0),
    })
}

/// Time on a CPU and run delay, ns.
#[must_use]
pub fn schedstat(folder: &Path) -> Option<(u64, u64)> {
    let text = text(&folder.join("schedstat")).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The thread's id in its own pid namespace: the last of `NSpid`.
#[must_use]
pub fn own_id(folder: &Path) -> Option<u32> {
    let status = text(&folder.join("status")).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    ids.split_ascii_whitespace().last()?.parse().ok()
}

/// A name may hold spaces and parentheses: it ends with the last one.
fn split_stat(stat: &str) -> Option<(&str, Vec<&str>)> {
    let (head, fields) = stat.rsplit_once(')')?;
    let (_, comm) = head.split_once('(')?;
    Some((comm, fields.split_ascii_whitespace().collect()))
}

fn status_field(status: &str, name: &str) -> Option<u64> {
    let mut values = status.lines().filter_map(|line| line.split_once(':'));
    values.find(|(key, _)| *key == name)?.1.trim().parse().ok()
}

/// `0` means that the kernel does not tell, or that it runs by now.
fn wchan(folder: &Path) -> Option<String> {
    text(&folder.join("wchan")).ok().filter(|name| !name.is_empty() && name != "0")
}

/// `running`, or the number and its arguments, or `-1` outside of one.
fn syscall(folder: &Path) -> Option<u32> {
    text(&folder.join("syscall")).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// A bounded read of a file of the kernel's, bytes that are no text replaced.
pub(in crate::observe) fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const STAT: &str = "71 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 \
                        30 31 32 33 34 35 36 37 38 39 40 41 42";

    fn thread() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("schedstat", "5000 700 12\n"),
            ("stat", STAT),
            ("status", "NSpid:\t71\t9\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t3\n"),
            ("wchan", "hrtimer_nanosleep"),
            ("syscall", "230 0x1 0x0 0x7ffd 0x0 0x0 0x0 0x7ffd 0x7f00\n"),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn no_delay_and_no_accounting_are_not_told_apart() {
        let thread = thread();
        fs::write(thread.path().join("stat"), STAT.replace(" 39 ", " 0 ")).unwrap();
        assert_eq!(read(thread.path()).unwrap().block_io_ticks, None);
    }

    #[test]
    fn a_sleeping_thread() {
        let thread = thread();
        let look = read(thread.path()).unwrap();
        let place = Place { state: 'S', wchan: Some("hrtimer_nanosleep".to_owned()), syscall: Some(230) };
        let expected = ThreadLook {
            comm: "a) b (c".to_owned(),
            run_ns: 5000,
            delay_ns: 700,
            place: Some(place),
            voluntary: Some(40),
            involuntary: Some(3),
            major_faults: Some(9),
            block_io_ticks: Some(39),
        };
        assert_eq!(look, expected);
        assert_eq!(own_id(thread.path()), Some(9));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        let thread = thread();
        let without = |name: &str| {
            fs::rename(thread.path().join(name), thread.path().join("gone")).unwrap();
            let look = read(thread.path());
            fs::rename(thread.path().join("gone"), thread.path().join(name)).unwrap();
            look
        };
        assert_eq!((without("schedstat"), without("stat")), (None, None));
        let look = without("status").unwrap();
        assert_eq!((look.voluntary, look.involuntary), (None, None));
        assert_eq!(without("wchan").unwrap().place.unwrap().wchan, None);
        assert_eq!(without("syscall").unwrap().place.unwrap().syscall, None);
        fs::write(thread.path().join("wchan"), "0").unwrap();
        assert_eq!(read(thread.path()).unwrap().place.unwrap().wchan, None, "0 is not a name");
        fs::write(thread.path().join("syscall"), "running\n").unwrap();
        assert_eq!(read(thread.path()).unwrap().place.unwrap().syscall, None);
    }

    #[test]
    fn a_runnable_thread_is_nowhere() {
        let thread = thread();
        fs::write(thread.path().join("stat"), STAT.replace(" S ", " R ")).unwrap();
        assert_eq!(read(thread.path()).unwrap().place, None);
    }
}
