//! A table that fits: first columns that can be spared go, and that is said; then wide cells take several lines.

use super::{WIDTH, printable, wrap};
use crate::report::page::Table;

/// Between two columns.
const GAP: usize = 2;
/// Narrower than this no column gets.
const NARROWEST: usize = 7;

pub(super) fn push(out: &mut String, table: &Table) {
    let Table { columns, rows, spare } = table;
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let natural = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(columns[index].chars().count())
    };
    let mut shown: Vec<(usize, usize)> = (0..columns.len()).map(|index| (index, natural(index))).collect();
    let mut spared = Vec::new();
    for name in *spare {
        if width(&shown) > WIDTH
            && let Some(at) = shown.iter().position(|(index, _)| columns[*index] == *name)
        {
            shown.remove(at);
            spared.push(*name);
        }
    }
    let widths: Vec<usize> = shown.iter().map(|(_, width)| *width).collect();
    narrow(&mut shown);
    let mut line = |cells: &dyn Fn(usize) -> String| {
        let cells: Vec<Vec<String>> =
            shown.iter().map(|(index, width)| wrap::lines(&cells(*index), *width)).collect();
        for row in 0..cells.iter().map(Vec::len).max().unwrap_or(0).max(1) {
            let mut text = String::new();
            for (place, ((_, width), lines)) in shown.iter().zip(&cells).enumerate() {
                let part = lines.get(row).map_or("", String::as_str);
                let is_text = place == 0 || *width < widths[place];
                let gap = if place == 0 { 0 } else { GAP };
                text.push_str(&" ".repeat(gap));
                text.push_str(&if is_text { format!("{part:width$}") } else { format!("{part:>width$}") });
            }
            out.push_str(&format!("{}\n", text.trim_end()));
        }
    };
    line(&|index| columns[index].to_owned());
    rows.iter().for_each(|row| line(&|index| row.get(index).cloned().unwrap_or_default()));
    if !spared.is_empty() {
        wrap::push(out, &format!("({} left out for want of width)", spared.join(", ")), "", "");
    }
}

fn width(shown: &[(usize, usize)]) -> usize {
    shown.iter().map(|(_, width)| width + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Takes from the widest until all of it fits.
fn narrow(shown: &mut [(usize, usize)]) {
    while width(shown) > WIDTH {
        let widest = shown.iter_mut().max_by_key(|(_, width)| *width);
        match widest {
            Some((_, width)) if *width > NARROWEST => *width -= 1,
            _ => return,
        }
    }
}
