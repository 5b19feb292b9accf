//! The page: what is missing first, with the ways to get it; then what is there.

use super::{Check, Examination, Status};
use crate::{
    report::{Block, PSEUDONYMS},
    setup::Naming,
};

/// What needs to be read, most needed first.
const TO_READ: [Status; 3] = [Status::Missing, Status::Limited, Status::Unknown];

pub(super) fn lay_out(examination: &Examination) -> Vec<Block> {
    let mut page = vec![Block::Title("dropctl doctor".to_owned()), Block::Text(examination.verdict.clone())];
    if examination.names == Naming::Pseudonyms {
        page.push(Block::Facts(vec![("names", PSEUDONYMS.to_owned())]));
    }
    let of = |status: Status| examination.checks.iter().filter(move |check| check.status == status);
    let mut above: Option<&Check> = None;
    for check in TO_READ.into_iter().flat_map(of) {
        explain(check, above, &mut page);
        above = Some(check);
    }
    for (title, status) in [("There", Status::Ok), ("Good to know", Status::Info)] {
        let facts: Vec<(&'static str, String)> =
            of(status).map(|check| (check.name, in_short(check))).collect();
        if !facts.is_empty() {
            page.push(Block::Heading(title.to_owned()));
            page.push(Block::Facts(facts));
        }
    }
    page
}

fn explain(check: &Check, above: Option<&Check>, page: &mut Vec<Block>) {
    page.push(Block::Heading(format!("{}: {}", check.status.as_str(), check.name)));
    let lost = check.lost.as_ref().map_or_else(String::new, |lost| format!(" Lost: {lost}."));
    let is_same = !check.ways.is_empty() && above.is_some_and(|above| above.ways == check.ways);
    let same = if is_same { " What supplies it is the same." } else { "" };
    page.push(Block::Text(format!("{}.{lost}{same}", check.found)));
    if !check.ways.is_empty() && !is_same {
        page.push(Block::List(check.ways.clone()));
    }
}

fn in_short(check: &Check) -> String {
    let lost = check.lost.as_ref().map_or_else(String::new, |lost| format!("; lost: {lost}"));
    let ways = match check.ways.as_slice() {
        [] => String::new(),
        ways => format!(" ({})", ways.join("; ")),
    };
    format!("{}{lost}{ways}", check.found)
}
