//! Draws a page as Markdown that reads well in an issue, rendered or not, and that GitHub takes: sections that not everybody
//! needs are folded, and what is too much is cut from the end, which is said.

use std::fmt::Write as _;

use super::{
    html,
    page::{Block, Table},
    text::printable,
};

/// GitHub takes 65,536 characters; somebody wants to write some, too.
const MOST_CHARACTERS: usize = 60_000;
/// Rows that tables are cut to, one try after the other.
const ROWS: [usize; 5] = [100, 50, 20, 10, 5];
/// Room for what is said about what was cut.
const NOTE_CHARACTERS: usize = 1_000;

/// Renders. Values come from the node (process names), so they are escaped.
pub(super) fn render(page: &[Block]) -> String {
    let whole = draw(page, usize::MAX);
    if fits(&whole) {
        return whole;
    }
    for rows in ROWS {
        let cut = with_note(draw(page, rows), &format!("tables have {rows} rows at most"));
        if fits(&cut) {
            return cut;
        }
    }
    let rows = ROWS[ROWS.len() - 1];
    let mut kept: Vec<&Block> = page.iter().collect();
    let mut left_out = Vec::new();
    while let Some(last) = kept.iter().rposition(|block| matches!(block, Block::Fold { .. })) {
        if let Block::Fold { title, .. } = kept.remove(last) {
            left_out.insert(0, escape(title));
        }
        let names = clip(&left_out.join("; "), NOTE_CHARACTERS / 2);
        let text = draw(kept.iter().copied(), rows);
        let cut = with_note(
            text,
            &format!("tables have {rows} rows at most, and these sections are left out: {names}"),
        );
        if fits(&cut) {
            return cut;
        }
    }
    let text = clip(&draw(kept.iter().copied(), rows), MOST_CHARACTERS - NOTE_CHARACTERS);
    with_note(text, "all sections behind the first are left out, and the end of this one")
}

fn fits(text: &str) -> bool {
    text.chars().count() <= MOST_CHARACTERS
}

fn with_note(mut text: String, what: &str) -> String {
    let _ = writeln!(
        text,
        "\n**Cut to fit into an issue**: {what}. The report in JSON (`--format json`, or the `.json.gz` beside this page) has all \
         of it."
    );
    text
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

fn draw<'a>(page: impl IntoIterator<Item = &'a Block>, rows: usize) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = page.into_iter().try_for_each(|block| push(&mut out, block, rows));
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn push(out: &mut String, block: &Block, rows: usize) -> std::fmt::Result {
    match block {
        Block::Title(title) => writeln!(out, "# {}\n", escape(title)),
        Block::Heading(title) => writeln!(out, "## {}\n", escape(title)),
        Block::Text(text) => writeln!(out, "{}\n", escape(text)),
        Block::List(points) => {
            points.iter().take(rows).try_for_each(|point| writeln!(out, "- {}", escape(point)))?;
            match points.len().saturating_sub(rows) {
                0 => writeln!(out),
                more => writeln!(out, "- {more} more are left out\n"),
            }
        }
        Block::Facts(facts) => facts
            .iter()
            .try_for_each(|(name, value)| writeln!(out, "- **{name}**: {}", escape(value)))
            .and_then(|()| writeln!(out)),
        Block::Table(table) => self::table(out, table, rows),
        Block::Code { place, text } => {
            // Lines of three backticks would end it; nothing that is meant to be copied has one.
            let plain: Vec<String> = text.lines().map(|line| line.replace('`', "'")).collect();
            let lines = plain.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
            writeln!(out, "{}\n\n```\n{lines}\n```\n", escape(place))
        }
        Block::Fold { title, blocks } => {
            writeln!(out, "<details><summary>{}</summary>\n", html::escape(title))?;
            blocks.iter().try_for_each(|block| push(out, block, rows))?;
            writeln!(out, "</details>\n")
        }
    }
}

fn table(out: &mut String, table: &Table, most: usize) -> std::fmt::Result {
    let Table { columns, rows, spare: _ } = table;
    writeln!(out, "| {} |", columns.join(" | "))?;
    let rules: Vec<&str> = (0..columns.len()).map(|index| if index == 0 { "---" } else { "---:" }).collect();
    writeln!(out, "|{}|", rules.join("|"))?;
    for row in rows.iter().take(most) {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    match rows.len().saturating_sub(most) {
        0 => writeln!(out),
        more => writeln!(out, "\n{more} more rows are left out.\n"),
    }
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
        let page = render(&[Block::Fold { title: "a|b<script>&\n".to_owned(), blocks: Vec::new() }]);
        assert!(page.starts_with("<details><summary>a|b&lt;script&gt;&amp;?</summary>"), "{page}");
    }

    fn fold(title: &str, rows: usize, cell: &str) -> Block {
        let rows = (0..rows).map(|_| vec![cell.to_owned()]).collect();
        Block::Fold { title: title.to_owned(), blocks: vec![Block::Table(Table::new(vec!["a"], rows))] }
    }

    #[test]
    fn what_is_too_much_is_cut_and_named() {
        let head = || Block::Text("The verdict.".to_owned());
        let small = render(&[head(), fold("one", 100, "x")]);
        assert!(!small.contains("Cut to fit") && small.matches("| x |").count() == 100);
        let rows = render(&[head(), fold("one", 100_000, "x")]);
        assert!(
            fits(&rows) && rows.contains("99900 more rows are left out") && rows.contains("Cut to fit"),
            "{rows}"
        );
        let wide = "x".repeat(5_000);
        let sections =
            render(&[head(), fold("one", 2, &wide), fold("two", 9, &wide), fold("three", 9, &wide)]);
        assert!(fits(&sections) && sections.contains("<summary>one</summary>"));
        assert!(
            sections.contains("these sections are left out: three.")
                || sections.contains("left out: two; three."),
            "{}",
            &sections[sections.len() - 300..]
        );
        assert!(sections.starts_with("The verdict."));
        let endless = render(&[head(), Block::Text("ä".repeat(1 << 20)), fold("one", 1, "x")]);
        assert!(fits(&endless) && endless.contains("Cut to fit") && endless.starts_with("The verdict."));
    }
}
