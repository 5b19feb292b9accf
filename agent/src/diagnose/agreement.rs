//! A report changes a thing once: a remedy of what an earlier finding changes of the same tool refers to that one, and no
//! snippet overwrites another. Causes come first, so theirs is the change that stays.

use super::{
    catalogue::Code,
    finding::{Finding, Remedy, Snippet, Subject},
};
use crate::remedies::SECTIONS;

/// What a remedy changes.
struct Advised {
    code: Code,
    tool: Option<Subject>,
    things: Vec<String>,
    snippets: Vec<Snippet>,
}

/// Makes the remedies of findings agree, the first of them first.
pub(super) fn agree(findings: &mut [Finding]) {
    let mut before: Vec<Advised> = Vec::new();
    for Finding { code, tool, remedies, .. } in findings {
        let mut here: Vec<Advised> = Vec::new();
        for remedy in remedies {
            let things = things(remedy);
            let others: Vec<&Advised> = before.iter().filter(|one| one.tool == *tool).collect();
            if refers(remedy, &things, &others) {
                continue;
            }
            place(remedy, &here, &others);
            let snippets = remedy.snippets.clone();
            here.push(Advised { code: *code, tool: tool.clone(), things, snippets });
        }
        before.append(&mut here);
    }
}

/// Keys; of advice to raise a limit, which.
fn things(remedy: &Remedy) -> Vec<String> {
    match &remedy.key {
        Some(key) => std::iter::once(key).chain(remedy.also.iter().map(|one| &one.key)).cloned().collect(),
        None => remedy.text.split_once(" from ").map(|(thing, _)| thing.to_owned()).into_iter().collect(),
    }
}

/// Whether it is about what was said before, and nothing else. Where only something beside it is, it keeps its words.
fn refers(remedy: &mut Remedy, things: &[String], before: &[&Advised]) -> bool {
    let known = |thing: &String| before.iter().find(|one| one.things.contains(thing)).map(|one| one.code);
    let Some((first, beside)) = things.split_first() else { return false };
    if let Some(code) = known(first) {
        *remedy = Remedy::advice(format!("{first}: see {}", code.as_str()));
        return true;
    }
    if let Some((thing, code)) = beside.iter().find_map(|thing| Some((thing, known(thing)?))) {
        remedy.snippets.clear();
        remedy.text.push_str(&format!("; {thing}: see {}, the larger of both", code.as_str()));
    }
    false
}

/// Leaves one snippet for each place of a finding, and one for each section of a file.
fn place(remedy: &mut Remedy, here: &[Advised], before: &[&Advised]) {
    let all = remedy.snippets.len();
    remedy.snippets.retain_mut(|snippet| {
        let is_there = |other: &&Snippet| other.place == snippet.place;
        if here.iter().flat_map(|one| &one.snippets).any(|other| is_there(&other)) {
            return false;
        }
        let mut others = before.iter().flat_map(|one| &one.snippets).filter(is_there).peekable();
        let is_file = snippet.place.starts_with('/') && !snippet.place.ends_with(", these keys");
        if !is_file || others.peek().is_none() {
            return true;
        }
        if others.any(|other| sections(&other.text).any(|one| sections(&snippet.text).any(|two| one == two)))
        {
            return false;
        }
        if !snippet.place.ends_with(SECTIONS) {
            snippet.place.push_str(BELOW);
        }
        true
    });
    if remedy.snippets.len() < all {
        remedy.text.push_str("; its lines come when dropctl looks again, after the change above");
    }
}

/// Behind the name of a file that an earlier finding writes.
const BELOW: &str = ", below what stands there";

/// Keys of YAML without levels above them. Sections of a unit may stand there twice.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| Some(line.split_once(':')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::finding::{Changed, Confidence, Severity};

    const FILE: &str = "/etc/falco/config.d/zz-dropctl.yaml";

    fn remedy(keys: &[&str], place: &str, text: &str) -> Remedy {
        let changed = |key: &&str| Changed { key: (*key).to_owned(), from: None, to: "1".to_owned() };
        let snippets = vec![Snippet::new(place.to_owned(), text.to_owned())];
        Remedy { snippets, ..Remedy::of("why".to_owned(), keys.iter().map(changed).collect()) }
    }

    fn finding(code: Code, tgid: u32, remedies: Vec<Remedy>) -> Finding {
        let tool = Some(Subject { tool: "falco".to_owned(), comm: "falco".to_owned(), tgid });
        Finding { tool, remedies, ..Finding::new(code, Severity::Info, Confidence::Low, String::new()) }
    }

    #[test]
    fn the_same_key_is_changed_once() {
        let limit =
            || remedy(&["CPUQuota="], "/etc/systemd/system/a.service.d/zz-dropctl.conf", "[Service]\n");
        let words = |to: &str| Remedy::advice(format!("raise the quota of cgroup /a from 0.2 to {to} CPUs"));
        let mut findings = [
            finding(Code::ConsumerThrottled, 1, vec![limit(), words("0.7")]),
            finding(Code::OversubscribedLimits, 1, vec![limit(), words("0.5")]),
            finding(Code::OversubscribedLimits, 2, vec![limit()]),
        ];
        agree(&mut findings);
        assert_eq!(findings[0].remedies, [limit(), words("0.7")]);
        let texts: Vec<&str> = findings[1].remedies.iter().map(|remedy| &remedy.text[..]).collect();
        assert_eq!(texts, ["CPUQuota=: see DC102", "raise the quota of cgroup /a: see DC102"]);
        assert_eq!(findings[2].remedies, [limit()], "another tool");
    }

    #[test]
    fn a_limit_that_goes_with_rings_is_raised_once() {
        let memory = remedy(&["MemoryMax="], "/a.conf", "[Service]\nMemoryMax=1M\n");
        let rings = remedy(&["preset", "MemoryMax="], FILE, "engine:\n  a: 1\n");
        let mut findings = [
            finding(Code::MemoryPressure, 1, vec![memory]),
            finding(Code::BurstExceedsBuffer, 1, vec![rings]),
        ];
        agree(&mut findings);
        let rings = &findings[1].remedies[0];
        assert_eq!((rings.key.as_deref(), rings.snippets.len()), (Some("preset"), 0));
        assert!(rings.text.ends_with("MemoryMax=: see DC112, the larger of both"), "{rings:?}");
    }

    #[test]
    fn no_snippet_overwrites_another() {
        let repair = || remedy(&["repair"], FILE, "base_syscalls:\n  repair: true\n");
        let last = remedy(&["drop_failed"], FILE, "engine:\n  a: 1\n");
        let alerts = remedy(&["threshold"], FILE, "syscall_event_drops:\n  threshold: 0\n");
        let names = remedy(&["custom_set"], FILE, "base_syscalls:\n  custom_set: []\n");
        let mut findings = [
            finding(Code::ConsumerSaturated, 1, vec![repair(), last]),
            finding(Code::NoisySyscall, 1, vec![names]),
            finding(Code::SilentLoss, 1, vec![alerts]),
        ];
        agree(&mut findings);
        let places: Vec<&str> = findings
            .iter()
            .flat_map(|finding| &finding.remedies)
            .flat_map(|remedy| &remedy.snippets)
            .map(|snippet| &snippet.place[..])
            .collect();
        assert_eq!(places, [FILE, "/etc/falco/config.d/zz-dropctl.yaml, below what stands there"]);
        for remedy in [&findings[0].remedies[1], &findings[1].remedies[0]] {
            assert!(remedy.key.is_some() && remedy.text.contains("looks again"), "{remedy:?}");
        }
    }

    /// Keys that somebody edits, and sections that go into a file that is there: neither takes anything away.
    #[test]
    fn what_says_that_the_rest_stays_stays_as_it_is() {
        for (file, other) in [
            ("/etc/falco/falco.yaml, these keys".to_owned(), "base_syscalls:\n  repair: true\n"),
            (format!("{FILE}{SECTIONS}"), "syscall_event_drops:\n  threshold: 0\n"),
        ] {
            let names = remedy(&["custom_set"], &file, "base_syscalls:\n  custom_set: []\n");
            let other = remedy(&["other"], &file, other);
            let mut findings = [
                finding(Code::NoisySyscall, 1, vec![names.clone()]),
                finding(Code::SilentLoss, 1, vec![other.clone()]),
            ];
            agree(&mut findings);
            assert_eq!((&findings[0].remedies[0], &findings[1].remedies[0]), (&names, &other));
        }
    }
}
