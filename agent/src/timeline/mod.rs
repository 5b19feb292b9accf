//! Samples in order, and what follows from their order: deltas, rates, overruns. Pure.

pub mod overruns;
pub mod window;

pub use window::Window;
