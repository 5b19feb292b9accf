//! Draws a page for a terminal: aligned columns, no markup.

use std::fmt::Write as _;

use super::page::Block;

/// Renders.
pub(super) fn render(page: &[Block]) -> String {
    let mut out = String::new();
    for block in page {
        // Writing to a `String` cannot fail.
        let _ = match block {
            Block::Title(title) | Block::Heading(title) => {
                writeln!(out, "{}\n{}", printable(title), "-".repeat(title.chars().count()))
            }
            Block::Text(text) => wrap(&mut out, &printable(text)).and_then(|()| writeln!(out)),
            Block::List(points) => points
                .iter()
                .try_for_each(|point| writeln!(out, "  - {}", printable(point)))
                .and_then(|()| writeln!(out)),
            Block::Facts(facts) => {
                let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                facts
                    .iter()
                    .try_for_each(|(name, value)| writeln!(out, "{name:width$}  {}", printable(value)))
                    .and_then(|()| writeln!(out))
            }
            Block::Table { columns, rows } => table(&mut out, columns, rows),
        };
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Width of a line of prose.
const WIDTH: usize = 100;

fn wrap(out: &mut String, text: &str) -> std::fmt::Result {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            writeln!(out)?;
            column = 0;
        } else if column > 0 {
            write!(out, " ")?;
            column += 1;
        }
        write!(out, "{word}")?;
        column += length;
    }
    writeln!(out)
}

fn table(out: &mut String, columns: &[&str], rows: &[Vec<String>]) -> std::fmt::Result {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let width = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(columns[index].len())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (index, (cell, width)) in cells.zip(&widths).enumerate() {
            let _ = if index == 0 { write!(text, "{cell:width$}") } else { write!(text, "  {cell:>width$}") };
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(&mut columns.iter().copied())?;
    for row in &rows {
        line(&mut row.iter().map(String::as_str))?;
    }
    writeln!(out)
}

/// A process may call itself anything; a terminal must not obey it.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}
