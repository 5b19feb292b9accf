//! One file per finding.

pub(super) mod own_overrun;
pub(super) mod reduced_visibility;
