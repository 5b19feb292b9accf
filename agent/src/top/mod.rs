//! The live view: what `dropctl top` shows. Pure: a function of the last minute of samples ([`rows`]) and of a small state that keys
//! change ([`state`]).
//!
//! [`Watch`] remembers a minute and holds findings as the agent does; [`table`] sorts and filters; [`draw`] paints a screen,
//! and [`page`] the same as plain text. Left out: reading keys, sampling, and the terminal itself (`commands/top`).

pub mod draw;
pub mod page;
mod paint;
pub mod rows;
pub mod state;
pub mod table;
mod watch;

pub use self::{rows::View, state::State, watch::Watch};

#[cfg(test)]
mod tests;
