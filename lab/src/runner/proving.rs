//! `--prove`: the three runs of each scenario and seed, and their table.

use anyhow::Result;

use super::{
    Runner, SEEDS_OF_PROOF,
    once::Onlookers,
    prove::{Losses, Proof},
    table,
};
use crate::{
    scenario::{Loss, Remedy, Scenario, Setup},
    sys::stop,
};

impl Runner<'_> {
    /// Gives the table.
    pub(super) fn prove(&mut self, scenarios: &[Scenario]) -> Result<String> {
        let head = table::head([
            "scenario",
            "seed",
            "cause",
            "loss of",
            "calls",
            "as is",
            "remedy",
            "then",
            "runner-up",
            "then",
            "proven",
        ]);
        let mut rows = Vec::new();
        for (scenario, seed) in self.seeds(scenarios, SEEDS_OF_PROOF) {
            let name = format!("{} seed {seed}", scenario.name);
            match self.prove_one(scenario, seed) {
                Ok((row, None)) => {
                    rows.push(row);
                    self.tally.pass();
                }
                Ok((row, Some(why))) => {
                    rows.push(row);
                    self.tally.fail(&name, &why);
                }
                Err(error) => self.tally.fail(&name, &format!("{error:#}")),
            }
            if stop::is_asked() {
                break;
            }
        }
        Ok(table::markdown(&head, &rows))
    }

    /// A row, and why the label is not proven.
    fn prove_one(&self, scenario: &Scenario, seed: u64) -> Result<(Vec<String>, Option<String>)> {
        let as_is = scenario.as_is(seed, &self.known)?;
        let (lost, calls) = self.lost(scenario, seed, &as_is, "as is")?;
        let mut losses = Losses { as_is: lost, remedy: None, runner_up: None };
        let with = |remedy: Option<&Remedy>| -> Result<Option<u64>> {
            let Some(remedy) = remedy else { return Ok(None) };
            let setup = scenario.with(remedy, seed, &self.known)?;
            Ok(self.lost(scenario, seed, &setup, &remedy.is)?.0)
        };
        losses.remedy = with(scenario.remedy.as_ref())?;
        losses.runner_up = with(scenario.runner_up.as_ref())?;
        let (verdict, why) = match scenario.remedy {
            Some(_) => {
                let proof = Proof::of(losses);
                (proof.to_string(), (proof != Proof::Proven).then(|| format!("{proof}: {losses:?}")))
            }
            None if losses.as_is == Some(0) => ("yes".to_owned(), None),
            None => ("no: something is lost".to_owned(), Some(format!("{losses:?}"))),
        };
        let number = |loss: Option<u64>| loss.map_or_else(|| "-".to_owned(), |loss| loss.to_string());
        let words = |remedy: &Option<Remedy>| match remedy {
            None => "-".to_owned(),
            Some(Remedy { code: Some(code), is, .. }) => format!("{code}: {is}"),
            Some(remedy) => remedy.is.clone(),
        };
        let row = vec![
            scenario.name.clone(),
            seed.to_string(),
            scenario.expect.clone().unwrap_or_else(|| super::score::NONE.to_owned()),
            format!("{:?}", scenario.loss).to_lowercase(),
            calls.to_string(),
            number(losses.as_is),
            words(&scenario.remedy),
            number(losses.remedy),
            words(&scenario.runner_up),
            number(losses.runner_up),
            verdict,
        ];
        Ok((row, why))
    }

    fn lost(&self, scenario: &Scenario, seed: u64, setup: &Setup, what: &str) -> Result<(Option<u64>, u64)> {
        let mut onlookers = Onlookers::default();
        if scenario.loss == Loss::Own {
            onlookers.dropctl = Some(self.dropctl()?);
        }
        let outcome = self.once(setup, &onlookers)?;
        let loss = outcome.loss(scenario.loss);
        let lives = outcome.lives;
        self.say(
            scenario,
            seed,
            &format!(
                "{what}: {} calls, {} events, {} drops, {} alerts lost, {:?} KiB more, {lives} lives",
                outcome.calls, outcome.events, outcome.drops, outcome.alerts_lost, outcome.memory_kib
            ),
        );
        Ok((loss, outcome.calls))
    }
}
