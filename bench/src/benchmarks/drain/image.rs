//! A full ring in a memory file: consumer page, producer page, data twice.

use std::{fs::File, os::unix::fs::FileExt as _};

use agent_common::record::{RECORD_FOOTPRINT_BYTES, Record};
use anyhow::{Context as _, Result};
use dropctl::sys::mapping::page_bytes;
use rustix::fs::{MemfdFlags, memfd_create};

use crate::statistics::Random;

/// Whose records an image holds.
#[derive(Clone, Copy)]
pub(super) struct Mix {
    pub(super) name: &'static str,
    /// How many processes.
    processes: u32,
    /// Records of one process in a row; `None` for a random process each time.
    run: Option<u64>,
    /// One record in this many is an error.
    one_error_in: u64,
}

/// The mixes.
pub(super) const MIXES: &[Mix] = &[
    Mix { name: "1 process", processes: 1, run: Some(1), one_error_in: u64::MAX },
    Mix { name: "2 processes by turns, 5 % errors", processes: 2, run: Some(1), one_error_in: 20 },
    Mix { name: "30 at random, 5 % errors", processes: 30, run: None, one_error_in: 20 },
    Mix { name: "1000 in runs of 8, 5 % errors", processes: 1000, run: Some(8), one_error_in: 20 },
    Mix { name: "1000 at random, 5 % errors", processes: 1000, run: None, one_error_in: 20 },
    Mix { name: "8000 at random (limit 4096), half errors", processes: 8000, run: None, one_error_in: 2 },
];

/// The file.
pub(super) struct Image {
    file: File,
    capacity_bytes: u64,
    records: u64,
    producer: u64,
}

impl Image {
    /// Fills a ring of `capacity_bytes`. What no record fits into is covered by an empty entry, so that the next
    /// lap begins where the first did.
    pub(super) fn new(mix: Mix, capacity_bytes: u32) -> Result<Self> {
        let capacity_bytes = u64::from(capacity_bytes);
        let records = capacity_bytes / RECORD_FOOTPRINT_BYTES;
        let mut data = Vec::new();
        let mut random = Random::new();
        for index in 0..records {
            data.extend_from_slice(&(size_of::<Record>() as u64).to_le_bytes());
            append(&mut data, &record(mix, index, &mut random));
        }
        let rest = capacity_bytes - records * RECORD_FOOTPRINT_BYTES;
        data.extend_from_slice(&rest.saturating_sub(8).to_le_bytes());
        data.resize(usize::try_from(capacity_bytes)?, 0);

        let file =
            File::from(memfd_create("dropctl-bench-ring", MemfdFlags::CLOEXEC).context("memfd_create")?);
        let data_start = 2 * page_bytes() as u64;
        file.write_all_at(&data, data_start)?;
        file.write_all_at(&data, data_start + capacity_bytes)?;
        Ok(Self { file, capacity_bytes, records, producer: 0 })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Records of one lap.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Moves the producer on by one lap.
    pub(super) fn fill_again(&mut self) -> Result<()> {
        self.producer += self.capacity_bytes;
        Ok(self.file.write_all_at(&self.producer.to_le_bytes(), page_bytes() as u64)?)
    }
}

fn record(mix: Mix, index: u64, random: &mut Random) -> Record {
    let processes = u64::from(mix.processes);
    let process = mix.run.map_or_else(|| random.next(), |run| index / run) % processes;
    // A few syscalls make up most of any real load.
    let slot = (random.next() % 24) * (random.next() % 24) / 2;
    let result = if index % mix.one_error_in == mix.one_error_in - 1 { -11 } else { 1 };
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Record {
        time_ns: 1_000_000_000 + 270 * index,
        cgroup_id: 1 + process % 40,
        tgid: 1000 + 7 * narrow(process),
        tid: 1000 + 7 * narrow(process) + narrow(index % 3),
        result,
        slot: u16::try_from(slot).unwrap_or(0),
        cpu: u16::from(index % 2 == 1),
    }
}

fn append(data: &mut Vec<u8>, record: &Record) {
    let Record { time_ns, cgroup_id, tgid, tid, result, slot, cpu } = *record;
    data.extend_from_slice(&time_ns.to_le_bytes());
    data.extend_from_slice(&cgroup_id.to_le_bytes());
    data.extend_from_slice(&tgid.to_le_bytes());
    data.extend_from_slice(&tid.to_le_bytes());
    data.extend_from_slice(&result.to_le_bytes());
    data.extend_from_slice(&slot.to_le_bytes());
    data.extend_from_slice(&cpu.to_le_bytes());
}
