//! Invariant 1: what judges and prints does no I/O, reads no clock, and knows neither aya nor tokio.

use super::{
    source::{code_without_tests, has_word, lines},
    tree::{File, Finding, Tree},
};

const MODULES: [&str; 12] = [
    "alert", "diff", "evidence", "explain", "redact", "sample", "timeline", "diagnose", "remedies", "sizing",
    "report", "top",
];
const CRATES: [&str; 4] = ["aya", "aya_log", "tokio", "libc"];
/// Modules of std that reach outside the process.
const STD: [&str; 3] = ["fs", "net", "process"];
const CLOCKS: [&str; 2] = ["Instant::now", "SystemTime::now"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| is_pure(&file.path)).flat_map(findings).collect()
}

fn is_pure(path: &str) -> bool {
    let Some(below) = path.strip_prefix("agent/src/") else {
        return false;
    };
    let module = below.split(['/', '.']).next().unwrap_or_default();
    MODULES.contains(&module) && !below.ends_with("tests.rs")
}

fn findings(file: &File) -> Vec<Finding> {
    let code = code_without_tests(&file.text);
    let mut found = Vec::new();
    let mut report = |line, word: &str| {
        found.push(Finding::new(&file.path, line, format!("{word} in a module that does no I/O")));
    };
    for (number, line) in lines(&code) {
        CRATES.iter().filter(|name| has_word(line, name)).for_each(|name| report(number, name));
        CLOCKS.iter().filter(|name| line.contains(*name)).for_each(|name| report(number, name));
        for module in STD {
            if has_word(line, &format!("std::{module}")) {
                report(number, &format!("std::{module}"));
            }
        }
    }
    for (number, group) in groups(&code) {
        STD.iter().filter(|module| has_word(group, module)).for_each(|module| {
            report(number, &format!("std::{module}"));
        });
    }
    found
}

/// The bodies of `use std::{...};`, each with its line.
fn groups(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices("std::{").map(|(at, _)| {
        let group = &code[at..];
        let end = group.find(';').unwrap_or(group.len());
        (code[..at].lines().count(), &group[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Tree::of(path, text)).len()
    }

    #[test]
    fn every_way_to_the_outside_is_seen() {
        for line in [
            "use std::fs;",
            "use std::{\n    collections::BTreeMap,\n    fs::File,\n};",
            "let now = std::time::Instant::now();",
            "let now = SystemTime::now();",
            "use aya::Ebpf;",
            "async fn f() { tokio::spawn(f()); }",
            "fn f(x: libc::c_int) {}",
        ] {
            assert_eq!(count("agent/src/report/text.rs", line), 1, "{line}");
        }
    }

    #[test]
    fn plain_code_comments_tests_and_other_modules_pass() {
        assert_eq!(count("agent/src/sample.rs", "use std::{fmt, time::Duration}; // not std::fs"), 0);
        assert_eq!(count("agent/src/timeline/overruns/tests.rs", "use std::fs;"), 0);
        assert_eq!(count("agent/src/sample.rs", "#[cfg(test)]\nmod tests {\n use std::fs;\n}"), 0);
        assert_eq!(count("agent/src/observe/node.rs", "use std::fs;"), 0);
    }
}
