//! Draws a page as one HTML file that needs nothing else: no network, no script; light or dark as the reader's system is.
//!
//! `page` draws blocks, as `text` and `markdown` do; between what to change and the tables come charts over time, which
//! those have not: `series` takes them out of a timeline, `charts` says which there are, `chart` draws one. Everything is
//! written through `markup`, which lets in no text that it has not escaped.

mod chart;
mod charts;
mod escape;
mod markup;
mod page;
mod series;

use self::{chart::Charts, markup::Markup};
pub(super) use self::{charts::of as charts, escape::escape};
use super::page::Block;

/// How it looks. No `<` and no `&`, so that it is the same to XML.
const STYLE: &str = include_str!("html/style.css");

/// Nothing is loaded and nothing runs, whatever came in; not even a link of the page may change where others lead.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Renders, with the charts before the first section that is folded.
pub(super) fn render(page: &[Block], charts: Option<&Charts>) -> String {
    let title = page.iter().find_map(|block| match block {
        Block::Title(title) => Some(title.as_str()),
        _ => None,
    });
    let mut markup = Markup::default();
    markup.literal("<!DOCTYPE html>\n");
    markup.open("html", &[("lang", "en")]);
    markup.literal("\n");
    head(&mut markup, title.unwrap_or("dropctl"));
    markup.literal("<body>\n<main>\n");
    let is_fold = |block: &Block| matches!(block, Block::Fold { .. });
    let at = page.iter().position(is_fold).unwrap_or(page.len());
    page::blocks(&mut markup, &page[..at]);
    if let Some(charts) = charts {
        chart::section(&mut markup, charts);
    }
    page::blocks(&mut markup, &page[at..]);
    markup.literal("</main>\n</body>\n</html>\n");
    markup.finish()
}

fn head(markup: &mut Markup, title: &str) {
    markup.literal("<head>\n");
    markup.empty("meta", &[("charset", "utf-8")]);
    markup.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
    markup.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    markup.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    markup.empty("meta", &[("name", "referrer"), ("content", "no-referrer")]);
    markup.element("title", &[], title);
    markup.literal("<style>\n");
    markup.literal(STYLE);
    markup.literal("</style>\n</head>\n");
}

#[cfg(test)]
mod tests;
