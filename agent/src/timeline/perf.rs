//! What perf buffers of each process did in a slice.

use super::{
    Slice,
    source::{Pair, pairs},
};
use crate::sample::PerfBuffersSample;

/// The perf buffers of one process in a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfTotals<'a> {
    /// As they were seen last.
    pub last: &'a PerfBuffersSample,
    /// Bytes written in the slice.
    pub produced_bytes: u64,
    /// Bytes read in it.
    pub consumed_bytes: u64,
    /// Samples lost in it; `None` where they are not counted.
    pub lost: Option<u64>,
    /// They were not there at its end.
    pub is_gone: bool,
}

impl<'a> Slice<'a> {
    /// Each process that had any, dropctl left out; `None` where perf buffers were not seen.
    #[must_use]
    pub fn perf_buffers(&self) -> Option<Vec<PerfTotals<'a>>> {
        let mut all: Vec<PerfTotals<'a>> = Vec::new();
        let mut is_seen = false;
        for step in self.steps() {
            let (from, to) = (step.from.perf_buffers.as_deref(), step.to.perf_buffers.as_deref());
            is_seen |= to.is_some();
            for pair in pairs(from, step.from.clock.monotonic_ns, to) {
                let newest = pair.newest();
                let is_it = |totals: &&mut PerfTotals<'_>| {
                    (totals.last.tgid, totals.last.found_ns) == (newest.tgid, newest.found_ns)
                };
                if newest.is_own {
                    continue;
                }
                if !all.iter_mut().any(|totals| is_it(&totals)) {
                    let lost = newest.lost.map(|_| 0);
                    all.push(PerfTotals {
                        last: newest,
                        produced_bytes: 0,
                        consumed_bytes: 0,
                        lost,
                        is_gone: false,
                    });
                }
                let Some(totals) = all.iter_mut().find(is_it) else { continue };
                totals.last = newest;
                totals.is_gone = matches!(pair, Pair::Ended(_));
                match pair {
                    Pair::Both(before, now) => totals.add(before, now),
                    Pair::Began(now) => {
                        totals.add(&PerfBuffersSample { lost: Some(0), ..Default::default() }, now)
                    }
                    Pair::Ended(_) | Pair::Unknown(_) => {}
                }
            }
        }
        is_seen.then_some(all)
    }
}

impl PerfTotals<'_> {
    fn add(&mut self, before: &PerfBuffersSample, now: &PerfBuffersSample) {
        self.produced_bytes += now.produced_bytes.saturating_sub(before.produced_bytes);
        self.consumed_bytes += now.consumed_bytes.saturating_sub(before.consumed_bytes);
        let lost = now.lost.zip(before.lost).map(|(now, before)| now.saturating_sub(before));
        self.lost = self.lost.zip(lost).map(|(sum, more)| sum + more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::Sample,
        timeline::{
            Timeline,
            example::{self, SECOND},
        },
    };

    fn buffers(tgid: u32, found: u64, lost: Option<u64>, produced_bytes: u64) -> PerfBuffersSample {
        PerfBuffersSample {
            tgid,
            found_ns: found * SECOND,
            lost,
            produced_bytes,
            ..PerfBuffersSample::default()
        }
    }

    fn timeline(seconds: &[Option<Vec<PerfBuffersSample>>]) -> Timeline {
        let at = |(second, perf_buffers): (u64, &Option<Vec<PerfBuffersSample>>)| Sample {
            perf_buffers: perf_buffers.clone(),
            ..example::sample(second * SECOND)
        };
        example::timeline((10..).zip(seconds).map(at))
    }

    #[test]
    fn growth_of_the_slice() {
        let seconds = [
            Some(vec![buffers(50, 3, Some(7), 100), buffers(60, 3, Some(1), 0)]),
            Some(vec![buffers(50, 3, Some(9), 140), buffers(60, 3, Some(4), 0)]),
            Some(vec![buffers(50, 3, Some(9), 150), buffers(70, 12, Some(5), 30), buffers(80, 2, None, 900)]),
        ];
        let timeline = timeline(&seconds);
        let totals = timeline.all().perf_buffers().unwrap();
        let said: Vec<_> = totals
            .iter()
            .map(|totals| (totals.last.tgid, totals.lost, totals.produced_bytes, totals.is_gone))
            .collect();
        let expected = [
            (50, Some(2), 50, false),
            (60, Some(3), 0, true),
            (70, Some(5), 30, false),
            (80, None, 0, false),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_was_not_seen_is_unknown() {
        assert_eq!(timeline(&[None, None]).all().perf_buffers(), None);
        assert_eq!(timeline(&[None, Some(Vec::new())]).all().perf_buffers(), Some(Vec::new()));
    }
}
