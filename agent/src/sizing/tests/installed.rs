//! Remedies by version, installation and memory limit, and what a recording may say that no kernel does.

use super::{
    bursts, size,
    world::{self, MIB, World},
};
use crate::{
    sample::{MemoryGroup, PressureSample, RingSample, Sample, ToolPressure, ToolSample, VersionFacts},
    sizing::ToolSizing,
    timeline::example,
};

/// With a version and an installation, and a memory limit that the rings just fit into.
fn installed(world: &World, cgroup: &str, limited: &str, version: &str) -> ToolSizing {
    let mut samples = world.timeline().samples().to_vec();
    for sample in &mut samples {
        let tool = ToolSample {
            tool: "falco".to_owned(),
            tgid: world::TGID,
            is_running: true,
            cgroup: Some(cgroup.to_owned()),
            ..ToolSample::default()
        };
        sample.tools = Some(vec![tool]);
        let group = MemoryGroup {
            cgroup: limited.to_owned(),
            limit_bytes: Some(100 * MIB),
            current_bytes: Some(99 * MIB),
            ..MemoryGroup::default()
        };
        let tools = vec![ToolPressure { tgid: world::TGID, memory: Some(vec![group]), stalls: None }];
        sample.pressure = Some(PressureSample { tools, ..PressureSample::default() });
        for falco in sample.falcos.iter_mut().flatten() {
            falco.facts.version =
                Some(VersionFacts { falco: Some(version.to_owned()), ..VersionFacts::default() });
        }
    }
    let mut sizing = size(&example::timeline(samples).all(), &[]).unwrap();
    sizing.tools.remove(0)
}

#[test]
fn keys_are_those_of_version_and_installation() {
    let world = World::new(&bursts(1500, 100, 600));
    let unit = "/system.slice/falco.service";
    for (cgroup, version, preset, memory) in [
        (unit, "0.36.2", "syscall_buf_size_preset", "MemoryMax="),
        (unit, "0.44.1", "engine.modern_ebpf.buf_size_preset", "MemoryMax="),
        ("/kubepods/pod1/c", "0.36.2", "falco.syscall_buf_size_preset", "resources.limits.memory"),
        ("/kubepods/pod1/c", "0.44.1", "driver.modernEbpf.bufSizePreset", "resources.limits.memory"),
    ] {
        let sizing = installed(&world, cgroup, cgroup, version);
        let first = &sizing.remedies[0];
        assert_eq!(first.key.as_deref(), Some(preset));
        assert_eq!(
            (first.from.as_deref(), first.to.as_deref()),
            (Some("1"), Some("3")),
            "{:?}",
            sizing.candidates
        );
        assert_eq!(first.memory_bytes, sizing.smallest.as_ref().map(|one| one.memory_bytes));
        let wanted = if memory == "MemoryMax=" { "128M" } else { "128Mi" };
        let [limit] = &first.also[..] else { panic!("{first:?}") };
        assert_eq!((&limit.key[..], &limit.to[..]), (memory, wanted));
        assert_eq!(limit.from.as_deref(), Some(&wanted.replace("128", "100")[..]));
        let presets: Vec<_> = sizing.candidates.iter().filter_map(|one| one.preset).take(10).collect();
        assert_eq!(presets, (1..=10).collect::<Vec<_>>());
        assert_eq!(sizing.candidates[9].memory_bytes, 512 * MIB);
    }
    let both = installed(&world, unit, unit, "0.37.1");
    let words = &both.remedies[0];
    assert!(words.key.is_none() && words.text.contains("syscall_buf_size_preset"), "{words:?}");
    let of_the_node = installed(&world, "/kubepods/pod1/c", "/kubepods", "0.44.1");
    let first = &of_the_node.remedies[0];
    assert!(first.also.is_empty() && first.text.contains("cgroup /kubepods from 100.0 MiB"), "{first:?}");
}

#[test]
fn what_a_recording_may_say() {
    let mut samples = World::new(&bursts(1500, 100, 600)).timeline().samples().to_vec();
    let rings = |samples: &mut [Sample], change: &dyn Fn(&mut RingSample)| {
        samples.iter_mut().flat_map(|sample| sample.rings.iter_mut().flatten()).for_each(change);
    };
    let answer = |samples: &[Sample]| size(&example::timeline(samples.to_vec()).all(), &[]);
    // Drops that belong to no ring that is known: every answer would be too good.
    rings(&mut samples, &|ring| ring.places.clear());
    let unplaced = answer(&samples).unwrap();
    assert!(unplaced.tools.is_empty(), "{:?}", unplaced.tools);
    // No kernel has such a ring; powers of two above it have no end in 64 bits.
    rings(&mut samples, &|ring| ring.capacity_bytes = 1 << 63);
    assert!(answer(&samples).is_none_or(|sizing| sizing.tools.is_empty()));
}
