//! What a Falco counts and says of itself. Its configuration is kept as keys of a fixed list already; here they are not
//! believed to be.

use super::{all, comm, loss, option};
use crate::{
    redact::{Redactor, place, text, word},
    sample::{
        BaseSyscallsFacts, Compared, Comparison, ConfigurationFacts, FalcoCounts, FalcoFacts, FalcoSample,
        KeyFacts, MetricsFacts, PageFacts, VersionFacts,
    },
};

/// Who set a key, if no file did.
const COMMAND_LINE: &str = "command line";

pub(in crate::redact) fn falco(redactor: &mut Redactor, sample: &mut FalcoSample) {
    let FalcoSample {
        tgid: _,
        comm: name,
        tool,
        map_id: _,
        found_ns: _,
        before,
        now,
        traced_syscalls: _,
        losers,
        overruns,
        facts: said,
    } = sample;
    comm(redactor, name);
    all(redactor, [tool], word::tool);
    counts(redactor, before);
    counts(redactor, now);
    losers.iter_mut().for_each(|losers| loss::losers(redactor, losers));
    overruns.iter_mut().for_each(loss::overruns);
    facts(redactor, said);
}

fn counts(redactor: &mut Redactor, counts: &mut FalcoCounts) {
    let FalcoCounts { n_evts: _, n_drops_buffer: _, n_drops_max_event_size: _, categories, others, cpus: _ } =
        counts;
    for (name, _) in categories.iter_mut().chain(others) {
        *name = word::symbol(redactor, name);
    }
}

fn facts(redactor: &mut Redactor, facts: &mut FalcoFacts) {
    let FalcoFacts {
        layout: _,
        capture: _,
        program,
        in_root_pid_namespace: _,
        version,
        configuration: configured,
        comparison: compared,
        versions_page,
        metrics_page,
        metrics,
        not_visible,
    } = facts;
    option(redactor, program, word::tool);
    version.iter_mut().for_each(|version| versions(redactor, version));
    configured.iter_mut().for_each(|configured| configuration(redactor, configured));
    comparison(redactor, compared);
    for PageFacts { status: _, why } in [versions_page, metrics_page].into_iter().flatten() {
        option(redactor, why, text::scrub);
    }
    metrics.iter_mut().for_each(numbers);
    all(redactor, not_visible, text::scrub);
}

fn versions(redactor: &mut Redactor, version: &mut VersionFacts) {
    let VersionFacts { falco, libs, driver_api, driver_schema, default_driver, rules_engine, plugins } =
        version;
    let all_of_them = [falco, libs, driver_api, driver_schema, default_driver, rules_engine];
    all(redactor, all_of_them.into_iter().flatten(), word::version);
    for (name, version) in plugins {
        *name = word::plugin(redactor, name);
        *version = word::version(redactor, version);
    }
}

fn configuration(redactor: &mut Redactor, configuration: &mut ConfigurationFacts) {
    let ConfigurationFacts { files, keys, base_syscalls, last_folder } = configuration;
    all(redactor, files.iter_mut().chain(last_folder), place::path);
    for KeyFacts { key, value, set_by } in keys {
        *key = word::key(redactor, key);
        *value = word::value(redactor, value);
        for set_by in set_by.iter_mut().filter(|set_by| *set_by != COMMAND_LINE) {
            *set_by = place::path(redactor, set_by);
        }
    }
    let BaseSyscallsFacts { included, excluded, without_effect: _, repair: _, all: _ } = base_syscalls;
    all(redactor, included.iter_mut().chain(excluded), word::symbol);
}

fn comparison(redactor: &mut Redactor, comparison: &mut Comparison) {
    let Comparison {
        engine,
        ring_bytes,
        ring_count,
        drop_failed,
        excluded_but_traced,
        included_but_not_traced,
    } = comparison;
    let Compared { key: engine_key, configured, effective } = engine;
    all(redactor, [configured, effective].into_iter().flatten(), word::tool);
    let Compared { key: bytes_key, configured: _, effective: _ } = ring_bytes;
    let Compared { key: count_key, configured: _, effective: _ } = ring_count;
    let Compared { key: failed_key, configured: _, effective: _ } = drop_failed;
    all(redactor, [engine_key, bytes_key, count_key, failed_key], word::key);
    let names = [excluded_but_traced, included_but_not_traced];
    all(redactor, names.into_iter().flatten().flatten(), word::symbol);
}

/// Numbers only.
fn numbers(metrics: &mut MetricsFacts) {
    let MetricsFacts {
        time_ns: _,
        agrees_with_maps: _,
        n_evts: _,
        n_drops: _,
        outputs_queue_num_drops: _,
        memory_rss_bytes: _,
        cpu_usage_ppm: _,
        start_ns: _,
        reload_ns: _,
        n_threads: _,
        n_fds: _,
        n_failed_thread_lookups: _,
        n_failed_fd_lookups: _,
        n_drops_full_threadtable: _,
        malformed_lines: _,
    } = metrics;
}
