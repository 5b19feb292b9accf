//! What user space tells the kernel half at load.
//!
//! The struct lies in read-only data that is frozen before the programs are verified, so each field is a
//! constant to the verifier: it prunes the branches of what is off.

use core::mem::size_of;

/// Count only.
pub const MODE_COUNT: u32 = 0;
/// Count, and write records to the ring.
pub const MODE_STREAM: u32 = 1;

/// No cgroup id in records.
pub const CGROUP_NONE: u32 = 0;
/// Through the helper, which reads the v2 hierarchy.
pub const CGROUP_HELPER: u32 = 1;
/// By loads along `task->cgroups->dfl_cgrp->kn->id` (v2).
pub const CGROUP_V2_LOADS: u32 = 2;
/// By loads along `task->cgroups->subsys[memory]->cgroup->kn->id` (v1).
pub const CGROUP_V1_LOADS: u32 = 3;

/// Constants of one load. Offsets are in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Settings {
    /// [`MODE_COUNT`] or [`MODE_STREAM`].
    pub mode: u32,
    /// Stream one event in this many; at least 1.
    pub sample: u32,
    /// Place of the syscall number in `pt_regs`.
    pub number_offset: u32,
    /// Place of the word in `task_struct` that says whether the task is in a 32-bit syscall.
    pub compat_offset: u32,
    /// Bit of that word; 0 where the ABI cannot be told.
    pub compat_mask: u32,
    /// Bit of the number that marks x32; 0 on other architectures.
    pub x32_bit: u32,
    /// `task_struct.tgid` and `.pid`; 0 where they must come from the helper.
    pub tgid_offset: u32,
    /// See `tgid_offset`.
    pub tid_offset: u32,
    /// One of the `CGROUP_` constants.
    pub cgroup_source: u32,
    /// `task_struct.cgroups`.
    pub task_cgroups_offset: u32,
    /// `css_set.dfl_cgrp`, or the place of the memory controller in `css_set.subsys`.
    pub css_set_offset: u32,
    /// `cgroup_subsys_state.cgroup` (v1 only).
    pub css_cgroup_offset: u32,
    /// `cgroup.kn`.
    pub cgroup_kn_offset: u32,
    /// `kernfs_node.id`.
    pub kn_id_offset: u32,
    /// 1 where `bpf_get_current_task_btf` exists (5.11).
    pub has_task_btf: u32,
    /// Keeps the size a multiple of 8.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Settings>() == 16 * 4);

// SAFETY: `repr(C)`, sixteen `u32` without padding (asserted above).
#[cfg(feature = "user")]
unsafe impl aya::Pod for Settings {}
