//! `drain`: how many records per second one core takes out of a ring that is full, decoded and aggregated.
//!
//! The ring is an image in memory with the layout of a real one, so that no producer disturbs; consumer and
//! tally are the agent's own. The floor is a walk that loads each header and one field.

mod image;

use std::{hint::black_box, os::fd::AsFd as _, time::Instant};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    probe::drain::{BATCH_RECORDS, Tally},
    sys::ring::OwnRing,
};
use serde::Serialize;

use self::image::{Image, Mix};
use crate::{
    generator,
    machine::{self, Machine},
    options::Options,
    output::{self, Table, say},
    statistics::{median, quantile},
    sys::walk::Walk,
};

/// Records per second and core that we want.
const TARGET: f64 = 40e6;
/// Processes that the agent keeps counts of.
const PROCESSES: usize = 4096;

/// One image and what it is consumed by.
struct Case {
    mix: Mix,
    image: Image,
    ring: OwnRing,
    walk: Walk,
    tally: Tally,
    passes: Vec<Pass>,
}

/// One pass over an image: ns per record.
#[derive(Clone, Copy, Debug, Serialize)]
struct Pass {
    walk_ns: f64,
    tally_ns: f64,
    /// Clock ticks stolen by the hypervisor meanwhile.
    stolen_ticks: u64,
}

/// Runs it.
pub(crate) fn run(options: &Options, machine: &Machine) -> Result<()> {
    generator::pin(&[1]).context("this benchmark needs two CPUs")?;
    let passes = if options.short { 3 } else { 200 };
    let sizes: &[u32] = if options.short { &[1 << 20] } else { &[8 << 20] };
    let mut cases = Vec::new();
    for &capacity in sizes {
        for mix in image::MIXES {
            cases.push(Case::new(*mix, capacity)?);
        }
    }
    if !options.short {
        cases.push(Case::new(image::MIXES[0], 64 << 20)?);
    }
    // All cases in turn: none of them has a quiet minute to itself.
    for _ in 0..passes {
        for case in &mut cases {
            case.pass()?;
        }
    }
    print(&cases, options.short);
    let raw: Vec<_> = cases.iter().map(|case| (case.name(), &case.passes)).collect();
    output::save(options, machine, "drain", raw)
}

impl Case {
    fn new(mix: Mix, capacity_bytes: u32) -> Result<Self> {
        let image = Image::new(mix, capacity_bytes).context("make a ring image")?;
        let ring = OwnRing::new(image.file().as_fd(), capacity_bytes).context("map the ring image")?;
        let walk = Walk::new(image.file().as_fd(), image.records()).context("map the ring image")?;
        Ok(Self { mix, image, ring, walk, tally: Tally::new(PROCESSES), passes: Vec::new() })
    }

    fn name(&self) -> String {
        format!("{}, {} MiB", self.mix.name, self.ring.capacity_bytes() >> 20)
    }

    fn pass(&mut self) -> Result<()> {
        let per_record = |start: Instant, records| start.elapsed().as_nanos() as f64 / records as f64;
        let records = self.image.records();
        let stolen_before = machine::stolen_ticks()?;
        let start = Instant::now();
        black_box(self.walk.sum());
        let walk_ns = per_record(start, records);

        self.image.fill_again()?;
        let before = self.tally.records;
        let start = Instant::now();
        loop {
            let batch = self.ring.consume(BATCH_RECORDS, |record| self.tally.add(record));
            self.tally.end_batch(batch);
            if batch.bytes == 0 {
                break;
            }
        }
        let tally_ns = per_record(start, records);
        ensure!(self.tally.records - before == records, "{} of {records}", self.tally.records - before);
        let stolen_ticks = machine::stolen_ticks()? - stolen_before;
        self.passes.push(Pass { walk_ns, tally_ns, stolen_ticks });
        Ok(())
    }
}

fn print(cases: &[Case], short: bool) {
    let mut table = Table::new(&[
        "records of, ring",
        "million/s (median)",
        "best",
        "ns/record",
        "GB/s",
        "walk, ns",
        "ratio",
        "target",
        "",
        "passes",
    ]);
    for case in cases {
        // The first pass warms up.
        let kept: Vec<Pass> =
            case.passes.iter().skip(1).filter(|pass| pass.stolen_ticks == 0).copied().collect();
        let times: Vec<f64> = kept.iter().map(|pass| pass.tally_ns).collect();
        let walks: Vec<f64> = kept.iter().map(|pass| pass.walk_ns).collect();
        let ratios: Vec<f64> = kept.iter().map(|pass| pass.tally_ns / pass.walk_ns).collect();
        let per_second = 1e9 / median(&times);
        table.row([
            case.name(),
            format!("{:.1}", per_second / 1e6),
            format!("{:.1}", 1e3 / quantile(&times, 0.0)),
            format!("{:.2}", median(&times)),
            format!("{:.2}", per_second * 40.0 / 1e9),
            format!("{:.2}", median(&walks)),
            format!("{:.1}", median(&ratios)),
            format!("{}", TARGET / 1e6),
            output::verdict((!short).then_some(per_second >= TARGET)),
            format!("{} of {}", kept.len(), case.passes.len()),
        ]);
    }
    table.print();
    let foreign: u64 = cases.iter().map(|case| case.tally.foreign).sum();
    say(&format!("\n{foreign} entries were the empty one that ends each image."));
}
