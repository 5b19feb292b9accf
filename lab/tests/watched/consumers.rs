//! What the thread that drains does with its time: made to do mostly one thing, it is seen to do that, and its states
//! add up to the time.

use std::{
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::{
        consumers::Consumers,
        rings::{Rings, Wanted},
    },
    sample::{ConsumerSample, ConsumerStates, KnownBy},
};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::{
    cgroup::Cgroup,
    standin::{Standin, lab},
};

/// How long a consumer is watched.
const WINDOW: Duration = Duration::from_secs(4);
/// Events for the whole of it.
const LOAD: &str = "load --syscall getpgrp --rate 40000 --duration 8s --cpu 1";
/// One ring, and this much work for each event of it, in ns; or a stall.
const RING: &str = "--syscalls getpgrp --cpus-for-each-buffer 0 --ring-bytes 1MiB";
const TOO_MUCH: &str = "--work-ns 200000";

/// Weights of a cgroup in both versions: nobody else matters on this machine, and everybody does.
const HEAVY: (u32, u32) = (262_144, 10_000);
const LIGHT: (u32, u32) = (2, 1);

/// More work for each event than there is time.
pub(crate) fn saturated() -> Result<()> {
    let Some(cgroup) = Cgroup::new("cpu", "saturated")? else { return Ok(()) };
    cgroup.set_weight(HEAVY)?;
    let standin = Standin::start(&format!("{RING} {TOO_MUCH}"))?;
    cgroup.take(standin.pid())?;
    let seen = watch(&standin, || Ok(()))?;
    dominates(&seen, "running", |states| states.running_ns)
}

/// A quota of 20 ms in 100 in its cgroup.
pub(crate) fn throttled() -> Result<()> {
    let Some(cgroup) = Cgroup::new("cpu", "throttled")? else { return Ok(()) };
    cgroup.set_quota(20_000, 100_000)?;
    cgroup.set_weight(HEAVY)?;
    let standin = Standin::start(&format!("{RING} {TOO_MUCH}"))?;
    cgroup.take(standin.pid())?;
    let seen = watch(&standin, || Ok(()))?;
    dominates(&seen, "throttled", |states| states.throttled_ns)?;
    let limits = seen.limits.as_ref().context("its limits")?;
    let own = limits.first().context("a cgroup")?;
    ensure!(own.quota_ns == Some(20_000_000) && own.period_ns == Some(100_000_000), "{own:?}");
    ensure!(own.cgroup == cgroup.path() && own.throttled_ns > 0, "{own:?}");
    let (least, most) = (seen.throttled_min_ns, seen.throttled_max_ns);
    ensure!(least <= seen.states.throttled_ns && seen.states.throttled_ns <= most, "{seen:?}");
    Ok(())
}

/// On one CPU with others that never sleep and have fifty times its weight.
pub(crate) fn starved() -> Result<()> {
    let Some(cgroup) = Cgroup::new("cpu", "starved")? else { return Ok(()) };
    cgroup.set_weight(LIGHT)?;
    let standin = Standin::start(&format!("{RING} {TOO_MUCH}"))?;
    cgroup.take(standin.pid())?;
    pin(standin.pid(), 0)?;
    let hogs = (0..2).map(|_| Hog::start(0)).collect::<Result<Vec<_>>>()?;
    let seen = watch(&standin, || Ok(()))?;
    drop(hogs);
    dominates(&seen, "waiting", |states| states.waiting_ns)
}

/// Asleep by order, with records in its ring.
pub(crate) fn asleep() -> Result<()> {
    let standin = Standin::start(&format!("{RING} --stall 500ms+20s"))?;
    let seen = watch(&standin, || Ok(()))?;
    dominates(&seen, "blocked", |states| states.blocked_ns)?;
    let most = seen.blocked_in.first().context("a place")?;
    let name = most.wchan.as_deref().unwrap_or_default();
    ensure!(most.state == 'S' && name.contains("nanosleep"), "{most:?}");
    ensure!(matches!(most.syscall, Some(35 | 230)), "nanosleep or clock_nanosleep: {most:?}");
    Ok(())
}

/// Stopped by a signal.
pub(crate) fn stopped() -> Result<()> {
    let standin = Standin::start(RING)?;
    let seen = watch(&standin, || standin.pause())?;
    standin.go_on()?;
    dominates(&seen, "blocked", |states| states.blocked_ns)?;
    ensure!(seen.blocked_in.first().is_some_and(|place| place.state == 'T'), "{seen:?}");
    Ok(())
}

/// Fast enough, with pauses of polling in between.
pub(crate) fn keeps_up() -> Result<()> {
    let standin = Standin::start(RING)?;
    let seen = watch(&standin, || Ok(()))?;
    dominates(&seen, "idle", |states| states.idle_ns)
}

/// Watches the consumer for a while under load. Begins with `first`.
fn watch(standin: &Standin, first: impl FnOnce() -> Result<()>) -> Result<ConsumerSample> {
    let rings = Rings::start(Wanted::default())?;
    let mut consumers = Consumers::start(rings.drains()).context("/proc is of another pid namespace")?;
    let of = |all: Vec<ConsumerSample>| all.into_iter().find(|one| one.tgid == standin.pid());
    let deadline = Instant::now() + Duration::from_secs(10);
    while of(consumers.sample()).is_none() {
        ensure!(Instant::now() < deadline, "the thread that drains is not found");
        thread::sleep(Duration::from_millis(20));
    }
    let mut load = lab(LOAD).stdout(Stdio::null()).spawn().context("start the load")?;
    thread::sleep(Duration::from_secs(1));
    first()?;
    consumers.begin();
    thread::sleep(WINDOW);
    consumers.end();
    let seen = of(consumers.sample()).context("the consumer is gone")?;
    let _ = load.kill();
    load.wait()?;
    println!("{:?}, blocked in {:?}, limits {:?}", seen.states, seen.blocked_in, seen.limits);
    ensure!(seen.known_by == KnownBy::Settings && seen.candidates == 1, "{seen:?}");
    ensure!(seen.tid == standin.pid(), "the main thread drains: {seen:?}");
    let ConsumerStates { running_ns, waiting_ns, throttled_ns, blocked_ns, idle_ns } = seen.states;
    let sum = running_ns + waiting_ns + throttled_ns + blocked_ns + idle_ns;
    ensure!(sum == seen.time_ns - seen.since_ns && seen.unplaced_ns == 0, "{sum} in all: {seen:?}");
    Ok(seen)
}

/// More than half of the time went there.
fn dominates(seen: &ConsumerSample, state: &str, time: fn(&ConsumerStates) -> u64) -> Result<()> {
    let (part, all) = (time(&seen.states), seen.time_ns - seen.since_ns);
    ensure!(2 * part > all, "{state} only {part} of {all} ns: {seen:?}");
    Ok(())
}

/// A process that never sleeps.
struct Hog(Child);

impl Hog {
    fn start(cpu: usize) -> Result<Self> {
        let mut hog = lab(&format!("load --syscall read --duration 20s --cpu {cpu}"));
        Ok(Self(hog.stdout(Stdio::null()).spawn().context("start a hog")?))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pin(pid: u32, cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    sched_setaffinity(pid, &set).with_context(|| format!("pin the stand-in to CPU {cpu}"))
}
