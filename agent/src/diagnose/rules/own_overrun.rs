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
    timeline::{Window, window::seconds},
};

/// Fires when the ring refused records in the window.
pub(in crate::diagnose) fn check(window: &Window) -> Option<Finding> {
    let probe = window.last()?.probe.as_ref()?;
    let stream = probe.stream.as_ref()?;
    let events = probe.events;
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
                stream.overrun_count,
                seconds(stream.overrun_ns)
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
    use crate::sample::{Clock, Events, ProbeSample, Sample, StreamSample};

    fn window(dropped: u64, streams: bool) -> Window {
        let mut window = Window::new(Clock::default());
        let stream = streams.then(|| StreamSample { capacity_bytes: 4096, ..StreamSample::default() });
        let events = Events { attempted: 100, dropped, ..Events::default() };
        window.push(Sample {
            probe: Some(ProbeSample { events, stream, ..ProbeSample::default() }),
            ..Sample::default()
        });
        window
    }

    #[test]
    fn fires_on_one_drop() {
        let finding = check(&window(1, true)).unwrap();
        assert!(finding.summary.contains("refused 1 of 100"), "{}", finding.summary);
        assert_eq!(finding.remedies[0].to.as_deref(), Some("8192"));
    }

    #[test]
    fn is_silent_without_drops_or_without_a_ring() {
        assert_eq!(check(&window(0, true)), None);
        assert_eq!(check(&window(1, false)), None);
    }

    #[test]
    fn is_silent_without_a_sample() {
        assert_eq!(check(&Window::new(Clock::default())), None);
    }
}
