//! DC901 own-overrun: dropctl's own ring dropped.
//!
//! Counts by syscall do not pass through the ring and stay exact; what is read from records (errors, processes)
//! covers only the records that were kept. A larger ring absorbs longer bursts; a smaller share streamed lowers
//! the rate.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity},
    },
    timeline::{Slice, seconds},
};

/// Fires when the ring refused records in that time.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Option<Finding> {
    let totals = slice.probe()?;
    let (events, grown) = (totals.events, totals.stream?);
    let stream = slice.last()?.probe.as_ref()?.stream.as_ref()?;
    if events.dropped == 0 {
        return None;
    }
    let summary = format!(
        "dropctl's own ring refused {} of {} records; counts by syscall are not affected.",
        events.dropped, events.attempted
    );
    let larger_bytes = 2 * stream.capacity_bytes;
    Some(Finding {
        drops: Some(events.dropped),
        evidence: vec![
            Fact::exact(format!(
                "overruns: {}, {:.3} s together",
                grown.overrun_count,
                seconds(grown.overrun_ns)
            )),
            Fact::exact(format!(
                "backlog at the drain's looks reached {} of {} bytes",
                stream.backlog_max_bytes, stream.capacity_bytes
            )),
        ],
        remedies: vec![
            Remedy::setting(
                "doubles the burst that fits, if memory allows".to_owned(),
                "--ring-bytes",
                Some(stream.capacity_bytes.to_string()),
                larger_bytes.to_string(),
            ),
            Remedy::advice("--sample with a larger number, or --mode count, lowers the rate".to_owned()),
        ],
        ..Finding::new(Code::OwnOverrun, Severity::Warning, Confidence::High, summary)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{Clock, Events, Node, ProbeSample, Sample, StreamSample},
        setup::{Mode, Naming, Request, Setup},
        timeline::Timeline,
    };

    fn timeline() -> Timeline {
        let request = Request { mode: Mode::Stream, sample: 1, ring_bytes: 4096, processes: 0 };
        let setup = Setup {
            version: String::new(),
            revision: None,
            request,
            hook: None,
            visibility: Vec::new(),
            interval_ns: 0,
            names: Naming::Real,
        };
        Timeline::new(Node::default(), setup)
    }

    fn seen(dropped: u64, streams: bool) -> Timeline {
        let mut timeline = timeline();
        let stream = streams.then(|| StreamSample { capacity_bytes: 4096, ..StreamSample::default() });
        let events = Events { attempted: 100, dropped, ..Events::default() };
        let last = ProbeSample { events, stream, ..ProbeSample::default() };
        timeline.push(Sample { probe: Some(last.at_its_start()), ..Sample::default() });
        let clock = Clock { monotonic_ns: 1_000_000_000, ..Clock::default() };
        timeline.push(Sample { clock, probe: Some(last), ..Sample::default() });
        timeline
    }

    #[test]
    fn fires_on_one_drop() {
        let finding = check(&seen(1, true).all()).unwrap();
        assert!(finding.summary.contains("refused 1 of 100"), "{}", finding.summary);
        assert_eq!(finding.remedies[0].to.as_deref(), Some("8192"));
    }

    #[test]
    fn is_silent_without_drops_or_without_a_ring() {
        assert_eq!(check(&seen(0, true).all()), None);
        assert_eq!(check(&seen(1, false).all()), None);
    }

    #[test]
    fn is_silent_without_a_sample() {
        assert_eq!(check(&timeline().all()), None);
    }
}
