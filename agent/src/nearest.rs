//! What somebody may have meant who mistyped a word.

/// The nearest of `valid`; `None` where none shares half its letters, which is no slip of the finger.
pub(crate) fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |valid: &str| strsim::damerau_levenshtein(&word, &valid.to_lowercase());
    let all = valid.into_iter().map(|valid| (distance(valid), valid));
    let (distance, valid) = all.min_by_key(|(distance, _)| *distance)?;
    (distance <= valid.len() / 2).then_some(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_seen() {
        let words = ["sample", "listen", "DC102"];
        assert_eq!(nearest("smaple", words), Some("sample"));
        assert_eq!(nearest("LISTN", words), Some("listen"));
        assert_eq!(nearest("dc102x", words), Some("DC102"));
        assert_eq!(nearest("frobnicate", words), None);
        assert_eq!(nearest("sample", []), None);
    }
}
