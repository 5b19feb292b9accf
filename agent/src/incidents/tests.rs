//! Incidents in memory and in a folder that anybody may have been at.

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;
use crate::{
    recording::{self, Header, Writer},
    sample::Node,
    timeline::example::{SECOND, sample, setup},
};

const HOUR: u64 = 3600 * SECOND;
/// 2026-11-26T02:00:00Z.
const BEGIN: u64 = 1_795_658_400 * SECOND;

fn incident(id: &str, start_ns: u64) -> Incident {
    Incident { id: id.to_owned(), start_ns, end_ns: start_ns + SECOND, drops: 7, ..Incident::default() }
}

fn recording_of(incident: &Incident) -> Vec<u8> {
    let header = Header { incident: Some(incident.clone()), ..Header::new(Node::default(), setup()) };
    let mut writer = Writer::new(Vec::new(), true, &header).unwrap();
    (1..=3).for_each(|second| writer.push(&sample(second * SECOND)).unwrap());
    writer.finish().unwrap()
}

/// Adds one that began then.
fn add(incidents: &mut Incidents, start_ns: u64) -> String {
    let incident = incident(&incidents.new_id(start_ns), start_ns);
    incidents.add(incident.clone(), &recording_of(&incident), start_ns).unwrap();
    incident.id
}

fn ids(incidents: &Incidents) -> Vec<String> {
    incidents.list().map(|incident| incident.id.clone()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn ids_are_times_and_unique() {
    let mut incidents = Incidents::in_memory();
    let given: Vec<String> = (0..3).map(|_| add(&mut incidents, BEGIN)).collect();
    assert_eq!(given, ["20261126T020000Z", "20261126T020000Z-2", "20261126T020000Z-3"]);
}

#[test]
fn the_oldest_of_more_than_sixteen_goes() {
    let mut incidents = Incidents::in_memory();
    let given: Vec<String> = (0..20).map(|number| add(&mut incidents, BEGIN + number * SECOND)).collect();
    assert_eq!(ids(&incidents), given[4..]);
    assert!(incidents.open(&given[3]).is_none());
    let recording = incidents.open(&given[4]).unwrap().unwrap();
    assert_eq!(recording::read(recording).unwrap().timeline.samples().len(), 3);
}

#[test]
fn after_a_day_each_goes() {
    let mut incidents = Incidents::in_memory();
    add(&mut incidents, BEGIN);
    let second = add(&mut incidents, BEGIN + HOUR);
    incidents.forget(BEGIN + 24 * HOUR);
    assert_eq!(ids(&incidents).len(), 2, "it ended a second later");
    incidents.forget(BEGIN + 24 * HOUR + 2 * SECOND);
    assert_eq!(ids(&incidents), [second]);
    incidents.forget(BEGIN - HOUR);
    assert_eq!(ids(&incidents).len(), 1, "a clock that was set back makes nothing old");
}

#[test]
fn all_of_them_are_bounded_in_bytes() {
    let mut incidents = Incidents::in_memory();
    let third = vec![0; usize::try_from(MEMORY_BYTES / 3).unwrap()];
    for number in 0..5 {
        let incident = incident(&format!("i{number}"), BEGIN + number);
        incidents.add(incident, &third, BEGIN).unwrap();
        let bytes: u64 = incidents.kept.iter().map(|kept| kept.bytes).sum();
        assert!(bytes <= MEMORY_BYTES);
    }
    assert_eq!(ids(&incidents), ["i2", "i3", "i4"]);
    incidents.add(incident("huge", BEGIN + 5), &vec![0; 9 << 20], BEGIN).unwrap();
    assert_eq!(ids(&incidents), [] as [&str; 0], "one alone is too much");
}

#[test]
fn a_folder_outlives_the_agent() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("incidents");
    let (mut incidents, notes) = Incidents::in_folder(&folder, BEGIN).unwrap();
    assert_eq!(notes, [] as [&str; 0]);
    let given: Vec<String> = (0..18).map(|number| add(&mut incidents, BEGIN + number * SECOND)).collect();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let expected: Vec<String> = given[2..].iter().map(|id| format!("{id}.jsonl.gz")).collect();
    assert_eq!(names(&folder), expected, "old ones are removed");
    expected.iter().for_each(|name| assert_eq!(mode(&folder.join(name)), 0o600));
    let before: Vec<Incident> = incidents.list().cloned().collect();
    drop(incidents);

    let (again, notes) = Incidents::in_folder(&folder, BEGIN + HOUR).unwrap();
    assert_eq!(again.list().cloned().collect::<Vec<_>>(), before);
    assert_eq!(notes, [] as [&str; 0]);
    let recording = again.open(&given[5]).unwrap().unwrap();
    assert_eq!(recording::read(recording).unwrap().timeline.samples().len(), 3);
    let second = Incidents::in_folder(&folder, BEGIN + HOUR).unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::WouldBlock, "one agent has it");
    drop(again);
    let (later, _) = Incidents::in_folder(&folder, BEGIN + 25 * HOUR).unwrap();
    assert_eq!((ids(&later).len(), names(&folder).len()), (0, 0), "after a day");
}

#[test]
fn what_is_not_ours_is_neither_used_nor_removed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (mut incidents, _) = Incidents::in_folder(folder, BEGIN).unwrap();
    let good = add(&mut incidents, BEGIN);
    let whole = fs::read(folder.join(format!("{good}.jsonl.gz"))).unwrap();
    let at = |second: u32| folder.join(format!("20261126T0100{second:02}Z.jsonl.gz"));
    fs::write(at(0), "no recording at all").unwrap();
    fs::write(at(1), &whole[..20]).unwrap();
    // What it points to is a good one.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("incident"), &whole).unwrap();
    symlink(elsewhere.path().join("incident"), at(2)).unwrap();
    fs::create_dir(at(3)).unwrap();
    File::create(at(4)).unwrap().set_len(FOLDER_BYTES + 1).unwrap();
    let fifo = rustix::fs::CWD;
    rustix::fs::mknodat(fifo, at(5), rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0)
        .unwrap();
    let header = Header::new(Node::default(), setup());
    fs::write(at(6), Writer::new(Vec::new(), true, &header).unwrap().finish().unwrap()).unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(folder.join("20261126T010007Z.jsonl"), "mine, too").unwrap();
    // Cut off behind its header: good up to there, for whoever reads it.
    fs::write(at(8), &whole[..whole.len() - 30]).unwrap();
    fs::write(folder.join(".dropctl-incident-abc"), "an agent was killed here").unwrap();
    let journal =
        |second: u32| folder.join(format!(".dropctl-incident-open-20261126T0100{second:02}Z.jsonl.gz"));
    symlink(elsewhere.path().join("incident"), journal(10)).unwrap();
    fs::create_dir(journal(11)).unwrap();
    drop(incidents);

    let (again, notes) = Incidents::in_folder(folder, BEGIN + 30 * SECOND).unwrap();
    let id_of_cut = "20261126T010008Z".to_owned();
    assert_eq!(ids(&again), [id_of_cut.clone(), good]);
    let cut = recording::read(again.open(&id_of_cut).unwrap().unwrap()).unwrap();
    assert!(cut.is_cut_off);
    assert_eq!(notes.len(), 9, "{notes:#?}");
    for name in ["notes.txt", "20261126T010007Z.jsonl"]
        .map(|name| folder.join(name))
        .into_iter()
        .chain((0..7).map(at))
        .chain([10, 11].map(journal))
    {
        assert!(fs::symlink_metadata(&name).is_ok(), "{} was removed", name.display());
    }
    assert!(!folder.join(".dropctl-incident-abc").exists(), "what was not finished goes");
    drop(again);
    let (_, _) = Incidents::in_folder(folder, BEGIN + 30 * HOUR).unwrap();
    assert!(fs::symlink_metadata(at(2)).is_ok() && !at(8).exists());
}

#[test]
fn a_folder_that_went_away_is_no_end() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("incidents");
    let (mut incidents, _) = Incidents::in_folder(&folder, BEGIN).unwrap();
    let gone = add(&mut incidents, BEGIN);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(incidents.open(&gone).unwrap().err().unwrap().kind(), io::ErrorKind::NotFound);
    let next = incident("20261126T030000Z", BEGIN + HOUR);
    let refused = incidents.add(next.clone(), &recording_of(&next), BEGIN + HOUR);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(incidents.open(&next.id).unwrap().is_ok(), "it is kept in memory");
    assert!(Incidents::in_folder(Path::new("/proc/nowhere"), BEGIN).is_err());
}

#[test]
fn a_journal_is_bounded_and_counts() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (mut incidents, _) = Incidents::in_folder(folder, BEGIN).unwrap();
    let path = folder.join(".dropctl-incident-open-20261126T020000Z.jsonl.gz");
    assert!(incidents.wants_journal());
    incidents.begin("20261126T020000Z", b"begin").unwrap();
    assert!(!incidents.wants_journal());
    // Nothing that could be compressed.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let line: Vec<u8> = (0..1 << 20).map(|_| next()).collect();
    incidents.append(&line, false).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 5, "not yet");
    let written = (0..10).map(|_| incidents.append(&line, true)).collect::<Vec<_>>();
    assert_eq!(written.iter().filter(|written| written.is_err()).count(), 1, "it is said once");
    let bytes = fs::metadata(&path).unwrap().len();
    assert!((7 << 20..=journal::MOST_BYTES).contains(&bytes), "{bytes}");
    let third = vec![0; usize::try_from(FOLDER_BYTES / 3).unwrap()];
    for number in 0..3 {
        let incident = incident(&format!("20261126T03000{number}Z"), BEGIN + number);
        incidents.folder.as_ref().unwrap().write(&incident.id, &third).unwrap();
        incidents.kept.push(Kept { incident, bytes: third.len() as u64, place: Place::Folder });
    }
    incidents.forget(BEGIN);
    assert_eq!(ids(&incidents).len(), 2, "three would fit if there were no journal");
    let last = incident("20261126T020000Z", BEGIN);
    incidents.add(last.clone(), &recording_of(&last), BEGIN).unwrap();
    assert!(!path.exists(), "it is an incident now");
}

#[test]
fn what_the_folder_does_not_take_leaves_its_journal() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (mut incidents, _) = Incidents::in_folder(folder, BEGIN).unwrap();
    let id = "20261126T020000Z";
    incidents.begin(id, b"begin").unwrap();
    // In the way of its name.
    fs::create_dir(folder.join(format!("{id}.jsonl.gz"))).unwrap();
    let last = incident(id, BEGIN);
    assert!(incidents.add(last.clone(), &recording_of(&last), BEGIN).is_err());
    assert!(incidents.open(id).unwrap().is_ok(), "it is kept in memory");
    assert!(
        folder.join(format!(".dropctl-incident-open-{id}.jsonl.gz")).exists(),
        "and told by the next agent"
    );
    let older = incident("20261126T010000Z", BEGIN - SECOND);
    incidents.add(older.clone(), &recording_of(&older), BEGIN).unwrap();
    assert_eq!(ids(&incidents), [older.id, last.id], "oldest first, however late it is told");
}
