//! What a real Falco 0.44.1 answered, and the forms of older ones.

use super::*;

const QUIET: &[u8] = include_bytes!("../../../../tests/data/falco-0.44.1/metrics-quiet.prom");
const DROPPING: &[u8] = include_bytes!("../../../../tests/data/falco-0.44.1/metrics-drops.prom");

#[test]
fn a_real_falco_that_dropped() {
    let metrics = FalcoMetrics::parse(DROPPING).unwrap();
    assert_eq!(metrics.version.as_deref(), Some("0.44.1"));
    assert_eq!(metrics.engine_name.as_deref(), Some("modern_bpf"));
    assert_eq!(metrics.kernel_release.as_deref(), Some("6.18.44"));
    assert_eq!((metrics.n_evts, metrics.n_drops), (Some(1_850_641), Some(286_259)));
    assert_eq!((metrics.n_drops_scratch_map, metrics.n_drops_buffer()), (Some(0), Some(286_259)));
    assert_eq!(metrics.categories.len(), 8, "without the constants of entries");
    assert!(metrics.categories.contains(&("open_exit".to_owned(), 143_129)));
    assert_eq!(metrics.uncategorised(), Some(0));
    let cpus = metrics.cpus;
    assert_eq!(cpus[&0], CpuEvents { n_evts: Some(1_850_068), n_drops: Some(286_245) });
    assert_eq!(cpus[&1].n_drops, Some(14));
    assert_eq!((metrics.host_num_cpus, metrics.outputs_queue_num_drops), (Some(2), Some(0)));
    assert_eq!(metrics.reload_ns, Some(1_795_412_991_152_341_277));
    assert_eq!(metrics.start_ns, Some(1_795_412_992_636_724_724));
    assert_eq!((metrics.memory_rss_bytes, metrics.cpu_usage_ratio), (Some(42_323_968), Some(0.214)));
    assert_eq!((metrics.n_failed_fd_lookups, metrics.n_fds), (Some(37), Some(1423)));
    assert_eq!(metrics.malformed_lines, 0);
}

#[test]
fn a_quiet_one() {
    let metrics = FalcoMetrics::parse(QUIET).unwrap();
    assert_eq!((metrics.n_drops, metrics.uncategorised()), (Some(0), Some(0)));
    assert_eq!(metrics.rules, []);
}

#[test]
fn older_forms() {
    let of = |text: &str| FalcoMetrics::parse(text.as_bytes()).unwrap();
    let v41 = of("falcosecurity_falco_version_info{version=\"0.41.3\"} 1\n\
                  falcosecurity_scap_n_drops_buffer_total{dir=\"enter\",drop=\"open\"} 7\n\
                  falcosecurity_falco_rules_matches_total{rule_name=\"A \"b\"\",source=\"syscall\",tag_x=\"true\"} 3\n");
    assert_eq!(v41.categories, [("open_enter".to_owned(), 7)], "entries were counted");
    assert_eq!(v41.uncategorised(), None, "no total");
    assert_eq!(v41.rules[0].rule, "A \"b\"");
    assert_eq!(v41.rules[0].matches, 3);
    let v38 = of("falcosecurity_falco_version_info{version=\"0.38.2\"} 1\n\
                  falcosecurity_scap_n_drops_buffer_total 9\n\
                  falcosecurity_scap_n_drops_buffer_clone_fork_enter_total 2\n\
                  falcosecurity_scap_n_drops_total 9\nfalcosecurity_scap_n_drops_scratch_map_total 1\n");
    assert_eq!(v38.categories, [("clone_fork_enter".to_owned(), 2)]);
    assert_eq!((v38.n_drops_buffer(), v38.uncategorised()), (Some(8), Some(6)));
}

#[test]
fn more_in_categories_than_in_all_is_unknown() {
    let text = "falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"open\"} 7\n\
                falcosecurity_scap_n_drops_total 6\nfalcosecurity_scap_n_drops_scratch_map_total 0\n";
    assert_eq!(FalcoMetrics::parse(text.as_bytes()).unwrap().uncategorised(), None);
}

#[test]
fn somebody_else() {
    assert_eq!(FalcoMetrics::parse(b"up 1\n"), Err(MetricsError::NotFalco));
    assert_eq!(FalcoMetrics::parse(b""), Err(MetricsError::NotFalco));
    assert_eq!(FalcoMetrics::parse(b"<html>\n"), Err(MetricsError::NotFalco));
    assert!(matches!(FalcoMetrics::parse(b"\xff"), Err(MetricsError::Exposition(_))));
}
