//! One screen: the node, the tables' titles, one table, findings that stand, the keys. Works from 20 columns and 4 rows on; what
//! has no room is left out, the table last.

pub(super) mod head;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

pub use super::paint::Theme;
use super::{
    paint,
    rows::{FINDINGS, TABS, View},
    state::State,
    table::Cell,
};
use crate::{diagnose::Severity, report::lines};

/// With fewer rows there is no second line about the node, and no line about the table.
const ROWS_FOR_MORE: u16 = 12;
/// With fewer rows findings have none of their own.
const ROWS_FOR_FINDINGS: u16 = 18;
const KEYS: &str = "q quit  ? help  Tab table  s sort  r reverse  / filter  p pause";
const HELP: &[&str] = &[
    "q, Ctrl-C      quit",
    "1-6, Tab       a table, the next (Shift-Tab: before)",
    "s, S           sort by the next column, the one before",
    "r              reverse the order",
    "/              only rows with a text; Esc: all",
    "p, space       stand still; sampling goes on",
    "Up, Down, j, k, PgUp, PgDn, Home, End   scroll",
    "",
    "Backlog: # now, | the peak since the ring was found.",
    "Rates are of the newest interval, all else is of the last minute.",
    "by: exact (counted in the kernel), tool (its own counter), est. (estimated);",
    "bytes of rings are exact; - is unknown, never none.",
    "Any key ends this.",
];

/// What is said beside the numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notice<'a> {
    /// Where they come from, if not from this node now.
    pub source: &'a str,
}

/// Draws all of it, scrolled no further than to the last row.
pub fn settled(
    buffer: &mut Buffer,
    view: Option<&View>,
    state: &mut State,
    notice: Notice<'_>,
    theme: Theme,
) {
    let shown = draw(buffer, view, state, notice, theme);
    let before = state.scroll;
    if let Some(view) = view {
        let rows = view.tables[state.tab].rows(&state.filter, state.sort()).len();
        state.settle(rows, shown.max(1));
    }
    if state.scroll != before {
        buffer.reset();
        draw(buffer, view, state, notice, theme);
    }
}

/// Draws all of it. Returns how many rows of the table can be seen.
pub fn draw(
    buffer: &mut Buffer,
    view: Option<&View>,
    state: &State,
    notice: Notice<'_>,
    theme: Theme,
) -> usize {
    let area = buffer.area;
    let width = usize::from(area.width);
    let has_more = area.height >= ROWS_FOR_MORE;
    let head = view.map_or_else(Default::default, |view| head::parts(&view.head));
    let mut y = area.y;
    head::status(buffer, y, state, notice, &head[0]);
    if has_more {
        y += 1;
        let is_lossy = view.is_some_and(|view| {
            view.head.dropped.is_some_and(|(drops, _)| drops > 0)
                || view.head.too_large.is_some_and(|lost| lost > 0)
        });
        head::in_line(buffer, (area.x, y), &head[1], if is_lossy { theme.alarm() } else { Style::new() });
    }
    y += 1;
    tabs(buffer, y, state.tab);
    y += 1;
    let bottom = area.bottom().saturating_sub(1);
    let under = view.map_or(0, |view| rows_of_findings(view, state, area.height));
    let body = Rect { y, height: bottom.saturating_sub(y).saturating_sub(under), ..area };
    let shown = if state.shows_help {
        HELP.iter().zip(body.y..body.bottom()).for_each(|(line, y)| {
            paint::text(buffer, (body.x, y), line, width, Style::new());
        });
        0
    } else if let Some(view) = view {
        table(buffer, body, view, state, theme, has_more)
    } else {
        paint::text(buffer, (body.x, body.y), "Waiting for the second sample.", width, Style::new());
        0
    };
    if let Some(view) = view {
        standing(buffer, Rect { y: body.bottom(), height: under, ..area }, view, theme);
    }
    footer(buffer, bottom, state);
    shown
}

fn tabs(buffer: &mut Buffer, y: u16, shown: usize) {
    let area = buffer.area;
    let whole: usize = TABS.iter().map(|title| title.len() + 4).sum();
    let is_narrow = whole > usize::from(area.width) + 1;
    let mut x = area.x;
    for (index, title) in TABS.iter().enumerate() {
        let number = index + 1;
        // Where there is no room, the others are their numbers.
        let label =
            if is_narrow && index != shown { format!(" {number} ") } else { format!(" {number} {title} ") };
        let modifier = if index == shown { Modifier::REVERSED } else { Modifier::empty() };
        let left = usize::from(area.right().saturating_sub(x));
        x = paint::text(buffer, (x, y), &label, left, Style::new().add_modifier(modifier));
    }
}

fn table(buffer: &mut Buffer, body: Rect, view: &View, state: &State, theme: Theme, has_note: bool) -> usize {
    let table = &view.tables[state.tab];
    let rows = table.rows(&state.filter, state.sort());
    let width = usize::from(body.width);
    let area = Rect { height: body.height.saturating_sub(u16::from(has_note)), ..body };
    if has_note && body.height > 0 {
        let order = table.columns.get(state.sort().column).map_or("", |column| column.title);
        let way = if state.sort().is_reversed { ", reversed" } else { "" };
        let note = format!("{} of {}, by {order}{way}; {}", rows.len(), table.rows.len(), table.note);
        paint::text(buffer, (body.x, area.bottom()), &note, width, theme.quiet());
    }
    if rows.is_empty() {
        let why = match table.rows.is_empty() {
            true => table.empty.clone(),
            false => format!("No row has {:?} in it; Esc shows all.", state.filter),
        };
        lines(&why, width).iter().zip(area.y..area.bottom()).for_each(|(line, y)| {
            paint::text(buffer, (area.x, y), line, width, Style::new());
        });
        return 0;
    }
    if state.tab == FINDINGS {
        return findings(buffer, area, &rows, state.scroll, theme);
    }
    paint::table(buffer, area, table, &rows, (state.sort(), state.scroll), theme)
}

/// Code, name, tool; and the sentence, in as many lines as it takes. Returns how many were begun.
fn findings(buffer: &mut Buffer, area: Rect, rows: &[&[Cell]], scroll: usize, theme: Theme) -> usize {
    let width = usize::from(area.width);
    let mut y = area.y;
    let mut shown = 0;
    for row in rows.iter().skip(scroll) {
        if y >= area.bottom() {
            break;
        }
        shown += 1;
        let (style, words, sentence) = finding(row, theme);
        paint::text(buffer, (area.x, y), &words.join("  "), width, style);
        y += 1;
        for line in lines(&sentence, width.saturating_sub(2).max(1)) {
            if y < area.bottom() {
                paint::text(buffer, (area.x + 2, y), &line, width.saturating_sub(2), Style::new());
                y += 1;
            }
        }
    }
    shown
}

/// Look, words and sentence of a row of findings.
pub(super) fn finding(row: &[Cell], theme: Theme) -> (Style, Vec<String>, String) {
    let severity = match row.first() {
        Some(Cell::Level(severity)) => *severity,
        _ => Severity::Info,
    };
    let mut words: Vec<String> = row.iter().map(Cell::shown).collect();
    let sentence = words.pop().unwrap_or_default();
    (theme.level(severity), words, sentence)
}

/// Rows under the table for findings, their line of title included.
fn rows_of_findings(view: &View, state: &State, height: u16) -> u16 {
    let count = view.tables[FINDINGS].rows.len();
    if height < ROWS_FOR_FINDINGS || state.tab == FINDINGS || count == 0 {
        return 0;
    }
    u16::try_from(count).unwrap_or(u16::MAX).min(height / 6).saturating_add(1)
}

/// The worst findings, a line each.
fn standing(buffer: &mut Buffer, area: Rect, view: &View, theme: Theme) {
    if area.height == 0 {
        return;
    }
    let width = usize::from(area.width);
    let state = State { tab: FINDINGS, ..State::default() };
    let table = &view.tables[FINDINGS];
    let rows = table.rows("", state.sort());
    let room = usize::from(area.height - 1);
    let more = match rows.len() - rows.len().min(room) {
        0 => String::new(),
        more => format!(", {more} more in table {}", FINDINGS + 1),
    };
    let title = format!("Findings{more}");
    paint::text(buffer, (area.x, area.y), &title, width, Style::new().add_modifier(Modifier::UNDERLINED));
    for (row, y) in rows.iter().take(room).zip(area.y + 1..) {
        let (style, mut words, sentence) = finding(row, theme);
        // The sentence names the tool.
        words.pop();
        let x = paint::text(buffer, (area.x, y), &words.join(" "), width, style).saturating_add(2);
        let left = usize::from(area.right().saturating_sub(x));
        paint::text(buffer, (x, y), &sentence, left, Style::new());
    }
}

fn footer(buffer: &mut Buffer, y: u16, state: &State) {
    let line = match (state.is_typing, state.filter.is_empty()) {
        (true, _) => format!("filter: {}_  Enter keeps it, Esc shows all", state.filter),
        (false, false) => format!("filter {:?}, Esc shows all  {KEYS}", state.filter),
        (false, true) => KEYS.to_owned(),
    };
    let style = Style::new().add_modifier(Modifier::REVERSED);
    let width = usize::from(buffer.area.width);
    paint::text(buffer, (buffer.area.x, y), &line, width, style);
}
