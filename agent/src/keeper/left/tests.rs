//! Agents that are killed in the middle of an episode, and the next ones in the same folder.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use super::*;
use crate::{
    keeper::Shared,
    recording::Replayed,
    sample::{Node, Sample},
    timeline::example::{SECOND, at, falco, sample, setup},
};

const BOUNDS: Bounds = Bounds { length_ns: 900 * SECOND, bytes: 8 << 20 };
/// Begins there, s.
const LOSS: u64 = 150;

fn opened(folder: &Path) -> (Incidents, Vec<String>) {
    Incidents::in_folder(folder, at(600 * SECOND).real_ns).unwrap()
}

/// An agent that saw these seconds, in two of which 10 events were lost. Dropped, it is killed: nothing of it runs then.
fn agent(folder: &Path, seconds: std::ops::RangeInclusive<u64>) -> Shared {
    let (mut incidents, notes) = opened(folder);
    assert_eq!(notes, [] as [&str; 0]);
    assert_eq!(finish(&mut incidents, BOUNDS, 0), [] as [&str; 0]);
    let shared = Shared::new(Keeper::new(Node::default(), setup(), BOUNDS), incidents);
    for second in seconds {
        push(&shared, second);
    }
    shared
}

fn push(shared: &Shared, second: u64) {
    let events = match second {
        ..LOSS => 0,
        LOSS | 151 => 100,
        _ => 200,
    };
    shared.push(Sample { falcos: Some(vec![falco(1, 1, events)]), ..sample(second * SECOND) });
}

fn journal(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".dropctl-incident-open-"))
}

/// What the next agent has of it.
fn next(folder: &Path) -> (Vec<Incident>, Vec<String>, Option<Replayed>) {
    let (mut incidents, mut notes) = opened(folder);
    notes.extend(finish(&mut incidents, BOUNDS, at(600 * SECOND).real_ns));
    let last = incidents.list().last().map(|incident| incident.id.clone());
    let recording = last.map(|id| recording::read(incidents.open(&id).unwrap().unwrap()).unwrap());
    (incidents.list().cloned().collect(), notes, recording)
}

#[test]
fn one_that_a_killed_agent_saw_is_told_by_the_next() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let killed = agent(folder, 1..=160);
    let expected = killed.incidents();
    assert_eq!(expected.len(), 1);
    drop(killed);
    assert!(journal(folder).is_some());

    let (incidents, notes, recording) = next(folder);
    assert_eq!(notes, [] as [&str; 0]);
    let mut told = incidents.clone();
    assert!(told.iter_mut().all(|incident| std::mem::take(&mut incident.cut_off)), "{told:?}");
    assert_eq!(told, expected, "what the agent itself would have said then");
    assert_eq!((told[0].drops, told[0].goes_on, told[0].causes.len()), (20, true, 1));
    let timeline = recording.unwrap().timeline;
    let seconds = timeline.samples().iter().map(|sample| sample.clock.monotonic_ns / SECOND);
    let seconds: Vec<u64> = seconds.collect();
    assert_eq!(seconds, (29..=156).collect::<Vec<_>>(), "two minutes before, and up to the last look");
    let said = &timeline.setup.visibility;
    assert!(said.len() == 1 && said[0].note.contains("was killed"), "{said:?}");
    assert_eq!(journal(folder), None);
    assert_eq!(next(folder).0, incidents, "and by all after it");
}

#[test]
fn one_that_ends_leaves_no_journal() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let ended = agent(folder, 1..=400);
    assert_eq!(journal(folder), None);
    let kept = ended.incidents();
    assert!(kept.len() == 1 && !kept[0].cut_off, "{kept:?}");
    drop(ended);
    let stopped = agent(folder, 1..=LOSS);
    assert!(journal(folder).is_some());
    stopped.end();
    assert_eq!(journal(folder), None);
    assert!(stopped.incidents().iter().all(|incident| !incident.cut_off));
}

#[test]
fn an_agent_killed_after_the_end_of_one_leaves_it_once() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let shared = agent(folder, 1..=200);
    let journal_path = journal(folder).unwrap();
    let late = fs::read(&journal_path).unwrap();
    (201..=400).for_each(|second| push(&shared, second));
    let kept = shared.incidents();
    drop(shared);
    // Killed before it could remove the journal.
    fs::write(&journal_path, late).unwrap();
    assert_eq!(next(folder).0, kept);
    assert_eq!(journal(folder), None);
}

#[test]
fn it_is_written_once_and_then_every_few_seconds() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let shared = agent(folder, 1..=LOSS - 1);
    assert_eq!(journal(folder), None, "a quiet node writes nothing");
    let mut bytes = 0;
    let mut writes = Vec::new();
    for second in LOSS..=180 {
        push(&shared, second);
        let now = fs::metadata(journal(folder).unwrap()).unwrap().len();
        if now != bytes {
            writes.push(second);
            bytes = now;
        }
    }
    assert_eq!(writes, [LOSS, 152, 156, 166, 176], "as often as findings are looked for");
}

#[test]
fn any_end_of_a_journal_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    drop(agent(folder, 1..=160));
    let path = journal(folder).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut told = 0;
    for length in (0..whole.len()).step_by(211).chain([whole.len()]) {
        for tail in [&b""[..], &[0; 4096], b"{\"clock\":7}\n", &[0x1f, 0x8b, 8, 0, 0xff, 0xff]] {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).unwrap();
            file.write_all(&whole[..length]).and_then(|()| file.write_all(tail)).unwrap();
            drop(file);
            let (incidents, notes, _) = next(folder);
            assert_eq!(incidents.len() + notes.len(), 1, "{length} bytes and {tail:?}: {notes:?}");
            assert_eq!(journal(folder), None);
            if let [incident] = &*incidents {
                told += 1;
                assert!(incident.drops == 10 || incident.drops == 20, "{incident:?}");
                fs::remove_file(folder.join(format!("{}.jsonl.gz", incident.id))).unwrap();
            }
        }
    }
    assert!(told >= 8, "those that are whole up to the loss: {told}");
}

#[test]
fn that_of_an_agent_that_runs_is_left_to_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let runs = agent(folder, 1..=160);
    let refused = Incidents::in_folder(folder, 0).unwrap_err();
    assert!(refused.to_string().contains("another agent"), "{refused}");
    assert!(journal(folder).is_some());
    (161..=300).for_each(|second| push(&runs, second));
    assert_eq!(journal(folder), None);
    drop(runs);
    assert_eq!(next(folder).0.len(), 1);
}

#[test]
fn a_clock_that_is_set_back_hides_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let shared = agent(folder, 1..=LOSS);
    let mut late = Sample { falcos: Some(vec![falco(1, 1, 200)]), ..sample(151 * SECOND) };
    late.clock.real_ns -= 100 * SECOND;
    shared.push(late);
    (152..=160).for_each(|second| push(&shared, second));
    drop(shared);
    assert_eq!(next(folder).0[0].drops, 20);
}

#[test]
fn one_of_a_newer_dropctl_stays() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    drop(agent(folder, 1..=160));
    let path = journal(folder).unwrap();
    let header = recording::Header::new(Node::default(), setup());
    let line = serde_json::to_string(&header).unwrap().replace(recording::SCHEMA, "dropctl.recording/v9");
    assert!(line.contains("/v9"));
    fs::write(&path, recording::packed(format!("{line}\n").into_bytes()).unwrap()).unwrap();
    let (incidents, notes, _) = next(folder);
    assert!(incidents.is_empty() && notes[0].contains("newer dropctl"), "{notes:?}");
    assert!(path.exists());
}

/// A disk that does not read today, here a file that is not open for reading; what is damaged stays so.
#[test]
fn one_that_cannot_be_read_today_stays() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("journal");
    fs::write(&path, "no compression").unwrap();
    let why = |file| told(&Left { id: "today".to_owned(), file }, BOUNDS).unwrap_err();
    let unreadable = why(OpenOptions::new().write(true).open(&path).unwrap());
    assert!(may_be_told_later(&unreadable), "{unreadable}");
    let damaged = why(fs::File::open(&path).unwrap());
    assert!(!may_be_told_later(&damaged), "{damaged}");
}
