//! What the watching programs of the kernel half are told, and the rows that they write.
//!
//! They are iterators: a program runs once for each map (or file, or mapping) of the node while user space reads its
//! file, and is attached to nothing.

use core::mem::{offset_of, size_of};

/// `BPF_MAP_TYPE_ARRAY` (include/uapi/linux/bpf.h).
pub const ARRAY: u32 = 2;
/// `BPF_MAP_TYPE_ARRAY_OF_MAPS`.
pub const ARRAY_OF_MAPS: u32 = 12;
/// `BPF_MAP_TYPE_RINGBUF`. A `USER_RINGBUF` (31) is another type: there user space produces.
pub const RINGBUF: u32 = 27;

/// Longest name of a map with its terminating zero (`BPF_OBJ_NAME_LEN`).
pub const NAME_BYTES: usize = 16;

/// First eight bytes of the names of arrays that are worth a row: the counters and settings of Falco's probe. User space
/// looks at the whole name.
pub const TABLE_NAMES: [[u8; 8]; 3] = [*b"counter_", *b"interest", *b"capture_"];

/// Byte offsets of members in this kernel. Lies in frozen read-only data, so that each is a constant to the verifier.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Offsets {
    /// `bpf_map.map_type`.
    pub map_type: u32,
    /// `bpf_map.id`.
    pub map_id: u32,
    /// `bpf_map.name`.
    pub map_name: u32,
    /// `bpf_map.map_flags`.
    pub map_flags: u32,
    /// `bpf_map.max_entries`.
    pub map_max_entries: u32,
    /// `bpf_map.value_size`.
    pub map_value_size: u32,
    /// `bpf_map.refcnt`.
    pub map_references: u32,
    /// `bpf_ringbuf_map.rb`.
    pub map_ringbuf: u32,
    /// `bpf_ringbuf.consumer_pos`.
    pub ringbuf_consumer: u32,
    /// `bpf_ringbuf.producer_pos`.
    pub ringbuf_producer: u32,
    /// `bpf_ringbuf.pending_pos` (6.10 and stable backports); 0 where the kernel has none.
    pub ringbuf_pending: u32,
    /// `bpf_array.value`.
    pub array_value: u32,
    /// `file.f_op`.
    pub file_operations: u32,
    /// `file.private_data`.
    pub file_private: u32,
    /// `task_struct.tgid`.
    pub task_tgid: u32,
    /// `task_struct.comm`.
    pub task_comm: u32,
    /// `vm_area_struct.vm_file`.
    pub vma_file: u32,
    /// `vm_area_struct.vm_flags`.
    pub vma_flags: u32,
    /// `vm_area_struct.vm_pgoff`.
    pub vma_page_offset: u32,
    /// `task_struct.group_leader`.
    pub task_group_leader: u32,
    /// `bpf_prog.type`.
    pub program_type: u32,
    /// `bpf_prog.aux`.
    pub program_aux: u32,
    /// `bpf_prog.stats` (5.12); 0 where the kernel does not count skipped runs.
    pub program_stats: u32,
    /// `bpf_prog_aux.id`.
    pub aux_id: u32,
    /// `bpf_prog_aux.name`.
    pub aux_name: u32,
    /// `bpf_prog_stats.misses` (5.12); 0 where the kernel has none.
    pub stats_misses: u32,
    /// `perf_event.attr`.
    pub event_attributes: u32,
    /// `perf_event.rb`; 0 where perf buffers cannot be found.
    pub event_buffer: u32,
    /// `perf_event.cpu`.
    pub event_cpu: u32,
    /// `perf_event.lost_samples` (6.0); 0 where the kernel does not count them.
    pub event_lost: u32,
    /// `perf_buffer.head`.
    pub buffer_head: u32,
    /// `perf_buffer.nr_pages`.
    pub buffer_pages: u32,
    /// `perf_buffer.overwrite`.
    pub buffer_overwrites: u32,
    /// `perf_buffer.user_page`.
    pub buffer_user_page: u32,
}

/// What the next pass is to look for; user space writes it before each.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Request {
    /// `holders`: the file operations of maps; 0 while unknown.
    pub map_operations: u64,
    /// `holders`, while these are unknown: the address of a map of our own, to learn them from.
    pub own_map: u64,
    /// `values`: of which map.
    pub map_id: u32,
    /// `values`: from which byte of the array on.
    pub offset: u32,
    /// `values`: how many, at most [`CHUNK_BYTES`].
    pub length: u32,
    /// `perf_buffers`, while the operations of such files are unknown: a file of our own, to learn them from.
    pub own_fd: u32,
    /// And our process id in the initial pid namespace.
    pub own_tgid: u32,
    /// Keeps the size a multiple of 8.
    pub reserved: u32,
}

/// One map.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct MapRow {
    /// `CLOCK_MONOTONIC`, ns.
    pub time_ns: u64,
    /// Where it lies in kernel memory: how other maps and files name it. Never shown to anybody.
    pub address: u64,
    /// Ring buffers: consumer position.
    pub consumer: u64,
    /// Ring buffers: producer position.
    pub producer: u64,
    /// Ring buffers: position of the oldest record that is not committed; [`NO_PENDING`] where the kernel has none.
    pub pending: u64,
    /// References held, the iterator's own included.
    pub references: u64,
    /// Map id.
    pub id: u32,
    /// `BPF_MAP_TYPE_`.
    pub map_type: u32,
    /// Ring buffers: data bytes.
    pub max_entries: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// `map_flags`.
    pub flags: u32,
    /// Keeps the size a multiple of 8.
    pub reserved: u32,
    /// Name, zero-padded.
    pub name: [u8; NAME_BYTES],
}

/// See [`MapRow::pending`].
pub const NO_PENDING: u64 = u64::MAX;

/// One open file or mapping that is a map.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct HolderRow {
    /// The map, as in [`MapRow::address`].
    pub map: u64,
    /// The file's operations.
    pub operations: u64,
    /// First page of the mapping; [`NOT_MAPPED`] for an open file.
    pub page_offset: u64,
    /// `vm_flags` of the mapping; 0 for an open file.
    pub vma_flags: u64,
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// File descriptor; 0 for a mapping.
    pub fd: u32,
    /// Name of the task.
    pub comm: [u8; NAME_BYTES],
}

/// One BPF program.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct ProgramRow {
    /// Where it lies in kernel memory: how files name it. Never shown to anybody.
    pub address: u64,
    /// Runs that the kernel skipped, over all CPUs whose place in memory is known; [`NOT_COUNTED`] before Linux 5.12.
    pub missed: u64,
    /// Program id.
    pub id: u32,
    /// `BPF_PROG_TYPE_`.
    pub program_type: u32,
    /// Name, zero-padded.
    pub name: [u8; NAME_BYTES],
}

/// One perf event whose samples BPF programs write into a buffer.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct PerfRow {
    /// `CLOCK_MONOTONIC`, ns.
    pub time_ns: u64,
    /// Where the event lies in kernel memory. Never shown to anybody.
    pub event: u64,
    /// The same of its buffer, which several events may share.
    pub buffer: u64,
    /// File operations, while they are unknown.
    pub operations: u64,
    /// Bytes written since the buffer was made.
    pub head: u64,
    /// Bytes read, as its reader says.
    pub tail: u64,
    /// Samples that found no room since the event was made; [`NOT_COUNTED`] before Linux 6.0.
    pub lost: u64,
    /// Data pages.
    pub pages: u32,
    /// CPU.
    pub cpu: u32,
    /// Process that has it open.
    pub tgid: u32,
    /// 0 unless it overwrites its oldest samples.
    pub overwrites: u32,
    /// Name of the process, zero-padded.
    pub comm: [u8; NAME_BYTES],
}

/// See [`ProgramRow::missed`] and [`PerfRow::lost`].
pub const NOT_COUNTED: u64 = u64::MAX;

/// CPUs whose skipped runs are added up.
pub const MOST_CPUS: u32 = 1024;

/// See [`HolderRow::page_offset`].
pub const NOT_MAPPED: u64 = u64::MAX;

/// Tools whose drops can be followed at once.
pub const TARGETS: usize = 4;

/// A tool whose own drop counters are followed: an array with one value per CPU, as Falco's `counter_maps`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Target {
    /// Where the counters of CPU 0 lie, events first and drops second; 0 where nothing is to be followed.
    pub address: u64,
    /// Bytes from one CPU's counter to the next.
    pub stride: u32,
    /// CPUs that have one.
    pub cpus: u32,
    /// Events that one syscall makes at most: with more since the last look it is not clear whose the drop is.
    pub most_events: u64,
    /// Another number whenever the program was not there for a while: what was dropped until a CPU's next look is
    /// nobody's.
    pub generation: u64,
    /// What [`Loser::epoch`] is. Never that of two targets.
    pub epoch: u64,
}

/// What one CPU last saw of one target; CPU `n` and target `m` have entry `n * TARGETS + m`. User space writes it while
/// the target has no address, and only that CPU afterwards.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Followed {
    /// Events and drops of this CPU at the last look.
    pub last: [u64; 2],
    /// [`Target::generation`] at the last look.
    pub generation: u64,
    /// Drops that looks found and blamed on nobody.
    pub unattributed: u64,
}

/// Who lost events: what drops are counted by.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Loser {
    /// cgroup id, 0 where it is not known.
    pub cgroup_id: u64,
    /// Of which target and time, [`Target::epoch`].
    pub epoch: u64,
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Syscall, see [`crate::slot`].
    pub slot: u32,
}

/// What a loser lost.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct Loss {
    /// Events.
    pub drops: u64,
    /// Name of the process when it lost one of them.
    pub comm: [u8; NAME_BYTES],
}

/// Losers that are counted one by one; the drops of others are not attributed.
pub const LOSERS: u32 = 8192;

/// Bytes of an array that one pass hands over.
pub const CHUNK_BYTES: usize = 4096;

/// Some bytes of an array's values.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ValueChunk {
    /// Of which map.
    pub map_id: u32,
    /// From which byte on.
    pub offset: u32,
    /// The bytes.
    pub bytes: [u8; CHUNK_BYTES],
}

const _: () = {
    assert!(size_of::<Offsets>() == 34 * 4);
    assert!(size_of::<PerfRow>() == 88 && offset_of!(PerfRow, comm) == 72);
    assert!(size_of::<ProgramRow>() == 40 && offset_of!(ProgramRow, name) == 24);
    assert!(size_of::<Request>() == 40);
    assert!(size_of::<MapRow>() == 88 && offset_of!(MapRow, name) == 72);
    assert!(size_of::<HolderRow>() == 56 && offset_of!(HolderRow, comm) == 40);
    assert!(size_of::<ValueChunk>() == 8 + CHUNK_BYTES);
    assert!(size_of::<Target>() == 40 && size_of::<Loser>() == 24);
    assert!(size_of::<Followed>() == 32 && size_of::<Loss>() == 24);
};

// SAFETY: `repr(C)`, integers only, no padding (the sizes asserted above are the sums of the fields).
#[cfg(feature = "user")]
unsafe impl aya::Pod for Offsets {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Request {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for MapRow {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for HolderRow {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for ProgramRow {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for PerfRow {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for ValueChunk {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Target {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Followed {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Loser {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for Loss {}
