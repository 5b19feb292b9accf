//! Signals between and inside syscalls.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use agent_common::slot::{NATIVE, NONE};
use anyhow::{Result, ensure};

use crate::{
    crew::{self, Crew, FREE},
    expect,
    handlers::{alarm_every, install},
    raw,
    shared::{self, Page},
};

/// What the handler counts in; set by each child for itself.
static HANDLED: AtomicU64 = AtomicU64::new(0);
/// Where the handler writes when it has had enough.
static WRITE_TO: AtomicI32 = AtomicI32::new(-1);
const ENOUGH: u64 = 50;

extern "C" fn on_signal(_: libc::c_int) {
    let handled = HANDLED.fetch_add(1, Ordering::SeqCst) + 1;
    let fd = WRITE_TO.load(Ordering::SeqCst);
    if fd >= 0 && handled >= ENOUGH {
        let byte = [0_u8];
        // SAFETY: one byte from a live buffer.
        unsafe { raw::call(libc::SYS_write, [fd as usize, byte.as_ptr() as usize, 1, 0, 0, 0]) };
    }
}

/// A loop that is interrupted every millisecond is still counted exactly, and each run of the handler shows as one
/// exit without a number: `rt_sigreturn` restores registers whose number is -1.
pub(crate) fn interrupted_loop() -> Result<()> {
    const AT_LEAST: u64 = 50_000;
    let crew_page = crew_with(|page: &'static Page| {
        move || {
            let is_set = install(libc::SIGALRM, 0, on_signal) && alarm_every(1000);
            let mut calls = 0;
            while calls < AT_LEAST || (HANDLED.load(Ordering::SeqCst) < ENOUGH && calls < 100 * AT_LEAST) {
                raw::bare(libc::SYS_sched_get_priority_max);
                calls += 1;
            }
            let is_unset = alarm_every(0);
            page[FREE].store(calls, Ordering::SeqCst);
            page[FREE + 1].store(HANDLED.load(Ordering::SeqCst), Ordering::SeqCst);
            is_set && is_unset
        }
    })?;
    let (crew, page) = crew_page;
    let sample = crew::observe(&crew::stream(1), crew)?;
    let (calls, handled) = (page[FREE].load(Ordering::SeqCst), page[FREE + 1].load(Ordering::SeqCst));
    println!("signals: {calls} calls, {handled} signals");
    ensure!(handled >= ENOUGH, "only {handled} signals came");
    expect::exact(&sample, NATIVE + libc::SYS_sched_get_priority_max as u32, calls)?;
    expect::ours(&sample, NATIVE + NONE, handled)
}

/// A syscall that a signal interrupts and the kernel restarts (SA_RESTART) exits each time, with a result that the
/// program never sees (-512, ERESTARTSYS).
pub(crate) fn restarted() -> Result<()> {
    let (crew, page) = crew_with(|page: &'static Page| {
        move || {
            let (mut full, mut empty) = ([0_i32; 2], [0_i32; 2]);
            // SAFETY: the arrays are valid for the writes.
            let has_pipes = unsafe {
                raw::call(libc::SYS_pipe2, [full.as_mut_ptr() as usize, 0, 0, 0, 0, 0]) == 0
                    && raw::call(libc::SYS_pipe2, [empty.as_mut_ptr() as usize, 0, 0, 0, 0, 0]) == 0
            };
            WRITE_TO.store(full[1], Ordering::SeqCst);
            let is_set = install(libc::SIGALRM, libc::SA_RESTART, on_signal) && alarm_every(3000);
            // Waits for the byte that the last handler writes.
            // SAFETY: no pointers.
            let result =
                unsafe { raw::call(libc::SYS_tee, [full[0] as usize, empty[1] as usize, 1, 0, 0, 0]) };
            let is_unset = alarm_every(0);
            page[FREE].store(HANDLED.load(Ordering::SeqCst), Ordering::SeqCst);
            has_pipes && is_set && is_unset && result == 1
        }
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    let handled = page[FREE].load(Ordering::SeqCst);
    let slot = NATIVE + libc::SYS_tee as u32;
    let exits = expect::count(&sample, slot);
    println!("signals: one tee, interrupted {handled} times, exited {exits} times");
    // A signal may also come before the call waits again, and then adds no exit.
    ensure!(exits > 1 && exits <= handled + 1, "one call, {handled} signals, {exits} exits");
    let errors = sample.stream.as_ref().map(|stream| stream.errors.clone()).unwrap_or_default();
    let failed = errors.iter().find(|(error, _)| u32::from(*error) == slot).map_or(0, |(_, count)| *count);
    ensure!(
        failed == exits - 1 || sample.events.dropped > 0 || sample.missed.unwrap_or(0) > 0,
        "{failed} of {exits} exits show a restart"
    );
    Ok(())
}

/// A crew of one, and the page through which it reports.
fn crew_with<B: FnOnce() -> bool>(body: impl FnOnce(&'static Page) -> B) -> Result<(Crew, &'static Page)> {
    let mut crew = Crew::new();
    let page = shared::page();
    let body = body(page);
    crew.add(None, body)?;
    Ok((crew, page))
}
