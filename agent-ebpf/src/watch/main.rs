//! The watching programs: iterators over the maps of the node and over those who hold them.
//!
//! Nothing of these is attached; a program runs while user space reads its file. Two are attached, on request: one
//! follows the drop counters of other tools, one looks whether rings are full. Other tools' rings are read here, and only
//! their positions: nothing is written, mapped or pinned.

#![no_std]
#![no_main]
#![allow(dead_code, reason = "what both programs of the kernel half share, each uses in part")]
#![expect(clippy::cast_possible_truncation, reason = "sizes of rows and chunks are a few kilobytes")]

#[path = "../event.rs"]
mod event;
mod follow;
mod full;
mod iterator;
mod memory;
mod offsets;
mod perf;
mod programs;
mod rows;
#[path = "../settings.rs"]
mod settings;
#[path = "../task.rs"]
mod task;

use agent_common::watch::{ARRAY, ARRAY_OF_MAPS, CHUNK_BYTES, NOT_MAPPED, RINGBUF, Request, ValueChunk};
use aya_ebpf::{
    macros::{btf_tracepoint, map},
    maps::Array,
    programs::BtfTracePointContext,
};

use crate::{
    iterator::{FileContext, MapContext, VmaContext, write},
    memory::{load_pointer, load_u32, read_into},
};

/// What this pass is to look for.
#[map]
static REQUEST: Array<Request> = Array::with_max_entries(1, 0);

/// Where bytes are put together: more than the stack holds.
#[map]
static CHUNK: Array<ValueChunk> = Array::with_max_entries(1, 0);

/// Every ring buffer of the node with its positions.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_map")]
extern "C" fn rings(context: *const MapContext) -> i32 {
    let Some(map) = iterator::map(context) else { return 0 };
    if load_u32(map, offsets::map_type()) == RINGBUF {
        let mut row = rows::map(map, RINGBUF);
        rows::add_positions(map, &mut row);
        write(iterator::file(context), &row);
    }
    0
}

/// The maps that say more about rings: those that hold other maps, and arrays with a known name.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_map")]
extern "C" fn tables(context: *const MapContext) -> i32 {
    let Some(map) = iterator::map(context) else { return 0 };
    let map_type = load_u32(map, offsets::map_type());
    let own = REQUEST.get(0).is_some_and(|request| request.map_id == load_u32(map, offsets::map_id()));
    if map_type == ARRAY_OF_MAPS || own || map_type == ARRAY && rows::has_a_known_name(map) {
        write(iterator::file(context), &rows::map(map, map_type));
    }
    0
}

/// Some bytes of one array.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_map")]
extern "C" fn values(context: *const MapContext) -> i32 {
    let Some(map) = iterator::map(context) else { return 0 };
    let Some(request) = REQUEST.get(0) else { return 0 };
    let map_id = load_u32(map, offsets::map_id());
    if map_id != request.map_id {
        return 0;
    }
    let Some(chunk) = CHUNK.get_ptr_mut(0) else { return 0 };
    let length = request.length;
    if length > CHUNK_BYTES as u32 {
        return 0;
    }
    let from = map as u64 + u64::from(offsets::array_value()) + u64::from(request.offset);
    // SAFETY: the only entry of the map; the length is checked above.
    unsafe {
        (*chunk).map_id = map_id;
        (*chunk).offset = request.offset;
        read_into((&raw mut (*chunk).bytes).cast(), length, from);
        write(iterator::file(context), &*chunk);
    }
    0
}

/// Every open file that is a map.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task_file")]
extern "C" fn holders(context: *const FileContext) -> i32 {
    let Some((task, file)) = iterator::task_and_file(context) else { return 0 };
    let Some(row) = rows::holder(task, file) else { return 0 };
    write(iterator::file(context.cast()), &rows::with_fd(row, iterator::fd(context)));
    0
}

/// Every mapping of a map (Linux 5.12).
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task_vma")]
extern "C" fn mappings(context: *const VmaContext) -> i32 {
    let Some((task, vma)) = iterator::task_and_vma(context) else { return 0 };
    let file = load_pointer(vma, offsets::vma_file());
    if file.is_null() {
        return 0;
    }
    let Some(mut row) = rows::holder(task, file) else { return 0 };
    row.page_offset = memory::load_u64(vma, offsets::vma_page_offset());
    row.vma_flags = memory::load_u64(vma, offsets::vma_flags());
    if row.page_offset != NOT_MAPPED {
        write(iterator::file(context.cast()), &row);
    }
    0
}

/// On the hook of other tools' programs, and after them: see [`follow`].
#[btf_tracepoint(function = "sys_exit")]
fn follow_exit(context: BtfTracePointContext) -> i32 {
    // SAFETY: the verifier knows argument 0 as `struct pt_regs *` and checks every load through it.
    follow::exit(unsafe { event::number_by_load(context.arg(0)) });
    0
}

/// There, too: see [`full`].
#[btf_tracepoint(function = "sys_exit")]
fn full_exit(context: BtfTracePointContext) -> i32 {
    // SAFETY: as above.
    full::exit(unsafe { event::number_by_load(context.arg(0)) });
    0
}

/// Of the map that says what to look for.
pub(crate) fn request() -> Option<&'static Request> {
    REQUEST.get(0)
}

/// A panic must not be loadable: the verifier refuses the endless loop.
#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The helpers we call are for GPL-compatible programs only; the kernel half may be used under GPL-2.0.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
