//! Which of two causes it is, where both could be said: one table, and else the share of time that each explains.
//!
//! Never the order of rules. Causes of one thread's time (on a CPU, waiting, throttled, asleep) exclude each other by
//! measurement and are not in the table: the larger share wins.

use super::{
    catalogue::Code,
    finding::RuledOut,
    verdict::{Claim, Verdict},
};

/// Winner, loser, and why.
pub(super) const TABLE: &[(Code, Code, &str)] = &[
    (Code::DriverDefect, Code::ConsumerSaturated, "the tool's counters contradict each other"),
    (Code::DriverDefect, Code::BurstExceedsBuffer, "the tool's counters contradict each other"),
    (Code::StartupOrReload, Code::ConsumerSaturated, "the loss ended by itself once the tool had begun"),
    (Code::StartupOrReload, Code::ConsumerBlocked, "a tool that starts reads its files before it drains"),
    (Code::StartupOrReload, Code::ConsumerStarved, "the loss ended by itself once the tool had begun"),
    (Code::StartupOrReload, Code::BurstExceedsBuffer, "what arrives while a tool starts waits in its rings"),
    (Code::StartupOrReload, Code::UnevenRings, "the loss ended by itself once the tool had begun"),
    (Code::StateGrowth, Code::ConsumerSaturated, "it is saturated because each event costs more than before"),
    (Code::MemoryPressure, Code::ConsumerBlocked, "it slept for want of memory"),
    (Code::MissedWakeup, Code::ConsumerBlocked, "it slept waiting for this very ring"),
    (Code::MissedWakeup, Code::StartupOrReload, "it waited for this very ring, so it had begun"),
    (Code::PendingRecord, Code::ConsumerBlocked, "nothing that it could take was left"),
    (Code::PendingRecord, Code::ConsumerSaturated, "nothing that it could take was left"),
    (Code::PendingRecord, Code::BurstExceedsBuffer, "nothing that it could take was left"),
    (Code::PendingRecord, Code::UnevenRings, "nothing that it could take was left"),
    (Code::PendingRecord, Code::StartupOrReload, "nothing that it could take was left"),
    (Code::ConsumerSaturated, Code::UnevenRings, "one thread drains all rings, and it had no time left"),
    (Code::ConsumerThrottled, Code::UnevenRings, "one thread drains all rings, and it was stopped"),
    (Code::ConsumerStarved, Code::UnevenRings, "one thread drains all rings, and it got no CPU"),
    (Code::ConsumerBlocked, Code::UnevenRings, "one thread drains all rings, and it slept"),
    (Code::UnevenRings, Code::BurstExceedsBuffer, "other rings of the tool had room for the burst"),
];

/// The cause among all verdicts, and the others that were near, each with why it is not it. `None` if none fires.
pub(super) fn decide(verdicts: &[(Code, Verdict)]) -> Option<(Code, &Claim, Vec<RuledOut>)> {
    let firing = || verdicts.iter().filter_map(|(code, verdict)| Some((*code, verdict.claim()?)));
    let beaten_by = |loser: Code| {
        TABLE.iter().find(|(winner, beaten, _)| *beaten == loser && firing().any(|(code, _)| code == *winner))
    };
    let survivors = firing().filter(|(code, _)| beaten_by(*code).is_none());
    let (code, claim) = survivors.max_by(|(one, left), (other, right)| {
        left.strength.total_cmp(&right.strength).then_with(|| other.cmp(one))
    })?;
    let mut others: Vec<(Code, &Claim)> = firing().filter(|(other, _)| *other != code).collect();
    others.sort_by(|(one, left), (other, right)| {
        right.strength.total_cmp(&left.strength).then_with(|| one.cmp(other))
    });
    let mut ruled_out: Vec<RuledOut> = others
        .into_iter()
        .map(|(other, weaker)| {
            // By the one that won, if the table says so.
            let by_winner = TABLE.iter().find(|(winner, beaten, _)| (*winner, *beaten) == (code, other));
            let why = match by_winner.or_else(|| beaten_by(other)) {
                Some((_, _, why)) => (*why).to_owned(),
                None => format!(
                    "it explains {:.0} % of the time in which a ring was filling or full, this one {:.0} %",
                    100.0 * weaker.strength,
                    100.0 * claim.strength
                ),
            };
            RuledOut::new(other, why)
        })
        .collect();
    let silent = verdicts.iter().filter_map(|(other, verdict)| match verdict {
        Verdict::Silent(why) if NEAR.contains(&(code, *other)) => Some(RuledOut::new(*other, why.clone())),
        _ => None,
    });
    ruled_out.extend(silent);
    Some((code, claim, ruled_out))
}

/// Causes that a reader would think of beside another one, so that their silence is worth a line.
const NEAR: &[(Code, Code)] = &[
    (Code::ConsumerSaturated, Code::BurstExceedsBuffer),
    (Code::ConsumerSaturated, Code::ConsumerThrottled),
    (Code::ConsumerThrottled, Code::ConsumerSaturated),
    (Code::ConsumerThrottled, Code::ConsumerStarved),
    (Code::ConsumerStarved, Code::ConsumerThrottled),
    (Code::ConsumerStarved, Code::ConsumerSaturated),
    (Code::ConsumerBlocked, Code::ConsumerStarved),
    (Code::ConsumerBlocked, Code::MemoryPressure),
    (Code::BurstExceedsBuffer, Code::ConsumerSaturated),
    (Code::BurstExceedsBuffer, Code::ConsumerBlocked),
    (Code::UnevenRings, Code::ConsumerSaturated),
    (Code::StateGrowth, Code::BurstExceedsBuffer),
    (Code::MemoryPressure, Code::ConsumerThrottled),
];

/// The table as Markdown.
pub(super) fn document() -> String {
    let row = |(winner, loser, why): &(Code, Code, &str)| {
        format!("| {} {} | {} {} | {why} |\n", winner.as_str(), winner.name(), loser.as_str(), loser.name())
    };
    let rows: String = TABLE.iter().map(row).collect();
    format!("| it is | and not | because |\n|---|---|---|\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::finding::Confidence;

    fn fires(strength: f64) -> Verdict {
        Verdict::Fires(Claim {
            strength,
            confidence: Confidence::High,
            summary: String::new(),
            evidence: Vec::new(),
            remedies: Vec::new(),
            larger_rings: None,
        })
    }

    fn winner(verdicts: &[(Code, Verdict)]) -> Code {
        decide(verdicts).expect("one fires").0
    }

    #[test]
    fn each_overlap_of_the_table_is_decided_by_it() {
        for (first, second, why) in TABLE {
            // The loser explains more, comes first, and loses all the same.
            for verdicts in
                [[(*second, fires(1.0)), (*first, fires(0.2))], [(*first, fires(0.2)), (*second, fires(1.0))]]
            {
                let (code, _, ruled_out) = decide(&verdicts).expect("both fire");
                assert_eq!(code, *first, "{first:?} before {second:?}");
                assert_eq!(ruled_out, [RuledOut::new(*second, (*why).to_owned())]);
            }
        }
    }

    #[test]
    fn the_table_has_no_circle_and_names_causes_once() {
        for (winner, loser, _) in TABLE {
            assert!(!TABLE.iter().any(|(other, beaten, _)| other == loser && beaten == winner));
            let pairs = TABLE.iter().filter(|(one, other, _)| (one, other) == (winner, loser));
            assert_eq!(pairs.count(), 1, "{winner:?} {loser:?}");
        }
    }

    #[test]
    fn else_the_larger_share_of_time_wins_whatever_the_order() {
        let throttled = (Code::ConsumerThrottled, fires(0.6));
        let starved = (Code::ConsumerStarved, fires(0.3));
        assert_eq!(winner(&[throttled.clone(), starved.clone()]), Code::ConsumerThrottled);
        assert_eq!(winner(&[starved.clone(), throttled.clone()]), Code::ConsumerThrottled);
        let verdicts = [starved, throttled];
        let (_, _, ruled_out) = decide(&verdicts).expect("both fire");
        assert!(ruled_out[0].why.contains("explains 30 %"), "{}", ruled_out[0].why);
    }

    #[test]
    fn the_reason_is_that_of_the_cause_which_won() {
        let verdicts = [
            (Code::StartupOrReload, fires(1.0)),
            (Code::ConsumerBlocked, fires(1.0)),
            (Code::PendingRecord, fires(0.9)),
        ];
        let (code, _, ruled_out) = decide(&verdicts).expect("all fire");
        assert_eq!(code, Code::PendingRecord);
        assert!(
            ruled_out.iter().all(|other| other.why == "nothing that it could take was left"),
            "{ruled_out:?}"
        );
    }

    #[test]
    fn silence_is_told_where_a_reader_would_ask() {
        let verdicts = [
            (Code::ConsumerThrottled, fires(0.6)),
            (Code::ConsumerStarved, Verdict::Silent("it waited 1 %".to_owned())),
            (Code::DriverDefect, Verdict::Silent("no".to_owned())),
            (Code::MemoryPressure, Verdict::Unknown("PSI")),
        ];
        let (_, _, ruled_out) = decide(&verdicts).expect("one fires");
        assert_eq!(ruled_out, [RuledOut::new(Code::ConsumerStarved, "it waited 1 %".to_owned())]);
        assert_eq!(decide(&verdicts[1..]), None);
    }
}
