//! The view as plain text, for a pipe: all tables below each other, and each finding in one line, however long it is.

use ratatui::{buffer::Buffer, layout::Rect, text::Span};

use super::{
    draw::{self, Theme},
    paint,
    rows::{FINDINGS, TABS, View},
    state::State,
    table::Cell,
};

/// Rows of each table.
const MOST_ROWS: usize = 20;

/// Prints it, tables `width` columns wide.
#[must_use]
pub fn print(view: &View, width: u16) -> String {
    let mut page = draw::head::parts(&view.head).map(|parts| parts.join("  ") + "\n").concat();
    let state = State::default();
    let theme = Theme { has_colors: false };
    for (index, (table, title)) in view.tables.iter().zip(TABS).enumerate() {
        let rows = table.rows("", state.sorts[index]);
        if rows.is_empty() {
            page.push_str(&format!("\n{title}\n{}\n", table.empty));
            continue;
        }
        page.push_str(&format!("\n{title} ({})\n", table.note));
        if index == FINDINGS {
            rows.iter().for_each(|row| page.push_str(&finding(row, theme)));
            continue;
        }
        let shown = rows.len().min(MOST_ROWS);
        let height = u16::try_from(shown + 1).unwrap_or(u16::MAX);
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
        let area = buffer.area;
        paint::table(&mut buffer, area, table, &rows, (state.sorts[index], 0), theme);
        page.push_str(&plain(&buffer));
        if shown < rows.len() {
            page.push_str(&format!("({} more)\n", rows.len() - shown));
        }
    }
    page
}

fn finding(row: &[Cell], theme: Theme) -> String {
    let (_, words, sentence) = draw::finding(row, theme);
    crate::report::printable(&format!("{}  {sentence}", words.join("  "))) + "\n"
}

/// What a screen shows, without its looks.
#[must_use]
pub fn plain(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // A wide character hides the cell behind it.
            x = x.saturating_add(u16::try_from(Span::raw(symbol).width()).unwrap_or(1).max(1));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
