//! `dropctl report`: look for a while, ask the agent, or read a recording, then explain.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, Result};

use super::{
    Ending, limits, log,
    look::look,
    output::Output,
    recall::{self, Recalled},
};
use crate::{
    cli::{Format, ReportArgs},
    config::ReportConfig,
    recording::{self, Replayed},
    report,
    timeline::Timeline,
};

/// Ending of what is written beside a page: the report in JSON with its recording, which `--input` reads.
const REPLAYABLE: &str = "json.gz";

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<Ending> {
    let config = ReportConfig::new(args, limits())?;
    let output = Output::open(args.output.as_deref())?;
    let format = output.format(args.format);
    // What was replayed can be replayed again as it is, and may lie at that very place.
    let is_new = format == Format::Markdown && args.input.is_none();
    let replayable = if is_new { output.beside(REPLAYABLE)? } else { None };
    let name = recall::name(args);
    let timeline = match (&args.input, recall::question(args)) {
        (Some(path), _) => replay(path).with_context(|| name.clone())?,
        (None, Some(question)) => match recall::ask(args, &question)? {
            Recalled::Recording(source) => read(source, &name).with_context(|| name.clone())?,
            Recalled::Page(page) => return output.write(page).map(|()| Ending::Fine),
        },
        (None, None) => look(
            &config,
            |node, setup| Ok(Timeline::new(node, setup)),
            |timeline, sample| {
                timeline.push(sample);
                Ok(())
            },
        )?,
    };
    let slice = timeline.all();
    let report = report::build(&slice)
        .with_context(|| format!("{name}: it has fewer than two samples: nothing was seen"))?;
    let json = || {
        let text = report::json(&report).and_then(|text| recording::embed(&text, &slice));
        text.context("write the report as JSON")
    };
    output.write(match format {
        Format::Text => report::text(&report),
        Format::Markdown => report::markdown(&report),
        Format::Json => json()?,
    })?;
    if let Some((path, output)) = replayable {
        output.write(recording::packed(&json()?).context("pack the report")?)?;
        log::say(&format!("{} replays it: attach both", path.display()));
    }
    let is_reached = |level| report.findings.iter().any(|finding| finding.severity >= level);
    Ok(if args.fail_on.is_some_and(is_reached) { Ending::Found } else { Ending::Fine })
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    Ok(if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) })
}

/// Reads a recording; what is odd about it is said.
pub(super) fn replay(path: &Path) -> Result<Timeline> {
    read(open(path)?, &path.display().to_string())
}

/// The same, wherever it comes from.
pub(super) fn read(source: impl Read, name: &str) -> Result<Timeline> {
    let Replayed { timeline, is_cut_off } = recording::read(source)?;
    if is_cut_off {
        log::say(&format!("{name}: it ends in the middle of a sample and is used up to there"));
    }
    if timeline.out_of_order() > 0 {
        let count = timeline.out_of_order();
        log::say(&format!("{name}: left out {count} samples that are not in order"));
    }
    Ok(timeline)
}
