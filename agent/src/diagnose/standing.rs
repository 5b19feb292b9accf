//! Findings over time, for somebody who looks again and again: which ones stand, and how often each was made.
//!
//! Each look covers the last minute or so, and so finds the same thing several times: that is one finding, until a look no longer
//! finds it. It stands five minutes longer, so that an alert has time to see it. A loss has one cause: what a look took for it
//! at first does not stand beside what a later one knows.

use std::collections::BTreeMap;

use super::{
    CAUSES,
    catalogue::{Code, Role},
    finding::{Finding, Severity},
};

/// How long a finding stands that is not found any more, ns.
pub const HELD_NS: u64 = 300_000_000_000;
/// A cause that was found first so long ago is of a loss that looks do not cover any more, ns.
const COVERED_NS: u64 = 50_000_000_000;
/// The tool of findings that are about no other.
const OWN: &str = "dropctl";

/// Findings that stand, and counts of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    active: BTreeMap<Key, Active>,
    made: BTreeMap<Key, u64>,
}

/// Name of a tool, from a closed set, and finding.
type Key = (String, Code);

/// One that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Active {
    severity: Severity,
    /// When a look found it first, and when last, `CLOCK_MONOTONIC` ns.
    first_ns: u64,
    last_ns: u64,
    /// The last look found it.
    is_found: bool,
}

impl Standing {
    /// Takes in a tool whose losses would be seen: what may be found of it counts from zero now. That is every code: a Falco can have
    /// each of them, and one that had no series yet would appear with 1, of which Prometheus' `increase()` sees nothing. It costs 27
    /// series of the 300 for the first name of a tool and 24 for another one; a second process of that name adds none.
    pub fn know(&mut self, tool: &str) {
        for code in Code::ALL {
            let tool = if code.role() == Role::Own { OWN } else { tool };
            self.made.entry((tool.to_owned(), *code)).or_default();
        }
    }

    /// Takes in what a look at `now_ns` found.
    pub fn look(&mut self, now_ns: u64, findings: &[Finding]) {
        let found: BTreeMap<Key, Severity> =
            findings.iter().map(|finding| (key(finding), finding.severity)).collect();
        let is_explained =
            |tool: &str| found.keys().any(|(other, code)| other == tool && explains_loss(*code));
        self.active.retain(|(tool, code), active| {
            active.is_found &= found.contains_key(&(tool.clone(), *code));
            let was_wrong = !active.is_found
                && now_ns.saturating_sub(active.first_ns) < COVERED_NS
                && explains_loss(*code)
                && is_explained(tool);
            !was_wrong && now_ns.saturating_sub(active.last_ns) < HELD_NS
        });
        for (key, severity) in found {
            let earlier = self.active.get(&key).filter(|active| active.is_found);
            if earlier.is_none() {
                *self.made.entry(key.clone()).or_default() += 1;
            }
            let first_ns = earlier.map_or(now_ns, |active| active.first_ns);
            self.active.insert(key, Active { severity, first_ns, last_ns: now_ns, is_found: true });
        }
    }

    /// Tool, finding and severity of each that stands.
    pub fn active(&self) -> impl Iterator<Item = (&str, Code, Severity)> {
        self.active.iter().map(|((tool, code), active)| (&**tool, *code, active.severity))
    }

    /// Tool, finding and how often it was made.
    pub fn made(&self) -> impl Iterator<Item = (&str, Code, u64)> {
        self.made.iter().map(|((tool, code), count)| (&**tool, *code, *count))
    }
}

fn key(finding: &Finding) -> Key {
    let tool = finding.tool.as_ref().map_or(OWN, |subject| &subject.tool);
    (tool.to_owned(), finding.code)
}

/// Whether it is one of those of which a window of loss has exactly one.
fn explains_loss(code: Code) -> bool {
    code == Code::Unexplained || CAUSES.iter().any(|(cause, _)| *cause == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Confidence, finding::Subject};

    const SECOND: u64 = 1_000_000_000;

    fn finding(code: Code) -> Finding {
        let subject = Subject { tool: "falco".to_owned(), comm: "falco".to_owned(), tgid: 1 };
        Finding {
            tool: (code.role() != Role::Own).then_some(subject),
            ..Finding::new(code, Severity::Critical, Confidence::High, String::new())
        }
    }

    /// Looks at these seconds, each with what it found.
    fn looks(looks: &[(u64, &[Code])]) -> Standing {
        let mut standing = Standing::default();
        for (second, codes) in looks {
            let findings: Vec<Finding> = codes.iter().map(|code| finding(*code)).collect();
            standing.look(second * SECOND, &findings);
        }
        standing
    }

    fn active(standing: &Standing) -> Vec<&'static str> {
        standing.active().map(|(_, code, _)| code.as_str()).collect()
    }

    fn made(standing: &Standing) -> Vec<(&str, &'static str, u64)> {
        standing.made().map(|(tool, code, count)| (tool, code.as_str(), count)).collect()
    }

    #[test]
    fn what_is_found_again_and_again_is_one_finding() {
        use Code::ConsumerThrottled as Throttled;
        let standing = looks(&[(1, &[Throttled]), (2, &[Throttled]), (60, &[Throttled]), (70, &[])]);
        assert_eq!(made(&standing), [("falco", "DC102", 1)]);
        assert_eq!(active(&standing), ["DC102"]);
        let again = looks(&[(1, &[Throttled]), (2, &[]), (3, &[Throttled])]);
        assert_eq!(made(&again), [("falco", "DC102", 2)], "the look in between did not find it");
    }

    #[test]
    fn it_stands_for_five_minutes() {
        let until = |second| looks(&[(1, &[Code::ConsumerThrottled]), (2, &[]), (second, &[])]);
        assert_eq!(active(&until(300)), ["DC102"]);
        assert_eq!(active(&until(301)), [] as [&str; 0]);
        assert_eq!(made(&until(301)), [("falco", "DC102", 1)], "and counts for ever");
    }

    #[test]
    fn what_a_loss_was_first_taken_for_does_not_stand() {
        use Code::{ConsumerBlocked as Blocked, NoisySyscall, ToolNotRunning, Unexplained};
        let better = looks(&[(1, &[Unexplained, NoisySyscall]), (2, &[Blocked])]);
        assert_eq!(active(&better), ["DC104", "DC201"], "a contributor is no cause");
        let later = looks(&[(1, &[Unexplained]), (60, &[Unexplained]), (62, &[Blocked])]);
        assert_eq!(active(&later), ["DC104", "DC199"], "another loss");
        let beside = looks(&[(1, &[ToolNotRunning]), (2, &[Blocked])]);
        assert_eq!(active(&beside), ["DC104", "DC116"], "an outage is no loss of a ring");
    }

    #[test]
    fn what_may_be_found_of_a_known_tool_counts_from_zero() {
        let mut standing = looks(&[(1, &[Code::OwnOverrun])]);
        standing.know("falco");
        standing.know("falco");
        let of = |code: &str| made(&standing).into_iter().find(|(_, other, _)| *other == code);
        assert_eq!(of("DC101"), Some(("falco", "DC101", 0)));
        assert_eq!(of("DC901"), Some(("dropctl", "DC901", 1)));
        assert_eq!(standing.made().count(), Code::ALL.len());
    }
}
