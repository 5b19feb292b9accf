//! Paired measurement in blocks of A B B A: A without the subject, B with it. Two pairs per block.
//!
//! The machine's speed drifts by more than what is measured, so only a B next to its A counts, and a block in
//! which anything else happened is dropped, with the reason counted.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::{
    generator::{Generator, Work},
    hook, machine,
    statistics::{Estimate, estimate, estimate_difference},
};

/// Something whose cost is measured.
pub(crate) trait Subject {
    /// As shown in tables.
    fn name(&self) -> &str;
    /// Puts it in place.
    fn attach(&mut self) -> Result<()>;
    /// Takes it away. Returns how many calls it saw while in place, where it says.
    fn detach(&mut self) -> Result<Option<u64>>;
}

/// One block: ns per call.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Block {
    pub(crate) without: [f64; 2],
    pub(crate) with: [f64; 2],
    /// Calls made while the subject was in place.
    pub(crate) calls: u64,
    /// Calls that the subject says it saw.
    pub(crate) seen: Option<u64>,
    /// Time stolen by the hypervisor during the four batches, clock ticks of all CPUs.
    pub(crate) stolen_ticks: u64,
    /// A tracing program of somebody else came or went.
    pub(crate) hook_shared: bool,
}

/// All blocks of one subject.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Time of one batch.
    pub(crate) batch: Duration,
    /// Undisturbed pairs that each subject must reach.
    pub(crate) pairs: usize,
    /// Blocks after which it ends anyway.
    pub(crate) most_blocks: usize,
}

/// Why a block does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbed {
    /// Its two A differ by more than 10 %.
    Uneven,
    /// An A took more than 1.15 times the fastest A of the run.
    Slow,
    /// The hypervisor took time away.
    Stolen,
    /// Another program sat on the hook.
    Shared,
}

/// Blocks that did not count, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Dropped {
    pub(crate) uneven: usize,
    pub(crate) slow: usize,
    pub(crate) stolen: usize,
    pub(crate) shared: usize,
}

/// What a series came to, ns per call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) pairs: usize,
    pub(crate) dropped: Dropped,
    /// Median of the A that count.
    pub(crate) baseline: f64,
    /// Median of the paired differences.
    pub(crate) added: Option<Estimate>,
    /// The fastest B against the fastest A.
    pub(crate) least_added: Option<f64>,
    /// Difference to the first series.
    pub(crate) over_floor: Option<Estimate>,
    /// Least share of the calls that the subject saw, where it says.
    pub(crate) seen_share: Option<f64>,
}

/// Runs blocks of all subjects in turn, in an order that rotates, until each has enough undisturbed pairs.
pub(crate) fn measure(
    subjects: &mut [&mut dyn Subject],
    generator: &mut Generator,
    extent: Extent,
) -> Result<Vec<Series>> {
    generator.hurry();
    let calls = calls_in(extent.batch, generator)?;
    let mut all: Vec<Series> = subjects
        .iter()
        .map(|subject| Series { name: subject.name().to_owned(), blocks: Vec::new() })
        .collect();
    for round in 0..extent.most_blocks {
        let fastest = fastest_baseline(&all);
        for step in 0..subjects.len() {
            let index = (step + round) % subjects.len();
            if kept_pairs(&all[index], fastest) < extent.pairs {
                all[index].blocks.push(block(subjects[index], generator, calls, extent.batch)?);
            }
        }
        let fastest = fastest_baseline(&all);
        if all.iter().all(|series| kept_pairs(series, fastest) >= extent.pairs) {
            break;
        }
    }
    Ok(all)
}

fn block(subject: &mut dyn Subject, generator: &mut Generator, calls: u64, batch: Duration) -> Result<Block> {
    let programs_before = hook::programs()?;
    let mut stolen_ticks = 0;
    // What is stolen while the subject comes and goes disturbs nothing.
    let mut batch_ns = |generator: &mut Generator, calls| -> Result<f64> {
        let before = machine::stolen_ticks()?;
        let time = batch_ns(generator, calls)?;
        stolen_ticks += machine::stolen_ticks()? - before;
        Ok(time)
    };
    let first = batch_ns(generator, calls)?;
    subject.attach()?;
    // Whatever sits on the hook may slow each call a hundredfold: then fewer of them fill the batch.
    let calls_with = calls_in(batch, generator)?.min(calls);
    let with = [batch_ns(generator, calls_with)?, batch_ns(generator, calls_with)?];
    let seen = subject.detach()?;
    let last = batch_ns(generator, calls)?;
    Ok(Block {
        without: [first, last],
        with,
        calls: CALIBRATION + 2 * (calls_with + warm_up(calls_with)),
        seen,
        stolen_ticks,
        hook_shared: !hook::returns_to(&programs_before)?,
    })
}

/// Calls that tell how many fill a batch.
const CALIBRATION: u64 = 2_000;

fn calls_in(batch: Duration, generator: &mut Generator) -> Result<u64> {
    let time = generator.run(Work::flat_out(CALIBRATION))?;
    ensure!(!time.is_zero(), "the clock stands still");
    let calls = u128::from(CALIBRATION) * batch.as_nanos() / time.as_nanos();
    Ok(u64::try_from(calls)?.max(CALIBRATION / 10))
}

/// Calls before each batch that are not timed: caches and branch predictors have to learn the new path.
fn warm_up(calls: u64) -> u64 {
    calls / 20
}

fn batch_ns(generator: &mut Generator, calls: u64) -> Result<f64> {
    generator.run(Work::flat_out(warm_up(calls)))?;
    Ok(generator.run(Work::flat_out(calls))?.as_nanos() as f64 / calls as f64)
}

fn fastest_baseline(all: &[Series]) -> f64 {
    let baselines = all.iter().flat_map(|series| &series.blocks).flat_map(|block| block.without);
    baselines.fold(f64::INFINITY, f64::min)
}

fn disturbed(block: &Block, fastest: f64) -> Option<Disturbed> {
    let [first, last] = block.without;
    if block.hook_shared {
        Some(Disturbed::Shared)
    } else if block.stolen_ticks > 0 {
        Some(Disturbed::Stolen)
    } else if first.max(last) > 1.10 * first.min(last) {
        Some(Disturbed::Uneven)
    } else if first.max(last) > 1.15 * fastest {
        Some(Disturbed::Slow)
    } else {
        None
    }
}

fn kept_pairs(series: &Series, fastest: f64) -> usize {
    2 * series.blocks.iter().filter(|block| disturbed(block, fastest).is_none()).count()
}

/// Judges all series of a run; the first is the floor of the others.
pub(crate) fn outcomes(all: &[Series]) -> Vec<Outcome> {
    let fastest = fastest_baseline(all);
    let floor = all.first().map(|series| differences(series, fastest)).unwrap_or_default();
    all.iter()
        .enumerate()
        .map(|(index, series)| outcome(series, fastest, (index > 0).then_some(&floor)))
        .collect()
}

fn outcome(series: &Series, fastest: f64, floor: Option<&Vec<f64>>) -> Outcome {
    let kept: Vec<&Block> =
        series.blocks.iter().filter(|block| disturbed(block, fastest).is_none()).collect();
    let differences = differences(series, fastest);
    let least = |values: Vec<f64>| values.into_iter().fold(f64::INFINITY, f64::min);
    let with = least(kept.iter().flat_map(|block| block.with).collect());
    let without: Vec<f64> = kept.iter().flat_map(|block| block.without).collect();
    let shares = kept.iter().filter_map(|block| Some(block.seen? as f64 / block.calls as f64));
    Outcome {
        name: series.name.clone(),
        pairs: differences.len(),
        dropped: dropped(series, fastest),
        baseline: crate::statistics::median(&without),
        added: (!differences.is_empty()).then(|| estimate(&differences)),
        least_added: (!kept.is_empty()).then(|| with - least(without)),
        over_floor: floor
            .filter(|floor| !floor.is_empty() && !differences.is_empty())
            .map(|floor| estimate_difference(&differences, floor)),
        seen_share: shares.reduce(f64::min),
    }
}

/// B minus its neighbouring A.
fn differences(series: &Series, fastest: f64) -> Vec<f64> {
    let kept = series.blocks.iter().filter(|block| disturbed(block, fastest).is_none());
    kept.flat_map(|block| [block.with[0] - block.without[0], block.with[1] - block.without[1]]).collect()
}

fn dropped(series: &Series, fastest: f64) -> Dropped {
    let mut dropped = Dropped::default();
    for block in &series.blocks {
        match disturbed(block, fastest) {
            Some(Disturbed::Uneven) => dropped.uneven += 1,
            Some(Disturbed::Slow) => dropped.slow += 1,
            Some(Disturbed::Stolen) => dropped.stolen += 1,
            Some(Disturbed::Shared) => dropped.shared += 1,
            None => {}
        }
    }
    dropped
}

#[cfg(test)]
mod tests;
