//! DC902 reduced-visibility: a privilege, kernel feature or mount is missing.
//!
//! What is hidden is named with the way to get it; numbers that depend on it are absent, not zero.

use crate::{
    diagnose::finding::{Confidence, Finding, Severity},
    setup::Visibility,
};

/// Fires when anything is missing.
pub(in crate::diagnose) fn check(visibility: &[Visibility]) -> Option<Finding> {
    let missing: Vec<&Visibility> = visibility.iter().filter(|entry| !entry.available).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|entry| entry.capability.as_str()).collect();
    Some(Finding {
        code: "DC902".to_owned(),
        name: "reduced-visibility".to_owned(),
        severity: Severity::Info,
        confidence: Confidence::High,
        summary: format!("This node hides something from dropctl: {}.", names.join(", ")),
        evidence: missing.iter().map(|entry| format!("{}: {}", entry.capability, entry.note)).collect(),
        remedies: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(capability: &str, available: bool) -> Visibility {
        Visibility { capability: capability.to_owned(), available, note: "why".to_owned() }
    }

    #[test]
    fn names_what_is_missing() {
        let finding = check(&[entry("btf", true), entry("cgroup_id", false)]).unwrap();
        assert_eq!(finding.summary, "This node hides something from dropctl: cgroup_id.");
        assert_eq!(finding.evidence, ["cgroup_id: why"]);
    }

    #[test]
    fn is_silent_when_all_is_there() {
        assert_eq!(check(&[entry("btf", true)]), None);
    }
}
