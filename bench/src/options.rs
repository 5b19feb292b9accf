//! How a benchmark is to run.

/// As typed.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Seconds instead of minutes, and no target judged.
    pub(crate) short: bool,
}
