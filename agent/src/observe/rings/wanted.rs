//! How rings are to be watched.

use super::source::Route;

/// How rings are to be watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Which way; the better one that is allowed if it is left open.
    pub route: Option<Route>,
    /// Whether to follow tools' drop counters on the syscall path, to see whose events they drop.
    pub whose: bool,
    /// Which rings' refusals to count behind the helpers that write to them.
    pub refusals: Refusals,
}

/// Which rings' refusals are counted. Whatever is chosen, every record of every tool pays while the programs are
/// attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusals {
    /// None: nothing is loaded.
    #[default]
    Off,
    /// Of all rings, while there is one of a tool whose own counters dropctl does not know.
    Unknown,
    /// Of all rings, always.
    All,
}
