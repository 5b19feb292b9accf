//! The consumer is stopped and continued at random while bursts come: the books still balance.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant, SystemTime},
};

use agent_common::slot::NATIVE;
use anyhow::{Result, ensure};

use crate::{
    crew::{Crew, FREE},
    expect, node, raw,
    role::Role,
};

const NUMBERS: [i64; 2] = [libc::SYS_sched_get_priority_max, libc::SYS_sched_get_priority_min];
const RING_BYTES: u32 = 1 << 18;
const STOP: usize = FREE;
const CALLS: usize = FREE + 1;

/// xorshift64 (Marsaglia 2003).
#[derive(Clone, Copy)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// `DROPCTL_CHAOS_SECONDS` of it, 60 by default; `DROPCTL_SEED` repeats one.
pub(crate) fn conserves() -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.subsec_nanos();
    let seed = node::number("DROPCTL_SEED", u64::from(now) | 1);
    let seconds = node::number("DROPCTL_CHAOS_SECONDS", 60);
    println!("chaos: DROPCTL_SEED={seed}, {seconds} s");
    let mut crew = Crew::new();
    let page = crew.page();
    for (index, cpu) in node::two_cpus().into_iter().enumerate() {
        let mut random = Random(seed.wrapping_add(index as u64).max(1));
        random.below(1);
        crew.add(Some(cpu), move || {
            while page[STOP].load(Ordering::SeqCst) == 0 {
                let calls = random.below(40_000);
                for _ in 0..calls {
                    raw::bare(NUMBERS[index]);
                }
                page[CALLS + index].fetch_add(calls, Ordering::SeqCst);
                raw::sleep_us(random.below(300_000) as i64);
            }
            true
        })?;
    }
    crew.wait_ready()?;
    let role = Role::start(RING_BYTES)?;
    crew.go();
    let stops = disturb(&role, Random(seed.max(1)), Duration::from_secs(seconds))?;
    page[STOP].store(1, Ordering::SeqCst);
    crew.finish()?;
    let sample = role.finish()?;
    expect::conserved(&sample, 1)?;
    let Some(stream) = &sample.stream else { anyhow::bail!("no stream") };
    println!(
        "chaos: {stops} stops, {:?}, {} consumed, {} overruns, {:?} missed",
        sample.events, stream.consumed, stream.overrun_count, sample.missed
    );
    for (index, number) in NUMBERS.into_iter().enumerate() {
        expect::exact(&sample, NATIVE + number as u32, page[CALLS + index].load(Ordering::SeqCst))?;
    }
    ensure!(sample.events.dropped > 0, "nothing was dropped: the test disturbed nothing");
    ensure!(stream.consumed > 0, "nothing was consumed");
    Ok(())
}

/// Stops and continues until the time is over, and leaves it running.
fn disturb(role: &Role, mut random: Random, time: Duration) -> Result<u64> {
    let deadline = Instant::now() + time;
    let mut stops = 0;
    while Instant::now() < deadline {
        thread::sleep(Duration::from_micros(random.below(1_200_000)));
        role.signal(libc::SIGSTOP)?;
        thread::sleep(Duration::from_micros(random.below(1_200_000)));
        role.signal(libc::SIGCONT)?;
        stops += 1;
        // Now and then in quick succession.
        if random.below(4) == 0 {
            for _ in 0..random.below(20) {
                role.signal(libc::SIGSTOP)?;
                role.signal(libc::SIGCONT)?;
                stops += 1;
            }
        }
    }
    Ok(stops)
}
