//! Draws a page as Markdown that reads well in an issue, rendered or not.

use std::fmt::Write as _;

use super::page::Block;

/// Renders. Values come from the node (process names), so they are escaped.
pub(super) fn render(page: &[Block]) -> String {
    let mut out = String::new();
    for block in page {
        // Writing to a `String` cannot fail.
        let _ = match block {
            Block::Title(title) => writeln!(out, "# {}\n", escape(title)),
            Block::Heading(title) => writeln!(out, "## {}\n", escape(title)),
            Block::Text(text) => writeln!(out, "{}\n", escape(text)),
            Block::List(points) => points
                .iter()
                .try_for_each(|point| writeln!(out, "- {}", escape(point)))
                .and_then(|()| writeln!(out)),
            Block::Facts(facts) => facts
                .iter()
                .try_for_each(|(name, value)| writeln!(out, "- **{name}**: {}", escape(value)))
                .and_then(|()| writeln!(out)),
            Block::Table { columns, rows } => table(&mut out, columns, rows),
        };
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn table(out: &mut String, columns: &[&str], rows: &[Vec<String>]) -> std::fmt::Result {
    writeln!(out, "| {} |", columns.join(" | "))?;
    let rules: Vec<&str> = (0..columns.len()).map(|index| if index == 0 { "---" } else { "---:" }).collect();
    writeln!(out, "|{}|", rules.join("|"))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

/// A process may call itself anything, `|` and HTML included.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' | '`' | '*' | '[' | ']' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            _ if character.is_control() => escaped.push('?'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_in_its_cell() {
        assert_eq!(escape("a|b<script>\n"), "a\\|b&lt;script>?");
    }
}
