//! Our own programs: what this node allows (`facts`), what that means for the load (`plan`), loading
//! and attaching (`load`), reading the counters (`counters`), and draining the ring (`drain`).

mod counters;
pub mod drain;
mod facts;
mod load;
pub(crate) mod missed;
pub mod plan;
mod self_check;
mod session;

pub use facts::{Cgroups, Facts, FactsError};
pub use load::LoadError;
pub use plan::Plan;
pub use session::{OLDEST_KERNEL, Probe, ProbeError};

pub use crate::setup::{Hook, Mode, Request, Visibility};
