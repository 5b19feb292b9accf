//! Perf buffers of BPF programs, as tools have them that are older than the ring buffer: who has them open, how full they
//! are, and what they lost. Read through the events' files, because the map that holds the events tells nothing.

use agent_common::watch::{NOT_COUNTED, PerfRow};
use aya_ebpf::helpers::bpf_ktime_get_ns;

use crate::{
    iterator::{self, FileContext, write},
    memory::{load_u32, read},
    offsets, request, rows,
};

/// `PERF_TYPE_SOFTWARE` and `PERF_COUNT_SW_BPF_OUTPUT`: events that BPF programs alone write to
/// (include/uapi/linux/perf_event.h).
const SOFTWARE: u32 = 1;
const BPF_OUTPUT: u64 = 10;
/// `perf_event_attr.config` and `perf_event_mmap_page.data_tail` in the same file.
const CONFIG: u64 = 8;
const DATA_TAIL: u64 = 1032;

/// Every open file that is such an event with a buffer. While the operations of these files are unknown, only our own file
/// counts as one, which tells them.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task_file")]
extern "C" fn perf_buffers(context: *const FileContext) -> i32 {
    let Some((task, file)) = iterator::task_and_file(context) else { return 0 };
    let Some(request) = request() else { return 0 };
    let operations: u64 = read(file as u64 + u64::from(offsets::file_operations()));
    let tgid = load_u32(task, offsets::task_tgid());
    let is_learning = request.map_operations == 0;
    let is_it = if is_learning {
        tgid == request.own_tgid && iterator::fd(context) == request.own_fd
    } else {
        operations == request.map_operations
    };
    if !is_it {
        return 0;
    }
    let event: u64 = read(file as u64 + u64::from(offsets::file_private()));
    let attributes = event + u64::from(offsets::event_attributes());
    let buffer: u64 = read(event + u64::from(offsets::event_buffer()));
    let is_output = read::<u32>(attributes) == SOFTWARE && read::<u64>(attributes + CONFIG) == BPF_OUTPUT;
    if !is_learning && (!is_output || buffer == 0) {
        return 0;
    }
    let user_page: u64 = read(buffer + u64::from(offsets::buffer_user_page()));
    // The reader's position first: the backlog is never too small by what was written in between.
    let tail: u64 = read(user_page + DATA_TAIL);
    let lost =
        if offsets::event_lost() == 0 { NOT_COUNTED } else { read(event + u64::from(offsets::event_lost())) };
    let row = PerfRow {
        // SAFETY: no arguments; any context.
        time_ns: unsafe { bpf_ktime_get_ns() },
        event,
        buffer,
        operations,
        head: read(buffer + u64::from(offsets::buffer_head())),
        tail,
        lost,
        pages: read(buffer + u64::from(offsets::buffer_pages())),
        cpu: read(event + u64::from(offsets::event_cpu())),
        tgid,
        overwrites: read(buffer + u64::from(offsets::buffer_overwrites())),
        comm: rows::comm(task),
    };
    write(iterator::file(context.cast()), &row);
    0
}
