//! Colours for a page that is drawn as text: headings in bold, red or yellow where they say how bad it is, and the names of the lines
//! that everybody reads. Only what is laid out here is painted, so that a page without its colours is the same page.

/// Begins bold letters.
const BOLD: &str = "\x1b[1m";
/// Begins bold red ones.
const RED: &str = "\x1b[1;31m";
/// Begins bold yellow ones.
const YELLOW: &str = "\x1b[1;33m";
/// Ends all of it.
const END: &str = "\x1b[0m";

/// What a heading has in it that is bad, and what is worth a look.
const BAD: [&str; 2] = ["(critical", "missing: "];
const WORTH: [&str; 2] = ["(warning", "limited: "];
/// Names of lines that everybody reads.
const FIRST: [&str; 4] = ["verdict", "cause", "finding", "change"];

/// The page, which `text::render` made, with colours.
pub(crate) fn painted(page: &str) -> String {
    let lines: Vec<&str> = page.lines().collect();
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    let mut at = 0;
    while at < lines.len() {
        // A heading is what stands on a rule, without a gap.
        let rest = &lines[at..];
        let length = rest.iter().position(|line| line.is_empty() || is_rule(line)).unwrap_or(rest.len());
        let is_heading = rest.get(length).is_some_and(|line| is_rule(line));
        let color = is_heading.then(|| of_heading(&rest[..length].join(" ")));
        for line in &rest[..length] {
            let name = FIRST
                .iter()
                .find(|name| line.strip_prefix(**name).is_some_and(|rest| rest.starts_with("  ")));
            match (color, name) {
                (Some(color), _) => out.push_str(&format!("{color}{line}{END}")),
                (None, Some(name)) => out.push_str(&format!("{BOLD}{name}{END}{}", &line[name.len()..])),
                (None, None) => out.push_str(line),
            }
            out.push('\n');
        }
        if let Some(line) = rest.get(length) {
            out.push_str(&format!("{line}\n"));
        }
        at += length + 1;
    }
    out
}

fn is_rule(line: &str) -> bool {
    line.len() > 2 && line.bytes().all(|byte| byte == b'-')
}

fn of_heading(title: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| title.contains(word));
    match () {
        () if has(&BAD) => RED,
        () if has(&WORTH) => YELLOW,
        () => BOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Block, text::render};

    fn without_colors(page: &str) -> String {
        [BOLD, RED, YELLOW, END].iter().fold(page.to_owned(), |page, color| page.replace(color, ""))
    }

    #[test]
    fn what_matters_is_painted_and_nothing_else_changes() {
        let heading = |text: &str| Block::Heading(text.to_owned());
        let page = render(&[
            Block::Title("dropctl report".to_owned()),
            Block::Facts(vec![("verdict", "two lines ".repeat(9)), ("kernel", "6.18".to_owned())]),
            heading("DC102 consumer-throttled (critical, confidence high)"),
            Block::Text("the cause of it".to_owned()),
            heading(&format!("DC304 {} (warning, confidence medium)", "oversubscribed ".repeat(5))),
            Block::List(vec!["verdict  is a word".to_owned()]),
        ]);
        let painted = painted(&page);
        assert_eq!(without_colors(&painted), page);
        for line in [
            "\x1b[1mdropctl report\x1b[0m\n--------------",
            "\x1b[1mverdict\x1b[0m  two",
            "\nkernel   6.18",
            "\x1b[1;31mDC102 consumer-throttled (critical, confidence high)\x1b[0m\n---",
            "\nthe cause of it\n",
            "\x1b[1;33mDC304 oversubscribed",
            "\n  - verdict is a word\n",
        ] {
            assert!(painted.contains(line), "no {line:?} in {painted:?}");
        }
        assert_eq!(painted.matches(YELLOW).count(), 2, "both lines of a long heading: {painted:?}");
    }
}
