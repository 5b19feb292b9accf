//! A table on a screen: which columns fit, how wide they are, and what each cell looks like. Names are hostile: what a terminal
//! would obey is replaced, wide characters take two columns, and what does not fit ends in `~`.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::Span,
};

use super::table::{Cell, Sort, Table};
use crate::{diagnose::Severity, report::printable};

/// Between two columns.
const GAP: usize = 1;
/// Narrower than this no column of words gets.
const NARROWEST: usize = 6;
/// A bar, its share beside it.
const BAR: usize = 16;
const WIDEST_BAR: usize = 40;
/// Of that the share, and a space.
const BAR_SHARE: usize = 8;

/// Whether there are colours (NO_COLOR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// There are.
    pub has_colors: bool,
}

impl Theme {
    fn color(self, color: Color) -> Style {
        if self.has_colors { Style::new().fg(color) } else { Style::new() }
    }

    /// What must not be overlooked.
    pub(super) fn alarm(self) -> Style {
        self.color(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) fn level(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical => self.alarm(),
            Severity::Warning => self.color(Color::Yellow),
            Severity::Info => Style::new(),
        }
    }

    /// What is beside the point.
    pub(super) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    fn cell(self, cell: &Cell) -> Style {
        match cell {
            Cell::Drops(Some(drops)) if *drops > 0 => self.alarm(),
            Cell::Level(severity) => self.level(*severity),
            Cell::Bar { now, .. } if *now >= 0.9 => self.alarm(),
            Cell::Bar { now, .. } if *now >= 0.5 => self.color(Color::Yellow),
            Cell::Bar { .. } => self.color(Color::Green),
            _ => Style::new(),
        }
    }
}

/// Writes one line of text, at most `width` columns of it, and returns the column behind it.
pub(super) fn text(buffer: &mut Buffer, (x, y): (u16, u16), text: &str, width: usize, style: Style) -> u16 {
    let text = printable(text);
    if !buffer.area.contains((x, y).into()) || width == 0 {
        return x;
    }
    if columns_of(&text) <= width {
        return buffer.set_stringn(x, y, &text, width, style).0;
    }
    let (end, _) = buffer.set_stringn(x, y, &text, width - 1, style);
    buffer.set_stringn(end, y, "~", 1, style).0
}

fn columns_of(text: &str) -> usize {
    Span::raw(text).width()
}

/// Paints titles and the rows from `scroll` on. Returns how many rows found room.
pub(super) fn table(
    buffer: &mut Buffer,
    area: Rect,
    table: &Table,
    rows: &[&[Cell]],
    (sort, scroll): (Sort, usize),
    theme: Theme,
) -> usize {
    let columns = fit(table, rows, usize::from(area.width));
    let mut x = area.x;
    for (index, width) in &columns {
        let title = table.columns[*index].title;
        let is_words = rows.first().is_none_or(|row| row[*index].is_words());
        let mut style = Style::new().add_modifier(Modifier::UNDERLINED);
        if *index == sort.column {
            style = style.add_modifier(Modifier::BOLD | Modifier::REVERSED);
        }
        let at = if is_words { 0 } else { width.saturating_sub(title.len()) };
        text(buffer, (moved(x, at), area.y), title, *width - at, style);
        x = moved(x, width + GAP);
    }
    let room = usize::from(area.height.saturating_sub(1));
    for (line, row) in rows.iter().skip(scroll).take(room).enumerate() {
        let y = moved(area.y, line + 1);
        let mut x = area.x;
        for (index, width) in &columns {
            cell(buffer, (x, y), &row[*index], *width, theme);
            x = moved(x, width + GAP);
        }
    }
    room
}

fn moved(at: u16, by: usize) -> u16 {
    at.saturating_add(u16::try_from(by).unwrap_or(u16::MAX))
}

fn cell(buffer: &mut Buffer, (x, y): (u16, u16), cell: &Cell, width: usize, theme: Theme) {
    let style = theme.cell(cell);
    let shown = match cell {
        Cell::Bar { now, most } => bar(*now, *most, width, &cell.shown()),
        _ => printable(&cell.shown()),
    };
    let at = if cell.is_words() { 0 } else { width.saturating_sub(columns_of(&shown)) };
    text(buffer, (moved(x, at), y), &shown, width - at, style);
}

/// `[###...|..] 28.1 %`: how full it is, and a mark where it was at most. What is not nothing is seen.
fn bar(now: f64, most: f64, width: usize, share: &str) -> String {
    let cells = width.saturating_sub(BAR_SHARE + 2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a few dozen cells"
    )]
    let cells_of = |part: f64| (part.clamp(0.0, 1.0) * crate::number::float(cells as u64)).ceil() as usize;
    let (filled, mark) = (cells_of(now), cells_of(most));
    let cell = |index: usize| match index + 1 {
        place if place == mark && mark > filled => '|',
        place if place <= filled => '#',
        _ => '.',
    };
    format!("[{}]{share:>BAR_SHARE$}", (0..cells).map(cell).collect::<String>())
}

/// The columns that fit, each with its width.
fn fit(table: &Table, rows: &[&[Cell]], width: usize) -> Vec<(usize, usize)> {
    let natural = |index: usize| {
        let cells = rows.iter().map(|row| match &row[index] {
            Cell::Bar { .. } => BAR,
            cell => columns_of(&printable(&cell.shown())),
        });
        cells.max().unwrap_or(0).max(table.columns[index].title.len())
    };
    let mut columns: Vec<(usize, usize)> =
        (0..table.columns.len()).map(|index| (index, natural(index))).collect();
    let taken =
        |columns: &[(usize, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>() - GAP;
    let is_words = |index: usize| rows.first().is_some_and(|row| matches!(row[index], Cell::Text(_)));
    // Long words can be cut; a number cannot.
    let can_be_cut = |index: usize| is_words(index) && !table.columns[index].is_whole;
    let least = |(index, width): &(usize, usize)| {
        if can_be_cut(*index) { (*index, (*width).min(2 * NARROWEST)) } else { (*index, *width) }
    };
    loop {
        let narrowed: Vec<(usize, usize)> = columns.iter().map(least).collect();
        if taken(&narrowed) <= width {
            break;
        }
        let spare = columns
            .iter()
            .enumerate()
            .filter_map(|(at, (index, _))| Some((table.columns[*index].spare?, at)));
        let Some((_, at)) = spare.min() else { break };
        columns.remove(at);
    }
    while taken(&columns) > width {
        let words = columns.iter_mut().filter(|(index, width)| can_be_cut(*index) && *width > NARROWEST);
        let Some((_, widest)) = words.max_by_key(|(_, width)| *width) else { break };
        *widest -= 1;
    }
    // On the narrowest of screens the last ones go.
    while columns.len() > 1 && taken(&columns) > width {
        columns.pop();
    }
    let left = width.saturating_sub(taken(&columns));
    let is_bar = |index: usize| rows.first().is_some_and(|row| matches!(row[index], Cell::Bar { .. }));
    if let Some((_, bar)) = columns.iter_mut().find(|(index, _)| is_bar(*index)) {
        *bar = (*bar + left).min(WIDEST_BAR);
    }
    columns
}
