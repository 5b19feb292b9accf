//! Text as HTML shows it. Names come from the node, and a process may call itself anything.

use std::borrow::Cow;

/// A space at which no line ends.
const NO_BREAK: char = '\u{a0}';

/// For the inside of an element, and of an attribute in double quotes.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            _ if is_refused(character) => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// What a number may be of.
const UNITS: [&str; 9] = ["%", "s", "ms", "us", "B", "KiB", "MiB", "GiB", "TiB"];

/// The text with a space that does not break between a number and its unit: `7.51 s` is read as one word.
pub(super) fn unbroken(text: &str) -> Cow<'_, str> {
    let is_within = |(at, _): &(usize, &str)| {
        let (before, after) = (&text[..*at], &text[at + 1..]);
        let end = after
            .find(|character: char| !character.is_alphanumeric() && character != '%')
            .unwrap_or(after.len());
        before.ends_with(|character: char| character.is_ascii_digit()) && UNITS.contains(&&after[..end])
    };
    let places: Vec<usize> = text.match_indices(' ').filter(is_within).map(|(at, _)| at).collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut unbroken = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for at in places {
        unbroken.push_str(&text[from..at]);
        unbroken.push(NO_BREAK);
        from = at + 1;
    }
    unbroken.push_str(&text[from..]);
    Cow::Owned(unbroken)
}

/// What no name needs: control characters, the two that XML forbids, and those that turn the direction of what follows, by
/// which a name could rearrange the line that it stands in (Unicode Bidirectional Algorithm, UAX #9, section 2).
fn is_refused(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{fffe}' | '\u{ffff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'
                ..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_unit_stay_together() {
        let shown = |text: &str| unbroken(text).replace(NO_BREAK, "~");
        assert_eq!(
            shown("lost 68.6 % in 7.51 s, at 6.5 MiB/s of 64 KiB (20 ms) and 8 B"),
            "lost 68.6~% in 7.51~s, at 6.5~MiB/s of 64~KiB (20~ms) and 8~B"
        );
        for text in ["", " ", "5 steps", "7 seconds", "CPU 1 s2", "a s", "größer 5 €", "3 %s", "0 msg"] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("1 s 2 s"), "1~s 2~s");
    }

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(
            escape("<script>a && \"b\" 'c'</script>"),
            "&lt;script&gt;a &amp;&amp; &quot;b&quot; 'c'&lt;/script&gt;"
        );
        assert_eq!(escape("a\0b\u{1b}[31m\nc\u{85}\u{202e}d\u{2066}\u{ffff}"), "a?b?[31m?c??d??");
        assert_eq!(escape("größer 容器"), "größer 容器");
    }
}
