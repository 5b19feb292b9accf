//! Read-only view of the kernel half's counters: reading them costs no syscall.

use std::{
    io,
    mem::{offset_of, size_of},
    os::fd::BorrowedFd,
    sync::atomic::{AtomicU64, Ordering},
};

use agent_common::counters::{CpuCounters, Episodes};

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
    /// back. A copy during which a record was tried or an episode began is made again, a few times; while records
    /// come faster than a copy takes (2 us), two numbers need not be of the same instant.
    ///
    /// # Panics
    ///
    /// When `cpu` is not below [`Self::cpus`].
    pub fn copy_to(&self, cpu: usize, block: &mut CpuCounters) {
        assert!(cpu < self.cpus, "CPU {cpu} of {}", self.cpus);
        const WORDS: usize = size_of::<CpuCounters>() / size_of::<u64>();
        let source = self.mapping.start().cast::<AtomicU64>().as_ptr().wrapping_add(cpu * WORDS);
        let target = std::ptr::from_mut(block).cast::<u64>();
        // SAFETY: `cpu` and `word` are in bounds of the mapping. The kernel writes aligned 64-bit words.
        let load = |word: usize| unsafe { (*source.add(word)).load(Ordering::Acquire) };
        for _ in 0..8 {
            for word in 0..WORDS {
                // SAFETY: `word` is in bounds of `block`, which is made of `u64` without padding (asserted in
                // agent-common).
                unsafe { *target.add(word) = load(word) };
            }
            let unchanged = [
                (offset_of!(CpuCounters, submitted), block.submitted),
                (offset_of!(CpuCounters, dropped), block.dropped),
                (offset_of!(CpuCounters, episodes.count), block.episodes.count),
            ];
            if unchanged.into_iter().all(|(offset, value)| load(offset / size_of::<u64>()) == value) {
                return;
            }
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
        episodes: Episodes::default(),
        syscalls: [0; agent_common::slot::SLOTS as usize],
    })
}
