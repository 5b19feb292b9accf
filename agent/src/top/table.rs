//! Tables of a view: what a cell is, in which order rows come and which of them. Left out: how they look.

use std::cmp::Ordering;

use crate::{diagnose::Severity, evidence::Evidence, number};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Title.
    pub title: &'static str,
    /// Where there is no room for all columns, the one with the lowest number goes first; `None` stays.
    pub spare: Option<u8>,
    /// Sorted by it, the largest comes first.
    pub is_falling: bool,
    /// Its words are not cut, as there is a number in them.
    pub is_whole: bool,
}

impl Column {
    /// Text, which is sorted from A to Z.
    #[must_use]
    pub const fn text(title: &'static str) -> Self {
        Self { title, spare: None, is_falling: false, is_whole: false }
    }

    /// A number, of which the largest comes first.
    #[must_use]
    pub const fn number(title: &'static str) -> Self {
        Self { is_falling: true, ..Self::text(title) }
    }

    /// The same, to be left out where it is narrow.
    #[must_use]
    pub const fn spare(self, rank: u8) -> Self {
        Self { spare: Some(rank), ..self }
    }
}

/// One cell. What is not known is `None`.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number that names something, such as a process id.
    Id(Option<u32>),
    /// How many.
    Count(Option<u64>),
    /// How many events were lost.
    Drops(Option<u64>),
    /// Per second.
    Rate(Option<f64>),
    /// Bytes.
    Bytes(u64),
    /// Bytes per second.
    ByteRate(Option<f64>),
    /// A part of a whole, 0 to 1.
    Share(Option<f64>),
    /// How full a ring is and was at most, as parts of its size.
    Bar {
        /// Now.
        now: f64,
        /// At most.
        most: f64,
    },
    /// How bad.
    Level(Severity),
    /// Where the number beside it comes from.
    By(Option<Evidence>),
}

impl Cell {
    /// What stands in it; a bar is drawn, and stands for its share.
    #[must_use]
    pub fn shown(&self) -> String {
        let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
        match self {
            Self::Text(text) => text.clone(),
            Self::Id(id) => or_unknown(id.map(|id| id.to_string())),
            Self::Count(count) | Self::Drops(count) => or_unknown(count.map(number::count)),
            Self::Rate(rate) => or_unknown(rate.map(number::rate)),
            Self::Bytes(bytes) => number::bytes(*bytes),
            Self::ByteRate(rate) => or_unknown(rate.map(number::byte_rate)),
            Self::Share(share) => or_unknown(share.map(number::percent)),
            Self::Bar { now, .. } => number::percent(*now),
            Self::Level(severity) => severity.as_str().to_owned(),
            Self::By(evidence) => or_unknown(evidence.map(|evidence| {
                // Its whole name is as wide as the number it is about.
                if evidence == Evidence::Estimated { "est." } else { evidence.as_str() }.to_owned()
            })),
        }
    }

    /// Words begin at the left, numbers end at the right.
    #[must_use]
    pub fn is_words(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Level(_) | Self::By(_) | Self::Bar { .. })
    }

    /// What a number is sorted by; `None` is the least.
    fn weight(&self) -> Option<f64> {
        match self {
            Self::Id(id) => id.map(f64::from),
            Self::Count(count) | Self::Drops(count) => count.map(number::float),
            Self::Bytes(bytes) => Some(number::float(*bytes)),
            Self::Rate(value) | Self::ByteRate(value) | Self::Share(value) => *value,
            Self::Bar { now, .. } => Some(*now),
            Self::Level(severity) => Some(f64::from(*severity as u8)),
            Self::Text(_) | Self::By(_) => None,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self.weight(), other.weight()) {
            (None, None) => self.shown().to_lowercase().cmp(&other.shown().to_lowercase()),
            (one, other) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows: a cell for each column. In the order in which they come where nothing else tells them apart.
    pub rows: Vec<Vec<Cell>>,
    /// Where its numbers come from.
    pub note: String,
    /// Why it is empty, if it is.
    pub empty: String,
}

/// By which column rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// Its place.
    pub column: usize,
    /// The other way round than that column is sorted by itself.
    pub is_reversed: bool,
}

impl Table {
    /// The rows in which some text has `filter` in it, whatever its case, sorted.
    #[must_use]
    pub fn rows(&self, filter: &str, sort: Sort) -> Vec<&[Cell]> {
        let filter = filter.to_lowercase();
        let is_wanted = |row: &&Vec<Cell>| {
            let mut words = row.iter().filter(|cell| cell.is_words());
            filter.is_empty() || words.any(|cell| cell.shown().to_lowercase().contains(&filter))
        };
        let mut rows: Vec<&[Cell]> = self.rows.iter().filter(is_wanted).map(Vec::as_slice).collect();
        if let Some(column) = self.columns.get(sort.column) {
            let falls = column.is_falling != sort.is_reversed;
            rows.sort_by(|one, other| {
                let order = one[sort.column].order(&other[sort.column]);
                if falls { order.reverse() } else { order }
            });
        }
        rows
    }
}
