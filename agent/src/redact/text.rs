//! Free text: notes of what cannot be seen, reasons, names of processes. What looks like a URL, a path, an address, a host, a
//! unit or a secret becomes a pseudonym; all other words stay. By its look alone a pod's name is a word: where names stand in
//! fields of their own, these are redacted whole.

mod looks;

use super::{Kind, Redactor, cgroup, place};

/// A word that ends so announces a secret.
const ANNOUNCE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "private_key",
    "credential",
    "credentials",
    "authorization",
    "bearer",
];
/// Stand between `Authorization:` and the secret.
const SCHEMES: &[&str] = &["bearer", "basic"];

/// The text without what nobody else should know.
pub(super) fn scrub(redactor: &mut Redactor, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_announced = false;
    let mut rest = text;
    while !rest.is_empty() {
        if !is_announced && let Some(end) = quoted_path(&out, rest) {
            let (path, after) = rest.split_at(end);
            out.push_str(&any_path(redactor, path));
            rest = after;
            continue;
        }
        let word_end = rest.find(is_between).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        let gap_end = after.find(|letter| !is_between(letter)).unwrap_or(after.len());
        let (gap, next) = after.split_at(gap_end);
        if !word.is_empty() {
            let is_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
            if is_announced && !is_scheme {
                out.push_str(&redactor.name(Kind::Secret, word));
                is_announced = false;
            } else {
                out.push_str(&token(redactor, word).unwrap_or_else(|| word.to_owned()));
                is_announced = announces(word, gap);
            }
        }
        out.push_str(gap);
        rest = next;
    }
    out
}

/// Where a path ends that begins here, in quotes: it may have in it what ends a word.
fn quoted_path(before: &str, rest: &str) -> Option<usize> {
    let quote = before.chars().next_back().filter(|letter| "\"'".contains(*letter))?;
    // Where the end was cut off, all of it is a path.
    rest.starts_with('/').then(|| rest.find(quote).unwrap_or(rest.len()))
}

/// Words are what stands between these.
fn is_between(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`,;()<>|[]{}=\\".contains(letter)
}

/// `--password x`, `password=x`, `password: x`, `bearer x`.
fn announces(word: &str, gap: &str) -> bool {
    let lower = word.to_lowercase();
    let bare = lower.trim_end_matches(':');
    ANNOUNCE.iter().any(|end| bare.ends_with(end))
        && (gap.contains('=') || lower.ends_with(':') || lower.starts_with("--") || SCHEMES.contains(&bare))
}

/// One word without spaces; `None` if nothing in it has to be replaced.
pub(super) fn token(redactor: &mut Redactor, word: &str) -> Option<String> {
    let bare = word.trim_end_matches(['.', ':', '!', '?']);
    let ending = &word[bare.len()..];
    // An address may end with two colons.
    let whole = if ending.starts_with("::") { replaced(redactor, word) } else { None };
    whole.or_else(|| replaced(redactor, bare).map(|replaced| format!("{replaced}{ending}")))
}

/// What takes the place of a word without punctuation at its end.
fn replaced(redactor: &mut Redactor, word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    if let Some((scheme, rest)) = word.split_once("://") {
        return (!rest.is_empty()).then(|| format!("{scheme}://{}", redactor.name(Kind::Url, rest)));
    }
    if let Some((announcing, secret)) = word.split_once(':')
        && announces(announcing, "=")
        && !secret.is_empty()
    {
        return Some(format!("{announcing}:{}", redactor.name(Kind::Secret, secret)));
    }
    if word.starts_with('/') && word.len() > 1 {
        return of_path(redactor, word);
    }
    if let Some(at) = word.find(":/") {
        let (front, path) = word.split_at(at + 1);
        let front = token(redactor, front).unwrap_or_else(|| front.to_owned());
        let path = of_path(redactor, path).unwrap_or_else(|| path.to_owned());
        return Some(format!("{front}{path}"));
    }
    if word.starts_with("~/") {
        return Some(redactor.name(Kind::Path, word));
    }
    if let Some((front, _)) = word.split_once('/') {
        // An option with its value in the same word, or a path that begins here.
        if front.starts_with('-') || !front.contains(char::is_alphanumeric) {
            let front = token(redactor, front).unwrap_or_else(|| front.to_owned());
            let path = &word[word.find('/').unwrap_or(0)..];
            return of_path(redactor, path).map(|path| format!("{front}{path}"));
        }
        // An image of a registry, or an address of the web without its scheme.
        if looks::host(front) {
            return Some(redactor.name(Kind::Url, word));
        }
    }
    if let Some(range) = looks::address(word) {
        let (front, back) = (&word[..range.start], &word[range.end..]);
        let front = token(redactor, front).unwrap_or_else(|| front.to_owned());
        let back = token(redactor, back).unwrap_or_else(|| back.to_owned());
        return Some(format!("{front}{}{back}", redactor.name(Kind::Address, &word[range])));
    }
    let is_unit = [".service", ".scope", ".slice", ".socket", ".mount"].iter().any(|end| word.ends_with(end));
    if is_unit {
        let redacted = cgroup::path(redactor, word);
        return (redacted != word).then_some(redacted);
    }
    if has_host(redactor, word) || looks::host(word) {
        return Some(redactor.name(Kind::Host, word));
    }
    looks::secret(word).then(|| redactor.name(Kind::Secret, word))
}

/// Whether it may be a token, a key or an id.
pub(super) fn is_secret(word: &str) -> bool {
    looks::secret(word)
}

/// A path, up to a colon: `/a/b:12`.
fn of_path(redactor: &mut Redactor, word: &str) -> Option<String> {
    let (path, rest) = word.split_at(word.find(':').unwrap_or(word.len()));
    let redacted = any_path(redactor, path);
    let after = token(redactor, rest);
    (redacted != path || after.is_some())
        .then(|| format!("{redacted}{}", after.unwrap_or_else(|| rest.to_owned())))
}

/// One of a file, or below the root of a hierarchy of cgroups.
fn any_path(redactor: &mut Redactor, path: &str) -> String {
    let tops = ["/kubepods", "/kubelet", "/system.slice", "/user.slice", "/docker/"];
    if tops.iter().any(|top| path.starts_with(top)) {
        cgroup::file(redactor, path)
    } else {
        place::path(redactor, path)
    }
}

/// Whether a name of the node stands in it, as a word of its own.
fn has_host(redactor: &Redactor, text: &str) -> bool {
    let lower = text.to_lowercase();
    redactor.hosts.iter().any(|host| has_word(&lower, host))
}

/// Whether `text` has this word, with neither a letter nor a digit beside it; both in lower case.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests;
