//! The kernel series that guests know: where Debian has them.

/// One series of kernels.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Suites of Debian whose lists may hold it.
    pub(crate) suites: &'static [&'static str],
    /// Part of `cargo xtask test`: the oldest, the newest, and the last that lets ring buffer helpers be traced. 6.1 is booted
    /// there without its BTF.
    pub(crate) by_default: bool,
}

const NEWEST: &[&str] = &["trixie-backports", "sid"];

/// Oldest first.
pub(crate) const ALL: &[Series] = &[
    older("5.10", &["bullseye", "bullseye-security"], true),
    older("6.1", &["bookworm", "bookworm-security"], false),
    older("6.12", &["trixie", "trixie-security", "bookworm-backports"], true),
    newer("6.16", false),
    newer("6.17", false),
    newer("6.18", false),
    newer("6.19", false),
    newer("7.0", false),
    newer("7.1", false),
    newer("7.2", false),
    newer("7.3", true),
];

pub(crate) fn named(name: &str) -> Option<&'static Series> {
    ALL.iter().find(|series| series.name == name)
}

const fn older(name: &'static str, suites: &'static [&'static str], by_default: bool) -> Series {
    Series { name, suites, by_default }
}

const fn newer(name: &'static str, by_default: bool) -> Series {
    Series { name, suites: NEWEST, by_default }
}
