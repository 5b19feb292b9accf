//! `dropctl explain`: what a drop alert of Falco means, or a finding of dropctl.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Read},
    path::Path,
};

use anyhow::{Context as _, Result, bail};

use super::{
    names::Names,
    output::Output,
    source::{STDIN, open, read, replay},
};
use crate::{
    alert::{self, Scanner},
    cli::{ExplainArgs, Format},
    diagnose::{Code, Finding, diagnose},
    explain::{self, Moment, Tally},
    nearest::nearest,
    number::rfc3339,
    sample::Sample,
    socket::{Question, client},
    timeline::Timeline,
};

/// An alert is about events of up to so long before it: it says a second, and after a stall it is more, ns.
const BEFORE_NS: u64 = 60_000_000_000;
/// The clocks of events and of the node may differ a little, ns.
const AFTER_NS: u64 = 2_000_000_000;

/// Runs the command.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let (output, format) = Output::of_page(&args.page)?;
    let what = args.what.as_deref();
    if let Some(code) = what.and_then(Code::find) {
        if matches!(format, Format::Html | Format::Json) {
            bail!(
                "the page of {} is Markdown, which the formats text and markdown write; html and json are for alerts",
                code.as_str()
            );
        }
        return output.write(format!("# {}\n", code.page()));
    }
    let (name, source): (&str, Box<dyn Read>) = match what {
        Some("-") => (STDIN, open(Path::new("-"))?),
        None if io::stdin().is_terminal() => {
            bail!(
                "what shall be explained? Give an alert, a file, or a finding such as DC102, or pipe a log into it"
            )
        }
        None => (STDIN, open(Path::new("-"))?),
        Some(text) if alert::is_said(text) => ("the argument", Box::new(io::Cursor::new(text.to_owned()))),
        Some(path) => (path, file(path)?),
    };
    let mut tally = Tally::default();
    for said in Scanner::new(source) {
        tally.add(said.with_context(|| name.to_owned())?);
    }
    if tally.is_empty() {
        bail!(
            "{name}: there is no drop alert and no metrics snapshot of Falco in it (\"Falco internal: syscall event drop. N \
             system calls dropped in last second.\", as JSON or text){}",
            what.and_then(|path| what_else(Path::new(path))).unwrap_or_default()
        );
    }
    let mut names = Names::of_page(&args.page, &output, format)?;
    let moment = match &args.recording {
        Some(path) => Some(recorded(path, &tally, &mut names).with_context(|| path.display().to_string())?),
        None => remembered(args.socket.as_deref(), &tally, &mut names)?,
    };
    if let Some(redactor) = names.redactor() {
        tally.redact(redactor);
    }
    names.finish()?;
    let explanation = tally.explain(moment);
    let text = match format {
        Format::Text => explain::text(&explanation),
        Format::Markdown => explain::markdown(&explanation),
        Format::Html => explain::html(&explanation),
        Format::Json => explain::json(&explanation).context("write it as JSON")?,
    };
    output.write_page(format, text)
}

/// Opens what was named; a finding or an alert that was mistyped is no file either.
fn file(path: &str) -> Result<Box<dyn Read>> {
    // Not by bytes: a name may have a character across the second one's end.
    let number = path.get(..2).filter(|start| start.eq_ignore_ascii_case("dc")).and_then(|_| path.get(2..));
    if number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        bail!("no finding {path}; there are {}", codes.join(", "));
    }
    match open(Path::new(path)) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let named = || Code::ALL.iter().flat_map(|code| [code.as_str(), code.name()]);
            let meant =
                Some(path).filter(|word| !word.contains(['/', '.'])).and_then(|word| nearest(word, named()));
            let hint = meant.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
            bail!("{path}: no such file, no finding and no alert of Falco{hint}")
        }
        Err(error) => Err(error).with_context(|| path.to_owned()),
    }
}

/// What a file is that has nothing of Falco in it, for whoever took one for another.
fn what_else(path: &Path) -> Option<&'static str> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    // Whoever opens a named pipe again waits for another writer.
    fs::metadata(path).ok()?.is_file().then_some(())?;
    let mut first = Vec::new();
    File::open(path).ok()?.take(256).read_to_end(&mut first).ok()?;
    match String::from_utf8_lossy(&first) {
        _ if first.starts_with(GZIP) => {
            Some("; it is compressed: zcat for a log, `dropctl report --input` for a recording")
        }
        text if text.contains("\"dropctl.") => {
            Some("; `dropctl report --input` reads a recording or a report")
        }
        _ => None,
    }
}

/// What the recording shows of the time of the alerts.
fn recorded(path: &Path, tally: &Tally, names: &mut Names) -> Result<Moment> {
    let Some(when) = tally.real_ns() else {
        bail!(
            "the alerts have no date with a time zone, so the recording cannot be searched for them; JSON alerts have it"
        )
    };
    let mut timeline = replay(path)?;
    redact(&mut timeline, names);
    let findings = at(&timeline, when).with_context(|| {
        let samples = timeline.samples();
        let time = |sample: Option<&Sample>| rfc3339(sample.map_or(0, |sample| sample.clock.real_ns));
        format!("it covers {} to {}, not the time of the alerts", time(samples.first()), time(samples.last()))
    })?;
    // The name of a file may name the node.
    let source = names.redactor().map_or_else(|| path.display().to_string(), |_| "the recording".to_owned());
    Ok(Moment { source, findings })
}

/// What the agent at `socket` kept of the time of the last alert. Nobody asked for it unless its socket was named: alerts may
/// be of another node, and there may be no agent.
fn remembered(socket: Option<&Path>, tally: &Tally, names: &mut Names) -> Result<Option<Moment>> {
    let Some(when) = tally.real_ns() else { return Ok(None) };
    let question = Question::Incident { which: rfc3339(when.1) };
    let answer = client::ask(socket, &question).map_err(anyhow::Error::from);
    match moment(answer.map(|(_, recording)| recording), when, names) {
        Err(_) if socket.is_none() => Ok(None),
        moment => moment,
    }
}

/// What an answer shows of that time, if it is a recording and covers it.
fn moment(answer: Result<impl Read>, when: (u64, u64), names: &mut Names) -> Result<Option<Moment>> {
    let mut timeline = read(answer?, "the agent's incident")?;
    redact(&mut timeline, names);
    Ok(at(&timeline, when).map(|findings| Moment { source: "the agent of this node".to_owned(), findings }))
}

/// One that has pseudonyms already stays as it is: key and map are of use to the alerts.
fn redact(timeline: &mut Timeline, names: &mut Names) {
    if let Some(redactor) = names.redactor() {
        redactor.timeline(timeline);
    }
}

/// What was found at that time, ns since 1970; `None` where the timeline does not cover it.
fn at(timeline: &Timeline, (first_ns, last_ns): (u64, u64)) -> Option<Vec<Finding>> {
    let slice =
        timeline.all().around_real(first_ns.saturating_sub(BEFORE_NS), last_ns.saturating_add(AFTER_NS))?;
    Some(diagnose(&slice, &[]))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::{cli::NamesArgs, recording, setup::Naming, timeline::example};

    const KEY: &str = "00112233445566778899aabbccddeeff";
    const WHEN: (u64, u64) = (0, 0);

    fn names() -> Names {
        let args = NamesArgs { redact_key: Some(KEY.into()), ..NamesArgs::default() };
        Names::new(&args, true, &[]).unwrap()
    }

    #[test]
    fn an_alert_beside_a_redacted_recording_is_redacted_with_the_key() {
        let mut timeline = Timeline::new(crate::sample::Node::default(), example::setup());
        timeline.push(example::sample(example::SECOND));
        timeline.setup.names = Naming::Pseudonyms;
        let header = recording::Header::new(timeline.node.clone(), timeline.setup.clone());
        let mut written = recording::Writer::new(Vec::new(), false, &header).unwrap();
        timeline.samples().iter().for_each(|sample| written.push(sample).unwrap());
        assert!(moment(Ok(&*written.finish().unwrap()), WHEN, &mut names()).unwrap().is_none());
    }

    #[test]
    fn a_named_pipe_is_not_opened_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, recording) = (folder.path().join("pipe"), folder.path().join("r.jsonl"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        fs::write(&recording, format!("{:300}", "{\"format\":\"dropctl.x\"}")).unwrap();
        // With a writer and enough to read, so that whoever opens it does not wait here.
        let mut writer = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        writer.write_all(&fs::read(&recording).unwrap()).unwrap();
        assert_eq!((what_else(&pipe), what_else(&recording).is_some()), (None, true));
    }

    #[test]
    fn a_name_is_cut_nowhere() {
        let said = |name: &str| file(name).err().unwrap().to_string();
        for name in ["日志.log", "d日.log", "dc", "DC10x"] {
            assert!(
                said(name).starts_with(&format!("{name}: no such file, no finding and no alert")),
                "{}",
                said(name)
            );
        }
        assert!(said("dc999").starts_with("no finding dc999; there are DC101"), "{}", said("dc999"));
    }

    #[test]
    fn an_answer_that_is_none_says_so_to_who_asked() {
        assert!(moment(Ok(&b"no recording"[..]), WHEN, &mut names()).is_err());
        let refused = Err::<&[u8], _>(anyhow::anyhow!("no such incident"));
        assert!(moment(refused, WHEN, &mut names()).is_err());
    }
}
