//! The alert rules as they are shipped, and a copy with shorter times.

use anyhow::{Context, Result, ensure};

/// A file of this repository.
pub(crate) fn shipped(path: &str) -> Result<String> {
    let path = format!("{}/../dashboards/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

pub(crate) fn as_shipped() -> Result<String> {
    shipped("prometheus/rules.yaml")
}

/// Window in which a drop keeps DropctlOwnDrops firing, in [`faster`].
pub(crate) const DROPS_WINDOW_SECONDS: u64 = 20;
/// How long an agent must be gone for DropctlAgentDown, in [`faster`].
pub(crate) const DOWN_SECONDS: u64 = 4;

/// The rules with two times replaced, so that nobody waits for minutes. What the real times do is tested by
/// `promtool test rules` with dashboards/prometheus/rules.test.yaml; here it is the live path that counts.
pub(crate) fn faster() -> Result<String> {
    let rules = as_shipped()?;
    let rules = replace_in(&rules, "DropctlOwnDrops", "[2m]", &format!("[{DROPS_WINDOW_SECONDS}s]"))?;
    replace_in(&rules, "DropctlAgentDown", "for: 5m", &format!("for: {DOWN_SECONDS}s"))
}

/// Replaces a text that occurs once in the rule of this name.
fn replace_in(rules: &str, alert: &str, from: &str, to: &str) -> Result<String> {
    let start = rules.find(&format!("- alert: {alert}\n")).with_context(|| format!("no rule {alert}"))?;
    let length = rules[start + 1..].find("- alert: ").map_or(rules.len() - start, |next| next + 1);
    let rule = &rules[start..start + length];
    ensure!(rule.matches(from).count() == 1, "{alert} says {from} not once: {rule}");
    Ok(format!("{}{}{}", &rules[..start], rule.replace(from, to), &rules[start + length..]))
}
