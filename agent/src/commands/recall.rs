//! What the agent of this node remembers: `--since`, `--incident`, and where nothing is said, because it saw the minutes
//! before the question.

use std::{io::Read, path::Path, time::Duration};

use anyhow::{Result, bail};

use super::{
    log,
    progress::{Progress, Work},
};
use crate::{
    cli::SourceArgs,
    number::{count, rfc3339, seconds},
    recording::Incident,
    socket::{
        Answer, Question,
        client::{self, AskError},
    },
    timeline::seconds as from_ns,
};

/// `--incident` with this word asks for all of them.
const LIST: &str = "list";

/// What is asked for where nothing is said.
const USUAL: Duration = Duration::from_secs(15 * 60);

/// What the agent is asked for in so many words.
fn question(args: &SourceArgs) -> Option<Question> {
    let incident = |which: &str| match which {
        LIST => Question::Incidents,
        which => Question::Incident { which: which.to_owned() },
    };
    args.since.map(since).or_else(|| args.incident.as_deref().map(incident))
}

fn since(length: Duration) -> Question {
    Question::Since { length_ns: u64::try_from(length.as_nanos()).unwrap_or(u64::MAX) }
}

/// What comes of asking.
pub(super) enum Recalled {
    /// A recording.
    Recording(Box<dyn Read>),
    /// A page.
    Page(String),
}

/// Asks the agent. `None`: the node is to be looked at.
pub(super) fn ask(args: &SourceArgs) -> Result<Option<Recalled>> {
    let path = args.socket.as_deref();
    let asking = Progress::start(Work::Doing("asking the agent"));
    let answered = match question(args) {
        Some(question) => client::ask(path, &question)?,
        None if args.looks() => return Ok(None),
        None => match client::ask(path, &since(USUAL)) {
            Ok(answered) => {
                log::say(&format!(
                    "the agent of this node tells its last {}; --duration 10s looks now",
                    humantime::format_duration(USUAL)
                ));
                answered
            }
            // Whoever names a socket wants that agent.
            Err(AskError::NoAgent { .. }) if path.is_none() => return Ok(None),
            Err(error @ AskError::NotAllowed { .. }) if path.is_none() => {
                log::say(&format!("{error}; looking now"));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        },
    };
    drop(asking);
    Ok(Some(match answered {
        (Answer::Recording { notes }, recording) => {
            notes.iter().for_each(|note| log::say(note));
            Recalled::Recording(Box::new(recording))
        }
        (Answer::Incidents { incidents }, _) => Recalled::Page(list(&incidents)),
        (Answer::Refused { why }, _) => bail!(why),
    }))
}

/// One line for each.
fn list(incidents: &[Incident]) -> String {
    if incidents.is_empty() {
        return "no incident: nothing was lost in the last 24 hours, or since the agent started\n".to_owned();
    }
    let line = |incident: &Incident| {
        let length_ns = incident.end_ns.saturating_sub(incident.start_ns);
        format!(
            "{:<20}  {}  {:>8}{}  {} drops  {}  {}{}\n",
            incident.id,
            rfc3339(incident.start_ns),
            seconds(from_ns(length_ns)),
            if incident.goes_on { "+" } else { " " },
            count(incident.drops),
            incident.tools.join(","),
            incident.causes.join(","),
            if incident.cut_off { "  the agent was killed in it" } else { "" }
        )
    };
    incidents.iter().map(line).collect()
}

/// What the samples are of, for messages.
pub(super) fn name(args: &SourceArgs) -> String {
    match (&args.input, args.since, &args.incident) {
        (Some(path), ..) => Path::display(path).to_string(),
        (None, Some(since), _) => format!("the agent's last {}", humantime::format_duration(since)),
        (None, None, Some(which)) => format!("incident {which}"),
        (None, None, None) => "the node".to_owned(),
    }
}
