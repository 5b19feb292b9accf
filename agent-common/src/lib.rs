//! The contract between the two halves: what a record, a counter block and the settings look like.
//!
//! Everything here is `#[repr(C)]` without padding, `bool` or `Option`, and its layout is asserted at
//! compile time, so that the kernel half and user space cannot disagree. No logic lives here except the
//! numbering of syscall slots, which both halves need.

#![no_std]

pub mod counters;
pub mod full;
pub mod record;
pub mod refusals;
pub mod settings;
pub mod slot;
pub mod watch;
