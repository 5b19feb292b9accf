//! Is a label true? The same load as is, with the remedy, and with the runner-up's: the first loses something, the
//! remedy ends at least nine tenths of that, the other does not.

use std::fmt;

/// Less than this is no loss to speak of.
const LEAST: u64 = 100;

/// Losses of the three runs; `None` of what cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Losses {
    pub(super) as_is: Option<u64>,
    pub(super) remedy: Option<u64>,
    pub(super) runner_up: Option<u64>,
}

/// What they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Proven,
    /// As is, nothing or too little was lost.
    NoLoss,
    RemedyFails,
    /// The other remedy does as well.
    NotTheOnly,
    Unknown,
}

impl Proof {
    /// Of a scenario that has a loss.
    pub(super) fn of(losses: Losses) -> Self {
        let Losses { as_is: Some(as_is), remedy: Some(remedy), runner_up: Some(runner_up) } = losses else {
            return Self::Unknown;
        };
        let ends = |loss: u64| loss <= as_is / 10;
        match () {
            () if as_is < LEAST => Self::NoLoss,
            () if !ends(remedy) => Self::RemedyFails,
            () if ends(runner_up) => Self::NotTheOnly,
            () => Self::Proven,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Proven => "yes",
            Self::NoLoss => "no: nothing is lost as is",
            Self::RemedyFails => "no: the remedy does not end it",
            Self::NotTheOnly => "no: the runner-up's remedy ends it too",
            Self::Unknown => "no: a loss is not known",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(as_is: u64, remedy: u64, runner_up: u64) -> Proof {
        let (as_is, remedy, runner_up) = (Some(as_is), Some(remedy), Some(runner_up));
        Proof::of(Losses { as_is, remedy, runner_up })
    }

    #[test]
    fn nine_tenths_must_go_by_one_remedy_alone() {
        assert_eq!(proof(1000, 100, 101), Proof::Proven);
        assert_eq!(proof(1000, 101, 1000), Proof::RemedyFails);
        assert_eq!(proof(1000, 0, 100), Proof::NotTheOnly);
        assert_eq!(proof(99, 0, 99), Proof::NoLoss);
        assert_eq!(Proof::of(Losses { as_is: Some(1000), remedy: None, runner_up: Some(0) }), Proof::Unknown);
    }
}
