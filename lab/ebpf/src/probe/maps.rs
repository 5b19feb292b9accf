//! The maps, under the names and with the sizes that Falco's have. User space sets the numbers of entries that
//! depend on the machine.

use aya_ebpf::{
    btf_maps::{Array, ArrayOfMaps, ProgramArray, RingBuf},
    helpers::bpf_get_smp_processor_id,
    macros::btf_map,
};

use crate::counter_map;

/// Entries of the tables by syscall number.
const SYSCALLS: usize = 512;
/// Where variable events are built. Falco keeps 16 bytes of notes behind the data; they are only space here.
pub(crate) type Auxiliary = [u64; (128 * 1024 + 16) / 8];
/// A ring as the verifier sees it; the rings that are put in have sizes of their own.
pub(crate) type Ring = RingBuf<u8, 4096>;

/// Falco's settings, of which `boot_time` and `snaplen` are read here.
#[repr(C)]
pub(crate) struct capture_settings {
    /// Added to the time since boot, ns since 1970.
    boot_time: u64,
    snaplen: u32,
    dropping_mode: bool,
    sampling_ratio: u32,
    drop_failed: bool,
    do_dynamic_snaplen: bool,
    fullcapture_port_range_start: u16,
    fullcapture_port_range_end: u16,
    statsd_port: u16,
    scap_tid: i32,
}

const _: () = assert!(size_of::<capture_settings>() == 32);

/// Not a per-CPU array, but indexed by CPU.
#[btf_map(name = "counter_maps")]
static COUNTERS: Array<counter_map, 1> = Array::new();

#[btf_map(name = "ringbuf_maps")]
static RINGS: ArrayOfMaps<Ring, 1> = ArrayOfMaps::new();

#[btf_map(name = "auxiliary_maps")]
static AUXILIARY: Array<Auxiliary, 1> = Array::new();

#[btf_map(name = "capture_settings")]
static SETTINGS: Array<capture_settings, 1> = Array::new();

#[btf_map(name = "interesting_syscalls_table_64bit")]
static INTERESTING: Array<u8, SYSCALLS> = Array::new();

/// The program for each syscall.
#[btf_map(name = "syscall_exit_tail_table")]
pub(crate) static TAIL_TABLE: ProgramArray<SYSCALLS> = ProgramArray::new();

#[inline(always)]
fn own_cpu() -> u32 {
    // SAFETY: no arguments; any context.
    unsafe { bpf_get_smp_processor_id() as u32 }
}

/// Whether this syscall is traced.
#[inline(always)]
pub(crate) fn is_interesting(number: u32) -> bool {
    INTERESTING.get(number).is_some_and(|flag| *flag != 0)
}

/// The counters of this CPU; nobody else writes to them while we run.
#[inline(always)]
pub(crate) fn own_counters() -> Option<&'static mut counter_map> {
    // SAFETY: one program at a time runs here on a CPU, and each takes them once.
    COUNTERS.get_ptr_mut(own_cpu()).map(|counters| unsafe { &mut *counters })
}

/// The ring of this CPU, which it may share with others.
#[inline(always)]
pub(crate) fn own_ring() -> Option<&'static Ring> {
    RINGS.get(own_cpu())
}

/// The first byte of this CPU's space for variable events.
#[inline(always)]
pub(crate) fn own_auxiliary() -> Option<*mut u8> {
    AUXILIARY.get_ptr_mut(own_cpu()).map(<*mut Auxiliary>::cast)
}

/// Time of boot, ns since 1970.
#[inline(always)]
pub(crate) fn boot_time_ns() -> u64 {
    SETTINGS.get(0).map_or(0, |settings| settings.boot_time)
}

/// Bytes of data that an event may carry.
#[inline(always)]
pub(crate) fn snaplen() -> u64 {
    SETTINGS.get(0).map_or(0, |settings| u64::from(settings.snaplen))
}
