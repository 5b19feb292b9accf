//! What a run came to, by the accounts of those who took part.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::scenario::Loss;

/// Numbers of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// By all loads.
    pub(super) calls: u64,
    /// Seen by the driver, over all lives of the tool whose account is known.
    pub(super) events: u64,
    pub(super) drops: u64,
    pub(super) alerts_lost: u64,
    /// Growth; `None` if the tool was not there in the end.
    pub(super) memory_kib: Option<u64>,
    /// Lives of the tool, with those that it was killed in.
    pub(super) lives: usize,
    /// dropctl's report.
    pub(super) report: Option<Value>,
    /// From the first load to the report.
    pub(super) verdict: Option<Duration>,
}

impl Outcome {
    /// From the accounts of the tool's lives. A life without an account inspected nothing that anybody knows of.
    pub(super) fn of(accounts: &[Option<Value>]) -> Result<Self> {
        let mut outcome = Self { lives: accounts.len(), ..Self::default() };
        for account in accounts.iter().flatten() {
            let number = |name: &str| account[name].as_u64().with_context(|| format!("{name} in {account}"));
            let (events, drops) = (number("n_evts")?, number("n_drops")?);
            let lost =
                drops.checked_sub(number("n_drops_invented")?).context("invents more drops than it has")?;
            let accounted = number("delivered")? + lost + number("left_in_rings")?;
            ensure!(events == accounted, "the tool saw {events} events and accounts for {accounted}");
            outcome.events += events;
            outcome.drops += drops;
            outcome.alerts_lost += number("outputs_queue_num_drops")?;
        }
        Ok(outcome)
    }

    /// What was lost. `None` if it is not known.
    pub(super) fn loss(&self, of: Loss) -> Option<u64> {
        match of {
            Loss::Drops => Some(self.drops),
            // Calls of others were seen as well, so that this can only be too small.
            Loss::Unseen => Some(self.calls.saturating_sub(self.events) + self.drops),
            Loss::Alerts => Some(self.alerts_lost),
            Loss::Memory => self.memory_kib,
            Loss::Own => self.report.as_ref()?["loss"]["dropped"].as_u64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(events: u64, delivered: u64, drops: u64) -> Option<Value> {
        Some(json!({"n_evts": events, "delivered": delivered, "n_drops": drops, "n_drops_invented": 0,
            "left_in_rings": 0, "outputs_queue_num_drops": 1}))
    }

    #[test]
    fn lives_add_up() {
        let outcome = Outcome::of(&[account(10, 7, 3), None, account(5, 5, 0)]).unwrap();
        let outcome = Outcome { calls: 40, ..outcome };
        assert_eq!(outcome.lives, 3);
        assert_eq!(outcome.loss(Loss::Drops), Some(3));
        assert_eq!(outcome.loss(Loss::Unseen), Some(25 + 3));
        assert_eq!(outcome.loss(Loss::Alerts), Some(2));
        assert_eq!((outcome.loss(Loss::Memory), outcome.loss(Loss::Own)), (None, None));
        assert!(Outcome::of(&[account(10, 7, 2)]).is_err(), "the law holds");
    }

    #[test]
    fn own_loss_is_in_the_report() {
        let outcome = Outcome { report: Some(json!({"loss": {"dropped": 7}})), ..Outcome::default() };
        assert_eq!(outcome.loss(Loss::Own), Some(7));
    }
}
