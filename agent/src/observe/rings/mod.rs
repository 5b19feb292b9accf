//! Every BPF ring buffer of the node, whoever made it: how full, how fast, whose.
//!
//! Two ways to the positions, behind one trait: the `iterator` reads them in the kernel and needs CAP_BPF and
//! CAP_PERFMON alone; `pages` maps the two position pages of each ring read-only, which costs nanoseconds a look but
//! needs CAP_SYS_ADMIN. Neither touches a ring's data. Left out: what a tool says about itself (`falco`).

mod drains;
mod falcos;
mod follow;
mod full;
mod iterator;
mod links;
mod object;
mod offsets;
pub mod owners;
mod pace;
mod pages;
mod perf;
mod programs;
mod refusals;
mod ring;
mod source;
pub mod statistics;
mod tables;
mod wanted;
mod watch;

pub use drains::{Drain, Drains};
pub use object::WatchError;
pub use refusals::RefusalsError;
pub use source::Route;
pub use wanted::{Refusals, Wanted};
pub use watch::Rings;
