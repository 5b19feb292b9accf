//! Rings, perf buffers, and what our own probe counted.

use super::{all, comm, loss, option};
use crate::{
    redact::{Redactor, word},
    sample::{
        PerfBuffersSample, ProbeSample, ProcessCount, RefusedSample, RingOwner, RingSample, StreamSample,
    },
};

pub(super) fn ring(redactor: &mut Redactor, ring: &mut RingSample) {
    let RingSample {
        map_id: _,
        found_ns: _,
        name,
        time_ns: _,
        capacity_bytes: _,
        overwrites: _,
        producer_bytes: _,
        consumer_bytes: _,
        pending_bytes: _,
        backlog_bytes: _,
        backlog_max_bytes: _,
        interval_backlog_max_bytes: _,
        produced_bytes: _,
        consumed_bytes: _,
        above_90_ns: _,
        full_ns: _,
        stalls: _,
        stalled_ns: _,
        looks: _,
        interval_arrivals: _,
        overruns,
        refused,
        estimated: _,
        owner,
        places: _,
        is_own: _,
    } = ring;
    option(redactor, name, word::symbol);
    overruns.iter_mut().for_each(loss::overruns);
    if let Some(RefusedSample { since_ns: _, losers, classes: _, bytes: _, overruns }) = refused {
        loss::losers(redactor, losers);
        loss::overruns(overruns);
    }
    if let Some(RingOwner { tgid: _, comm: name, tool }) = owner {
        comm(redactor, name);
        all(redactor, [tool], word::tool);
    }
}

pub(super) fn perf_buffers(redactor: &mut Redactor, buffers: &mut PerfBuffersSample) {
    let PerfBuffersSample {
        tgid: _,
        comm: name,
        tool,
        is_own: _,
        found_ns: _,
        time_ns: _,
        buffers: _,
        capacity_bytes: _,
        backlog_bytes: _,
        fullest_permille: _,
        produced_bytes: _,
        consumed_bytes: _,
        lost: _,
    } = buffers;
    comm(redactor, name);
    all(redactor, [tool], word::tool);
}

pub(super) fn probe(redactor: &mut Redactor, probe: &mut ProbeSample) {
    let ProbeSample { since_ns: _, events: _, missed: _, syscalls: _, stream } = probe;
    let Some(StreamSample {
        capacity_bytes: _,
        producer_bytes: _,
        consumer_bytes: _,
        backlog_max_bytes: _,
        consumed: _,
        foreign: _,
        overruns: _,
        overrun_count: _,
        overrun_ns: _,
        errors: _,
        processes,
        processes_other: _,
        processes_beyond: _,
        unsettled: _,
    }) = stream
    else {
        return;
    };
    for ProcessCount { tgid: _, cgroup_id: _, records: _, comm: name } in processes {
        name.iter_mut().for_each(|name| comm(redactor, name));
    }
}
