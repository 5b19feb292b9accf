//! Breaking lines: between words, else where a long word has a joint.

use super::WIDTH;

/// A long word is broken behind one of these.
const JOINTS: [char; 8] = ['/', '.', '_', '-', ',', ':', ';', '='];

/// Adds a paragraph whose first line begins with `first` and the others with `rest`.
pub(super) fn push(out: &mut String, text: &str, first: &str, rest: &str) {
    let room = WIDTH.saturating_sub(rest.chars().count().max(first.chars().count())).max(8);
    let lines = lines(text, room);
    if lines.is_empty() {
        out.push_str(&format!("{}\n", first.trim_end()));
    }
    for (index, line) in lines.iter().enumerate() {
        out.push_str(&format!("{}{line}\n", if index == 0 { first } else { rest }));
    }
}

/// The text in lines of at most `width` characters.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        while !word.is_empty() {
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            let length = word.chars().count();
            if used + gap + length <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            // A word that fits in a line of its own is not broken.
            if used > 0 && length <= width {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let room = width.saturating_sub(used + gap);
            let at = cut(word, room).unwrap_or(0);
            if at == 0 && used > 0 {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let at = if at == 0 { boundary(word, width.max(1)) } else { at };
            if gap > 0 {
                line.push(' ');
            }
            line.push_str(&word[..at]);
            lines.push(std::mem::take(&mut line));
            word = &word[at..];
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Behind the last joint within `room` characters, as an index of bytes.
fn cut(word: &str, room: usize) -> Option<usize> {
    let end = boundary(word, room);
    word[..end].rfind(JOINTS).map(|at| at + 1)
}

/// The index of byte behind so many characters.
fn boundary(word: &str, characters: usize) -> usize {
    word.char_indices().nth(characters).map_or(word.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_at_joints() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("see /etc/falco/falco.yaml", 14), ["see /etc/", "falco/falco.", "yaml"]);
        assert_eq!(lines("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(lines("  ", 4), Vec::<String>::new());
        assert_eq!(lines("ääää ää", 4), ["ääää", "ää"]);
    }
}
