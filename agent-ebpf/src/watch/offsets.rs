//! Places of members in this kernel, as `agent_common::watch` describes them.
//!
//! Volatile loads: the compiler must not fold the zeros it sees at build time, while the verifier folds the values
//! that user space froze.

use agent_common::watch::Offsets;

#[unsafe(no_mangle)]
static OFFSETS: Offsets = Offsets {
    map_type: 0,
    map_id: 0,
    map_name: 0,
    map_flags: 0,
    map_max_entries: 0,
    map_value_size: 0,
    map_references: 0,
    map_ringbuf: 0,
    ringbuf_consumer: 0,
    ringbuf_producer: 0,
    ringbuf_pending: 0,
    array_value: 0,
    file_operations: 0,
    file_private: 0,
    task_tgid: 0,
    task_comm: 0,
    vma_file: 0,
    vma_flags: 0,
    vma_page_offset: 0,
    task_group_leader: 0,
    program_type: 0,
    program_aux: 0,
    program_stats: 0,
    aux_id: 0,
    aux_name: 0,
    stats_misses: 0,
    event_attributes: 0,
    event_buffer: 0,
    event_cpu: 0,
    event_lost: 0,
    buffer_head: 0,
    buffer_pages: 0,
    buffer_overwrites: 0,
    buffer_user_page: 0,
};

macro_rules! fields {
    ($($field:ident),*) => {$(
        /// The field of that name.
        #[inline(always)]
        pub(crate) fn $field() -> u32 {
            // SAFETY: a live static; volatile because user space replaces its bytes before the load.
            unsafe { (&raw const OFFSETS.$field).read_volatile() }
        }
    )*};
}

fields!(
    map_type,
    map_id,
    map_name,
    map_flags,
    map_max_entries,
    map_value_size,
    map_references,
    map_ringbuf,
    ringbuf_consumer,
    ringbuf_producer,
    ringbuf_pending,
    array_value,
    file_operations,
    file_private,
    task_tgid,
    task_comm,
    vma_file,
    vma_flags,
    vma_page_offset,
    task_group_leader,
    program_type,
    program_aux,
    program_stats,
    aux_id,
    aux_name,
    stats_misses,
    event_attributes,
    event_buffer,
    event_cpu,
    event_lost,
    buffer_head,
    buffer_pages,
    buffer_overwrites,
    buffer_user_page
);
