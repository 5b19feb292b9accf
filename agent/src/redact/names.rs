//! Names and their pseudonyms, each given once.

use std::collections::{BTreeMap, HashMap};

use super::{Kind, key::Key};

/// Digits of a pseudonym: among 500 pods two are the same once in nine million reports, and then the second grows.
pub(super) const DIGITS: usize = 10;

/// Pseudonyms that were given.
#[derive(Debug)]
pub(super) struct Names {
    key: Key,
    digits: usize,
    given: HashMap<(Kind, String), String>,
    real: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new(key: Key) -> Self {
        Self { key, digits: DIGITS, given: HashMap::new(), real: BTreeMap::new() }
    }

    /// The pseudonym of a name. It depends on nothing but the key, the kind and the name, unless another name has the same
    /// first digits and came before.
    pub(super) fn pseudonym(&mut self, kind: Kind, real: &str) -> String {
        if let Some(given) = self.given.get(&(kind, real.to_owned())) {
            return given.clone();
        }
        let digits = self.key.digits([kind.prefix().as_bytes(), real.as_bytes()]);
        let cut = |length: usize| format!("{}-{}", kind.prefix(), &digits[..length]);
        let free = (self.digits..digits.len()).map(cut).find(|one| !self.real.contains_key(one));
        // All 256 bits of two names are the same when SHA-256 is broken.
        let given = free.unwrap_or_else(|| cut(digits.len()));
        self.real.insert(given.clone(), real.to_owned());
        self.given.insert((kind, real.to_owned()), given.clone());
        given
    }

    /// Names by their pseudonyms.
    pub(super) fn real(&self) -> &BTreeMap<String, String> {
        &self.real
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(digits: usize) -> Names {
        Names { digits, ..Names::new(Key::new(b"a key for these tests").unwrap()) }
    }

    #[test]
    fn five_hundred_pods_are_five_hundred_pseudonyms() {
        for digits in [1, 2, DIGITS] {
            let mut names = names(digits);
            let given: BTreeSet<String> =
                (0..500).map(|pod| names.pseudonym(Kind::Pod, &format!("web-{pod}"))).collect();
            assert_eq!((given.len(), names.real().len()), (500, 500), "{digits} digits to begin with");
            let again = (0..500).map(|pod| names.pseudonym(Kind::Pod, &format!("web-{pod}")));
            assert_eq!(again.collect::<BTreeSet<_>>(), given);
        }
    }

    #[test]
    fn a_name_has_one_for_each_kind() {
        let mut names = names(DIGITS);
        let (pod, container) = (names.pseudonym(Kind::Pod, "a"), names.pseudonym(Kind::Container, "a"));
        assert_ne!(pod.strip_prefix("pod-"), container.strip_prefix("container-"));
        assert_eq!(names.real().get(&pod).map(String::as_str), Some("a"));
    }
}
