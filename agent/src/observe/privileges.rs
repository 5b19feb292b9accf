//! What this process may see of others, beside their BPF objects: by its uid and its capabilities.
//!
//! Pure over the two; docs/privileges.md has the whole table, and a test tries each line of it on a real process
//! (`agent/tests/kernel/privileges.rs`). Left out: what loading programs needs (`capability`).

use caps::{CapSet, Capability, CapsHashSet};

use crate::setup::Visibility;

/// Who we are, to the files of other processes in /proc.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// Effective uid 0: owner of the files of root's processes.
    pub is_root: bool,
    /// Effective capabilities.
    pub effective: CapsHashSet,
}

impl Privileges {
    /// Those of this process.
    #[must_use]
    pub fn read() -> Self {
        let effective = caps::read(None, CapSet::Effective).unwrap_or_default();
        Self { is_root: rustix::process::geteuid().is_root(), effective }
    }

    fn has(&self, capability: Capability) -> bool {
        self.effective.contains(&capability)
    }

    /// Links and most files of a process that has more capabilities than we do (`cap_ptrace_access_check`): uid 0 alone
    /// does not suffice.
    fn may_inspect(&self) -> bool {
        self.has(Capability::CAP_SYS_PTRACE)
    }

    /// Files of mode 0400 in /proc/PID, which belong to the process's user.
    fn may_read_what_is_roots(&self) -> bool {
        self.is_root || self.has(Capability::CAP_DAC_READ_SEARCH) || self.has(Capability::CAP_DAC_OVERRIDE)
    }

    /// What of a tool that runs as root is visible, and what is hidden by which missing privilege.
    #[must_use]
    pub fn visibility(&self) -> Vec<Visibility> {
        let needs = |capability: &str, given: &str, missing: &[(&str, bool)]| {
            let missing: Vec<&str> = missing.iter().filter(|(_, has)| !has).map(|(name, _)| *name).collect();
            let available = missing.is_empty();
            let note = if available {
                given.to_owned()
            } else {
                format!("{given}: hidden without {}", missing.join(" and "))
            };
            Visibility { capability: capability.to_owned(), available, note }
        };
        let ptrace = ("CAP_SYS_PTRACE", self.may_inspect());
        let roots = ("uid 0 or CAP_DAC_READ_SEARCH", self.may_read_what_is_roots());
        vec![
            needs(
                "tool_files",
                "files of tools, such as Falco's configuration, through /proc/PID/root",
                &[ptrace],
            ),
            needs("consumer_waits", "where in the kernel a consumer waits (/proc/PID/wchan)", &[ptrace]),
            needs(
                "consumer_syscalls",
                "the syscall that a consumer waits in (/proc/PID/syscall)",
                &[ptrace, roots],
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(is_root: bool, effective: &[Capability]) -> Vec<(String, String)> {
        let privileges = Privileges { is_root, effective: effective.iter().copied().collect() };
        let hidden = privileges.visibility().into_iter().filter(|entry| !entry.available);
        hidden.map(|entry| (entry.capability, entry.note)).collect()
    }

    #[test]
    fn what_is_hidden_is_named_with_what_is_missing() {
        let all = hidden(false, &[Capability::CAP_BPF, Capability::CAP_PERFMON]);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tool_files", "consumer_waits", "consumer_syscalls"]);
        assert_eq!(
            all[2].1,
            "the syscall that a consumer waits in (/proc/PID/syscall): hidden without CAP_SYS_PTRACE and uid 0 or \
             CAP_DAC_READ_SEARCH"
        );
    }

    #[test]
    fn uid_0_is_not_enough_and_ptrace_nearly() {
        assert_eq!(hidden(true, &[]).len(), 3);
        let nearly = hidden(false, &[Capability::CAP_SYS_PTRACE]);
        assert_eq!(nearly.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["consumer_syscalls"]);
        assert!(hidden(true, &[Capability::CAP_SYS_PTRACE]).is_empty());
        assert!(hidden(false, &[Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH]).is_empty());
    }
}
