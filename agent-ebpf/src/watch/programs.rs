//! Every BPF program of the node, and its runs that the kernel skipped.
//!
//! A counter per CPU lies at the same distance from the program's pointer on every CPU as all such memory does. No helper
//! tells that distance for other CPUs before Linux 5.18, so user space runs [`learn_cpu`] on each once.

use agent_common::watch::{MOST_CPUS, NOT_COUNTED, ProgramRow};
use aya_ebpf::{
    helpers::bpf_get_smp_processor_id,
    macros::{map, raw_tracepoint},
    maps::{Array, PerCpuArray},
    programs::RawTracePointContext,
};

use crate::{
    iterator::{self, ProgramContext, write},
    memory::read,
    offsets,
};

/// Per-CPU memory of ours, to learn from.
#[map]
static OWN_CPU: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);

/// What user space adds to a pointer to per-CPU memory, by CPU; 0 where it is not known. [`learn_cpu`] leaves the address
/// of ours there. User space sets the number of entries.
#[map]
static CPUS: Array<u64> = Array::with_max_entries(1, 0);

/// Run by user space with `BPF_PROG_TEST_RUN` on each CPU: where ours lies there.
#[raw_tracepoint(tracepoint = "sys_enter")]
fn learn_cpu(_context: RawTracePointContext) -> i32 {
    // SAFETY: no arguments; any context.
    let cpu = unsafe { bpf_get_smp_processor_id() } as u32;
    if let (Some(own), Some(place)) = (OWN_CPU.get_ptr_mut(0), CPUS.get_ptr_mut(cpu)) {
        // SAFETY: this CPU's entry, which nobody else writes meanwhile.
        unsafe { *place = own as u64 };
    }
    0
}

/// Every program.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_prog")]
extern "C" fn programs(context: *const ProgramContext) -> i32 {
    let Some(program) = iterator::program(context) else { return 0 };
    let address = program as u64;
    let aux: u64 = read(address + u64::from(offsets::program_aux()));
    let name: [u64; 2] = read(aux + u64::from(offsets::aux_name()));
    let row = ProgramRow {
        address,
        missed: missed(address),
        id: read(aux + u64::from(offsets::aux_id())),
        program_type: read(address + u64::from(offsets::program_type())),
        // SAFETY: sixteen bytes either way.
        name: unsafe { core::mem::transmute::<[u64; 2], [u8; 16]>(name) },
    };
    write(iterator::file(context.cast()), &row);
    0
}

#[inline(always)]
fn missed(program: u64) -> u64 {
    if offsets::stats_misses() == 0 {
        return NOT_COUNTED;
    }
    let stats: u64 = read(program + u64::from(offsets::program_stats()));
    let mut missed = 0_u64;
    for cpu in 0..MOST_CPUS {
        let Some(distance) = CPUS.get(cpu) else { break };
        if *distance != 0 {
            let of_cpu: u64 =
                read(stats.wrapping_add(*distance).wrapping_add(u64::from(offsets::stats_misses())));
            missed = missed.wrapping_add(of_cpu);
        }
    }
    missed
}
