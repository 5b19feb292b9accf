//! Falco's /metrics and /versions.
#![no_main]

use dropctl::observe::falco::{exposition, metrics::FalcoMetrics, versions::Versions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for series in exposition::parse(bytes).into_iter().flat_map(|exposition| exposition.series) {
        let _ = (series.count(), series.number(), series.label("raw_ctx"));
    }
    if let Ok(metrics) = FalcoMetrics::parse(bytes) {
        let _ = (metrics.n_drops_buffer(), metrics.uncategorised());
    }
    let _ = Versions::parse(bytes);
});
