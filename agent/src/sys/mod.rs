//! All `unsafe` of user space: mappings of ring and counter pages, clocks, and the few syscalls that have no
//! safe wrapper among our dependencies.

pub mod abi;
pub mod barrier;
pub mod bpf;
pub mod clock;
pub mod counters;
pub mod heap;
pub mod iterator;
pub mod mapping;
pub mod memlock;
pub mod perf;
pub mod pidfd;
pub mod random;
pub mod ring;
pub mod rows;
pub mod stdio;
