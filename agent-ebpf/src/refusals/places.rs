//! Places in this kernel, as `agent_common::refusals` describes them. Volatile loads, as in `watch/offsets.rs`.

use agent_common::refusals::Places;

#[unsafe(no_mangle)]
static PLACES: Places = Places {
    cpu_bases: 0,
    preempt_count: 0,
    ringbuf_mask: 0,
    task_flags: 0,
    registers: 0,
    task_stack: 0,
    has_task_registers: 0,
    reserved: 0,
};

macro_rules! fields {
    ($($field:ident: $type:ty),*) => {$(
        /// The field of that name.
        #[inline(always)]
        pub(crate) fn $field() -> $type {
            // SAFETY: a live static; volatile because user space replaces its bytes before the load.
            unsafe { (&raw const PLACES.$field).read_volatile() }
        }
    )*};
}

fields!(
    cpu_bases: u64,
    preempt_count: u64,
    ringbuf_mask: u32,
    task_flags: u32,
    registers: u32,
    task_stack: u32,
    has_task_registers: u32
);
