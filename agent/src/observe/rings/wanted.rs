//! How rings are to be watched.

use std::time::Duration;

use super::source::Route;
use crate::setup::Whose;

/// How rings are to be watched.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Which way; the better one that is allowed if it is left open.
    pub route: Option<Route>,
    /// Whether to follow tools' drop counters on the syscall path, to see whose events they drop.
    pub whose: Whose,
    /// With [`Whose::Auto`]: time without drops after which that ends.
    pub quiet: Duration,
    /// Which rings' refusals to count behind the helpers that write to them.
    pub refusals: Refusals,
    /// Which rings' refusals to estimate at each syscall exit, where they cannot be counted.
    pub estimate: Refusals,
}

/// Which rings' refusals are counted or estimated. Whatever is chosen, every record of every tool, or every syscall, pays
/// while the programs are attached.
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

impl Default for Wanted {
    fn default() -> Self {
        Self {
            route: None,
            whose: Whose::Off,
            quiet: QUIET,
            refusals: Refusals::Off,
            estimate: Refusals::Off,
        }
    }
}

impl Wanted {
    /// What goes with `--whose`. A tool that counts is followed at a price when it drops; one that does not cannot be waited
    /// for. To estimate costs every syscall.
    #[must_use]
    pub fn of(whose: Whose) -> Self {
        let (refusals, estimate) = match whose {
            Whose::Off => (Refusals::Off, Refusals::Off),
            Whose::Auto => (Refusals::Unknown, Refusals::Off),
            Whose::On => (Refusals::All, Refusals::Unknown),
        };
        Self { whose, refusals, estimate, ..Self::default() }
    }
}

/// See [`Wanted::quiet`].
const QUIET: Duration = Duration::from_secs(300);
