//! Draws a page for a terminal of 80 columns: wrapped lines, aligned columns, no markup.

mod paint;
mod table;
mod wrap;

pub(crate) use self::{paint::painted, wrap::lines};
use super::page::Block;

/// Columns that every terminal has.
const WIDTH: usize = 80;

/// Renders.
pub(super) fn render(page: &[Block]) -> String {
    let mut out = String::new();
    page.iter().for_each(|block| draw(&mut out, block));
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn draw(out: &mut String, block: &Block) {
    match block {
        Block::Title(title) | Block::Heading(title) => heading(out, title),
        Block::Text(text) => wrap::push(out, &printable(text), "", ""),
        Block::List(points) => {
            points.iter().for_each(|point| wrap::push(out, &printable(point), "  - ", "    "));
        }
        Block::Facts(facts) => {
            let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            let indent = " ".repeat(width + 2);
            for (name, value) in facts {
                wrap::push(out, &printable(value), &format!("{name:width$}  "), &indent);
            }
        }
        Block::Table(table) => table::push(out, table),
        Block::Code { place, text } => {
            wrap::push(out, &printable(place), "", "");
            // As it is: a line that is broken is another line.
            text.lines().for_each(|line| out.push_str(&format!("    {}\n", printable(line))));
        }
        Block::Fold { title, blocks } => {
            heading(out, title);
            blocks.iter().for_each(|block| draw(out, block));
            return;
        }
    }
    if !matches!(block, Block::Title(_) | Block::Heading(_)) {
        out.push('\n');
    }
}

fn heading(out: &mut String, title: &str) {
    let title = printable(title);
    let lines = wrap::lines(&title, WIDTH);
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    lines.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    out.push_str(&format!("{}\n", "-".repeat(longest)));
}

/// A process may call itself anything; a terminal must not obey it, nor what follows be read from right to left.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if is_obeyed(character) { '?' } else { character }).collect()
}

/// Control characters, and those of Unicode that are not seen and turn or join what is around them (UAX #9, UAX #14).
fn is_obeyed(character: char) -> bool {
    let is_format = matches!(character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Table;

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let long = "words and-a-very-long-one.with/places_to:break,".repeat(5) + &"x".repeat(200);
        let cell = || long.clone();
        let page = [
            Block::Title(cell()),
            Block::Text(cell()),
            Block::List(vec![cell()]),
            Block::Facts(vec![("name", cell())]),
            Block::Fold { title: cell(), blocks: vec![Block::Text(cell())] },
            Block::Table(Table::new(vec!["a", "b", "c"], vec![vec![cell(), cell(), cell()]])),
        ];
        let text = render(&page);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert_eq!(widest, Some(WIDTH), "{text}");
        assert!(text.matches(&"x".repeat(7)).count() > 100, "something is lost: {text}");
    }

    #[test]
    fn a_terminal_does_not_obey() {
        assert_eq!(render(&[Block::Text("a\u{1b}[31mb".to_owned())]), "a?[31mb\n");
        assert_eq!(printable("a\u{202e}cba\u{200b}\u{feff}"), "a?cba??");
    }
}
