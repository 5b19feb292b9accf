//! Which ring size would have been enough: a recording run through other rings than those that the tool had. Pure.
//!
//! `trace` is what was counted, `thread` what the consumer did with its time, `service` how fast it drains when it may, `bursts` and
//! `path` what follows from these for the rises and falls of a ring's backlog, `replay` that path through another ring, `candidates`
//! which rings are tried, `tool` the answer. docs/sizing.md has the method, its limits, and how far it was off when the load
//! was run again.

mod bursts;
mod candidates;
mod interval;
mod model;
mod page;
mod path;
mod replay;
mod service;
mod thread;
mod tool;
mod trace;
mod without;
mod words;

use crate::{
    report::Drawn,
    timeline::{Slice, seconds},
};

pub use interval::Interval;
pub use model::{Arrivals, Candidate, Held, NoSize, SCHEMA, Sizing, ToolSizing, Window, Without};
pub use service::Service;

/// Less than this stands for nothing but itself, s.
const SHORT: f64 = 60.0;
/// Of events that come so often in a window on average, none is missed by a window 19 times in 20 (exp(-3) = 0.05).
const SEEN: f64 = 3.0;

/// Sizes the rings of each tool. `wanted`: judge these sizes, bytes, instead of the tool's own choice of them. `None` where
/// nothing was seen: fewer than two samples.
#[must_use]
pub fn size(slice: &Slice<'_>, wanted: &[u64]) -> Option<Sizing> {
    if slice.samples().len() < 2 {
        return None;
    }
    let length = seconds(slice.length_ns());
    let window = Window { seconds: length, rarest_seconds: length / SEEN, is_short: length < SHORT };
    let traces = trace::traces(slice);
    let mut tools = Vec::new();
    let mut limits = vec![words::of_window(&window)];
    for trace in &traces {
        match tool::size(trace, slice, wanted, true) {
            Ok(sizing) => tools.push(sizing),
            Err(why) => limits.push(format!("{} (pid {}): {why}", trace.subject.comm, trace.subject.tgid)),
        }
    }
    limits.extend(words::of_others(slice));
    // Whoever lost most comes first, and Falco before others that lost as much.
    let key =
        |tool: &ToolSizing| (tool.arrivals.loss, tool.candidates.iter().any(|one| one.preset.is_some()));
    tools.sort_by(|one, other| {
        let (one, other) = (key(one), key(other));
        other.0.total_cmp(&one.0).then(other.1.cmp(&one.1))
    });
    let verdict = words::of_all(&tools, &window);
    Some(Sizing { schema: SCHEMA.to_owned(), verdict, window, tools, limits })
}

/// What was recorded of all tools, to size those that something is said of.
pub(crate) struct Recorded<'a> {
    slice: Slice<'a>,
    traces: Vec<trace::Trace<'a>>,
}

impl<'a> Recorded<'a> {
    /// Of a slice.
    pub(crate) fn of(slice: Slice<'a>) -> Self {
        Self { traces: trace::traces(&slice), slice }
    }

    /// The answer for one tool, as [`size`] gives it, but without what it would save not to trace a syscall; `None` where there
    /// is none.
    pub(crate) fn size(&self, tgid: u32) -> Option<ToolSizing> {
        let trace = self.traces.iter().find(|trace| trace.subject.tgid == tgid)?;
        tool::size(trace, &self.slice, &[], false).ok()
    }
}

/// Markdown, for an issue.
#[must_use]
pub fn markdown(sizing: &Sizing) -> String {
    Drawn::Markdown.of(&page::lay_out(sizing))
}

/// Text, for a terminal.
#[must_use]
pub fn text(sizing: &Sizing) -> String {
    Drawn::Text.of(&page::lay_out(sizing))
}

/// HTML, for a browser.
#[must_use]
pub fn html(sizing: &Sizing) -> String {
    Drawn::Html.of(&page::lay_out(sizing))
}

/// JSON, for programs.
///
/// # Errors
///
/// Never in practice: all of it can be written as JSON.
pub fn json(sizing: &Sizing) -> serde_json::Result<String> {
    serde_json::to_string_pretty(sizing).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
