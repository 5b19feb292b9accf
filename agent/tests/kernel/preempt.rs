//! Two loops and a real-time sleeper on one CPU: what is not counted is missed, to the last event.
//!
//! From Linux 7.2 on the kernel may preempt our program, and then skips it for other tasks of that CPU. The three
//! children are alone on it: the tests' own threads sit on the other CPU, and at the gates nobody makes a syscall,
//! so that what the kernel skips can only be one of the events that are due.

use std::{
    fs,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use agent_common::slot::NATIVE;
use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::rings::{Rings, Wanted},
    probe::{Mode, Probe, Request},
};

use crate::{
    child::{Child, LIMIT},
    crew, expect, node, raw, shared,
};

const LOOPS: [i64; 2] = [libc::SYS_sched_get_priority_max, libc::SYS_sched_get_priority_min];
/// Sleeps like `clock_nanosleep`, and nobody else uses it.
const SLEEP: i64 = libc::SYS_rt_sigtimedwait;
const SLEEP_NS: i64 = 60_000;
const SLEEPS_AT_MOST: u64 = 5_000_000;

const READY: usize = 0;
const GO: usize = 1;
const DONE: usize = 2;
const SLEPT: usize = 3;

/// Under each preemption model that a guest's kernel offers; elsewhere under the one that is active.
pub(crate) fn counted_or_missed() -> Result<()> {
    let models = Models::read();
    let choices = if node::is_quiet() { models.choices.clone() } else { Vec::new() };
    if choices.is_empty() {
        return both_modes(&models.active);
    }
    for model in &choices {
        if fs::write(Models::PATH, model).is_ok() {
            both_modes(&Models::read().active)?;
        }
    }
    fs::write(Models::PATH, &models.active).context("restore the preemption model")
}

fn both_modes(model: &str) -> Result<()> {
    // All records fit, so that the drain, which could disturb the count of skipped runs, has little to do.
    let stream = Request { ring_bytes: 64 << 20, ..crew::stream(1) };
    once(model, &crew::COUNT)?;
    once(model, &stream)
}

/// Preemption models of the kernel (5.12).
struct Models {
    active: String,
    choices: Vec<String>,
}

impl Models {
    const PATH: &str = "/sys/kernel/debug/sched/preempt";

    fn read() -> Self {
        if node::is_quiet() && fs::metadata(Self::PATH).is_err() {
            let debugfs = c"debugfs".as_ptr();
            // SAFETY: constant strings. Only in guests; failure shows below.
            unsafe { libc::mount(debugfs, c"/sys/kernel/debug".as_ptr(), debugfs, 0, std::ptr::null()) };
        }
        let text = fs::read_to_string(Self::PATH).unwrap_or_default();
        let active = text.split_whitespace().find(|word| word.starts_with('(')).unwrap_or("unknown");
        let bare = |word: &str| word.trim_matches(['(', ')']).to_owned();
        Self { active: bare(active), choices: text.split_whitespace().map(bare).collect() }
    }
}

fn once(model: &str, request: &Request) -> Result<()> {
    let [busy_cpu, own_cpu] = node::two_cpus();
    let calls = node::number("DROPCTL_PREEMPT_CALLS", 400_000);
    let page = shared::page();
    let (wait_end, children_end) = pipe()?;
    let mut children = Vec::new();
    let pinned = Pinned::to(own_cpu)?;
    for number in LOOPS {
        children.push(Child::spawn(Some(busy_cpu), move || {
            gate(page);
            for _ in 0..calls {
                raw::bare(number);
            }
            page[DONE].fetch_add(1, Ordering::SeqCst);
            true
        })?);
    }
    wait_for(&page[READY], 2)?;
    let mut probe: Probe = crew::start(request)?;
    children.push(Child::spawn(Some(busy_cpu), move || sleeper(page))?);
    wait_for(&page[READY], 3)?;
    drop(children_end);
    let missed_before = probe.sample().missed;
    page[GO].store(1, Ordering::SeqCst);
    // One syscall that returns when the last child is gone.
    let mut end = libc::pollfd { fd: wait_end.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: `end` is valid for the call.
    let ended = unsafe { libc::poll(&raw mut end, 1, libc::c_int::try_from(LIMIT.as_millis())?) };
    let missed_after = probe.sample().missed;
    ensure!(ended == 1, "the loops did not end");
    children.iter_mut().try_for_each(Child::wait)?;
    drop(pinned);
    seen_by_the_iterator(&mut probe)?;

    let sample = probe.stop()?;
    expect::conserved(&sample, 1)?;
    let slept = page[SLEPT].load(Ordering::SeqCst);
    let due = 2 * calls + slept;
    let counted: u64 = [LOOPS[0], LOOPS[1], SLEEP]
        .iter()
        .map(|number| expect::count(&sample, NATIVE + *number as u32))
        .sum();
    let missed = missed_after.zip(missed_before).map(|(after, before)| after - before);
    let mode = if request.mode == Mode::Count { "count" } else { "stream" };
    println!(
        "preempt: due {due} counted {counted} missed {} (model {model}, {mode}, {slept} sleeps, {} dropped)",
        missed.map_or_else(|| "unknown".to_owned(), |missed| missed.to_string()),
        sample.events.dropped
    );
    ensure!(counted <= due, "counted {counted}, due {due}");
    let sum = counted + missed.unwrap_or(0);
    // Elsewhere somebody else's syscalls may have been skipped on that CPU as well.
    let is_alone = node::is_quiet() || missed.unwrap_or(0) == 0;
    ensure!(sum == due || (!is_alone && sum > due), "due {due}, counted and missed {sum}");
    Ok(())
}

/// What the watching programs say of our own program's skipped runs, which takes no descriptor of it, is what the kernel
/// says of it in fdinfo.
fn seen_by_the_iterator(probe: &mut Probe) -> Result<()> {
    if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() || node::hides_btf() {
        return Ok(());
    }
    let before = probe.sample().missed;
    let mut rings = Rings::start(Wanted::default())?;
    rings.end();
    let after = probe.sample().missed;
    let programs = rings.programs_of(std::process::id()).context("our own programs are not seen")?;
    println!(
        "preempt: fdinfo says {before:?}, the iterator {:?} of {} programs",
        programs.missed, programs.count
    );
    ensure!(programs.missed.is_some() == before.is_some(), "{programs:?}, in fdinfo {before:?}");
    let (Some(seen), Some(before), Some(after)) = (programs.missed, before, after) else { return Ok(()) };
    // Other syscalls go on meanwhile.
    ensure!((before..=after).contains(&seen), "{before} {programs:?} {after}");
    Ok(())
}

/// Waits without a syscall.
fn gate(page: &shared::Page) {
    page[READY].fetch_add(1, Ordering::SeqCst);
    while page[GO].load(Ordering::SeqCst) == 0 {
        std::hint::spin_loop();
    }
}

/// Preempts whoever runs, some ten thousand times a second, until both loops are done.
fn sleeper(page: &shared::Page) -> bool {
    let priority = 10_i32;
    let place = &raw const priority as usize;
    // SAFETY: `priority` is all there is to `struct sched_param`.
    let is_real_time = unsafe {
        raw::call(libc::SYS_sched_setscheduler, [0, libc::SCHED_FIFO as usize, place, 0, 0, 0]) == 0
    };
    gate(page);
    let nothing = 0_u64;
    let time = libc::timespec { tv_sec: 0, tv_nsec: SLEEP_NS };
    let arguments = [&raw const nothing as usize, 0, &raw const time as usize, 8, 0, 0];
    let mut slept = 0;
    while page[DONE].load(Ordering::SeqCst) < 2 && slept < SLEEPS_AT_MOST {
        // SAFETY: the set of signals and the time are valid for the read.
        unsafe { raw::call(SLEEP, arguments) };
        slept += 1;
    }
    page[SLEPT].store(slept, Ordering::SeqCst);
    is_real_time
}

fn wait_for(word: &AtomicU64, value: u64) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while word.load(Ordering::SeqCst) < value {
        ensure!(Instant::now() < deadline, "children did not start");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: valid for the write; the descriptors are ours.
    unsafe {
        ensure!(
            libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) == 0,
            "pipe: {}",
            std::io::Error::last_os_error()
        );
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// This thread, and those it makes meanwhile, on one CPU.
struct Pinned(libc::cpu_set_t);

impl Pinned {
    fn to(cpu: usize) -> Result<Self> {
        // SAFETY: zeros are a valid set; valid for the write.
        let old = unsafe {
            let mut old = std::mem::zeroed();
            libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut old);
            old
        };
        ensure!(raw::pin(cpu), "cannot move to CPU {cpu}");
        Ok(Self(old))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: valid for the read.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const self.0) };
    }
}
