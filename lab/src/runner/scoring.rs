//! Scoring: dropctl beside each scenario and seed, and the tables of what it found.

use anyhow::{Context as _, Result};

use super::{
    Runner, SEEDS,
    once::Onlookers,
    score::{Confusion, Found, Grade},
    table,
};
use crate::{scenario::Scenario, sys::stop};

/// Grades of all runs.
#[derive(Debug, Default)]
struct Grades {
    right: usize,
    unexplained: usize,
    all: usize,
}

impl Runner<'_> {
    /// Gives the tables.
    pub(super) fn score(&mut self, scenarios: &[Scenario]) -> Result<String> {
        let head = table::head([
            "scenario",
            "seed",
            "half",
            "lost",
            "expected",
            "found",
            "confidence",
            "not found beside it",
            "more beside it",
            "seconds",
        ]);
        let (mut rows, mut confusion, mut grades) = (Vec::new(), Confusion::default(), Grades::default());
        for (scenario, seed) in self.seeds(scenarios, SEEDS) {
            let name = format!("{} seed {seed}", scenario.name);
            match self.score_one(scenario, seed) {
                Ok((row, found)) => {
                    rows.push(row);
                    confusion.add(scenario.expect.as_deref(), &found);
                    self.grade(scenario, &name, &found, &mut grades);
                }
                Err(error) => self.tally.fail(&name, &format!("{error:#}")),
            }
            if stop::is_asked() {
                break;
            }
        }
        let (columns, lines) = confusion.table();
        let Grades { right, unexplained, all } = grades;
        Ok(format!(
            "{}\n{}\nPrimary cause right in {right} of {all} runs, right or DC199 in {}.\n",
            table::markdown(&head, &rows),
            table::markdown(&columns, &lines),
            right + unexplained
        ))
    }

    fn score_one(&self, scenario: &Scenario, seed: u64) -> Result<(Vec<String>, Found)> {
        let setup = scenario.as_is(seed, &self.known)?;
        let outcome = self.once(&setup, &self.onlookers(scenario, seed, setup.seconds)?)?;
        let found = Found::read(outcome.report.as_ref().context("no report")?)?;
        let lost = outcome.loss(scenario.loss);
        let more = found.also.iter().filter(|code| !scenario.also.contains(code)).cloned();
        let row = vec![
            scenario.name.clone(),
            seed.to_string(),
            format!("{:?}", scenario.split).to_lowercase(),
            lost.map_or_else(|| "-".to_owned(), |lost| lost.to_string()),
            scenario.expect.clone().unwrap_or_else(|| super::score::NONE.to_owned()),
            found.code().to_owned(),
            found.primary.as_ref().map_or_else(|| "-".to_owned(), |(_, confidence)| confidence.clone()),
            found.missing(&scenario.also).join(" "),
            more.collect::<Vec<_>>().join(" "),
            outcome.verdict.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64())),
        ];
        self.say(scenario, seed, &format!("{} drops, found {}", outcome.drops, found.code()));
        Ok((row, found))
    }

    fn grade(&mut self, scenario: &Scenario, name: &str, found: &Found, grades: &mut Grades) {
        let expected = scenario.expect.as_deref();
        let grade = found.grade(expected);
        grades.all += 1;
        grades.right += usize::from(grade == Grade::Right);
        grades.unexplained += usize::from(grade == Grade::Unexplained);
        let missing = found.missing(&scenario.also);
        match grade {
            Grade::Right if missing.is_empty() => self.tally.pass(),
            Grade::Right => self.tally.fail(name, &format!("beside it, {} was not found", missing.join(" "))),
            Grade::Unexplained | Grade::Wrong => {
                let expected = expected.unwrap_or(super::score::NONE);
                self.tally.fail(name, &format!("it is {expected}, found was {}", found.code()));
            }
        }
    }

    fn onlookers(&self, scenario: &Scenario, seed: u64, seconds: u64) -> Result<Onlookers> {
        let beside = self.arguments.beside.as_ref().map(|line| {
            line.replace("{scenario}", &scenario.name)
                .replace("{seed}", &seed.to_string())
                .replace("{seconds}", &seconds.to_string())
        });
        let keep =
            self.arguments.keep.as_ref().map(|folder| folder.join(format!("{}-{seed}.json", scenario.name)));
        if let Some(folder) = &self.arguments.keep {
            std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        Ok(Onlookers { dropctl: Some(self.dropctl()?), keep, beside })
    }
}
