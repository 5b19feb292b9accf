//! Invariant 2: unsafe code of user space lives in `sys/`, and in the `Pod` impls.

use super::{
    source::{code, has_word, lines},
    tree::{Finding, Tree},
};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| file.path.starts_with("agent/src/")) {
        if file.path.starts_with("agent/src/sys/") || file.path == "agent/src/sys.rs" {
            continue;
        }
        for (number, line) in lines(&code(&file.text)) {
            let allowed = line.contains("unsafe impl aya::Pod") || line.contains("unsafe impl Pod for");
            if has_word(line, "unsafe") && !allowed {
                found.push(Finding::new(&file.path, number, "unsafe outside sys/"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_seen_outside_sys_only() {
        let text = "// unsafe\nfn f() { unsafe { g() } }\nunsafe impl aya::Pod for X {}\n";
        let found = check(&Tree::of("agent/src/probe/load.rs", text));
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
        assert!(check(&Tree::of("agent/src/sys/ring.rs", text)).is_empty());
    }
}
