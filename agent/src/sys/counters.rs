//! Read-only view of the kernel half's counters: reading them costs no syscall.

use std::{
    io,
    mem::size_of,
    os::fd::BorrowedFd,
    sync::atomic::{AtomicU64, Ordering},
};

use agent_common::counters::{CpuCounters, CpuOverrun};

use super::mapping::{Mapping, Protection, page_bytes};

/// The blocks of all possible CPUs.
#[derive(Debug)]
pub struct CounterView {
    mapping: Mapping,
    cpus: usize,
}

impl CounterView {
    /// Maps the counter array (`BPF_F_MMAPABLE`) of `cpus` blocks.
    ///
    /// # Errors
    ///
    /// What mmap(2) says.
    pub fn new(map: BorrowedFd<'_>, cpus: usize) -> io::Result<Self> {
        let bytes = (cpus * size_of::<CpuCounters>()).next_multiple_of(page_bytes());
        Ok(Self { mapping: Mapping::new(map, bytes, 0, Protection::Read)?, cpus })
    }

    /// Number of blocks.
    #[must_use]
    pub fn cpus(&self) -> usize {
        self.cpus
    }

    /// Copies the block of one CPU while its owner goes on counting: each number is whole, and none ever goes
    /// back, but two of them need not be of the same instant.
    ///
    /// # Panics
    ///
    /// When `cpu` is not below [`Self::cpus`].
    pub fn copy_to(&self, cpu: usize, block: &mut CpuCounters) {
        assert!(cpu < self.cpus, "CPU {cpu} of {}", self.cpus);
        let words = size_of::<CpuCounters>() / size_of::<u64>();
        let source = self.mapping.start().cast::<AtomicU64>().as_ptr().wrapping_add(cpu * words);
        let target = std::ptr::from_mut(block).cast::<u64>();
        for word in 0..words {
            // SAFETY: `cpu` and `word` are in bounds of the mapping and of `block`, which is made of `u64`
            // without padding (asserted in agent-common). The kernel writes aligned 64-bit words.
            unsafe { *target.add(word) = (*source.add(word)).load(Ordering::Relaxed) };
        }
    }
}

/// A block of zeros to copy into.
#[must_use]
pub fn empty_block() -> Box<CpuCounters> {
    Box::new(CpuCounters {
        attempted: 0,
        submitted: 0,
        dropped: 0,
        own: 0,
        until_next: 0,
        overrun_count: 0,
        last_refusal_ns: 0,
        last_refusal_tick: 0,
        overruns: [CpuOverrun::default(); agent_common::counters::OVERRUNS_KEPT],
        syscalls: [0; agent_common::slot::SLOTS as usize],
    })
}
