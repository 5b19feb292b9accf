//! Rust source with comments and literals blanked out, so that checks see code alone.
//!
//! Lines keep their numbers. Not a parser: it knows comments, strings, raw strings and characters.

/// The code of a file; everything else is spaces.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skip(bytes, at);
        if end > at {
            out.extend(bytes[at..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
            at = end;
        } else {
            // A character that is not ASCII is never code that a check looks for.
            out.push(if bytes[at].is_ascii() { bytes[at] } else { b' ' });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The code without its unit tests: they come last, in `mod tests`.
pub(super) fn code_without_tests(text: &str) -> String {
    let mut code = code(text);
    if let Some(start) = code.find("#[cfg(test)]\nmod tests {") {
        code.truncate(start);
    }
    code
}

/// Numbered lines, from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether a word stands in a line, not as a part of a longer name.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(inside);
        let after = line[at + word.len()..].chars().next().is_some_and(inside);
        !before && !after
    })
}

/// The end of the comment or literal that starts here, or `at` itself.
fn skip(bytes: &[u8], at: usize) -> usize {
    match (bytes[at], bytes.get(at + 1)) {
        (b'/', Some(b'/')) => find(bytes, at, b"\n"),
        (b'/', Some(b'*')) => block_comment(bytes, at),
        (b'r', Some(b'"' | b'#')) if !name_before(bytes, at) => raw_string(bytes, at),
        (b'"', _) => quoted(bytes, at, b'"'),
        (b'\'', Some(b'\\')) => quoted(bytes, at, b'\''),
        // 'x' is a character, 'x a lifetime.
        (b'\'', Some(_)) if bytes.get(at + 2) == Some(&b'\'') => at + 3,
        _ => at,
    }
}

fn name_before(bytes: &[u8], at: usize) -> bool {
    // br"..." is a raw string as well.
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') && bytes[at - 1] != b'b'
}

fn find(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    bytes[from..].windows(end.len()).position(|part| part == end).map_or(bytes.len(), |offset| from + offset)
}

fn block_comment(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn raw_string(bytes: &[u8], from: usize) -> usize {
    let hashes = bytes[from + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(from + 1 + hashes) != Some(&b'"') {
        return from;
    }
    let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    bytes.len().min(find(bytes, from + 2 + hashes, &end) + end.len())
}

fn quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_vanish_and_lines_stay() {
        let text =
            "a // std::fs\n/* x /* y */\nz */ b \"std::fs \\\" q\" c r#\"std\"fs\"# d '\"' e 'f: &'g\n";
        let code = code(text);
        assert_eq!(code.lines().count(), text.lines().count());
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "b", "c", "d", "e", "'f:", "&'g"]);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("use libc::c_int;", "libc"));
        assert!(!has_word("use my_libc::c_int;", "libc"));
        assert_eq!(code_without_tests("fn a() {}\n#[cfg(test)]\nmod tests { fs }").trim(), "fn a() {}");
    }
}
