//! The tools of the node as processes: found by name or by their rings, watched until they end, and recognised when they
//! come again. Left out: what they do (`rings`, `falco`).
//!
//! Needs the node's processes in /proc (a pod: `hostPID`), and no privilege: a pidfd of any process may be waited on.

mod engine;
pub mod known;
mod lives;
mod memory;
mod process;
mod scan;
mod watch;

pub use known::tool;
pub use watch::Tools;
