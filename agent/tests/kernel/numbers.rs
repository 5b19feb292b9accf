//! Numbers outside the table land in a slot of their own and never in somebody else's.

use std::sync::atomic::Ordering;

use agent_common::slot::{NATIVE, NONE, NUMBERS, OTHER, X32};
use anyhow::{Result, ensure};

use crate::{
    crew::{self, Crew},
    expect, node, raw,
};

const CALLS: u64 = 10_000;
const X32_BIT: i64 = 0x4000_0000;

/// x32 numbers: refused by most kernels (ENOSYS), and they exit all the same.
pub(crate) fn x32() -> Result<()> {
    let number = libc::SYS_sched_get_priority_max;
    let mut crew = Crew::new();
    crew.add(None, move || {
        for _ in 0..CALLS {
            raw::bare(X32_BIT | number);
            raw::bare(X32_BIT | 700);
        }
        true
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    expect::exact(&sample, X32 + number as u32, CALLS)?;
    expect::exact(&sample, X32 + OTHER, CALLS)?;
    expect::none(&sample, NATIVE + number as u32)
}

/// Numbers past the table, and such that a mask of any width would let through as a small one.
pub(crate) fn out_of_range() -> Result<()> {
    const SMALL: i64 = 147;
    let past = [600, 100_000, 1024 + SMALL, 2048 + SMALL, 65_536 + SMALL, 0x2000_0000 | SMALL];
    let extreme = [0x7fff_ffff, 0x3fff_ffff, -2, -4096, i64::from(i32::MIN)];
    ensure!(past.iter().all(|number| *number >= i64::from(NUMBERS)), "a number in range");
    let mut crew = Crew::new();
    crew.add(None, move || {
        for _ in 0..CALLS {
            for number in past.into_iter().chain(extreme) {
                raw::bare(number);
            }
        }
        true
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    // Those with the x32 bit set go to that ABI's slot, which is what the kernel takes them for.
    let x32 = extreme.iter().filter(|number| **number & X32_BIT != 0).count() as u64;
    let native = (past.len() + extreme.len()) as u64 - x32;
    expect::exact(&sample, NATIVE + OTHER, native * CALLS)?;
    expect::exact(&sample, X32 + OTHER, x32 * CALLS)?;
    expect::none(&sample, NATIVE + SMALL as u32)?;
    expect::none(&sample, X32 + SMALL as u32)
}

/// The kernel reads the number as an `int`, so bits above are nothing, to it and to us. (Kernels before 5.13 do so at
/// least while somebody traces syscalls, and we do.)
pub(crate) fn high_bits() -> Result<()> {
    let number = libc::SYS_sched_get_priority_max;
    let page = crate::shared::page();
    let mut crew = Crew::new();
    crew.add(None, move || {
        for _ in 0..CALLS {
            let result = raw::bare(1 << 32 | number);
            page[0].fetch_add(u64::from(result == -(libc::ENOSYS as isize)), Ordering::SeqCst);
        }
        true
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    expect::exact(&sample, NATIVE + number as u32, CALLS)?;
    let refused = page[0].load(Ordering::SeqCst);
    ensure!(refused == 0, "{refused} of {CALLS} were refused");
    Ok(())
}

/// -1 is what the kernel itself writes where there is no number.
pub(crate) fn minus_one() -> Result<()> {
    let mut crew = Crew::new();
    crew.add(None, || {
        for _ in 0..CALLS {
            raw::bare(-1);
        }
        true
    })?;
    let sample = crew::observe(&crew::stream(1), crew)?;
    expect::ours(&sample, NATIVE + NONE, CALLS)?;
    expect::none(&sample, X32 + NONE)?;
    if node::is_quiet() { expect::none(&sample, NATIVE + OTHER) } else { Ok(()) }
}
