//! The privileges that the probe needs, each with its reason.

use caps::{CapSet, Capability, CapsHashSet};
use thiserror::Error;

/// A privilege that is missing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("missing {}: run dropctl as root or grant {} (CAP_SYS_ADMIN includes both)", with_reasons(.missing), names(.missing))]
pub struct MissingCapabilities {
    missing: Vec<(Capability, &'static str)>,
}

/// What each mode of the probe needs.
pub(crate) const NEEDED: [(Capability, &str); 2] = [
    (Capability::CAP_BPF, "to load programs and maps"),
    (Capability::CAP_PERFMON, "to attach to tracepoints and read kernel memory"),
];

/// Checks the effective capabilities of this process.
///
/// # Errors
///
/// [`MissingCapabilities`], with all that are missing. Where they cannot be read at all, loading is left to
/// find out.
pub fn check() -> Result<(), MissingCapabilities> {
    caps::read(None, CapSet::Effective).map_or(Ok(()), |effective| check_set(&effective))
}

fn check_set(effective: &CapsHashSet) -> Result<(), MissingCapabilities> {
    if effective.contains(&Capability::CAP_SYS_ADMIN) {
        return Ok(());
    }
    let missing: Vec<_> = NEEDED.into_iter().filter(|(needed, _)| !effective.contains(needed)).collect();
    if missing.is_empty() { Ok(()) } else { Err(MissingCapabilities { missing }) }
}

fn with_reasons(missing: &[(Capability, &str)]) -> String {
    let entries: Vec<_> = missing.iter().map(|(name, reason)| format!("{name} ({reason})")).collect();
    entries.join(" and ")
}

fn names(missing: &[(Capability, &str)]) -> String {
    let entries: Vec<_> = missing.iter().map(|(name, _)| name.to_string()).collect();
    entries.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_capabilities_suffice_and_sys_admin_includes_them() {
        let set = |capabilities: &[Capability]| capabilities.iter().copied().collect::<CapsHashSet>();
        assert_eq!(check_set(&set(&[Capability::CAP_BPF, Capability::CAP_PERFMON])), Ok(()));
        assert_eq!(check_set(&set(&[Capability::CAP_SYS_ADMIN])), Ok(()));
    }

    #[test]
    fn what_is_missing_is_named_with_its_reason() {
        let error = check_set(&CapsHashSet::from([Capability::CAP_BPF])).unwrap_err().to_string();
        assert_eq!(
            error,
            "missing CAP_PERFMON (to attach to tracepoints and read kernel memory): run dropctl as root or \
             grant CAP_PERFMON (CAP_SYS_ADMIN includes both)"
        );
        let error = check_set(&CapsHashSet::new()).unwrap_err().to_string();
        assert!(error.contains("CAP_BPF (to load programs and maps) and CAP_PERFMON"), "{error}");
    }
}
