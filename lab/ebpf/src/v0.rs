//! The programs with the counters of libs 0.10 and older: 3 words, 24 bytes.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]
#![allow(unused_crate_dependencies, reason = "the library target of this package is empty")]

mod probe;

use probe::category::Category;

/// Falco's name and members, in its order: whoever reads the types of the map looks for them.
#[repr(C)]
pub(crate) struct counter_map {
    pub(crate) n_evts: u64,
    pub(crate) n_drops_buffer: u64,
    pub(crate) n_drops_max_event_size: u64,
}

const _: () = assert!(size_of::<counter_map>() == 24);

impl counter_map {
    /// This layout has no categories.
    pub(crate) fn category(&mut self, _category: Category) -> Option<&mut u64> {
        None
    }
}
