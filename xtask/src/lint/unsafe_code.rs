//! Invariant 2: unsafe code of user space lives in `sys/`, and in the `Pod` impls.

use super::{
    source::{code, has_word, lines},
    tree::{Finding, Tree},
};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let user_space = |path: &str| ["agent/src/", "lab/src/"].iter().any(|folder| path.starts_with(folder));
    for file in tree.rust().filter(|file| user_space(&file.path) && !file.path.contains("/src/sys/")) {
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
        assert_eq!(check(&Tree::of("lab/src/main.rs", text)).len(), 1);
        assert!(check(&Tree::of("lab/src/sys/ring.rs", text)).is_empty());
    }
}
