//! Constants of this load, as `agent_common::settings` describes them.
//!
//! Each accessor reads one field through a volatile load: the compiler must not fold the zeros it sees at
//! build time, while the verifier folds the values that user space froze.

use agent_common::settings::{MODE_STREAM, Settings};

#[unsafe(no_mangle)]
static SETTINGS: Settings = Settings {
    mode: 0,
    sample: 1,
    number_offset: 0,
    compat_offset: 0,
    compat_mask: 0,
    x32_bit: 0,
    tgid_offset: 0,
    tid_offset: 0,
    cgroup_source: 0,
    task_cgroups_offset: 0,
    css_set_offset: 0,
    css_cgroup_offset: 0,
    cgroup_kn_offset: 0,
    kn_id_offset: 0,
    has_task_btf: 0,
    reserved: 0,
};

macro_rules! read {
    ($field:ident) => {
        // SAFETY: a live static; volatile because user space replaces its bytes before the load.
        unsafe { (&raw const SETTINGS.$field).read_volatile() }
    };
}

/// `true` where records are written.
#[inline(always)]
pub(crate) fn streams() -> bool {
    read!(mode) == MODE_STREAM
}

/// One event in this many becomes a record.
#[inline(always)]
pub(crate) fn sample() -> u64 {
    read!(sample) as u64
}

macro_rules! fields {
    ($($field:ident),*) => {$(
        /// The field of that name.
        #[inline(always)]
        pub(crate) fn $field() -> u32 {
            read!($field)
        }
    )*};
}

fields!(
    number_offset,
    compat_offset,
    compat_mask,
    x32_bit,
    tgid_offset,
    tid_offset,
    cgroup_source,
    task_cgroups_offset,
    css_set_offset,
    css_cgroup_offset,
    cgroup_kn_offset,
    kn_id_offset,
    has_task_btf
);
