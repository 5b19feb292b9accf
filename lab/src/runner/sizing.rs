//! `--size`: a recording of each scenario, what `dropctl size` says of it, and the same load at each of those sizes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{
    Runner, SEEDS_OF_PROOF,
    once::Onlookers,
    sizes::{Cell, Step, Told},
    table,
};
use crate::{scenario::Scenario, sys::stop, value};

/// Grades of all.
#[derive(Debug, Default)]
struct Grades {
    cells: usize,
    right: usize,
    in_interval: usize,
    sizes: usize,
    exact: usize,
    far_under: usize,
}

impl Runner<'_> {
    /// Gives the tables.
    pub(super) fn size(&mut self, scenarios: &[Scenario], folder: &Path) -> Result<String> {
        let (mut rows, mut sizes, mut grades) = (Vec::new(), Vec::new(), Grades::default());
        for (scenario, seed) in self.seeds(scenarios, SEEDS_OF_PROOF) {
            match self.size_one(scenario, seed, folder) {
                Ok((told, cells)) => {
                    let name = format!("{} seed {seed}", scenario.name);
                    self.grade_cells(&name, &cells, &mut grades);
                    self.grade_step(&name, &cells, &mut grades);
                    rows.extend(cells.iter().map(|cell| row(scenario, seed, cell)));
                    sizes.push(size_row(scenario, seed, &told, &cells));
                }
                Err(error) => {
                    self.tally.fail(&format!("{} seed {seed}", scenario.name), &format!("{error:#}"));
                }
            }
            if stop::is_asked() {
                break;
            }
        }
        let head = table::head(["scenario", "seed", "ring", "predicted", "interval", "real", "right"]);
        let head_of_sizes = table::head(["scenario", "seed", "smallest told", "real", "", "no size helps"]);
        let Grades { cells, right, in_interval, sizes: all, exact, far_under } = grades;
        Ok(format!(
            "{}\n{}\n{right} of {cells} cells within a point or 15 %, {in_interval} within their interval. Smallest lossless size exact \
             in {exact} of {all}, more than a step under in {far_under}.\n",
            table::markdown(&head, &rows),
            table::markdown(&head_of_sizes, &sizes)
        ))
    }

    fn size_one(&self, scenario: &Scenario, seed: u64, folder: &Path) -> Result<(Told, Vec<Cell>)> {
        let file = folder.join("recorded.json");
        let dropctl = self.dropctl()?;
        let mut onlookers = Onlookers { dropctl: Some(dropctl.clone()), ..Onlookers::default() };
        let share = |drops: u64, events: u64| drops as f64 / events.max(1) as f64;
        let recorded = self.once(
            &scenario.sized(None, seed, &self.known)?,
            &Onlookers { keep: Some(file.clone()), ..onlookers.clone() },
        )?;
        if let Some(keep) = &self.arguments.keep {
            std::fs::create_dir_all(keep).with_context(|| format!("make {}", keep.display()))?;
            let place = keep.join(format!("{}-{seed}.json", scenario.name));
            std::fs::copy(&file, &place).with_context(|| format!("write {}", place.display()))?;
        }
        let told = Told::read(&told(&dropctl, &file, &scenario.sizes)?)?;
        onlookers.keep = None;
        let mut cells = Vec::new();
        for size in &scenario.sizes {
            let bytes = u64::from(value::ring_bytes(size)?);
            let mut cell = told.cell(bytes, share(recorded.drops, recorded.events))?;
            if !cell.is_present {
                let outcome = self.once(&scenario.sized(Some(size), seed, &self.known)?, &onlookers)?;
                cell.real = share(outcome.drops, outcome.events);
            }
            self.say(scenario, seed, &format!("{size}: told {:.4}, lost {:.4}", cell.predicted, cell.real));
            cells.push(cell);
            ensure!(!stop::is_asked(), "it was interrupted");
        }
        Ok((told, cells))
    }

    fn grade_cells(&mut self, name: &str, cells: &[Cell], grades: &mut Grades) {
        for cell in cells.iter().filter(|cell| !cell.is_present) {
            grades.cells += 1;
            grades.in_interval += usize::from(cell.is_in_interval());
            if cell.is_right() {
                grades.right += 1;
                self.tally.pass();
            } else {
                let why = format!("told {:.4}, lost {:.4}", cell.predicted, cell.real);
                self.tally.fail(&format!("{name} {}", ring(cell)), &why);
            }
        }
    }

    fn grade_step(&mut self, name: &str, cells: &[Cell], grades: &mut Grades) {
        let step = Step::of(cells);
        grades.sizes += 1;
        grades.exact += usize::from(step == Step::Exact);
        grades.far_under += usize::from(step == Step::FarUnder);
        match step {
            Step::Exact => self.tally.pass(),
            other => self.tally.fail(&format!("{name} smallest"), &format!("{other:?}").to_lowercase()),
        }
    }
}

/// Asks the program under test.
fn told(dropctl: &Path, recording: &Path, sizes: &[String]) -> Result<Value> {
    let mut command = Command::new(dropctl);
    command.arg("size").arg("--input").arg(recording).args(["--format", "json", "--sizes", &sizes.join(",")]);
    let output = command.stdin(Stdio::null()).output().context("run dropctl size")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "dropctl size: {}: {}", output.status, said.trim());
    serde_json::from_slice(&output.stdout).context("the answer of dropctl size")
}

fn ring(cell: &Cell) -> String {
    bytesize::ByteSize::b(cell.ring_bytes).to_string()
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn row(scenario: &Scenario, seed: u64, cell: &Cell) -> Vec<String> {
    let right = match (cell.is_present, cell.is_right()) {
        (true, _) => "recorded",
        (_, true) => "yes",
        (_, false) => "no",
    };
    vec![
        scenario.name.clone(),
        seed.to_string(),
        ring(cell),
        percent(cell.predicted),
        format!("{} to {}", percent(cell.interval.start), percent(cell.interval.end)),
        percent(cell.real),
        right.to_owned(),
    ]
}

fn size_row(scenario: &Scenario, seed: u64, told: &Told, cells: &[Cell]) -> Vec<String> {
    let first = |loss: fn(&Cell) -> f64| {
        cells.iter().find(|cell| loss(cell) == 0.0).map_or_else(|| "none of these".to_owned(), ring)
    };
    vec![
        scenario.name.clone(),
        seed.to_string(),
        first(|cell| cell.predicted),
        first(|cell| cell.real),
        format!("{:?}", Step::of(cells)).to_lowercase(),
        if told.no_size_helps { "yes" } else { "no" }.to_owned(),
    ]
}
