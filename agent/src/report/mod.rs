//! The report: built from a timeline (`build`), kept as plain data (`model`), laid out once (`page`) and rendered
//! as text, Markdown or HTML, or written as JSON.

mod build;
mod consumers;
mod html;
mod json;
mod lives;
mod markdown;
pub mod model;
use crate::{number, timeline::Slice};
mod page;
mod perf;
mod refused;
mod text;
mod tools;
mod unseen;

pub use build::build;
pub use json::{render as json, schema};
pub use model::Report;
pub(crate) use page::{Block, PSEUDONYMS, Table, alternatives, findings, ring_names, tool_name};
pub(crate) use perf::build as perf_buffers;
pub(crate) use text::{lines, painted, printable};
pub(crate) use tools::build as tools;
pub use unseen::visibility;

/// How a page is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// For a terminal.
    Text,
    /// For an issue.
    Markdown,
    /// For a browser.
    Html,
}

impl Drawn {
    /// Draws it.
    pub(crate) fn of(self, page: &[Block]) -> String {
        match self {
            Self::Text => text::render(page),
            Self::Markdown => markdown::render(page),
            Self::Html => html::render(page, None),
        }
    }
}

/// Markdown, for an issue.
#[must_use]
pub fn markdown(report: &Report) -> String {
    Drawn::Markdown.of(&page::lay_out(report, Drawn::Markdown))
}

/// Text, for a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    Drawn::Text.of(&page::lay_out(report, Drawn::Text))
}

/// HTML, for a browser: one file, with charts over time from the timeline that the report was built from.
#[must_use]
pub fn html(report: &Report, slice: &Slice<'_>) -> String {
    html::render(&page::lay_out(report, Drawn::Html), Some(&html::charts(report, slice)))
}

#[cfg(test)]
mod tests;
