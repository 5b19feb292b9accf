//! Tools as processes, their threads, what their cgroups run short of, and programs on the hook.

use super::{all, comm, option};
use crate::{
    redact::{Redactor, cgroup, word},
    sample::{
        BlockedIn, ConsumerSample, CpuLimit, HookProgram, HookSample, MemoryGroup, NodePressure,
        PressureSample, ProgramSample, ToolPressure, ToolPrograms, ToolSample,
    },
};

pub(in crate::redact) fn tool(redactor: &mut Redactor, sample: &mut ToolSample) {
    let ToolSample {
        tool,
        instance: _,
        comm: name,
        tgid: _,
        namespace_tgid: _,
        is_service: _,
        is_running: _,
        start_ns: _,
        cgroup: place,
        container_id,
        has_rings: _,
        engine,
        restarts: _,
        starts_ns: _,
        last_exit: _,
        absences: _,
        absent_ns: _,
        oom_kills: _,
        reloads: _,
        last_reload_ns: _,
        programs,
    } = sample;
    all(redactor, [tool], word::tool);
    comm(redactor, name);
    option(redactor, place, cgroup::path);
    option(redactor, container_id, cgroup::container_id);
    option(redactor, engine, word::tool);
    let Some(ToolPrograms { count: _, missed: _, with_misses }) = programs else { return };
    for ProgramSample { id: _, name, program_type: _, missed: _ } in with_misses {
        *name = word::symbol(redactor, name);
    }
}

pub(super) fn consumer(redactor: &mut Redactor, sample: &mut ConsumerSample) {
    let ConsumerSample {
        tgid: _,
        tid: _,
        comm: name,
        tool,
        known_by: _,
        candidates: _,
        since_ns: _,
        time_ns: _,
        states: _,
        pressed: _,
        unplaced_ns: _,
        throttled_min_ns: _,
        throttled_max_ns: _,
        blocked_in,
        voluntary_switches: _,
        involuntary_switches: _,
        major_faults: _,
        block_io_ns: _,
        limits,
    } = sample;
    comm(redactor, name);
    all(redactor, [tool], word::tool);
    for BlockedIn { state: _, wchan, syscall: _, time_ns: _ } in blocked_in {
        option(redactor, wchan, word::symbol);
    }
    for limit in limits.iter_mut().flatten() {
        let CpuLimit { cgroup: place, quota_ns: _, period_ns: _, throttled_periods: _, throttled_ns: _ } =
            limit;
        *place = cgroup::path(redactor, place);
    }
}

pub(in crate::redact) fn hook(redactor: &mut Redactor, sample: &mut HookSample) {
    let HookSample { programs, looked_at: _, hidden: _, untold: _, is_timed: _ } = sample;
    for HookProgram { program: _, tracepoint, tgid: _, comm: name, tool, is_own: _, cost: _ } in programs {
        *tracepoint = word::symbol(redactor, tracepoint);
        comm(redactor, name);
        all(redactor, [tool], word::tool);
    }
}

pub(super) fn pressure(redactor: &mut Redactor, sample: &mut PressureSample) {
    let PressureSample { node, tools } = sample;
    let NodePressure {
        stalls: _,
        steal_ns: _,
        busy_ns: _,
        load_1_milli: _,
        runnable: _,
        blocked: _,
        cpus_online: _,
        available_bytes: _,
    } = node;
    for ToolPressure { tgid: _, memory, stalls: _ } in tools {
        for group in memory.iter_mut().flatten() {
            let MemoryGroup {
                cgroup: place,
                current_bytes: _,
                limit_bytes: _,
                high_events: _,
                max_events: _,
                oom_kills: _,
            } = group;
            *place = cgroup::path(redactor, place);
        }
    }
}
