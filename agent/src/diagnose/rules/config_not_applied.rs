//! DC301 config-not-applied: the tool runs with other settings than its configuration says.
//!
//! It is this when the size or number of its rings, or the syscalls that it traces, differ from what its configuration asks for, as it stands
//! on disk now, merged as the tool merges it. The finding names the file that won.
//!
//! Restart the tool. If the value is still another one, a later file of `config_files` overrides it, or the chart writes it from another key.

use std::fmt::Display;

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Remedy, Severity, Subject},
    },
    sample::{Compared, FalcoFacts},
    timeline::Slice,
};

/// Every Falco whose maps show something else than its configuration.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Vec<Finding> {
    let falcos = slice.last().and_then(|last| last.falcos.as_deref()).unwrap_or_default();
    let finding = |falco: &crate::sample::FalcoSample| {
        let subject = Subject { tool: falco.tool.clone(), comm: falco.comm.clone(), tgid: falco.tgid };
        of_one(&falco.facts, subject)
    };
    falcos.iter().filter_map(finding).collect()
}

fn of_one(facts: &FalcoFacts, subject: Subject) -> Option<Finding> {
    let compared = &facts.comparison;
    let mut evidence: Vec<Fact> = [
        difference(&compared.ring_bytes, "bytes in each ring", facts),
        difference(&compared.ring_count, "rings", facts),
        difference(&compared.drop_failed, "failed syscalls left out", facts),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names = |names: &Option<Vec<String>>| names.as_deref().unwrap_or_default().join(", ");
    for (what, names) in [
        ("excluded by custom_set and still traced", names(&compared.excluded_but_traced)),
        ("included by custom_set and not traced", names(&compared.included_but_not_traced)),
    ] {
        if !names.is_empty() {
            evidence.push(Fact::tool(format!("{what}: {names}")));
        }
    }
    let base = facts.configuration.as_ref().map(|configuration| &configuration.base_syscalls);
    if let Some(base) = base.filter(|base| base.without_effect > 0) {
        evidence.push(Fact::tool(format!(
            "{} entries of base_syscalls.custom_set have no effect: an unquoted !name is a tag in YAML",
            base.without_effect
        )));
    }
    let first = evidence.first()?.text.clone();
    Some(Finding {
        summary: format!("{} runs with other settings than its configuration has: {first}.", subject.comm),
        tool: Some(subject),
        evidence,
        remedies: vec![Remedy::advice(
            "restart it; if the value stays, a later file of config_files or the command line overrides it, or the chart \
             writes it from another key"
                .to_owned(),
        )],
        ..Finding::new(Code::ConfigNotApplied, Severity::Warning, Confidence::High, String::new())
    })
}

fn difference<T: Display + PartialEq>(
    compared: &Compared<T>,
    what: &str,
    facts: &FalcoFacts,
) -> Option<Fact> {
    if compared.is_applied() != Some(false) {
        return None;
    }
    let (configured, effective) = (compared.configured.as_ref()?, compared.effective.as_ref()?);
    let keys = facts.configuration.iter().flat_map(|configuration| &configuration.keys);
    let set_by = keys.filter(|key| key.key == compared.key).find_map(|key| key.set_by.as_deref());
    let place = set_by.map_or_else(|| "its default".to_owned(), |file| file.to_owned());
    Some(Fact::tool(format!("{what}: {configured} by {} ({place}), {effective} in its maps", compared.key)))
}
