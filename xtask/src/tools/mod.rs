//! Makes sure of what a verb needs, before it starts, and says what it installs and why.
//!
//! Nothing goes into the user's cargo home; Debian packages only as root on a Debian-like system.

mod cargo;
mod debian;
pub(crate) mod foreign;
mod rust;

use anyhow::Result;

pub(crate) use debian::{Package, download_and_unpack, ensure as packages, is_root};

/// What `dropctl top` is looked at in.
pub(crate) const TMUX: Package =
    Package { program: "tmux", package: "tmux", why: "a terminal for dropctl top, and keys for it" };

/// What building both halves needs.
pub(crate) fn for_build() -> Result<()> {
    rust::ensure(&[])?;
    cargo::LINKER.ensure()
}

/// What fuzzing needs.
pub(crate) fn for_fuzzing() -> Result<()> {
    for_build()?;
    cargo::FUZZ.ensure()
}

/// What building static binaries needs.
pub(crate) fn for_static_build() -> Result<()> {
    rust::ensure(&[crate::project::STATIC_TARGET])?;
    cargo::LINKER.ensure()
}
