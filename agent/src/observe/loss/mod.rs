//! Keeping account of whose events a tool lost: `account` by process and syscall, `workloads` by what it belongs to. Pure;
//! who counts is elsewhere (`rings/follow.rs`).

pub mod account;
pub mod workloads;
