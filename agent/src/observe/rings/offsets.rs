//! Places of the members that the watching programs read, from the kernel's types.

use agent_common::watch::Offsets;
use thiserror::Error;

use crate::btf::{Btf, BtfError};

/// Why the places are not known.
#[derive(Debug, Error)]
pub enum OffsetsError {
    /// The kernel's types cannot be read.
    #[error("kernel types: {0}")]
    Types(#[from] BtfError),
    /// This kernel has no such member.
    #[error("this kernel's types have no {0}.{1}")]
    Absent(&'static str, &'static str),
}

/// Looks them all up.
pub(super) fn read(btf: &Btf) -> Result<Offsets, OffsetsError> {
    let of = |name: &'static str, member: &'static str| {
        btf.member_offset(name, member)?.ok_or(OffsetsError::Absent(name, member))
    };
    // Members of perf buffers are wanted all or none.
    let perf = |name, member| Ok::<u32, OffsetsError>(btf.member_offset(name, member)?.unwrap_or(0));
    let has_perf = ["head", "nr_pages", "overwrite", "user_page"]
        .into_iter()
        .map(|member| btf.member_offset("perf_buffer", member))
        .collect::<Result<Option<Vec<u32>>, _>>()?
        .is_some();
    Ok(Offsets {
        map_type: of("bpf_map", "map_type")?,
        map_id: of("bpf_map", "id")?,
        map_name: of("bpf_map", "name")?,
        map_flags: of("bpf_map", "map_flags")?,
        map_max_entries: of("bpf_map", "max_entries")?,
        map_value_size: of("bpf_map", "value_size")?,
        map_references: of("bpf_map", "refcnt")?,
        map_ringbuf: of("bpf_ringbuf_map", "rb")?,
        ringbuf_consumer: of("bpf_ringbuf", "consumer_pos")?,
        ringbuf_producer: of("bpf_ringbuf", "producer_pos")?,
        ringbuf_pending: btf.member_offset("bpf_ringbuf", "pending_pos")?.unwrap_or(0),
        array_value: of("bpf_array", "value")?,
        file_operations: of("file", "f_op")?,
        file_private: of("file", "private_data")?,
        task_tgid: of("task_struct", "tgid")?,
        task_comm: of("task_struct", "comm")?,
        vma_file: of("vm_area_struct", "vm_file")?,
        vma_flags: of("vm_area_struct", "vm_flags")?,
        vma_page_offset: of("vm_area_struct", "vm_pgoff")?,
        task_group_leader: of("task_struct", "group_leader")?,
        program_type: of("bpf_prog", "type")?,
        program_aux: of("bpf_prog", "aux")?,
        program_stats: btf.member_offset("bpf_prog", "stats")?.unwrap_or(0),
        aux_id: of("bpf_prog_aux", "id")?,
        aux_name: of("bpf_prog_aux", "name")?,
        stats_misses: btf.member_offset("bpf_prog_stats", "misses")?.unwrap_or(0),
        event_attributes: perf("perf_event", "attr")?,
        event_buffer: if has_perf { perf("perf_event", "rb")? } else { 0 },
        event_cpu: perf("perf_event", "cpu")?,
        event_lost: perf("perf_event", "lost_samples")?,
        buffer_head: perf("perf_buffer", "head")?,
        buffer_pages: perf("perf_buffer", "nr_pages")?,
        buffer_overwrites: perf("perf_buffer", "overwrite")?,
        buffer_user_page: perf("perf_buffer", "user_page")?,
    })
}
