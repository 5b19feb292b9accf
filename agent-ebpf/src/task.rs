//! Who made the syscall: ids, ABI and cgroup of the current task.

use core::cell::UnsafeCell;

use agent_common::settings::{CGROUP_HELPER, CGROUP_V1_LOADS, CGROUP_V2_LOADS};
use aya_ebpf::helpers::{
    bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_get_current_task, bpf_probe_read_kernel,
    generated::{bpf_get_current_task_btf, bpf_task_pt_regs},
};

use crate::settings;

/// A cell that user space or another program of ours fills in. In `.bss`, so one load away.
#[repr(transparent)]
struct Shared(UnsafeCell<u32>);

// SAFETY: aligned 32-bit loads and stores only.
unsafe impl Sync for Shared {}

#[unsafe(no_mangle)]
static OWN_TGID: Shared = Shared(UnsafeCell::new(0));

/// Our own process id in the initial pid namespace; 0 until known, which no syscall of a process ever has.
#[inline(always)]
pub(crate) fn own_tgid() -> u32 {
    // SAFETY: see `Shared`.
    unsafe { OWN_TGID.0.get().read_volatile() }
}

/// Sets [`own_tgid`].
#[inline(always)]
pub(crate) fn set_own_tgid(tgid: u32) {
    // SAFETY: see `Shared`.
    unsafe { OWN_TGID.0.get().write_volatile(tgid) }
}

/// How the task's memory may be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// By plain loads, which the verifier allows through pointers of known type (`tp_btf`).
    Loads,
    /// Through `bpf_probe_read_kernel`.
    Probes,
}

/// Process and thread id in the initial pid namespace.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) tgid: u32,
    pub(crate) tid: u32,
}

/// The current task.
pub(crate) struct Task {
    pointer: *const u8,
    by_loads: bool,
}

impl Task {
    /// Loads need `bpf_get_current_task_btf` (5.11); without it the pointer has no type and is probed.
    #[inline(always)]
    pub(crate) fn current(access: Access) -> Self {
        if access == Access::Loads && settings::has_task_btf() != 0 {
            // SAFETY: no arguments; any context.
            Self { pointer: unsafe { bpf_get_current_task_btf() }.cast(), by_loads: true }
        } else {
            // SAFETY: as above.
            Self { pointer: unsafe { bpf_get_current_task() } as *const u8, by_loads: false }
        }
    }

    /// Where it lies.
    #[inline(always)]
    #[allow(dead_code, reason = "not every object has a use for it")]
    pub(crate) fn address(&self) -> u64 {
        self.pointer as u64
    }

    /// The registers that it entered the kernel with, as the verifier knows them (5.15); only for a task of known type.
    #[inline(always)]
    #[allow(dead_code, reason = "as above")]
    pub(crate) fn registers(&self) -> Option<*const u8> {
        // SAFETY: the kernel checks that this is a task.
        self.by_loads.then(|| unsafe { bpf_task_pt_regs(self.pointer.cast_mut().cast()) } as *const u8)
    }

    /// A 32-bit member; 0 if it cannot be read.
    #[inline(always)]
    fn member(&self, offset: u32) -> u32 {
        let place = self.pointer.wrapping_add(offset as usize).cast::<u32>();
        if self.by_loads {
            // SAFETY: the offset is that of a member in this kernel; the verifier checks the load.
            unsafe { place.read_volatile() }
        } else {
            // SAFETY: the helper checks the address.
            unsafe { bpf_probe_read_kernel(place) }.unwrap_or(0)
        }
    }

    /// By loads where the offsets are known: two of them cost less than the helper.
    #[inline(always)]
    pub(crate) fn ids(&self) -> Ids {
        if self.by_loads && settings::tgid_offset() != 0 {
            Ids { tgid: self.member(settings::tgid_offset()), tid: self.member(settings::tid_offset()) }
        } else {
            let both = bpf_get_current_pid_tgid();
            Ids { tgid: (both >> 32) as u32, tid: both as u32 }
        }
    }

    /// `true` while the task is in a syscall of the 32-bit ABI, through whichever door it came (`int 0x80`
    /// from a 64-bit program too).
    #[inline(always)]
    pub(crate) fn is_compat(&self) -> bool {
        let mask = settings::compat_mask();
        mask != 0 && self.member(settings::compat_offset()) & mask != 0
    }

    /// The cgroup id, from the hierarchy that user space found populated; 0 where there is none.
    #[inline(always)]
    pub(crate) fn cgroup_id(&self) -> u64 {
        let source = settings::cgroup_source();
        if source == CGROUP_HELPER {
            // SAFETY: no arguments; any context.
            return unsafe { bpf_get_current_cgroup_id() };
        }
        if !self.by_loads || (source != CGROUP_V2_LOADS && source != CGROUP_V1_LOADS) {
            return 0;
        }
        // SAFETY: each offset is that of a pointer member in this kernel. The verifier knows the type behind
        // each step and turns the loads into ones that read 0 from a bad address instead of faulting.
        unsafe {
            let css_set = pointer_at(self.pointer, settings::task_cgroups_offset());
            let mut cgroup = pointer_at(css_set, settings::css_set_offset());
            if source == CGROUP_V1_LOADS {
                cgroup = pointer_at(cgroup, settings::css_cgroup_offset());
            }
            let kn = pointer_at(cgroup, settings::cgroup_kn_offset());
            kn.add(settings::kn_id_offset() as usize).cast::<u64>().read_volatile()
        }
    }
}

/// Follows the pointer that lies `offset` bytes into `base`.
#[inline(always)]
unsafe fn pointer_at(base: *const u8, offset: u32) -> *const u8 {
    // SAFETY: the caller's.
    unsafe { base.add(offset as usize).cast::<*const u8>().read_volatile() }
}
