//! A capable node, and one fact taken away per test.

use super::*;

fn capable() -> Facts {
    Facts {
        kernel: (6, 12),
        cpus: 2,
        types: Ok(Offsets {
            number: Some(120),
            compat: Some(16),
            tgid: Some(1000),
            tid: Some(996),
            task_cgroups: Some(2000),
            default_cgroup: Some(112),
            memory_subsystem: Some(40),
            css_cgroup: Some(0),
            cgroup_kn: Some(248),
            kn_id: Some(96),
        }),
        has_task_btf: true,
        cgroups: Cgroups::V2,
        initial_pid_namespace: true,
    }
}

fn request() -> Request {
    Request { mode: Mode::Stream, sample: 64, ring_bytes: 1 << 23, processes: 0 }
}

fn available(plan: &Plan, capability: &str) -> Option<bool> {
    plan.visibility.iter().find(|entry| entry.capability == capability).map(|entry| entry.available)
}

#[test]
fn a_capable_node_uses_loads_for_everything() {
    let plan = Plan::new(&capable(), &request());
    assert_eq!(plan.hook, Hook::Btf);
    let Settings { mode, sample, tgid_offset, cgroup_source, css_set_offset, has_task_btf, .. } =
        plan.settings;
    assert_eq!((mode, sample), (MODE_STREAM, 64));
    assert_eq!((tgid_offset, cgroup_source, css_set_offset, has_task_btf), (1000, CGROUP_V2_LOADS, 112, 1));
    assert!(plan.visibility.iter().all(|entry| entry.available), "{:?}", plan.visibility);
}

#[test]
fn without_btf_the_raw_tracepoint_and_the_constants() {
    let facts = Facts { types: Err("no such file".to_owned()), ..capable() };
    let plan = Plan::new(&facts, &request());
    assert_eq!(plan.hook, Hook::Raw);
    assert_eq!(plan.settings.number_offset, NUMBER_OFFSET);
    assert_eq!(plan.settings.tgid_offset, 0);
    assert_eq!(plan.settings.has_task_btf, 0, "a pointer without type cannot be loaded from");
    assert_eq!(plan.settings.cgroup_source, CGROUP_HELPER);
    assert_eq!(available(&plan, "btf"), Some(false));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_compat_word_moved_in_5_11() {
    let without_btf = |kernel| {
        let facts = Facts { types: Err(String::new()), kernel, ..capable() };
        Plan::new(&facts, &request()).settings.compat_offset
    };
    assert_eq!((without_btf((5, 10)), without_btf((5, 11))), (8, 16));
}

#[test]
fn without_the_task_helper_ids_come_from_the_other_helper() {
    let plan = Plan::new(&Facts { has_task_btf: false, ..capable() }, &request());
    assert_eq!(plan.hook, Hook::Btf);
    assert_eq!((plan.settings.tgid_offset, plan.settings.cgroup_source), (0, CGROUP_HELPER));
}

#[test]
fn an_empty_v2_hierarchy_is_not_used() {
    let plan = Plan::new(&Facts { cgroups: Cgroups::V1Memory, ..capable() }, &request());
    assert_eq!((plan.settings.cgroup_source, plan.settings.css_set_offset), (CGROUP_V1_LOADS, 40));
    let plan = Plan::new(&Facts { cgroups: Cgroups::None, ..capable() }, &request());
    assert_eq!(plan.settings.cgroup_source, CGROUP_NONE);
    assert_eq!(available(&plan, "cgroup_id"), Some(false));
}

#[test]
fn what_only_shows_after_the_load_is_noted() {
    let mut plan = Plan::new(&capable(), &request());
    plan.set_missed_runs(false);
    plan.set_own_process(true);
    assert_eq!(available(&plan, "missed_runs"), Some(false));
    assert_eq!(available(&plan, "own_process"), Some(true));
}
