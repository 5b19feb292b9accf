//! dropctl: why BPF ring buffers drop events on this node, whose they are, and what to change.
//!
//! The library behind the binary of the same name. Readers (`probe`, `observe`) produce samples (`sample`);
//! `timeline`, `diagnose`, `sizing` and `report` are pure functions of them, as `explain` is of what Falco says (`alert`); `commands`
//! wires them to outputs.

pub mod alert;
pub mod btf;
pub mod cli;
pub mod commands;
pub mod config;
pub mod diagnose;
pub mod diff;
pub mod doctor;
pub mod evidence;
pub mod explain;
#[cfg(test)]
mod golden;
pub mod incidents;
pub mod keeper;
pub mod memory;
pub mod metrics;
mod nearest;
mod number;
pub mod observe;
pub mod probe;
pub mod recording;
pub mod redact;
pub mod remedies;
pub mod report;
pub mod sample;
pub mod setup;
pub mod sizing;
pub mod socket;
pub mod sys;
pub mod syscall;
mod temporary;
pub mod timeline;
pub mod top;
