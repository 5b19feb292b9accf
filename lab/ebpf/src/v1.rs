//! The programs with the counters of libs 0.11 and 0.12: 15 words, 120 bytes.

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
    pub(crate) n_drops_buffer_clone_fork_enter: u64,
    pub(crate) n_drops_buffer_clone_fork_exit: u64,
    pub(crate) n_drops_buffer_execve_enter: u64,
    pub(crate) n_drops_buffer_execve_exit: u64,
    pub(crate) n_drops_buffer_connect_enter: u64,
    pub(crate) n_drops_buffer_connect_exit: u64,
    pub(crate) n_drops_buffer_open_enter: u64,
    pub(crate) n_drops_buffer_open_exit: u64,
    pub(crate) n_drops_buffer_dir_file_enter: u64,
    pub(crate) n_drops_buffer_dir_file_exit: u64,
    pub(crate) n_drops_buffer_other_interest_enter: u64,
    pub(crate) n_drops_buffer_other_interest_exit: u64,
    pub(crate) n_drops_max_event_size: u64,
}

const _: () = assert!(size_of::<counter_map>() == 120);

impl counter_map {
    /// Where drops of this category are counted in addition, if anywhere.
    pub(crate) fn category(&mut self, category: Category) -> Option<&mut u64> {
        match category {
            Category::Open => Some(&mut self.n_drops_buffer_open_exit),
            Category::Close | Category::None => None,
        }
    }
}
