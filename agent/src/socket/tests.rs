//! A socket in a folder of its own, and an agent behind it that remembers samples made by hand.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{client::ask, server::Listener, *};
use crate::{
    incidents::Incidents,
    keeper::{Keeper, Shared},
    memory::Bounds,
    recording,
    sample::{Node, Sample},
    sys::clock,
    timeline::example::{SECOND, falco, sample, setup},
};

/// Answers until it is dropped.
struct Agent {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    _place: tempfile::TempDir,
    path: PathBuf,
}

impl Agent {
    /// With what `fill` puts into its memory.
    fn start(fill: impl FnOnce(&Shared)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run/agent.sock");
        let bounds = Bounds { length_ns: 900 * SECOND, bytes: 8 << 20 };
        let shared = Shared::new(Keeper::new(Node::default(), setup(), bounds), Incidents::in_memory());
        fill(&shared);
        let listener = Listener::bind(&path).unwrap();
        let (stop, stops) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    _ = stops => {}
                    served = listener.serve(Arc::new(shared)) => served.unwrap(),
                }
            });
            runtime.shutdown_background();
        });
        Self { stop: Some(stop), _place: place, path }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// Seconds of samples that end now; `lossy` ones lose 10 events.
fn fill(shared: &Shared, seconds: u64, lossy: impl Fn(u64) -> bool) {
    let begin_ns = clock::monotonic_ns() - seconds * SECOND;
    let mut events = 0;
    for second in 0..=seconds {
        events += if lossy(second) { 100 } else { 0 };
        let falcos = Some(vec![falco(1, 1, events)]);
        shared.push(Sample { falcos, ..sample(begin_ns + second * SECOND) });
    }
}

fn recording_of(path: &Path, question: &Question) -> recording::Replayed {
    noted_recording_of(path, question).1
}

fn noted_recording_of(path: &Path, question: &Question) -> (Vec<String>, recording::Replayed) {
    let (answer, source) = ask(Some(path), question).unwrap();
    let Answer::Recording { notes } = answer else { panic!("{answer:?}") };
    (notes, recording::read(source).unwrap())
}

fn refusal(path: &Path, question: &Question) -> String {
    ask(Some(path), question).unwrap_err().to_string()
}

#[test]
fn the_last_minutes_come_as_a_recording() {
    let agent = Agent::start(|shared| fill(shared, 300, |_| false));
    let (notes, replayed) = noted_recording_of(&agent.path, &Question::Since { length_ns: 60 * SECOND });
    assert_eq!(notes, [] as [&str; 0]);
    let samples = replayed.timeline.samples().len();
    assert!(!replayed.is_cut_off && (60..=62).contains(&samples), "{samples}");
    let (notes, all) = noted_recording_of(&agent.path, &Question::Since { length_ns: 3600 * SECOND });
    assert!(
        notes.len() == 1 && notes[0].starts_with("the agent remembers the last 5m only: it has not run"),
        "{notes:?}"
    );
    assert!(all.timeline.setup.visibility.is_empty(), "the window of the report says it");
    assert_eq!(all.timeline.samples().len(), 301);
}

#[test]
fn incidents_are_listed_and_told() {
    let agent = Agent::start(|shared| {
        assert_eq!(
            shared.incident("last").err().unwrap().split(':').next(),
            Some("the agent has kept no incident")
        );
        fill(shared, 600, |second| second == 200 || second == 202 || second == 400);
    });
    let (Answer::Incidents { incidents }, _) = ask(Some(&agent.path), &Question::Incidents).unwrap() else {
        panic!("no list");
    };
    let facts: Vec<_> = incidents
        .iter()
        .map(|one| ((one.end_ns - one.start_ns) / SECOND, one.drops, one.tools.join(",")))
        .collect();
    assert_eq!(facts, [(3, 20, "falco".to_owned()), (1, 10, "falco".to_owned())]);
    assert!(incidents.iter().all(|incident| incident.causes.len() == 1), "{incidents:?}");
    let of = |which: &str| {
        let question = Question::Incident { which: which.to_owned() };
        let timeline = recording_of(&agent.path, &question).timeline;
        let drops: u64 = timeline.all().falcos().iter().map(|falco| falco.counts.n_drops_buffer).sum();
        (timeline.samples().len(), drops)
    };
    let first = of(&incidents[0].id);
    assert_eq!(first, (120 + 3 + 60 + 1, 20), "two minutes before and one after");
    assert_eq!(of("last"), (120 + 1 + 60 + 1, 10));
    let in_first = crate::number::rfc3339(incidents[0].start_ns);
    assert_eq!(of(&in_first), first, "by a time in it");
    let error = refusal(&agent.path, &Question::Incident { which: "yesterday".to_owned() });
    assert!(
        error.contains("no incident \"yesterday\"; it has 2026") && error.contains(&incidents[1].id),
        "{error}"
    );
}

#[test]
fn one_that_goes_on_is_told_so_far() {
    let agent = Agent::start(|shared| fill(shared, 300, |second| second == 30 || second >= 290));
    let (Answer::Incidents { incidents }, _) = ask(Some(&agent.path), &Question::Incidents).unwrap() else {
        panic!("no list");
    };
    let facts: Vec<_> = incidents.iter().map(|one| (one.goes_on, one.drops)).collect();
    assert_eq!(facts, [(false, 10), (true, 110)]);
    for which in ["last", &incidents[1].id] {
        let question = Question::Incident { which: which.to_owned() };
        assert_eq!(recording_of(&agent.path, &question).timeline.samples().len(), 120 + 11 + 1);
    }
}

#[test]
fn only_its_owner_may_open_it() {
    let agent = Agent::start(|_| ());
    assert_eq!(fs::metadata(&agent.path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_an_agent_the_way_out_is_said() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("agent.sock");
    let nobody = refusal(&path, &Question::Incidents);
    assert!(nobody.contains("no agent answers at") && nobody.contains("dropctl agent"), "{nobody}");
    drop(UnixListener::bind(&path).unwrap());
    assert!(refusal(&path, &Question::Incidents).contains("no agent answers at"), "left behind");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert!(refusal(&path, &Question::Incidents).contains("no agent answers at"), "no socket");
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("agent.sock");
    drop(UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(&path).unwrap();
    let kind = Listener::bind(&path).unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::AddrInUse, "another agent is there");
    drop(listener);
    assert!(!path.exists(), "it goes with its agent");
    fs::write(&path, "mine").unwrap();
    assert_eq!(Listener::bind(&path).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn what_is_no_question_is_refused_and_the_agent_goes_on() {
    let agent = Agent::start(|shared| fill(shared, 5, |_| false));
    for text in ["\n", "hello\n", "{\"want\":\"everything\"}\n", &"x".repeat(100_000)] {
        let mut stream = UnixStream::connect(&agent.path).unwrap();
        // It may have stopped reading.
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.contains("does not understand"), "{answer}");
    }
    drop(UnixStream::connect(&agent.path).unwrap());
    assert_eq!(
        recording_of(&agent.path, &Question::Since { length_ns: SECOND * 60 }).timeline.samples().len(),
        6
    );
}

#[test]
fn an_agent_that_says_nonsense_is_not_believed() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    for nonsense in ["", "what?\n", "{\"answer\":\"recording\"}"] {
        let said = nonsense.to_owned();
        let listener = listener.try_clone().unwrap();
        let answers = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(said.as_bytes()).unwrap();
        });
        let error = refusal(&path, &Question::Incidents);
        assert!(error.contains("gave no answer that dropctl understands"), "{nonsense:?}: {error}");
        answers.join().unwrap();
    }
}
