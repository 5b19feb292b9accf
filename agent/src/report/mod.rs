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
mod refused;
mod text;
mod tools;

pub use build::build;
pub use json::{render as json, schema};
pub use model::Report;

/// Markdown, for an issue.
#[must_use]
pub fn markdown(report: &Report) -> String {
    markdown::render(&page::lay_out(report))
}

/// Text, for a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    text::render(&page::lay_out(report))
}

#[cfg(test)]
mod tests;
