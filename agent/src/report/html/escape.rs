//! Text as HTML shows it. Names come from the node, and a process may call itself anything.

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
    fn nothing_leaves_its_place() {
        assert_eq!(
            escape("<script>a && \"b\" 'c'</script>"),
            "&lt;script&gt;a &amp;&amp; &quot;b&quot; 'c'&lt;/script&gt;"
        );
        assert_eq!(escape("a\0b\u{1b}[31m\nc\u{85}\u{202e}d\u{2066}\u{ffff}"), "a?b?[31m?c??d??");
        assert_eq!(escape("größer 容器"), "größer 容器");
    }
}
