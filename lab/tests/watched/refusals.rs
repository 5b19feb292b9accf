//! Refusals counted behind the ring buffer helpers: as many as the producer was refused, of the class that was
//! provoked, and blamed on the process that lost them. Where the kernel does not let the helpers be traced: that
//! dropctl says so, and watches on.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use dropctl::{
    observe::rings::{Refusals, Rings, Wanted},
    sample::{RefusalClass, RefusedSample, RingSample},
    setup::Whose,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::standin::{Standin, lab, load, undisturbed};

/// Linux 6.16 and newer refuse; 6.13 to 6.15 were not tried. So does a machine whose kernel refuses all `fexit`.
const TRACEABLE_UP_TO: (u32, u32) = (6, 12);
const CALLS: u64 = 10_000;
/// Records of 48 bytes that 64 KiB hold.
const KEPT: u64 = 1_365;
const SOON: Duration = Duration::from_secs(20);

fn kernel() -> (u32, u32) {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release.split('.').filter_map(|number| number.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Watches with the programs attached; `None` where this kernel does not allow it, which it has to say.
fn start(wanted: Wanted) -> Result<Option<Rings>> {
    let rings = Rings::start(wanted)?;
    match rings.cannot_count_refusals() {
        None => Ok(Some(rings)),
        Some(why) => {
            ensure!(kernel() > TRACEABLE_UP_TO, "this kernel lets the helpers be traced: {why}");
            ensure!(why.contains("bpf_ringbuf_reserve") && !why.contains('\n'), "{why}");
            ensure!(rings.sample().iter().all(|ring| ring.refused.is_none()), "unknown is not none");
            println!("not here: {why}");
            Ok(None)
        }
    }
}

/// The stand-in stopped: what was refused is its own `n_drops_buffer`, and what following its counter says, to the
/// event; and so is what each of two loads lost.
pub(crate) fn behind() -> Result<()> {
    undisturbed(|| {
        let wanted = Wanted { whose: Whose::On, refusals: Refusals::All, ..Wanted::default() };
        let Some(rings) = start(wanted)? else { return Ok(true) };
        let mut standin = Standin::start("--syscalls getpgrp --cpus-for-each-buffer 1 --ring-bytes 64KiB")?;
        within("the tool is found", || rings.falcos().into_iter().find(|falco| falco.tgid == standin.pid()))?;
        thread::sleep(Duration::from_millis(100));
        standin.pause()?;
        for (calls, cpu) in [(30_000, 0), (10_000, 1)] {
            load(&format!("--syscall getpgrp --calls {calls} --cpu {cpu}"))?;
        }
        let due = 40_000 - 2 * KEPT;
        let of_standin = || -> Vec<RefusedSample> {
            let all = rings.sample().into_iter();
            let his = all.filter(|ring| owner(ring) == Some(standin.pid()));
            his.filter_map(|ring| ring.refused).filter(|refused| refused.drops() > 0).collect()
        };
        let refused = within("its refusals", || {
            Some(of_standin()).filter(|all| all.iter().map(RefusedSample::drops).sum::<u64>() >= due)
        })?;
        let falco = within("its own counters", || {
            let falco = rings.falcos().into_iter().find(|falco| falco.tgid == standin.pid())?;
            (falco.now.n_drops_buffer >= due).then_some(falco)
        })?;
        standin.go_on()?;
        let summary = standin.finish()?;
        summary.check()?;
        if summary.of("n_evts") != 40_000 {
            return Ok(false);
        }
        let drops: u64 = refused.iter().map(RefusedSample::drops).sum();
        ensure!(drops == summary.of("n_drops_buffer"), "{drops}, {summary:?}");
        ensure!(drops == falco.now.n_drops_buffer, "{drops}, {falco:?}");
        for (ring, lost) in refused.iter().zip([30_000 - KEPT, 10_000 - KEPT]) {
            ensure!(ring.drops() == lost && ring.bytes == 48 * lost, "{ring:?}");
            ensure!(ring.classes == [(RefusalClass::Behind, lost)], "{ring:?}");
            let [loser] = &ring.losers.top[..] else { bail!("one loser each: {ring:?}") };
            ensure!(loser.drops == lost && loser.slot == 111, "{loser:?}");
            ensure!(loser.comm.as_deref() == Some("dropctl-lab"), "{loser:?}");
            balance(ring)?;
        }
        println!("{drops} refused = n_drops_buffer, {} overruns", refused[0].overruns.count);
        Ok(true)
    })
}

/// Each class, through each helper.
pub(crate) fn classes() -> Result<()> {
    let wanted = Wanted { refusals: Refusals::All, ..Wanted::default() };
    let Some(rings) = start(wanted)? else { return Ok(()) };
    let helpers = ["reserve", "output", "reserve-dynptr"];
    let helpers = if kernel() < (5, 19) { &helpers[..2] } else { &helpers[..] };
    for helper in helpers {
        for (class, expected) in [
            ("behind", RefusalClass::Behind),
            ("too-big", RefusalClass::TooBig),
            ("flags", RefusalClass::Flags),
        ] {
            let provoker = Provoker::start(&format!("--class {class} --helper {helper} --calls {CALLS}"))?;
            let seen = provoker.refused(&rings)?;
            println!("{class} by {helper}: {} refused", seen.drops());
            ensure!(seen.classes == [(expected, seen.drops())], "{class} by {helper}: {seen:?}");
        }
    }
    Ok(())
}

/// A record that is not committed holds the ring, although the consumer has read all before it.
pub(crate) fn pending() -> Result<()> {
    if kernel() < (5, 18) {
        println!("not here: iterators sleep since Linux 5.18, and no other program could hold a record");
        return Ok(());
    }
    let wanted = Wanted { refusals: Refusals::All, ..Wanted::default() };
    let Some(rings) = start(wanted)? else { return Ok(()) };
    let provoker = Provoker::start(&format!("--class pending --calls {CALLS}"))?;
    let ring = within("the ring", || {
        rings
            .sample()
            .into_iter()
            .find(|ring| ring.map_id == provoker.map_id())
            .filter(|ring| ring.refused.is_some())
    })?;
    let expected = match ring.pending_bytes {
        Some(_) => RefusalClass::Pending,
        None => RefusalClass::Behind,
    };
    let seen = provoker.refused(&rings)?;
    println!("pending: {} refused, as {expected:?}", seen.drops());
    ensure!(seen.classes == [(expected, seen.drops())], "{seen:?}");
    // 64 KiB, less the record before the held one, which was read: the consumer kept up.
    ensure!(
        provoker.number("consumed") == 1 && seen.drops() == CALLS - (KEPT - 1),
        "{} {seen:?}",
        provoker.said
    );
    Ok(())
}

/// The programs come when a ring of an unknown tool does.
pub(crate) fn on_demand() -> Result<()> {
    // What an emulated machine makes of a few hundred calls is as good as what it makes of ten thousand.
    const FEW: u64 = KEPT + 500;
    let wanted = Wanted { refusals: Refusals::Unknown, ..Wanted::default() };
    let Some(rings) = start(wanted)? else { return Ok(()) };
    ensure!(rings.sample().iter().all(|ring| ring.refused.is_none()), "nothing is counted for nobody");
    let mut child = lab(&format!("provoke --stay --when-asked --class behind --calls {FEW}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the provoker")?;
    let asking = child.stdin.take().context("no stdin");
    let mut provoker = Provoker { child, said: Value::Null };
    let pid = provoker.child.id();
    within("its ring is counted", || {
        rings.sample().into_iter().find(|ring| owner(ring) == Some(pid) && ring.refused.is_some())
    })?;
    writeln!(asking?)?;
    provoker.read()?;
    let seen = provoker.refused(&rings)?;
    ensure!(seen.classes == [(RefusalClass::Behind, FEW - KEPT)], "{seen:?}");
    Ok(())
}

/// All drops have a class, a time, a loser and a workload.
fn balance(refused: &RefusedSample) -> Result<()> {
    let (losers, drops) = (&refused.losers, refused.drops());
    let by_class: u64 = refused.classes.iter().map(|(_, drops)| drops).sum();
    let overruns: u64 = refused.overruns.listed.iter().map(|overrun| overrun.drops).sum();
    ensure!(drops == by_class && drops == overruns && refused.overruns.count >= 1, "{refused:?}");
    let workloads: u64 = losers.workloads.iter().map(|one| one.drops).sum();
    ensure!(drops == losers.attributed() && drops == workloads + losers.workloads_other, "{refused:?}");
    ensure!(losers.unattributed == 0 && losers.missed.unwrap_or(0) == 0, "{refused:?}");
    Ok(())
}

/// A provoker that keeps its ring until this is dropped.
struct Provoker {
    child: Child,
    said: Value,
}

impl Provoker {
    fn start(flags: &str) -> Result<Self> {
        let mut command = lab(&format!("provoke --stay {flags}"));
        let child = command.stdout(Stdio::piped()).spawn().context("start the provoker")?;
        let mut provoker = Self { child, said: Value::Null };
        provoker.read()?;
        Ok(provoker)
    }

    /// Waits for its summary.
    fn read(&mut self) -> Result<()> {
        let mut line = String::new();
        let output = self.child.stdout.take().context("no stdout")?;
        BufReader::new(output).read_line(&mut line)?;
        self.said = serde_json::from_str(&line).with_context(|| format!("the provoker said: {line}"))?;
        Ok(())
    }

    fn number(&self, name: &str) -> u64 {
        self.said[name].as_u64().unwrap_or_else(|| panic!("no {name} in {}", self.said))
    }

    fn map_id(&self) -> u32 {
        u32::try_from(self.number("map_id")).unwrap_or(0)
    }

    /// What dropctl says of its ring, once that is all: exactly what the producer was told, and all of it his.
    fn refused(&self, rings: &Rings) -> Result<RefusedSample> {
        let due = self.number("refused");
        ensure!(due > 0, "nothing was refused: {}", self.said);
        let seen = within("its refusals", || {
            let ring = rings.sample().into_iter().find(|ring| ring.map_id == self.map_id())?;
            ring.refused.filter(|refused| refused.drops() >= due)
        })?;
        ensure!(seen.drops() == due, "{}, {seen:?}", self.said);
        let losers = &seen.losers.top;
        ensure!(losers.len() == 1 && u64::from(losers[0].tgid) == self.number("pid"), "{seen:?}");
        balance(&seen)?;
        Ok(seen)
    }
}

impl Drop for Provoker {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn owner(ring: &RingSample) -> Option<u32> {
    ring.owner.as_ref().map(|owner| owner.tgid)
}

fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
