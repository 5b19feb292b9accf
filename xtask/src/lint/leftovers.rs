//! Nothing is left undone: no macro that stands for missing code, no mark in a comment.

use super::{
    source::{code, has_word, lines},
    tree::{Finding, Tree},
};

/// In code.
const MACROS: [&str; 2] = ["todo!", "unimplemented!"];
/// Anywhere; in two halves, so that this file has none.
const MARKS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        for (number, line) in lines(&code(&file.text)) {
            for word in MACROS.iter().filter(|word| line.contains(*word)) {
                found.push(Finding::new(&file.path, number, *word));
            }
        }
    }
    for file in tree.files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in lines(&file.text) {
            for word in MARKS.iter().filter(|word| has_word(line, word)) {
                found.push(Finding::new(&file.path, number, *word));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_in_code_and_marks_anywhere_are_seen() {
        assert_eq!(check(&Tree::of("a.rs", "fn f() { todo!() }")).len(), 1);
        assert!(check(&Tree::of("a.rs", "let s = \"todo!\";")).is_empty());
        let mark = format!("# {}: later", MARKS[0]);
        assert_eq!(check(&Tree::of("deploy/a.yaml", &mark)).len(), 1);
    }
}
