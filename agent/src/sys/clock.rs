//! The three clocks of a sample, and the CPU time of this process and thread.

use libc::{
    CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID,
    clock_gettime, clockid_t, timespec,
};

use crate::sample::Clock;

/// Clocks read further apart than this are not of one instant: we lost the CPU in between.
const TOGETHER_NS: u64 = 100_000;

/// Reads all clocks at one instant: again, a few times, if something came between.
#[must_use]
pub fn now() -> Clock {
    let mut clock = read_all();
    for _ in 0..8 {
        if monotonic_ns() - clock.monotonic_ns < TOGETHER_NS {
            break;
        }
        clock = read_all();
    }
    clock
}

fn read_all() -> Clock {
    Clock {
        monotonic_ns: read_ns(CLOCK_MONOTONIC),
        boot_ns: read_ns(CLOCK_BOOTTIME),
        real_ns: read_ns(CLOCK_REALTIME),
    }
}

/// `CLOCK_MONOTONIC`, the clock of records and overruns, in ns.
#[must_use]
pub fn monotonic_ns() -> u64 {
    read_ns(CLOCK_MONOTONIC)
}

/// CPU time that all threads of this process have used, in ns.
#[must_use]
pub fn process_cpu_ns() -> u64 {
    read_ns(CLOCK_PROCESS_CPUTIME_ID)
}

/// Clock ticks of /proc as ns.
#[must_use]
pub fn ticks_to_ns(ticks: u64) -> u64 {
    ticks.saturating_mul(1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// CPU time that this thread has used, in ns.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    read_ns(CLOCK_THREAD_CPUTIME_ID)
}

fn read_ns(clock: clockid_t) -> u64 {
    let mut time = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for the write. These clocks exist on every kernel we support, so the call
    // cannot fail.
    unsafe { clock_gettime(clock, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
