//! What must hold.

use agent_common::record::RECORD_FOOTPRINT_BYTES;
use anyhow::{Result, ensure};
use dropctl::{
    probe::{Hook, Probe},
    sample::ProbeSample,
};

use crate::node;

/// Exits counted in a slot.
pub(crate) fn count(sample: &ProbeSample, slot: u32) -> u64 {
    sample.syscalls.iter().find(|(counted, _)| u32::from(*counted) == slot).map_or(0, |(_, count)| *count)
}

/// Exactly `due` exits in a slot that nobody else uses. Where the kernel skips runs of our program, some of them
/// may be among the missed ones instead.
pub(crate) fn exact(sample: &ProbeSample, slot: u32, due: u64) -> Result<()> {
    let counted = count(sample, slot);
    ensure!(counted <= due, "slot {slot}: counted {counted}, due {due}: {} too many", counted - due);
    at_least(sample, slot, due)
}

/// `due` exits of ours in a slot that others may use as well: exact where nothing else runs.
pub(crate) fn ours(sample: &ProbeSample, slot: u32, due: u64) -> Result<()> {
    if node::is_quiet() { exact(sample, slot, due) } else { at_least(sample, slot, due) }
}

/// No exit in this slot.
pub(crate) fn none(sample: &ProbeSample, slot: u32) -> Result<()> {
    let counted = count(sample, slot);
    ensure!(counted == 0, "slot {slot}: counted {counted}, and none was due");
    Ok(())
}

fn at_least(sample: &ProbeSample, slot: u32, due: u64) -> Result<()> {
    let counted = count(sample, slot);
    let missed = sample.missed.unwrap_or(0);
    ensure!(counted + missed >= due, "slot {slot}: counted {counted}, missed {missed}, due {due}");
    Ok(())
}

/// Conservation after a stop: every record that was tried was either refused or consumed.
pub(crate) fn conserved(sample: &ProbeSample, one_in: u32) -> Result<()> {
    let events = sample.events;
    let by_slot: u64 = sample.syscalls.iter().map(|(_, count)| count).sum();
    ensure!(events.seen == by_slot, "slots do not add up to what was seen: {by_slot}, {events:?}");
    ensure!(
        events.attempted == events.submitted + events.dropped,
        "attempted = submitted + dropped: {events:?}"
    );
    let Some(stream) = &sample.stream else {
        ensure!(events.attempted == 0, "records without a stream: {events:?}");
        return Ok(());
    };
    ensure!(one_in > 1 || events.seen == events.attempted, "every event is due a record: {events:?}");
    let in_flight_bytes = stream.producer_bytes - stream.consumer_bytes;
    let in_flight = in_flight_bytes / RECORD_FOOTPRINT_BYTES;
    ensure!(
        events.attempted == stream.consumed + events.dropped + in_flight,
        "attempted = consumed + dropped + in flight: {events:?}, {} consumed, {in_flight} in flight",
        stream.consumed
    );
    ensure!(in_flight_bytes == 0, "{in_flight_bytes} bytes in flight after the stop");
    ensure!(
        stream.producer_bytes == events.submitted * RECORD_FOOTPRINT_BYTES,
        "{} bytes produced by {} records",
        stream.producer_bytes,
        events.submitted
    );
    ensure!(stream.foreign == 0, "{} entries were no records", stream.foreign);
    let by_process: u64 = stream.processes.iter().map(|process| process.records).sum();
    ensure!(
        by_process + stream.processes_other == stream.consumed,
        "processes made {by_process} + {} records, consumed were {}",
        stream.processes_other,
        stream.consumed
    );
    drops_in_overruns(sample)
}

/// Every drop belongs to one overrun, and overruns do not overlap.
fn drops_in_overruns(sample: &ProbeSample) -> Result<()> {
    let (Some(stream), dropped) = (&sample.stream, sample.events.dropped) else { return Ok(()) };
    let listed: u64 = stream.overruns.iter().map(|overrun| overrun.drops).sum();
    if stream.overruns.len() as u64 == stream.overrun_count {
        ensure!(
            listed == dropped,
            "overruns hold {listed} drops, {dropped} were counted: {:?}",
            stream.overruns
        );
    } else {
        ensure!(
            listed < dropped,
            "{} of {} overruns hold {listed} drops, {dropped} were counted",
            stream.overruns.len(),
            stream.overrun_count
        );
    }
    let apart = stream.overruns.windows(2).all(|pair| pair[0].last_ns < pair[1].first_ns);
    ensure!(
        apart && stream.overruns.iter().all(|overrun| overrun.first_ns <= overrun.last_ns),
        "overruns out of order: {:?}",
        stream.overruns
    );
    Ok(())
}

/// The program sits where the node's types allow it, and it knows ABIs apart.
pub(crate) fn right_hook(probe: &Probe) -> Result<()> {
    let plan = probe.plan();
    let has_types = std::path::Path::new("/sys/kernel/btf/vmlinux").exists();
    let expected = if has_types { Hook::Btf } else { Hook::Raw };
    ensure!(plan.hook == expected, "hook {}, expected {}", plan.hook.as_str(), expected.as_str());
    let complaint =
        plan.visibility.iter().find(|entry| entry.capability == "syscall_abi" && !entry.available);
    ensure!(complaint.is_none(), "{}", complaint.map_or("", |entry| entry.note.as_str()));
    Ok(())
}
