//! Is a predicted size right? One cell is one ring size: the loss that was foretold and the one that came.

use std::ops::Range;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// One ring size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) ring_bytes: u64,
    /// Shares of events, 0 to 1.
    pub(super) predicted: f64,
    pub(super) interval: Range<f64>,
    pub(super) real: f64,
    /// The recording is of this size: it is counted and no prediction.
    pub(super) is_present: bool,
}

/// Off by no more than this is right.
const POINTS: f64 = 0.01;
/// Or by no more than this part of what is lost.
const PART: f64 = 0.15;

impl Cell {
    pub(super) fn is_right(&self) -> bool {
        (self.predicted - self.real).abs() <= POINTS.max(PART * self.real)
    }

    pub(super) fn is_in_interval(&self) -> bool {
        self.interval.start <= self.real && self.real <= self.interval.end
    }
}

/// The smallest size without loss, beside the real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Exact,
    /// One size too small.
    Under,
    FarUnder,
    /// So many sizes too large.
    Over(usize),
}

impl Step {
    /// Of cells by size.
    pub(super) fn of(cells: &[Cell]) -> Self {
        let first =
            |loss: fn(&Cell) -> f64| cells.iter().position(|cell| loss(cell) == 0.0).unwrap_or(cells.len());
        let (told, real) = (first(|cell| cell.predicted), first(|cell| cell.real));
        match real.checked_sub(told) {
            Some(0) => Self::Exact,
            Some(1) => Self::Under,
            Some(_) => Self::FarUnder,
            None => Self::Over(told - real),
        }
    }
}

/// What `dropctl size` says of the stand-in.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) no_size_helps: bool,
    candidates: Vec<(u64, f64, Range<f64>, bool)>,
}

impl Told {
    /// From its JSON.
    pub(super) fn read(sizing: &Value) -> Result<Self> {
        let tools = sizing["tools"].as_array().context("tools")?;
        let of_falco = |tool: &&Value| tool["tool"]["comm"] == "falco";
        let tool = tools.iter().find(of_falco).with_context(|| format!("no falco: {}", sizing["limits"]))?;
        let all = tool["candidates"].as_array().context("candidates")?;
        let now = all.iter().find(|one| one["is_present"] == true).context("no present size")?;
        let same = all.iter().filter(|one| one["cpus_for_each_buffer"] == now["cpus_for_each_buffer"]);
        let candidate = |one: &Value| {
            let loss = |name: &str| one["loss"][name].as_f64().with_context(|| format!("{name} of {one}"));
            let bytes = one["ring_bytes"].as_u64().context("ring_bytes")?;
            Ok((bytes, loss("likely")?, loss("low")?..loss("high")?, one["is_present"] == true))
        };
        Ok(Self {
            no_size_helps: !tool["no_size_helps"].is_null(),
            candidates: same.map(candidate).collect::<Result<_>>()?,
        })
    }

    /// One size, with what it really lost.
    pub(super) fn cell(&self, ring_bytes: u64, real: f64) -> Result<Cell> {
        let mut all = self.candidates.iter();
        let (_, predicted, interval, is_present) = all
            .find(|(bytes, ..)| *bytes == ring_bytes)
            .with_context(|| format!("nothing is said of {ring_bytes}"))?;
        let (predicted, interval, is_present) = (*predicted, interval.clone(), *is_present);
        Ok(Cell { ring_bytes, predicted, interval, real, is_present })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(predicted: f64, real: f64) -> Cell {
        Cell { ring_bytes: 1, predicted, interval: 0.1..0.3, real, is_present: false }
    }

    #[test]
    fn a_point_or_a_part_is_right() {
        assert!(cell(0.009, 0.0).is_right() && !cell(0.011, 0.0).is_right());
        assert!(cell(0.46, 0.4).is_right() && !cell(0.47, 0.4).is_right());
        assert!(cell(0.5, 0.3).is_in_interval() && !cell(0.2, 0.31).is_in_interval());
    }

    #[test]
    fn steps_are_counted_between_sizes() {
        let step = |told: usize, real: usize| {
            let loss = |first: usize, at: usize| if at < first { 0.1 } else { 0.0 };
            Step::of(&(0..3).map(|at| cell(loss(told, at), loss(real, at))).collect::<Vec<_>>())
        };
        assert_eq!((step(1, 1), step(3, 3)), (Step::Exact, Step::Exact));
        assert_eq!((step(1, 2), step(2, 3), step(0, 2)), (Step::Under, Step::Under, Step::FarUnder));
        assert_eq!((step(2, 1), step(3, 1)), (Step::Over(1), Step::Over(2)));
    }

    #[test]
    fn only_the_present_sharing_counts() {
        let candidate = |bytes: u64, cpus: u64, now: bool| {
            json!({"ring_bytes": bytes, "cpus_for_each_buffer": cpus, "is_present": now,
                "loss": {"low": 0.0, "likely": 0.5, "high": 1.0}})
        };
        let all = vec![candidate(1, 2, true), candidate(2, 2, false), candidate(2, 0, false)];
        let tool = json!({"tool": {"comm": "falco"}, "no_size_helps": null, "candidates": all});
        let told = Told::read(&json!({"tools": [tool]})).unwrap();
        assert!(!told.no_size_helps && told.candidates.len() == 2);
        let cell = told.cell(1, 0.4).unwrap();
        assert!(cell.is_present && cell.is_in_interval() && told.cell(4, 0.0).is_err());
        assert!(Told::read(&json!({"tools": [], "limits": ["why"]})).is_err());
    }
}
