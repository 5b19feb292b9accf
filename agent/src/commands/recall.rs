//! `dropctl report --since` and `--incident`: what the agent of this node remembers.

use std::{io::Read, path::Path, time::Duration};

use anyhow::{Result, bail};

use super::log;
use crate::{
    cli::SourceArgs,
    number::{count, rfc3339, seconds},
    recording::Incident,
    socket::{Answer, Question, client},
    timeline::seconds as from_ns,
};

/// `--incident` with this word asks for all of them.
const LIST: &str = "list";

/// What the agent is asked for; `None`: the node is looked at.
pub(super) fn question(args: &SourceArgs) -> Option<Question> {
    let since = |length: Duration| Question::Since {
        length_ns: u64::try_from(length.as_nanos()).unwrap_or(u64::MAX),
    };
    let incident = |which: &str| match which {
        LIST => Question::Incidents,
        which => Question::Incident { which: which.to_owned() },
    };
    args.since.map(since).or_else(|| args.incident.as_deref().map(incident))
}

/// What comes of asking.
pub(super) enum Recalled {
    /// A recording.
    Recording(Box<dyn Read>),
    /// A page.
    Page(String),
}

/// Asks the agent.
pub(super) fn ask(args: &SourceArgs, question: &Question) -> Result<Recalled> {
    match client::ask(args.socket.as_deref(), question)? {
        (Answer::Recording { notes }, recording) => {
            notes.iter().for_each(|note| log::say(note));
            Ok(Recalled::Recording(Box::new(recording)))
        }
        (Answer::Incidents { incidents }, _) => Ok(Recalled::Page(list(&incidents))),
        (Answer::Refused { why }, _) => bail!(why),
    }
}

/// One line for each.
fn list(incidents: &[Incident]) -> String {
    if incidents.is_empty() {
        return "no incident: nothing was lost in the last 24 hours, or since the agent started\n".to_owned();
    }
    let line = |incident: &Incident| {
        let length_ns = incident.end_ns.saturating_sub(incident.start_ns);
        format!(
            "{:<20}  {}  {:>8}{}  {} drops  {}  {}\n",
            incident.id,
            rfc3339(incident.start_ns),
            seconds(from_ns(length_ns)),
            if incident.goes_on { "+" } else { " " },
            count(incident.drops),
            incident.tools.join(","),
            incident.causes.join(",")
        )
    };
    incidents.iter().map(line).collect()
}

/// What was asked, for messages.
pub(super) fn name(args: &SourceArgs) -> String {
    match (&args.input, args.since, &args.incident) {
        (Some(path), ..) => Path::display(path).to_string(),
        (None, Some(since), _) => format!("the agent's last {}", humantime::format_duration(since)),
        (None, None, Some(which)) => format!("incident {which}"),
        (None, None, None) => "the node".to_owned(),
    }
}
