//! DC199 unexplained: events were lost, and no rule explains it.
//!
//! It says which evidence was missing and how to get it, and which causes came nearest. Most often the draining thread could not be seen:
//! that takes CAP_SYS_PTRACE or the tool's own user, and for its cgroup a mounted /sys/fs/cgroup.
//!
//! A report that is attached to an issue with this finding is what the next version of dropctl learns from.

use crate::diagnose::{
    case::Case,
    catalogue::Code,
    finding::{Confidence, Fact, Finding, Remedy, RuledOut, Severity},
    verdict::Verdict,
    words,
};

/// What is said where no cause fires: what was missing, and what it is not.
pub(in crate::diagnose) fn finding(case: &Case<'_>, verdicts: &[(Code, Verdict)]) -> Finding {
    let mut missing: Vec<&str> = Vec::new();
    for (_, verdict) in verdicts {
        if let Verdict::Unknown(what) = verdict
            && !missing.contains(what)
        {
            missing.push(what);
        }
    }
    let summary = match missing.first() {
        Some(first) => format!(
            "{} lost {}, and why cannot be told: missing is {first}.",
            words::name(case),
            words::lost(case)
        ),
        None => format!("{} lost {}, and no rule explains it.", words::name(case), words::lost(case)),
    };
    let mut evidence: Vec<Fact> = case.shares().iter().map(words::times).collect();
    evidence.extend(words::flow(case));
    evidence.extend(missing.iter().map(|what| Fact::seen(format!("missing: {what}"))));
    let ruled_out = verdicts.iter().filter_map(|(code, verdict)| match verdict {
        Verdict::Silent(why) => Some(RuledOut::new(*code, why.clone())),
        _ => None,
    });
    let remedy = match missing.is_empty() {
        true => "attach this report to an issue of dropctl: it is what the next version learns from",
        false => "supply what is missing and look again",
    };
    Finding {
        ruled_out: ruled_out.collect(),
        evidence,
        remedies: vec![Remedy::advice(remedy.to_owned())],
        ..Finding::new(Code::Unexplained, Severity::Critical, Confidence::Low, summary)
    }
}
