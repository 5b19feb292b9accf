//! The lines about the node: when, where, and what it all comes to.

use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};

use crate::{
    number,
    setup::{Mode, Naming},
    top::{draw::Notice, paint, rows::Head, state::State},
};

/// The two lines about the node, in parts, most important first.
pub(in crate::top) fn parts(head: &Head) -> [Vec<String>; 2] {
    let mut node = vec![head.time.clone(), format!("mode {}", head.mode.as_str())];
    node.extend(head.kernel.as_ref().map(|kernel| format!("Linux {kernel}")));
    node.extend(head.cpus.as_ref().map(|cpus| format!("CPUs {cpus}")));
    if head.names == Naming::Pseudonyms {
        node.push("pseudonyms".to_owned());
    }
    let dropped = head.dropped.map_or_else(
        || "unknown".to_owned(),
        |(drops, evidence)| format!("{} ({})", number::count(drops), evidence.as_str()),
    );
    let mut sums = vec![format!("dropped {dropped} in {:.0} s", head.window_seconds)];
    let too_large = head.too_large.filter(|too_large| *too_large > 0);
    sums.extend(too_large.map(|too_large| format!("too large {} (tool)", number::count(too_large))));
    if head.mode != Mode::Passive {
        let rate =
            head.syscalls.map_or_else(|| "unknown".to_owned(), |rate| format!("{} /s", number::rate(rate)));
        sums.push(format!("syscalls {rate} (exact)"));
    }
    let missed = head.missed.filter(|missed| *missed > 0);
    sums.extend(missed.map(|missed| format!("missed {}", number::count(missed))));
    let own_dropped = head.own_dropped.filter(|dropped| *dropped > 0);
    sums.extend(own_dropped.map(|dropped| format!("own ring dropped {}", number::count(dropped))));
    sums.push(format!("dropctl {} CPU", number::percent(head.own_cpu)));
    sums.extend(head.own_bytes.map(number::bytes));
    [node, sums]
}

/// Parts in a line; those that have no room are left out, and the first is cut.
pub(super) fn in_line(buffer: &mut Buffer, (x, y): (u16, u16), parts: &[String], style: Style) {
    let mut at = x;
    for part in parts {
        let left = usize::from(buffer.area.right().saturating_sub(at));
        if at > x && left < part.chars().count() {
            return;
        }
        at = paint::text(buffer, (at, y), part, left, style).saturating_add(2);
    }
}

pub(super) fn status(buffer: &mut Buffer, y: u16, state: &State, notice: Notice<'_>, node: &[String]) {
    let area = buffer.area;
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let paused = if state.is_paused { " PAUSED " } else { "" };
    let mut x = area.x;
    for (part, style) in [(paused, bold.add_modifier(Modifier::REVERSED)), (notice.source, bold)] {
        if !part.is_empty() {
            let left = usize::from(area.right().saturating_sub(x));
            x = paint::text(buffer, (x, y), part, left, style).saturating_add(2);
        }
    }
    in_line(buffer, (x, y), node, bold);
}
