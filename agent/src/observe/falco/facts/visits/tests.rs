//! Threads that visit, and what becomes of it when one hangs.

use std::{fs, os::unix::fs::symlink};

use super::*;
use crate::sample::{MetricsFacts, PageFacts, PageStatus};

fn falco(map_id: u32, tgid: u32) -> FalcoSample {
    let mut falco = FalcoSample { map_id, tgid, ..FalcoSample::default() };
    falco.now.n_evts = 1000;
    falco
}

#[test]
fn each_is_visited_and_forgotten_when_it_is_gone() {
    let proc = tempfile::tempdir().unwrap();
    for pid in ["7", "8"] {
        fs::create_dir(proc.path().join(pid)).unwrap();
        symlink("/usr/bin/sysdig", proc.path().join(pid).join("exe")).unwrap();
    }
    let mut visits = Visits::new(proc.path(), Some(2));
    let mut falcos = [falco(1, 7), falco(2, 8)];
    visits.complete(&mut falcos, &[]);
    visits.wait(Duration::from_secs(60));
    let mut falcos = [falco(1, 7), falco(2, 8)];
    falcos[0].facts.capture = Some(crate::sample::CaptureFacts::default());
    visits.complete(&mut falcos, &[]);
    assert!(falcos.iter().all(|falco| falco.facts.program.as_deref() == Some("sysdig")));
    assert!(falcos.iter().all(|falco| falco.facts.not_visible.is_empty()));
    assert!(falcos[0].facts.capture.is_some(), "what the maps show stays");
    // The same process with new maps.
    let mut reloaded = [falco(3, 7)];
    visits.complete(&mut reloaded, &[]);
    assert_eq!(visits.visitors.keys().collect::<Vec<_>>(), [&3]);
    drop(visits);
}

#[test]
fn there_are_only_so_many() {
    let proc = tempfile::tempdir().unwrap();
    let mut visits = Visits::new(proc.path(), None);
    let mut falcos: Vec<FalcoSample> =
        (0..).take(MOST + 3).map(|number| falco(number, 1000 + number)).collect();
    visits.complete(&mut falcos, &[]);
    assert_eq!(visits.visitors.len(), MOST);
    let last = &falcos[MOST].facts.not_visible;
    assert!(last[0].contains("at most"), "{last:?}");
}

/// What a visitor knows, as of now.
fn completed(state: State) -> FalcoFacts {
    let shared = Shared { state: Mutex::new(state), ..Shared::default() };
    let mut falco = falco(1, 7);
    shared.complete(&mut falco);
    falco.facts
}

#[test]
fn a_visit_that_hangs_is_said() {
    let began = Instant::now().checked_sub(2 * LONGEST);
    assert!(began.is_some());
    let hangs = completed(State { began, visits: 3, ..State::default() });
    assert!(hangs.not_visible[0].contains("do not answer"), "{:?}", hangs.not_visible);
    let new = completed(State { began: Some(Instant::now()), ..State::default() });
    assert!(new.not_visible[0].contains("not read yet"), "{:?}", new.not_visible);
    assert!(completed(State { visits: 1, ..State::default() }).not_visible.is_empty());
}

#[test]
fn a_page_that_is_ahead_of_the_maps_contradicts_them() {
    let of = |n_evts, agrees_with_maps| {
        let metrics = Some(MetricsFacts { n_evts, agrees_with_maps, ..MetricsFacts::default() });
        let page = Some(PageFacts { status: PageStatus::Answered, why: None });
        let facts = FalcoFacts { metrics, metrics_page: page, ..FalcoFacts::default() };
        completed(State { facts, visits: 1, began: None }).metrics.unwrap().agrees_with_maps
    };
    assert_eq!(of(Some(1000), None), Some(true));
    assert_eq!(of(Some(1001), None), Some(false));
    assert_eq!(of(Some(5), Some(false)), Some(false), "it was behind them");
    assert_eq!(of(None, None), None);
}
