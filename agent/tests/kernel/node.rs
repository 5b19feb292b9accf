//! What this machine has, and what a test needs.

use std::{env, fs, path::Path};

use dropctl::sys::abi::{CompatSyscall, compat_getppid};

/// What a test needs beyond root and BPF ring buffers.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// Two CPUs that this process may use.
    TwoCpus,
    /// A kernel that takes 32-bit x86 syscalls.
    Ia32,
    /// A kernel of at least this version.
    From(u32, u32),
    /// A kernel before BPF ring buffers (5.8). All other tests need a newer one.
    OldKernel,
    /// The kernel shows its types, and they are not hidden already.
    BtfToHide,
    /// The program, in DROPCTL_BIN.
    Cli,
    /// No guest: what it makes, thousands of maps or many processes, takes an emulated CPU too long.
    Live,
}

/// Kernels from here on have BPF ring buffers.
const RING_BUFFERS: (u32, u32) = (5, 8);

/// The reason why a test cannot run here.
pub(crate) fn first_missing(needs: &[Need]) -> Option<String> {
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } != 0 {
        return Some("not root: run it with sudo".to_owned());
    }
    let kernel = kernel();
    let wants_old = needs.iter().any(|need| matches!(need, Need::OldKernel));
    if kernel < RING_BUFFERS && !wants_old {
        return Some(format!("Linux {}.{} has no BPF ring buffers (5.8)", kernel.0, kernel.1));
    }
    needs.iter().find_map(|need| missing(*need, kernel))
}

fn missing(need: Need, kernel: (u32, u32)) -> Option<String> {
    let (met, reason) = match need {
        Need::TwoCpus => (cpus().len() >= 2, "needs two CPUs".to_owned()),
        Need::Ia32 => {
            let met = matches!(compat_getppid(), Ok(CompatSyscall::Made));
            (met, "this kernel takes no 32-bit syscalls".to_owned())
        }
        Need::From(major, minor) => (kernel >= (major, minor), format!("needs Linux {major}.{minor}")),
        Need::Live => (
            std::env::var_os("DROPCTL_GUEST").is_none(),
            "not in a guest: too long on an emulated CPU".to_owned(),
        ),
        Need::OldKernel => (kernel < RING_BUFFERS, "only for kernels before 5.8".to_owned()),
        Need::BtfToHide => {
            let met = !hides_btf() && Path::new("/sys/kernel/btf/vmlinux").exists();
            (met, "the kernel's types are hidden already: every test ran without them".to_owned())
        }
        Need::Cli => (dropctl_bin().is_some(), "DROPCTL_BIN names no dropctl that knows `report`".to_owned()),
    };
    (!met).then_some(reason)
}

/// Major and minor version of the running kernel.
pub(crate) fn kernel() -> (u32, u32) {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers =
        release.split(|letter: char| !letter.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The CPUs that this process was allowed to use when it began.
pub(crate) fn cpus() -> Vec<usize> {
    static CPUS: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CPUS.get_or_init(|| {
        // SAFETY: plain integers; `set` is valid for the write of its own size.
        let set = unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            libc::sched_getaffinity(0, size_of_val(&set), &raw mut set);
            set
        };
        // SAFETY: in range of the set.
        (0..libc::CPU_SETSIZE as usize).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) }).collect()
    })
    .clone()
}

/// Two CPUs, the same one twice where there is no other.
pub(crate) fn two_cpus() -> [usize; 2] {
    let cpus = cpus();
    [cpus[0], cpus[1 % cpus.len()]]
}

/// `true` in a guest, where nobody but us makes syscalls.
pub(crate) fn is_quiet() -> bool {
    env::var_os("DROPCTL_GUEST").is_some()
}

/// `true` when everything is to run without the kernel's types.
pub(crate) fn hides_btf() -> bool {
    env::var_os("DROPCTL_HIDE_BTF").is_some_and(|value| value == "1")
}

/// A number from the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The program under test, if it has a `report` command.
pub(crate) fn dropctl_bin() -> Option<String> {
    let path = env::var("DROPCTL_BIN").ok()?;
    let help = std::process::Command::new(&path).args(["report", "--help"]).output().ok()?;
    let knows_report = String::from_utf8_lossy(&help.stdout).contains("--ring-bytes");
    (help.status.success() && knows_report).then_some(path)
}
