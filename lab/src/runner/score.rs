//! What dropctl found, against what is true.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Loss was seen and not explained: not right, and not wrong either.
pub(super) const UNEXPLAINED: &str = "DC199";
/// What a table shows where there is no primary cause.
pub(super) const NONE: &str = "none";

/// The findings of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Code and confidence of the first cause.
    pub(super) primary: Option<(String, String)>,
    /// Codes of all that is no cause.
    pub(super) also: BTreeSet<String>,
}

/// How good that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Right,
    Unexplained,
    Wrong,
}

impl Found {
    /// Reads `findings` of a report, which are in their order.
    pub(super) fn read(report: &Value) -> Result<Self> {
        let mut found = Self::default();
        for finding in report["findings"].as_array().context("the report has no `findings`")? {
            let word = |name: &str| {
                finding[name].as_str().map(ToOwned::to_owned).with_context(|| format!("{name} in {finding}"))
            };
            let code = word("code")?;
            // Some causes only add to the loss that another one makes.
            let is_cause =
                code.starts_with("DC1") && finding["role"].as_str().is_none_or(|role| role == "cause");
            if !is_cause {
                found.also.insert(code);
            } else if found.primary.is_none() {
                found.primary = Some((code, word("confidence")?));
            }
        }
        Ok(found)
    }

    /// Code of the first cause.
    pub(super) fn code(&self) -> &str {
        self.primary.as_ref().map_or(NONE, |(code, _)| code)
    }

    pub(super) fn grade(&self, expected: Option<&str>) -> Grade {
        match self.code() {
            code if code == expected.unwrap_or(NONE) => Grade::Right,
            UNEXPLAINED => Grade::Unexplained,
            _ => Grade::Wrong,
        }
    }

    /// Those of the expected codes that were not found.
    pub(super) fn missing(&self, expected: &[String]) -> Vec<String> {
        expected.iter().filter(|code| !self.also.contains(*code)).cloned().collect()
    }
}

/// How often what was found for what.
#[derive(Clone, Debug, Default)]
pub(super) struct Confusion(BTreeMap<(String, String), usize>);

impl Confusion {
    pub(super) fn add(&mut self, expected: Option<&str>, found: &Found) {
        let place = (expected.unwrap_or(NONE).to_owned(), found.code().to_owned());
        *self.0.entry(place).or_default() += 1;
    }

    /// A row for each cause that was expected, a column for each that was found.
    pub(super) fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let rows: BTreeSet<&String> = self.0.keys().map(|(expected, _)| expected).collect();
        let columns: BTreeSet<&String> = self.0.keys().map(|(_, found)| found).collect();
        let count = |row: &String, column: &String| {
            self.0.get(&(row.clone(), column.clone())).map_or_else(String::new, ToString::to_string)
        };
        let head = ["expected".to_owned()].into_iter().chain(columns.iter().map(|name| (*name).clone()));
        let line = |row: &String| {
            [row.clone()].into_iter().chain(columns.iter().map(|column| count(row, column))).collect()
        };
        (head.collect(), rows.into_iter().map(line).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(codes: &[&str]) -> Value {
        let finding = |code: &&str| json!({"code": code, "name": "x", "confidence": "high"});
        json!({"findings": codes.iter().map(finding).collect::<Vec<_>>()})
    }

    #[test]
    fn the_first_cause_is_the_primary_one() {
        let found = Found::read(&report(&["DC901", "DC102", "DC101", "DC201"])).unwrap();
        assert_eq!(found.primary, Some(("DC102".to_owned(), "high".to_owned())));
        assert_eq!(found.grade(Some("DC102")), Grade::Right);
        assert_eq!(found.grade(Some("DC101")), Grade::Wrong);
        assert_eq!(found.grade(None), Grade::Wrong, "silence was expected");
        let expected = ["DC201", "DC202"].map(str::to_owned);
        assert_eq!(found.missing(&expected), ["DC202"]);
    }

    #[test]
    fn silence_and_not_knowing_are_grades_of_their_own() {
        let silent = Found::read(&report(&["DC902"])).unwrap();
        assert_eq!((silent.grade(None), silent.grade(Some("DC105"))), (Grade::Right, Grade::Wrong));
        let unexplained = Found::read(&report(&["DC199"])).unwrap();
        assert_eq!(unexplained.grade(Some("DC105")), Grade::Unexplained);
        assert!(Found::read(&json!({})).is_err());
        assert!(Found::read(&json!({"findings": [{"code": "DC105"}]})).is_err(), "no confidence");
    }

    #[test]
    fn a_cause_that_only_adds_is_not_the_primary_one() {
        let mut report = report(&["DC107", "DC101"]);
        report["findings"][0]["role"] = json!("contributor");
        report["findings"][1]["role"] = json!("cause");
        let found = Found::read(&report).unwrap();
        assert_eq!((found.code(), found.also.contains("DC107")), ("DC101", true));
    }

    #[test]
    fn confusions_are_counted() {
        let mut confusion = Confusion::default();
        for codes in [["DC105"], ["DC105"], ["DC104"]] {
            confusion.add(Some("DC105"), &Found::read(&report(&codes)).unwrap());
        }
        confusion.add(None, &Found::default());
        let (head, rows) = confusion.table();
        assert_eq!(head, ["expected", "DC104", "DC105", "none"]);
        assert_eq!(rows, [["DC105", "1", "2", ""], ["none", "", "", "1"]]);
    }
}
