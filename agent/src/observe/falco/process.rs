//! Which process is a Falco, and which kernel modules of its family are there.
//!
//! Paths of /proc and of the node's root are arguments: a container sees the node's under another name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::endpoint::{Addresses, Network, own_v4, own_v6};

/// Inode of the initial pid namespace (`PROC_PID_INIT_INO`, include/linux/proc_ns.h). Falco's probe asks the same
/// way whether its iterators can work (libs, userspace/libpman/src/support_probing.c).
pub(crate) const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
/// More command line or environment than this is not Falco's. The kernel allows 128 KiB for each string.
const MOST_BYTES: usize = 1 << 20;

/// A program that loads the probe of falcosecurity/libs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Falco.
    Falco,
    /// Others with the same maps: sysdig and the examples of libs.
    Sysdig,
}

/// What a process is, as far as it may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `comm`: 15 bytes, and anybody may set it.
    pub comm: Option<String>,
    /// Name of the executable file.
    pub executable: Option<String>,
    /// In the initial pid namespace. Elsewhere Falco's iterators are off (0.44).
    pub in_root_pid_namespace: Option<bool>,
    /// Its network, seen from the process that `proc` shows as self.
    pub network: Option<Network>,
    /// Arguments, separated by zero bytes.
    pub cmdline: Option<Vec<u8>>,
    /// Environment at its start, separated by zero bytes.
    pub environ: Option<Vec<u8>>,
    /// Working directory, below its own root.
    pub working_directory: Option<PathBuf>,
}

impl Identity {
    /// Reads `proc`/`pid`. What cannot be read is `None`.
    #[must_use]
    pub fn read(proc: &Path, pid: u32) -> Self {
        let process = proc.join(pid.to_string());
        let link = |name: &str| fs::read_link(process.join(name)).ok();
        let namespace = |of: &Path| fs::read_link(of.join("ns/net")).ok();
        Self {
            comm: bounded(&process.join("comm"))
                .ok()
                .map(|comm| String::from_utf8_lossy(&comm).trim_end_matches('\n').to_owned()),
            executable: link("exe").and_then(|path| executable_name(&path)),
            in_root_pid_namespace: link("ns/pid")
                .map(|namespace| namespace == Path::new(INITIAL_PID_NAMESPACE)),
            network: namespace(&process).zip(namespace(&proc.join("self"))).map(|(its, ours)| {
                if its == ours { Network::Ours } else { Network::Other(addresses(&process)) }
            }),
            cmdline: bounded(&process.join("cmdline")).ok(),
            environ: bounded(&process.join("environ")).ok(),
            working_directory: link("cwd").map(|path| below(&path, link("root").as_deref())),
        }
    }

    /// Which program it is. The executable counts; `comm` only where that cannot be read.
    #[must_use]
    pub fn program(&self) -> Option<Program> {
        match self.executable.as_deref().or(self.comm.as_deref())? {
            "falco" => Some(Program::Falco),
            "sysdig" | "csysdig" | "scap-open" | "sinsp-example" => Some(Program::Sysdig),
            _ => None,
        }
    }
}

fn addresses(process: &Path) -> Addresses {
    let file = |name: &str| bounded(&process.join(name)).ok();
    Addresses {
        v4: file("net/fib_trie").and_then(|text| own_v4(&String::from_utf8_lossy(&text))),
        v6: file("net/if_inet6").and_then(|text| own_v6(&String::from_utf8_lossy(&text))),
    }
}

/// A replaced executable shows as `/usr/bin/falco (deleted)`.
fn executable_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    Some(name.strip_suffix(" (deleted)").unwrap_or(&name).to_owned())
}

/// The kernel shows a working directory from the top of the process's mounts: below a chroot that is not its root.
fn below(path: &Path, root: Option<&Path>) -> PathBuf {
    let inside = root.and_then(|root| path.strip_prefix(root).ok());
    inside.map_or_else(|| path.to_owned(), |inside| Path::new("/").join(inside))
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(fs::File::open(path)?, MOST_BYTES as u64), &mut bytes)?;
    Ok(bytes)
}

/// Kernel modules of the family: their rings are in a module's memory, where no BPF program and no other process
/// can look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// Loaded ones; `None` where /sys/module cannot be read.
    pub loaded: Option<Vec<&'static str>>,
    /// Their device files, one for each CPU; `None` where /dev cannot be read.
    pub devices: Option<Vec<String>>,
}

/// `falco` is Falco's since 0.23 (`falco_probe` before), `scap` that of libs by default.
const MODULES: [&str; 3] = ["falco", "falco_probe", "scap"];
/// Device files are these names with the CPU's number (driver/main.c).
const DEVICES: [&str; 2] = ["falco", "scap"];

/// Looks for modules below the node's root directory.
#[must_use]
pub fn modules(root: &Path) -> Modules {
    let sys = root.join("sys/module");
    let devices = fs::read_dir(root.join("dev")).ok().map(|entries| {
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.filter(|name| is_device(name)).collect();
        names.sort();
        names
    });
    let loaded = sys.is_dir().then(|| MODULES.into_iter().filter(|name| sys.join(name).is_dir()).collect());
    Modules { loaded, devices }
}

fn is_device(name: &str) -> bool {
    let numbered = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    DEVICES.iter().any(|device| name.strip_prefix(device).is_some_and(numbered))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn process(exe: &str, comm: &str) -> (tempfile::TempDir, PathBuf) {
        let proc = tempfile::tempdir().unwrap();
        for name in ["7/ns", "self/ns"] {
            fs::create_dir_all(proc.path().join(name)).unwrap();
        }
        let own = proc.path().join("7");
        symlink(exe, own.join("exe")).unwrap();
        fs::write(own.join("comm"), comm).unwrap();
        symlink("pid:[4026531836]", own.join("ns/pid")).unwrap();
        symlink("net:[4026531840]", own.join("ns/net")).unwrap();
        symlink("net:[4026532999]", proc.path().join("self/ns/net")).unwrap();
        symlink("/chroot/etc/falco", own.join("cwd")).unwrap();
        symlink("/chroot", own.join("root")).unwrap();
        fs::write(own.join("cmdline"), "falco\0-A\0").unwrap();
        let path = proc.path().to_owned();
        (proc, path)
    }

    #[test]
    fn a_falco() {
        let (_keep, proc) = process("/usr/bin/falco (deleted)", "falco\n");
        let identity = Identity::read(&proc, 7);
        assert_eq!(identity.program(), Some(Program::Falco));
        assert_eq!(identity.comm.as_deref(), Some("falco"));
        assert_eq!(identity.in_root_pid_namespace, Some(true));
        assert_eq!(identity.network, Some(Network::Other(Addresses::default())));
        fs::create_dir(proc.join("7/net")).unwrap();
        fs::write(proc.join("7/net/fib_trie"), "|-- 10.0.0.7\n/32 host LOCAL\n").unwrap();
        let line = "fd000000000000000000000000000007 02 40 00 80     eth0\n";
        fs::write(proc.join("7/net/if_inet6"), line).unwrap();
        let pod = Addresses { v4: "10.0.0.7".parse().ok(), v6: "fd00::7".parse().ok() };
        assert_eq!(Identity::read(&proc, 7).network, Some(Network::Other(pod)));
        assert_eq!(identity.working_directory.as_deref(), Some(Path::new("/etc/falco")));
        assert_eq!(identity.cmdline.as_deref(), Some(&b"falco\0-A\0"[..]));
        assert_eq!(identity.environ, None, "not there is not empty");
    }

    #[test]
    fn the_executable_counts_more_than_the_name() {
        let (_keep, proc) = process("/usr/bin/bash", "falco\n");
        assert_eq!(Identity::read(&proc, 7).program(), None);
        fs::remove_file(proc.join("7/exe")).unwrap();
        assert_eq!(Identity::read(&proc, 7).program(), Some(Program::Falco));
        let (_keep, proc) = process("/usr/bin/csysdig", "main\n");
        assert_eq!(Identity::read(&proc, 7).program(), Some(Program::Sysdig));
    }

    #[test]
    fn a_container_has_other_namespaces() {
        let (_keep, proc) = process("/usr/bin/falco", "falco\n");
        fs::remove_file(proc.join("7/ns/pid")).unwrap();
        symlink("pid:[4026532111]", proc.join("7/ns/pid")).unwrap();
        fs::remove_file(proc.join("7/ns/net")).unwrap();
        let identity = Identity::read(&proc, 7);
        assert_eq!((identity.in_root_pid_namespace, identity.network), (Some(false), None));
        assert_eq!(Identity::read(&proc, 8), Identity::default(), "a process that is gone");
    }

    #[test]
    fn this_process_is_none_and_sees_itself() {
        let identity = Identity::read(Path::new("/proc"), std::process::id());
        assert_eq!(identity.program(), None);
        assert_eq!(identity.network, Some(Network::Ours));
        assert!(identity.cmdline.is_some_and(|line| !line.is_empty()));
    }

    #[test]
    fn kernel_modules() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(modules(root.path()), Modules::default(), "unknown, not none");
        for name in ["sys/module/falco", "sys/module/falconry", "dev/falco", "dev/falco0", "dev/falco11"] {
            fs::create_dir_all(root.path().join(name)).unwrap();
        }
        fs::create_dir_all(root.path().join("dev/falco0x")).unwrap();
        let found = modules(root.path());
        assert_eq!(found.loaded, Some(vec!["falco"]));
        assert_eq!(found.devices, Some(vec!["falco0".to_owned(), "falco11".to_owned()]));
    }
}
