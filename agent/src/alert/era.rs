//! Which versions of Falco write an alert with these fields.
//!
//! From Falco's sources by tag: userspace/falco/event_drops.cpp and stats.

use super::DropAlert;

/// Versions whose alerts look the same, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// No threshold, priority Critical.
    Critical,
    /// Priority Debug.
    Debug,
    /// With `n_drops_scratch_map`.
    ScratchMap,
    /// With categories, entries and exits.
    Categories,
    /// With `close_exit` and `proc_exit`.
    CloseAndProc,
    /// Without entries.
    ExitsOnly,
}

impl Era {
    /// By the fields of an alert; `None` for a line of the log, which has none.
    #[must_use]
    pub fn of(alert: &DropAlert) -> Option<Self> {
        let fields = alert.fields.as_ref()?;
        let has = |name: &str| fields.contains_key(name);
        Some(match () {
            () if has("n_drops_buffer_total") && has("n_drops_buffer_open_enter") => {
                if has("n_drops_buffer_close_exit") { Self::CloseAndProc } else { Self::Categories }
            }
            () if has("n_drops_buffer_total") => Self::ExitsOnly,
            () if has("n_drops_scratch_map") => Self::ScratchMap,
            () if alert.priority.as_deref() == Some("Critical") => Self::Critical,
            () => Self::Debug,
        })
    }

    /// Such as `0.36 to 0.41`.
    #[must_use]
    pub fn versions(self) -> &'static str {
        match self {
            Self::Critical => "0.15 to 0.27",
            Self::Debug => "0.28 to 0.31.0",
            Self::ScratchMap => "0.31.1 to 0.32",
            Self::Categories => "0.33 to 0.35",
            Self::CloseAndProc => "0.36 to 0.41",
            Self::ExitsOnly => "0.42 or newer",
        }
    }

    /// What in the alert says so.
    #[must_use]
    pub fn because(self) -> &'static str {
        match self {
            Self::Critical => "priority Critical",
            Self::Debug => "priority Debug, no n_drops_scratch_map",
            Self::ScratchMap => "n_drops_scratch_map and no categories",
            Self::Categories => "categories, without close_exit",
            Self::CloseAndProc => "close_exit beside categories of entries",
            Self::ExitsOnly => "categories of exits only",
        }
    }

    /// Whether `n_drops` is a part of `n_evts`: before, drops could be counted twice, and more than once all events
    /// (falco#1231, falco#2128).
    #[must_use]
    pub fn counts_once(self) -> bool {
        self >= Self::Categories
    }

    /// Whether it can have a threshold below which it says nothing (`syscall_event_drops.threshold`).
    #[must_use]
    pub fn has_threshold(self) -> bool {
        self >= Self::Debug
    }

    /// Whether `ebpf_enabled` is right about the modern probe.
    #[must_use]
    pub fn knows_engine(self) -> bool {
        self >= Self::CloseAndProc || self < Self::Categories
    }
}
