//! From facts and a request to what is loaded. Pure.

use super::facts::{Cgroups, Facts, Offsets};
use crate::setup::{Hook, Mode, Request, Visibility};
use agent_common::settings::{
    CGROUP_HELPER, CGROUP_NONE, CGROUP_V1_LOADS, CGROUP_V2_LOADS, MODE_COUNT, MODE_STREAM, Settings,
};

/// What will be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the program sits.
    pub hook: Hook,
    /// Constants of the kernel half.
    pub settings: Settings,
    /// What this node lets us see.
    pub visibility: Vec<Visibility>,
}

/// `orig_ax` in `pt_regs` on x86_64 and `syscallno` on aarch64: set by the entry code, the same in every kernel.
const NUMBER_OFFSET: u32 = if cfg!(target_arch = "x86_64") { 120 } else { 280 };
/// `TS_COMPAT` (arch/x86/include/asm/thread_info.h) or `1 << TIF_32BIT` (arch/arm64, 22).
const COMPAT_MASK: u32 = if cfg!(target_arch = "x86_64") { 2 } else { 1 << 22 };
/// `__X32_SYSCALL_BIT` (arch/x86/include/uapi/asm/unistd.h).
const X32_BIT: u32 = if cfg!(target_arch = "x86_64") { 0x4000_0000 } else { 0 };

/// Where the compat word lies without BTF: `thread_info` is first in `task_struct` on both architectures;
/// x86 put `syscall_work` before `status` in 5.11. `self_check` tries it out.
fn compat_offset_without_btf(kernel: (u8, u8)) -> u32 {
    if !cfg!(target_arch = "x86_64") {
        0
    } else if kernel >= (5, 11) {
        16
    } else {
        8
    }
}

impl Plan {
    /// Decides.
    #[must_use]
    pub fn new(facts: &Facts, request: &Request) -> Self {
        let offsets = facts.types.clone().unwrap_or_default();
        let loads = facts.has_task_btf && facts.types.is_ok();
        let compat_offset = offsets.compat.unwrap_or_else(|| compat_offset_without_btf(facts.kernel));
        let mut settings = Settings {
            mode: match request.mode {
                Mode::Stream => MODE_STREAM,
                // Passive loads no probe at all; see commands/sensors.rs.
                Mode::Count | Mode::Passive => MODE_COUNT,
            },
            sample: request.sample,
            number_offset: offsets.number.unwrap_or(NUMBER_OFFSET),
            compat_offset,
            compat_mask: COMPAT_MASK,
            x32_bit: X32_BIT,
            has_task_btf: loads.into(),
            ..Settings::default()
        };
        if let (true, Some(tgid), Some(tid)) = (loads, offsets.tgid, offsets.tid) {
            settings.tgid_offset = tgid;
            settings.tid_offset = tid;
        }
        set_cgroup_path(&mut settings, facts.cgroups, loads, &offsets);
        let hook = if facts.types.is_ok() { Hook::Btf } else { Hook::Raw };
        let visibility = visibility(facts, hook, settings.cgroup_source);
        Self { hook, settings, visibility }
    }

    /// Notes what the check of the ABI found (see `self_check`).
    pub fn set_abi(&mut self, check: Result<(), String>) {
        let no = check
            .as_ref()
            .err()
            .map_or_else(String::new, |why| format!("32-bit syscalls count under 64-bit names: {why}"));
        self.visibility.push(entry(
            "syscall_abi",
            check.is_ok(),
            "32-bit and x32 syscalls are counted apart",
            &no,
        ));
    }

    /// Notes whether the kernel told how often it skipped our program.
    pub fn set_missed_runs(&mut self, counted: bool) {
        self.visibility.push(entry(
            "missed_runs",
            counted,
            "runs that the kernel skips are counted (recursion_misses)",
            "this kernel does not count skipped runs (Linux 5.12 and newer do; before 7.2 none are skipped here)",
        ));
    }

    /// Notes whether the kernel half can tell dropctl from the others.
    pub fn set_own_process(&mut self, known: bool) {
        self.visibility.push(entry(
            "own_process",
            known,
            "dropctl's own syscalls are left out",
            "in a container before Linux 5.10 dropctl cannot know its own process id: its own syscalls are \
             counted, too",
        ));
    }
}

fn set_cgroup_path(settings: &mut Settings, cgroups: Cgroups, loads: bool, offsets: &Offsets) {
    let walk = [offsets.task_cgroups, offsets.cgroup_kn, offsets.kn_id];
    let [Some(task_cgroups), Some(cgroup_kn), Some(kn_id)] = walk else {
        settings.cgroup_source = if cgroups == Cgroups::V2 { CGROUP_HELPER } else { CGROUP_NONE };
        return;
    };
    let (source, css_set, css_cgroup) = match (cgroups, loads) {
        (Cgroups::V2, true) => match offsets.default_cgroup {
            Some(offset) => (CGROUP_V2_LOADS, offset, 0),
            None => (CGROUP_HELPER, 0, 0),
        },
        (Cgroups::V2, false) => (CGROUP_HELPER, 0, 0),
        (Cgroups::V1Memory, true) => match (offsets.memory_subsystem, offsets.css_cgroup) {
            (Some(css_set), Some(css_cgroup)) => (CGROUP_V1_LOADS, css_set, css_cgroup),
            _ => (CGROUP_NONE, 0, 0),
        },
        (Cgroups::V1Memory, false) | (Cgroups::None, _) => (CGROUP_NONE, 0, 0),
    };
    settings.cgroup_source = source;
    settings.task_cgroups_offset = task_cgroups;
    settings.css_set_offset = css_set;
    settings.css_cgroup_offset = css_cgroup;
    settings.cgroup_kn_offset = cgroup_kn;
    settings.kn_id_offset = kn_id;
}

fn entry(capability: &str, available: bool, yes: &str, no: &str) -> Visibility {
    Visibility {
        capability: capability.to_owned(),
        available,
        note: if available { yes } else { no }.to_owned(),
    }
}

fn visibility(facts: &Facts, hook: Hook, cgroup_source: u32) -> Vec<Visibility> {
    let no_btf = match &facts.types {
        Ok(_) => String::new(),
        Err(why) => format!("{why}; raw tracepoint instead, which costs about 25 ns more per read"),
    };
    vec![
        entry("btf", hook == Hook::Btf, "kernel types known: tp_btf/sys_exit", &no_btf),
        entry(
            "cgroup_id",
            cgroup_source != CGROUP_NONE,
            match cgroup_source {
                CGROUP_V1_LOADS => "records carry the cgroup id of the v1 memory hierarchy",
                _ => "records carry the cgroup id of the v2 hierarchy",
            },
            "no populated cgroup hierarchy that can be read: records carry no cgroup id",
        ),
    ]
}

#[cfg(test)]
mod tests;
