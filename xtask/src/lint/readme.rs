//! The README gives a newcomer the two commands.

use super::tree::{Finding, Tree};

const COMMANDS: [&str; 2] = ["cargo xtask run", "cargo xtask test"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let text = tree.file("README.md").map(|file| file.text.as_str()).unwrap_or_default();
    let absent = COMMANDS.iter().filter(|command| !text.contains(*command));
    absent.map(|command| Finding::new("README.md", 0, format!("does not name `{command}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_commands_are_wanted() {
        assert!(check(&Tree::of("README.md", "`cargo xtask run`, `cargo xtask test`")).is_empty());
        assert_eq!(check(&Tree::of("README.md", "`cargo xtask run`")).len(), 1);
        assert_eq!(check(&Tree::default()).len(), 2);
    }
}
