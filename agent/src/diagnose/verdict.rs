//! What a rule answers about one window of loss.

use super::{
    advice::LargerRings,
    finding::{Confidence, Fact, Remedy},
};

/// A rule's answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is this.
    Fires(Claim),
    /// It is not, and why not.
    Silent(String),
    /// It cannot be told, because this is missing: what, and how to get it.
    Unknown(&'static str),
}

/// Why it is this.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    /// How much of the loss it explains, 0 to 1: the share of the time in which a ring was filling or full.
    pub(super) strength: f64,
    /// How sure.
    pub(super) confidence: Confidence,
    /// One sentence, with the numbers that matter.
    pub(super) summary: String,
    /// The numbers behind it.
    pub(super) evidence: Vec<Fact>,
    /// What to change.
    pub(super) remedies: Vec<Remedy>,
    /// And rings that hold what came.
    pub(super) larger_rings: Option<LargerRings>,
}

impl Verdict {
    /// The claim, if it is this.
    pub(super) fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Fires(claim) => Some(claim),
            Self::Silent(_) | Self::Unknown(_) => None,
        }
    }
}
