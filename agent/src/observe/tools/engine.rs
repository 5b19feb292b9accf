//! How a tool of Falco's family takes events out of the kernel: by Falco's names of engines. Pure.

/// What is known of such a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// It has the maps of the modern probe open.
    pub(super) has_modern_maps: bool,
    /// It has perf buffers mapped: the probe before the modern one uses them, and nothing else of the family does.
    pub(super) has_perf_buffers: bool,
    /// A kernel module of the family is loaded, or its devices are there.
    pub(super) has_module: bool,
    /// Its age; `None` where it is not known.
    pub(super) age_ns: Option<u64>,
}

/// Until then it may be about to load its probe.
const LOADED_BY_NS: u64 = 5_000_000_000;

/// `None` while it is not clear.
pub(super) fn engine(signs: Signs) -> Option<&'static str> {
    if signs.has_modern_maps {
        return Some("modern_ebpf");
    }
    let has_had_time = signs.age_ns.is_some_and(|age_ns| age_ns >= LOADED_BY_NS);
    let older = if signs.has_perf_buffers { Some("ebpf") } else { signs.has_module.then_some("kmod") };
    older.filter(|_| has_had_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_count_more_than_a_module_that_somebody_left_loaded() {
        let old = Signs { age_ns: Some(LOADED_BY_NS), ..Signs::default() };
        assert_eq!(engine(Signs { has_modern_maps: true, has_module: true, ..old }), Some("modern_ebpf"));
        assert_eq!(engine(Signs { has_module: true, ..old }), Some("kmod"));
        assert_eq!(engine(Signs { has_module: true, age_ns: Some(1), ..old }), None, "its maps may follow");
        assert_eq!(engine(Signs { has_module: true, age_ns: None, ..old }), None);
        assert_eq!(engine(Signs { has_perf_buffers: true, has_module: true, ..old }), Some("ebpf"));
        assert_eq!(
            engine(Signs { has_perf_buffers: true, has_modern_maps: true, ..old }),
            Some("modern_ebpf")
        );
        assert_eq!(engine(old), None, "it runs, and takes no events of the kernel");
    }
}
