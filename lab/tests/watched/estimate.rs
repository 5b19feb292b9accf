//! The estimate of what a ring refused, beside what the stand-in counted: dropctl treats it as a tool that counts nothing.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::{
    observe::rings::{Refusals, Rings, Wanted},
    sample::EstimateSample,
};

use crate::standin::{Standin, lab, load};

const SOON: Duration = Duration::from_secs(20);

/// A load whose drops are estimated.
struct Case {
    name: &'static str,
    standin: &'static str,
    /// Its consumer is stopped before the load comes.
    is_stopped: bool,
    /// All at once.
    loads: &'static [&'static str],
}

const BY_CPU: &str = "--cpus-for-each-buffer 1 --ring-bytes 64KiB --syscalls getpgrp";
const SHARED: &str = "--cpus-for-each-buffer 0 --ring-bytes 64KiB --syscalls getpgrp";

const CASES: &[Case] = &[
    Case {
        name: "stopped, one CPU",
        standin: BY_CPU,
        is_stopped: true,
        loads: &["--syscall getpgrp --calls 200000 --cpu 0"],
    },
    Case {
        name: "stopped, a ring for each CPU",
        standin: BY_CPU,
        is_stopped: true,
        loads: &["--syscall getpgrp --calls 200000 --cpu 0", "--syscall getpgrp --calls 50000 --cpu 1"],
    },
    Case {
        name: "stopped, one ring for all",
        standin: SHARED,
        is_stopped: true,
        loads: &["--syscall getpgrp --calls 200000 --cpu 0", "--syscall getpgrp --calls 50000 --cpu 1"],
    },
    Case {
        name: "stopped, beside syscalls that are not traced",
        standin: SHARED,
        is_stopped: true,
        loads: &["--syscall getpgrp --calls 50000 --cpu 0", "--syscall read --calls 200000 --cpu 1"],
    },
    Case {
        name: "stopped, records of two sizes",
        standin: "--cpus-for-each-buffer 0 --ring-bytes 64KiB --syscalls getpgrp,openat",
        is_stopped: true,
        loads: &[
            "--syscall getpgrp --calls 50000 --cpu 0",
            "--syscall openat --record-bytes 1024 --calls 50000 --cpu 1",
        ],
    },
    Case {
        name: "a consumer that is too slow",
        standin: "--cpus-for-each-buffer 0 --ring-bytes 64KiB --syscalls getpgrp --work-ns 20000",
        is_stopped: false,
        loads: &["--syscall getpgrp --rate 100000 --duration 2s --cpu 0"],
    },
    Case {
        name: "bursts",
        standin: SHARED,
        is_stopped: false,
        loads: &[
            "--syscall getpgrp --burst 1000:200ms,max:50ms,1000:200ms,max:50ms,0:200ms,max:20ms --cpu 0",
        ],
    },
    Case {
        name: "no loss",
        standin: "--cpus-for-each-buffer 0 --ring-bytes 1MiB --syscalls getpgrp",
        is_stopped: false,
        loads: &["--syscall getpgrp --rate 20000 --duration 2s --cpu 0"],
    },
];

/// The number that the tool counted lies in the interval.
pub(crate) fn covers() -> Result<()> {
    println!("| load | dropped | estimated | at least | at most | error |\n|---|---|---|---|---|---|");
    let mut outside = Vec::new();
    for case in CASES {
        let Some((exact, estimate)) = run(case)? else { return Ok(()) };
        let EstimateSample { low, likely, high, .. } = estimate;
        #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
        let error = (likely as f64 - exact as f64) / exact.max(1) as f64 * 100.0;
        println!("| {} | {exact} | {likely} | {low} | {high} | {error:+.2} % |", case.name);
        if !(low..=high).contains(&exact) {
            outside.push(case.name);
        }
        ensure!((exact == 0) == (case.name == "no loss"), "{}: {exact} drops", case.name);
    }
    ensure!(outside.is_empty(), "not in the interval: {outside:?}");
    Ok(())
}

/// What was dropped and what dropctl thinks of it; `None` where it cannot look.
fn run(case: &Case) -> Result<Option<(u64, EstimateSample)>> {
    let mut standin = Standin::start(case.standin)?;
    let mut rings = Rings::start(Wanted { estimate: Refusals::All, ..Wanted::default() })?;
    if let Some(why) = rings.cannot_estimate() {
        println!("not here: {why}");
        return Ok(None);
    }
    // dropctl goes behind a tool once it sees its records.
    for cpu in ["0", "1"] {
        load(&format!("--syscall getpgrp --calls 10 --cpu {cpu}"))?;
    }
    let is_his = |tgid: Option<u32>| tgid == Some(standin.pid());
    let estimates = |rings: &Rings| -> Vec<Option<EstimateSample>> {
        let all = rings.sample().into_iter();
        let his = all.filter(|ring| is_his(ring.owner.as_ref().map(|owner| owner.tgid)));
        his.map(|ring| ring.estimated).collect()
    };
    let deadline = Instant::now() + SOON;
    loop {
        let all = estimates(&rings);
        if !all.is_empty() && all.iter().all(Option::is_some) {
            break;
        }
        ensure!(Instant::now() < deadline, "{}: not looked at in time", case.name);
        thread::sleep(Duration::from_millis(20));
    }
    if case.is_stopped {
        standin.pause()?;
    }
    let mut running = Vec::new();
    for flags in case.loads {
        let mut command = lab(&format!("load {flags}"));
        running.push(command.stdout(Stdio::piped()).spawn().context("start a load")?);
    }
    for process in running {
        ensure!(process.wait_with_output()?.status.success(), "a load failed");
    }
    rings.end();
    let falco = rings.falcos().into_iter().find(|falco| is_his(Some(falco.tgid)));
    let Some(exact) = falco.map(|falco| falco.now.n_drops_buffer) else { bail!("the tool is gone") };
    let sum =
        estimates(&rings).into_iter().flatten().fold(EstimateSample::default(), |sum, one| EstimateSample {
            since_ns: 0,
            low: sum.low + one.low,
            likely: sum.likely + one.likely,
            high: sum.high + one.high,
        });
    standin.go_on()?;
    standin.finish()?.check()?;
    Ok(Some((exact, sum)))
}
