//! The same load with and without dropctl beside it: the same records in the same order.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};
use dropctl::observe::rings::{Rings, Route, Wanted};

use crate::standin::{Standin, load, undisturbed};

/// Records of each run: 10^7, and fewer in a guest, whose CPUs are emulated.
fn calls() -> u64 {
    if std::env::var_os("DROPCTL_GUEST").is_some() { 1_000_000 } else { 10_000_000 }
}

pub(crate) fn takes_nothing() -> Result<()> {
    let calls = calls();
    undisturbed(|| {
        let mut got = Vec::new();
        for route in [None, Some(Route::Pages), Some(Route::Iterator)] {
            let mut standin = Standin::start("--syscalls getpgrp --ring-bytes 64MiB")?;
            let watching = route
                .map(|route| Rings::start(Wanted { route: Some(route), ..Wanted::default() }))
                .transpose()?;
            // Slower than the consumer by far: whatever is not delivered was taken.
            load(&format!("--syscall getpgrp --calls {calls} --rate 1500000 --cpu 1"))?;
            // The consumer sleeps for 30 ms at most when it has nothing to do.
            thread::sleep(Duration::from_millis(200));
            drop(watching);
            let summary = standin.finish()?;
            summary.check()?;
            if summary.of("n_evts") != calls || summary.of("delivered") != calls {
                return Ok(false);
            }
            got.push((summary.of("delivered"), summary.of("bytes"), summary.0["checksum"].to_string()));
        }
        println!("{calls} records each, alone and watched by pages and by iterator: {got:?}");
        ensure!(got.iter().all(|run| *run == got[0]), "{got:?}");
        Ok(true)
    })
}
