//! What this node's kernel offers our programs. Facts only: `plan` decides what follows from them.

use std::{fs, io, path::Path};

use aya::{
    programs::ProgramType,
    sys::{BpfHelper, is_helper_supported},
};
use procfs::sys::kernel::Version;
use thiserror::Error;

use crate::btf::{Btf, BtfError, VMLINUX};

/// Why the node cannot be looked at.
#[derive(Debug, Error)]
pub enum FactsError {
    /// The kernel's release cannot be read.
    #[error("cannot read the kernel release: {0}")]
    Release(#[source] procfs::ProcError),
    /// The list of CPUs cannot be read.
    #[error("cannot read {path}: {source}")]
    Cpus {
        /// The file.
        path: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

/// What this node's kernel offers our programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Major and minor version.
    pub kernel: (u8, u8),
    /// Highest possible CPU number plus one.
    pub cpus: u32,
    /// Member offsets, or why there are none.
    pub types: Result<Offsets, String>,
    /// `bpf_get_current_task_btf` exists (5.11).
    pub has_task_btf: bool,
    /// Which cgroup hierarchy tells tasks apart.
    pub cgroups: Cgroups,
    /// The process ids that we see are those of records.
    pub initial_pid_namespace: bool,
}

/// Which cgroup hierarchy tells tasks apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cgroups {
    /// v2.
    V2,
    /// The v1 hierarchy of the memory controller.
    V1Memory,
    /// The kernel has no cgroups.
    None,
}

/// Byte offsets of the members that the kernel half reads. `None`: this kernel has no such member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// The syscall number in `pt_regs`.
    pub number: Option<u32>,
    /// The word of `task_struct` with the compat bit.
    pub compat: Option<u32>,
    /// `task_struct.tgid`.
    pub tgid: Option<u32>,
    /// `task_struct.pid`.
    pub tid: Option<u32>,
    /// `task_struct.cgroups`.
    pub task_cgroups: Option<u32>,
    /// `css_set.dfl_cgrp`.
    pub default_cgroup: Option<u32>,
    /// `css_set.subsys[memory]`.
    pub memory_subsystem: Option<u32>,
    /// `cgroup_subsys_state.cgroup`.
    pub css_cgroup: Option<u32>,
    /// `cgroup.kn`.
    pub cgroup_kn: Option<u32>,
    /// `kernfs_node.id`.
    pub kn_id: Option<u32>,
}

/// `PROC_PID_INIT_INO` (include/linux/proc_ns.h).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
const POSSIBLE_CPUS: &str = "/sys/devices/system/cpu/possible";

impl Facts {
    /// Looks at the running kernel. Needs the right to load programs: helpers are probed by trying.
    ///
    /// # Errors
    ///
    /// [`FactsError`].
    pub fn read() -> Result<Self, FactsError> {
        let version = Version::current().map_err(FactsError::Release)?;
        let task_btf = BpfHelper::BPF_FUNC_get_current_task_btf;
        Ok(Self {
            kernel: (version.major, version.minor),
            cpus: possible_cpus()?,
            types: read_offsets(Path::new(VMLINUX)).map_err(|error| error.to_string()),
            has_task_btf: is_helper_supported(ProgramType::RawTracePoint, task_btf).unwrap_or(false),
            cgroups: cgroups(),
            initial_pid_namespace: fs::read_link("/proc/self/ns/pid")
                .is_ok_and(|namespace| namespace.as_os_str() == INITIAL_PID_NAMESPACE),
        })
    }
}

fn read_offsets(path: &Path) -> Result<Offsets, BtfError> {
    let btf = Btf::read(path)?;
    let thread_info = btf.member_offset("task_struct", "thread_info")?;
    // x86: TS_COMPAT in thread_info.status; arm64: TIF_32BIT in thread_info.flags.
    let compat_member = if cfg!(target_arch = "x86_64") { "status" } else { "flags" };
    let compat = btf.member_offset("thread_info", compat_member)?;
    let number_member = if cfg!(target_arch = "x86_64") { "orig_ax" } else { "syscallno" };
    let subsystems = btf.member_offset("css_set", "subsys")?;
    let memory_id = btf.enumerator("memory_cgrp_id")?;
    Ok(Offsets {
        number: btf.member_offset("pt_regs", number_member)?,
        compat: thread_info.zip(compat).map(|(outer, inner)| outer + inner),
        tgid: btf.member_offset("task_struct", "tgid")?,
        tid: btf.member_offset("task_struct", "pid")?,
        task_cgroups: btf.member_offset("task_struct", "cgroups")?,
        default_cgroup: btf.member_offset("css_set", "dfl_cgrp")?,
        memory_subsystem: subsystems.zip(memory_id).map(|(start, id)| start + 8 * id),
        css_cgroup: btf.member_offset("cgroup_subsys_state", "cgroup")?,
        cgroup_kn: btf.member_offset("cgroup", "kn")?,
        kn_id: btf.member_offset("kernfs_node", "id")?,
    })
}

fn possible_cpus() -> Result<u32, FactsError> {
    let error = |source| FactsError::Cpus { path: POSSIBLE_CPUS, source };
    let text = fs::read_to_string(POSSIBLE_CPUS).map_err(error)?;
    highest_cpu(&text).map(|highest| highest + 1).ok_or_else(|| error(io::ErrorKind::InvalidData.into()))
}

/// The highest number of a CPU list such as `0-3,8`.
fn highest_cpu(list: &str) -> Option<u32> {
    list.trim().rsplit([',', '-']).next()?.parse().ok()
}

/// Which hierarchy the memory controller is on: containers have a group of their own there. Read from
/// `/proc/cgroups`, which looks the same from every namespace; mounts do not. (`bpf_get_current_cgroup_id` reads
/// v2 alone, and on hybrid nodes v2 may have no group but its root.)
fn cgroups() -> Cgroups {
    fs::read_to_string("/proc/cgroups").map_or(Cgroups::None, |table| memory_hierarchy(&table))
}

/// Hierarchy 0 is v2. A kernel without v1 controllers does not list them.
fn memory_hierarchy(table: &str) -> Cgroups {
    let memory = table.lines().find_map(|line| line.strip_prefix("memory"));
    match memory.and_then(|line| line.split_whitespace().next()) {
        None | Some("0") => Cgroups::V2,
        Some(_) => Cgroups::V1Memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highest_cpu_of_a_list() {
        assert_eq!(highest_cpu("0\n"), Some(0));
        assert_eq!(highest_cpu("0-1\n"), Some(1));
        assert_eq!(highest_cpu("0-3,8-11\n"), Some(11));
        assert_eq!(highest_cpu("\n"), None);
    }

    #[test]
    fn the_hierarchy_of_the_memory_controller() {
        let header = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";
        let table = |line: &str| memory_hierarchy(&format!("{header}cpu\t3\t1\t1\n{line}"));
        assert_eq!(table("memory\t0\t87\t1\n"), Cgroups::V2);
        assert_eq!(table("memory\t7\t87\t1\n"), Cgroups::V1Memory);
        assert_eq!(table(""), Cgroups::V2);
    }
}
