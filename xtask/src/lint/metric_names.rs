//! Metric names are public: those the agent exports are documented, those a dashboard or an alert
//! asks for exist.

use std::collections::BTreeSet;

use super::{
    source::lines,
    tree::{Finding, Tree},
};

const NAMES: &str = "agent/src/metrics/names.rs";
const DOCUMENT: &str = "docs/metrics.md";
const PREFIX: &str = "dropctl_";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    // Until the agent exports something there is nothing to compare.
    let Some(names) = tree.file(NAMES) else {
        return Vec::new();
    };
    let exported: BTreeSet<&str> = lines(&names.text).flat_map(|(_, line)| quoted(line)).collect();
    let mut found = Vec::new();
    let documented: BTreeSet<&str> =
        tree.file(DOCUMENT).map(|file| metrics(&file.text).collect()).unwrap_or_default();
    for name in exported.difference(&documented) {
        found.push(Finding::new(NAMES, 0, format!("{name} is not in {DOCUMENT}")));
    }
    for file in tree.files.iter().filter(|file| file.path.starts_with("dashboards/")) {
        for (number, line) in lines(&file.text) {
            for name in metrics(line).filter(|name| !exported.contains(name) && !derived(name, &file.text)) {
                found.push(Finding::new(&file.path, number, format!("{name} is not in {NAMES}")));
            }
        }
    }
    found
}

/// Words that look like a metric.
fn metrics(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)))
        .filter(|word| word.starts_with(PREFIX) && word.len() > PREFIX.len() && !word.contains(':'))
}

/// Names that stand in a literal of their own.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2).filter(|word| metrics(word).any(|name| name == *word))
}

/// A word of the file that is no metric: the name of a rule group, for example.
fn derived(name: &str, text: &str) -> bool {
    text.contains(&format!("- name: {name}\n"))
}

#[cfg(test)]
mod tests {
    use super::{super::tree::File, *};

    fn tree(document: &str, dashboard: &str) -> Tree {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        Tree {
            files: vec![
                file(NAMES, "pub const UP: &str = \"dropctl_up\";\n"),
                file(DOCUMENT, document),
                file("dashboards/prometheus/rules.yaml", dashboard),
            ],
        }
    }

    #[test]
    fn a_name_must_be_documented_and_must_exist() {
        assert!(check(&tree("`dropctl_up`", "expr: sum(rate(dropctl_up[5m]))")).is_empty());
        assert_eq!(check(&tree("nothing", "")).len(), 1);
        assert_eq!(check(&tree("dropctl_up", "expr: dropctl_down == 0")).len(), 1);
    }

    #[test]
    fn recording_rules_are_no_metrics_of_ours() {
        assert!(check(&tree("dropctl_up", "record: dropctl_x:rate5m")).is_empty());
    }
}
