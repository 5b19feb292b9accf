//! Files with two topics are long: 300 lines are a warning, 400 a failure.

use super::tree::{Finding, Tree};

const WARNING: usize = 300;
const LIMIT: usize = 400;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > WARNING)
        .map(|(file, lines)| Finding {
            warning: lines <= LIMIT,
            ..Finding::new(&file.path, 0, format!("{lines} lines; look for its second topic"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_is_a_warning_and_longer_a_failure() {
        let warned = |lines: usize| {
            check(&Tree::of("a.rs", &"x\n".repeat(lines))).first().map(|finding| finding.warning)
        };
        assert_eq!(warned(300), None);
        assert_eq!(warned(301), Some(true));
        assert_eq!(warned(401), Some(false));
    }
}
