//! The report: built from a timeline (`build`), kept as plain data (`model`), laid out once (`page`) and rendered
//! as text, Markdown or JSON.

mod build;
mod consumers;
mod json;
mod lives;
mod markdown;
pub mod model;
use crate::number;
mod page;
mod perf;
mod refused;
mod text;
mod tools;

pub use build::{build, visibility};
pub use json::{render as json, schema};
pub use model::Report;
pub(crate) use page::{Block, PSEUDONYMS, Table, findings, remedy_in_words};

/// How a page is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// For a terminal.
    Text,
    /// For an issue.
    Markdown,
}

impl Drawn {
    /// Draws it.
    pub(crate) fn of(self, page: &[Block]) -> String {
        match self {
            Self::Text => text::render(page),
            Self::Markdown => markdown::render(page),
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

#[cfg(test)]
mod tests;
