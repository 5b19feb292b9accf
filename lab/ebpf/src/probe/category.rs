//! Which drops are counted by category as well. Most syscalls have none, as in Falco.

/// The categories of the events that we make.
#[derive(Clone, Copy)]
pub(crate) enum Category {
    /// `open`, `openat`.
    Open,
    /// `close`.
    Close,
    /// In the total only.
    None,
}
