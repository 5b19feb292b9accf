//! Values of each layout, and what no value can be.

use super::*;

fn value(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn count(counters: &Counters, category: &str) -> Option<u64> {
    counters.categories.iter().find(|(name, _)| name == category).map(|(_, count)| *count)
}

/// What a paused consumer left: 774,218 drops, of which 516,133 have a category (Falco 0.44.1, 6.18).
const PAUSED: [u64; 13] = [1_000_000, 774_218, 0, 0, 0, 0, 0, 258_066, 0, 0, 258_066, 1, 3];

#[test]
fn each_layout_by_its_size() {
    let names = |size: u64| {
        let value = value(&(0..size / 8).collect::<Vec<_>>());
        let counters = Counters::decode(&value, None).unwrap();
        let last = counters.n_drops_max_event_size;
        assert_eq!((counters.n_evts, counters.n_drops_buffer), (0, 1));
        (counters.layout, counters.categories, last)
    };
    assert_eq!(names(24), (Layout::V0, vec![], Some(2)));
    let (layout, categories, last) = names(120);
    assert_eq!((layout, categories.len(), last), (Layout::V1, 12, Some(14)));
    assert_eq!(categories[11], ("other_interest_exit".to_owned(), 13));
    let (layout, categories, last) = names(136);
    assert_eq!((layout, categories.len(), last), (Layout::V2, 14, Some(16)));
    assert_eq!(categories[0], ("clone_fork_enter".to_owned(), 2));
    assert_eq!(categories[13], ("proc_exit".to_owned(), 15));
    let (layout, categories, last) = names(104);
    assert_eq!((layout, categories.len(), last), (Layout::V3, 10, Some(12)));
    assert_eq!(categories[2], ("connect_enter".to_owned(), 4));
    assert_eq!(names(112), (Layout::Unknown, vec![], None));
}

#[test]
fn what_has_no_category_is_the_rest() {
    let counters = Counters::decode(&value(&PAUSED), None).unwrap();
    assert_eq!(count(&counters, "open_exit"), Some(258_066));
    assert_eq!(counters.uncategorised(), Some(258_085));
    assert_eq!(counters.n_drops(), Some(774_221));
    let mut torn = PAUSED;
    torn[1] = 5;
    assert_eq!(Counters::decode(&value(&torn), None).unwrap().uncategorised(), None, "counters in motion");
    assert_eq!(Counters::decode(&value(&[9, 5, 0]), None).unwrap().uncategorised(), None, "no categories");
}

#[test]
fn names_beat_the_size() {
    let members: Vec<_> = [("n_drops_buffer", 8), ("n_evts", 0), ("n_drops_auxmap_pool_full", 16)]
        .into_iter()
        .chain([("n_drops_buffer_open_exit", 24), ("beyond", 4096)])
        .map(|(name, offset)| (name.to_owned(), offset))
        .collect();
    let counters = Counters::decode(&value(&[10, 7, 2, 4]), Some(&members)).unwrap();
    assert_eq!((counters.n_evts, counters.n_drops_buffer, counters.layout), (10, 7, Layout::Btf));
    assert_eq!(counters.others, [("n_drops_auxmap_pool_full".to_owned(), 2)]);
    assert_eq!(counters.uncategorised(), Some(3));
    assert_eq!((counters.n_drops_max_event_size, counters.n_drops()), (None, None));
    assert_eq!(
        Counters::decode(&value(&[1]), Some(&members)),
        Err(CountersError::Missing { name: "n_drops_buffer" })
    );
}

#[test]
fn cpus_add_up_or_are_not_of_one_map() {
    let one = Counters::decode(&value(&PAUSED), None).unwrap();
    let sum = Counters::sum([&one, &one, &one]).unwrap();
    assert_eq!((sum.n_evts, sum.n_drops_buffer), (3_000_000, 2_322_654));
    assert_eq!((sum.uncategorised(), sum.n_drops_max_event_size), (Some(774_255), Some(9)));
    let other = Counters::decode(&value(&[1, 0, 0]), None).unwrap();
    assert_eq!(Counters::sum([&one, &other]), None);
    let unknown = Counters::decode(&value(&[1, 0, 0, 0]), None).unwrap();
    assert_eq!(Counters::sum([&other, &unknown]), None, "without categories, too");
    assert_eq!(Counters::sum([]), None);
    let full = Counters::decode(&value(&[u64::MAX, 0, 0]), None).unwrap();
    assert_eq!(Counters::sum([&full, &other]), None, "no wrapped sums");
}

#[test]
fn short_values_are_refused() {
    assert_eq!(Counters::decode(&[0; 15], None), Err(CountersError::Short { bytes: 15 }));
    assert_eq!(Counters::decode(&[], None), Err(CountersError::Short { bytes: 0 }));
}
