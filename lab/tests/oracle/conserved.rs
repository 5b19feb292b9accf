//! Every event is delivered, dropped and counted, or left in a ring; and what is delivered is what was written.

use std::{process::Stdio, thread, time::Duration};

use anyhow::{Result, ensure};

use crate::standin::{Standin, lab, load, undisturbed};

/// Two loads, and a consumer that stops and goes on by chance, ended in the middle.
pub(crate) fn under_stress() -> Result<()> {
    let mut left = 0;
    for (seed, share) in [(1, 0), (2, 1), (3, 1)] {
        let flags = format!(
            "--syscalls getpgrp,close,open,openat,read --ring-bytes 64KiB --cpus-for-each-buffer {share}"
        );
        let mut standin = Standin::start(&flags)?;
        let loads = [0, 1].map(|cpu| {
            lab(&format!("load --syscall mix --seed {seed} --duration 4s --cpu {cpu}"))
                .stdout(Stdio::null())
                .spawn()
        });
        let mut chance: u64 = seed;
        for _ in 0..20 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            thread::sleep(Duration::from_millis(chance >> 58));
            standin.pause()?;
            thread::sleep(Duration::from_millis((chance >> 50) & 63));
            standin.go_on()?;
        }
        let summary = standin.finish();
        for load in loads {
            load?.wait()?;
        }
        let summary = summary?;
        summary.check()?;
        ensure!(summary.of("delivered") > 0 && summary.of("n_drops") > 0, "no stress: {summary:?}");
        left += summary.of("left_in_rings");
    }
    ensure!(left > 0, "no run left records behind");
    Ok(())
}

/// Without drops, two runs of a load deliver the same; other paths make another checksum.
pub(crate) fn checksum() -> Result<()> {
    const CALLS: u64 = 20_000;
    undisturbed(|| {
        let sum = |record_bytes: u16| {
            let open = format!("open --calls 1000 --record-bytes {record_bytes}");
            run(CALLS, &["getpgrp --calls 19000", &open])
        };
        let (Some(first), Some(second), Some(other)) = (sum(100)?, sum(100)?, sum(200)?) else {
            return Ok(false);
        };
        ensure!(first == second, "the same load: {first}, {second}");
        ensure!(first != other, "another load: {first}");
        Ok(true)
    })
}

/// A record of `getpgrp` byte by byte, as Falco's would be: the event's length and kind, two parameters of two
/// bytes, the syscall's number twice.
pub(crate) fn record_bytes() -> Result<()> {
    const CALLS: u64 = 5000;
    const RECORD: [u8; 18] = [34, 0, 0, 0, 1, 0, 2, 0, 0, 0, 2, 0, 2, 0, 111, 0, 111, 0];
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = RECORD.iter().fold(0xcbf2_9ce4_8422_2325, fnv).wrapping_mul(CALLS);
    undisturbed(|| {
        let Some(found) = run(CALLS, &["getpgrp --calls 5000"])? else { return Ok(false) };
        ensure!(found == format!("{sum:016x}"), "{found}, not {sum:016x}");
        Ok(true)
    })
}

/// Checksum of these loads, if nobody else was in between.
fn run(calls: u64, loads: &[&str]) -> Result<Option<String>> {
    let mut standin = Standin::start(&format!("--syscalls getpgrp,open --alert-every {calls}"))?;
    for flags in loads {
        load(&format!("--syscall {flags}"))?;
    }
    standin.line()?;
    let summary = standin.finish()?;
    summary.check()?;
    let checksum = summary.0["checksum"].as_str().map(str::to_owned);
    Ok(checksum.filter(|_| summary.of("delivered") == calls))
}
