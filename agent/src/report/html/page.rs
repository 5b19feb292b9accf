//! Blocks of a page as HTML.

use super::{super::page::Table, Block, markup::Markup};

/// Rows of a table and points of a list; what is more is counted.
const MOST_ROWS: usize = 200;

/// All of them, in order.
pub(super) fn blocks(markup: &mut Markup, blocks: &[Block]) {
    let mut title = "";
    for block in blocks {
        if let Block::Title(text) | Block::Heading(text) = block {
            title = text;
        }
        draw(markup, block, title);
    }
}

/// `title`: of the section that it is in.
fn draw(markup: &mut Markup, block: &Block, title: &str) {
    match block {
        Block::Title(text) => markup.element("h1", &[], text),
        Block::Heading(text) => markup.element("h2", &[], text),
        Block::Text(text) => markup.element("p", &[], text),
        Block::List(points) => list(markup, points),
        Block::Facts(facts) => self::facts(markup, facts),
        Block::Table(table) => self::table(markup, table, title),
        Block::Code { place, text } => code(markup, place, text),
        Block::Fold { title, blocks } => {
            markup.literal("<details>\n<summary>");
            markup.element("h2", &[], title);
            markup.close("summary");
            blocks.iter().for_each(|block| draw(markup, block, title));
            markup.close("details");
        }
    }
}

fn list(markup: &mut Markup, points: &[String]) {
    if points.is_empty() {
        return;
    }
    markup.literal("<ul>\n");
    points.iter().take(MOST_ROWS).for_each(|point| markup.element("li", &[], point));
    if points.len() > MOST_ROWS {
        markup.element("li", &[], &format!("{} more are left out", points.len() - MOST_ROWS));
    }
    markup.close("ul");
}

/// Lines to copy.
fn code(markup: &mut Markup, place: &str, text: &str) {
    markup.element("p", &[], place);
    markup.open("div", &[("class", "table"), ("role", "group"), ("tabindex", "0"), ("aria-label", place)]);
    markup.literal("<pre>");
    for line in text.lines() {
        markup.text(line);
        markup.literal("\n");
    }
    markup.literal("</pre></div>\n");
}

fn facts(markup: &mut Markup, facts: &[(&'static str, String)]) {
    if facts.is_empty() {
        return;
    }
    markup.literal("<dl>\n");
    for (name, value) in facts {
        markup.literal("<div>");
        markup.element("dt", &[], name);
        markup.element("dd", &[], value);
        markup.close("div");
    }
    markup.close("dl");
}

/// One that is wider than the screen scrolls by itself, by keys as well.
fn table(markup: &mut Markup, table: &Table, title: &str) {
    let Table { columns, rows, spare: _ } = table;
    markup.open("div", &[("class", "table"), ("role", "group"), ("tabindex", "0"), ("aria-label", title)]);
    markup.literal("\n<table>\n<thead><tr>\n");
    for column in columns {
        // A head without a name is none.
        match *column {
            "" => markup.element("td", &[], ""),
            name => markup.element("th", &[("scope", "col")], name),
        }
    }
    markup.literal("</tr></thead>\n<tbody>\n");
    for row in rows.iter().take(MOST_ROWS) {
        markup.literal("<tr>\n");
        for (place, cell) in row.iter().enumerate() {
            match place {
                0 => markup.element("th", &[("scope", "row")], cell),
                _ => markup.element("td", &[], cell),
            }
        }
        markup.literal("</tr>\n");
    }
    markup.literal("</tbody>\n</table>\n</div>\n");
    if rows.len() > MOST_ROWS {
        markup.element("p", &[], &format!("{} more rows are left out.", rows.len() - MOST_ROWS));
    }
}
