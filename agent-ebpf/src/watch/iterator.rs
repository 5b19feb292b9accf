//! The contexts of iterators, as the kernel lays them out (kernel/bpf/map_iter.c, task_iter.c), and their output.

use core::mem::size_of;

use aya_ebpf::{bindings::seq_file, helpers::generated::bpf_seq_write};

/// What every context begins with.
#[repr(C)]
pub(crate) struct Meta {
    file: *mut seq_file,
}

/// `struct bpf_iter__bpf_map`.
#[repr(C)]
pub(crate) struct MapContext {
    meta: *const Meta,
    map: *const u8,
}

/// `struct bpf_iter__bpf_prog` (5.9).
#[repr(C)]
pub(crate) struct ProgramContext {
    meta: *const Meta,
    program: *const u8,
}

/// `struct bpf_iter__task_file`.
#[repr(C)]
pub(crate) struct FileContext {
    meta: *const Meta,
    task: *const u8,
    fd: u64,
    file: *const u8,
}

/// `struct bpf_iter__task_vma`.
#[repr(C)]
pub(crate) struct VmaContext {
    meta: *const Meta,
    task: *const u8,
    vma: *const u8,
}

/// A member of a context.
macro_rules! member {
    ($context:expr, $field:ident) => {
        // SAFETY: the kernel passes a context of this type; volatile keeps the load as it is for the verifier.
        unsafe { (&raw const (*$context).$field).read_volatile() }
    };
}

/// The map of this run; `None` in the run after the last.
#[inline(always)]
pub(crate) fn map(context: *const MapContext) -> Option<*const u8> {
    not_null(member!(context, map))
}

/// The program of this run; `None` in the run after the last.
#[inline(always)]
pub(crate) fn program(context: *const ProgramContext) -> Option<*const u8> {
    not_null(member!(context, program))
}

/// The task and its file.
#[inline(always)]
pub(crate) fn task_and_file(context: *const FileContext) -> Option<(*const u8, *const u8)> {
    Some((not_null(member!(context, task))?, not_null(member!(context, file))?))
}

/// The number of that file.
#[inline(always)]
pub(crate) fn fd(context: *const FileContext) -> u32 {
    // SAFETY: as in `member`; the kernel allows a load of these four bytes only.
    unsafe { (&raw const (*context).fd).cast::<u32>().read_volatile() }
}

/// The task and its mapping.
#[inline(always)]
pub(crate) fn task_and_vma(context: *const VmaContext) -> Option<(*const u8, *const u8)> {
    Some((not_null(member!(context, task))?, not_null(member!(context, vma))?))
}

/// Where the rows go. All contexts begin alike.
#[inline(always)]
pub(crate) fn file(context: *const MapContext) -> *mut seq_file {
    let meta = member!(context, meta);
    member!(meta, file)
}

/// Writes one row. If it no longer fits, the kernel runs the program again for the same object once user space has
/// read what is there.
#[inline(always)]
pub(crate) fn write<T>(file: *mut seq_file, row: &T) {
    // SAFETY: a row is plain data of this size.
    unsafe { bpf_seq_write(file, core::ptr::from_ref(row).cast(), size_of::<T>() as u32) };
}

#[inline(always)]
fn not_null(pointer: *const u8) -> Option<*const u8> {
    if pointer.is_null() { None } else { Some(pointer) }
}
