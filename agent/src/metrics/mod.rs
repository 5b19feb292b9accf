//! `/metrics` and the other pages of the agent.

pub mod collector;
pub mod names;
pub mod server;
