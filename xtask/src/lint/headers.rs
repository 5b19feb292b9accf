//! Every file of Rust starts by saying what it is for.

use super::tree::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let silent = tree.rust().filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| Finding::new(&file.path, 1, "does not start with `//!`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_file_is_seen() {
        assert_eq!(check(&Tree::of("agent/src/a.rs", "use std::fmt;\n")).len(), 1);
        assert!(check(&Tree::of("agent/src/a.rs", "//! What it is for.\n")).is_empty());
        assert!(check(&Tree::of("README.md", "# dropctl\n")).is_empty());
    }
}
