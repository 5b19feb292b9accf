//! DC111 output-backpressure: the tool's outputs take no more alerts.
//!
//! It is this when alerts were lost from a bounded queue (`outputs_queue_num_drops` grows), or the queue has no bound (Falco's default,
//! capacity 0) and memory grows while the outputs are blocked. By itself this drops no kernel event: outputs have a thread of their own.
//!
//! Find the channel that is slow (`program_output`, `http_output`, stdout to a full pipe); lower `output_timeout`; give a queue without a
//! bound one, so that it is alerts that are lost and not the tool's memory.
//!
//! Ruled out as a cause of full rings: the draining thread does not wait for outputs.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity, Subject},
        rules::silent_loss::value,
    },
    number::{bytes, count, float},
    remedies::{self, Place, Setting, Value},
    sample::{FalcoSample, MetricsFacts},
    timeline::Slice,
};

/// Memory must have grown by this share of what it was, and by [`LEAST_BYTES`], while nothing bounds the queue.
const LEAST_GROWTH: f64 = 0.25;
const LEAST_BYTES: u64 = 16 << 20;
/// Alerts that may wait: at about a kilobyte each, 10 MB.
const CAPACITY: u64 = 10_000;

/// Every Falco whose outputs take no more.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for falco in slice.last().and_then(|last| last.falcos.as_deref()).unwrap_or_default() {
        let (Some(first), Some(last)) = (asked(slice, falco).next(), asked(slice, falco).last()) else {
            continue;
        };
        if last.time_ns <= first.time_ns {
            continue;
        }
        findings.extend(lost_alerts(falco, first, last).or_else(|| growing(slice, falco, first, last)));
    }
    findings
}

/// What its page said, in order.
fn asked<'a>(slice: &Slice<'a>, falco: &FalcoSample) -> impl Iterator<Item = &'a MetricsFacts> + use<'a> {
    let (tgid, map_id) = (falco.tgid, falco.map_id);
    let samples = slice.samples().iter().flat_map(|sample| sample.falcos.as_deref().unwrap_or_default());
    samples
        .filter(move |other| other.tgid == tgid && other.map_id == map_id)
        .filter_map(|other| other.facts.metrics.as_ref())
}

fn lost_alerts(falco: &FalcoSample, first: &MetricsFacts, last: &MetricsFacts) -> Option<Finding> {
    let grown = last
        .outputs_queue_num_drops?
        .checked_sub(first.outputs_queue_num_drops?)
        .filter(|grown| *grown > 0)?;
    let summary = format!(
        "{} lost {} alerts: its output queue was full. These are no kernel drops.",
        falco.comm,
        count(grown)
    );
    Some(Finding {
        evidence: vec![Fact::tool(format!("outputs_queue_num_drops grew by {}", count(grown)))],
        ..finding(falco, Confidence::High, summary)
    })
}

fn growing(
    slice: &Slice<'_>,
    falco: &FalcoSample,
    first: &MetricsFacts,
    last: &MetricsFacts,
) -> Option<Finding> {
    let (before, now) = (first.memory_rss_bytes?, last.memory_rss_bytes?);
    let grown = now.checked_sub(before)?;
    let capacity = value(&falco.facts, "outputs_queue.capacity");
    // 0 is no bound, and Falco's default.
    let is_unbounded = capacity.is_none_or(|capacity| capacity == "0");
    if !is_unbounded || grown < LEAST_BYTES || float(grown) < LEAST_GROWTH * float(before) {
        return None;
    }
    let summary = format!(
        "{} grew by {} in this time, and nothing bounds its output queue: alerts wait for an output that takes none.",
        falco.comm,
        bytes(grown)
    );
    let found = finding(falco, Confidence::Low, summary);
    let bound = remedies::setting(
        &Place::of(slice, &subject(falco)),
        Setting::Capacity,
        Value::of(CAPACITY),
        "so that alerts are lost and not the tool's memory",
    );
    Some(Finding {
        evidence: vec![Fact::tool(format!(
            "resident memory: {} at first, {} at the end",
            bytes(before),
            bytes(now)
        ))],
        remedies: found.remedies.into_iter().chain([bound]).collect(),
        ..found
    })
}

fn subject(falco: &FalcoSample) -> Subject {
    Subject { tool: falco.tool.clone(), comm: falco.comm.clone(), tgid: falco.tgid }
}

/// A queue that is full has a bound already: only the slow output is left to say of it.
fn finding(falco: &FalcoSample, confidence: Confidence, summary: String) -> Finding {
    let slow = "find the output that is slow: program_output, http_output, a pipe that nobody reads";
    Finding {
        tool: Some(subject(falco)),
        remedies: vec![Remedy::advice(slow.to_owned())],
        ..Finding::new(Code::OutputBackpressure, Severity::Warning, confidence, summary)
    }
}
