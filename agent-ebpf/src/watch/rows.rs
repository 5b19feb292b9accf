//! Filling rows.

use agent_common::watch::{HolderRow, MapRow, NAME_BYTES, NO_PENDING, NOT_MAPPED, TABLE_NAMES};
use aya_ebpf::helpers::bpf_ktime_get_ns;

use crate::{
    memory::{load_u32, read},
    offsets, request,
};

/// What all maps have.
#[inline(always)]
pub(crate) fn map(map: *const u8, map_type: u32) -> MapRow {
    let address = map as u64;
    MapRow {
        // SAFETY: no arguments; any context.
        time_ns: unsafe { bpf_ktime_get_ns() },
        address,
        consumer: 0,
        producer: 0,
        pending: NO_PENDING,
        references: read(address + u64::from(offsets::map_references())),
        id: load_u32(map, offsets::map_id()),
        map_type,
        max_entries: load_u32(map, offsets::map_max_entries()),
        value_size: load_u32(map, offsets::map_value_size()),
        flags: load_u32(map, offsets::map_flags()),
        reserved: 0,
        name: name(map),
    }
}

/// The consumer's position first: the backlog is never too small by what the producer did in between.
#[inline(always)]
pub(crate) fn add_positions(map: *const u8, row: &mut MapRow) {
    let ringbuf: u64 = read(map as u64 + u64::from(offsets::map_ringbuf()));
    row.consumer = read(ringbuf + u64::from(offsets::ringbuf_consumer()));
    if offsets::ringbuf_pending() != 0 {
        row.pending = read(ringbuf + u64::from(offsets::ringbuf_pending()));
    }
    row.producer = read(ringbuf + u64::from(offsets::ringbuf_producer()));
}

/// Whether the first eight bytes of its name are those of a known array.
#[inline(always)]
pub(crate) fn has_a_known_name(map: *const u8) -> bool {
    let start: u64 = read(map as u64 + u64::from(offsets::map_name()));
    TABLE_NAMES.iter().any(|known| u64::from_ne_bytes(*known) == start)
}

#[inline(always)]
fn name(map: *const u8) -> [u8; NAME_BYTES] {
    let name: [u64; 2] = read(map as u64 + u64::from(offsets::map_name()));
    // SAFETY: sixteen bytes either way.
    unsafe { core::mem::transmute(name) }
}

/// A task that has a map open; `None` if the file is no map. While the operations of maps are unknown, only our own
/// map counts as one, which tells them.
#[inline(always)]
pub(crate) fn holder(task: *const u8, file: *const u8) -> Option<HolderRow> {
    let request = request()?;
    let operations: u64 = read(file as u64 + u64::from(offsets::file_operations()));
    let map: u64 = read(file as u64 + u64::from(offsets::file_private()));
    let is_map = if request.map_operations != 0 {
        operations == request.map_operations
    } else {
        map == request.own_map
    };
    if !is_map {
        return None;
    }
    Some(HolderRow {
        map,
        operations,
        page_offset: NOT_MAPPED,
        vma_flags: 0,
        tgid: load_u32(task, offsets::task_tgid()),
        fd: 0,
        comm: comm(task),
    })
}

/// The name of a task.
#[inline(always)]
pub(crate) fn comm(task: *const u8) -> [u8; NAME_BYTES] {
    let comm: [u64; 2] = read(task as u64 + u64::from(offsets::task_comm()));
    // SAFETY: sixteen bytes either way.
    unsafe { core::mem::transmute(comm) }
}

/// The same, with the number of the file.
#[inline(always)]
pub(crate) fn with_fd(row: HolderRow, fd: u32) -> HolderRow {
    HolderRow { fd, ..row }
}
