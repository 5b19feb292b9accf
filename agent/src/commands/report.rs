//! `dropctl report`: look for a while, or read a recording, then explain.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, Result};

use super::{limits, log, look::look, output::Output};
use crate::{
    cli::{Format, ReportArgs},
    config::ReportConfig,
    recording::{self, Replayed},
    report,
    timeline::Timeline,
};

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<()> {
    let config = ReportConfig::new(args, limits())?;
    let output = Output::open(args.output.as_deref())?;
    let timeline = match &args.input {
        Some(path) => replay(path).with_context(|| path.display().to_string())?,
        None => look(
            &config,
            |node, setup| Ok(Timeline::new(node, setup)),
            |timeline, sample| {
                timeline.push(sample);
                Ok(())
            },
        )?,
    };
    let slice = timeline.all();
    let report = report::build(&slice).with_context(|| match &args.input {
        Some(path) => format!("{}: it has fewer than two samples: nothing was seen", path.display()),
        None => "nothing was seen".to_owned(),
    })?;
    let text = match output.format(args.format) {
        Format::Text => report::text(&report),
        Format::Markdown => report::markdown(&report),
        Format::Json => report::json(&report)
            .and_then(|text| recording::embed(&text, &slice))
            .context("write the report as JSON")?,
    };
    output.write(&text)
}

/// Reads a recording; what is odd about it is said.
pub(super) fn replay(path: &Path) -> Result<Timeline> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let Replayed { timeline, is_cut_off } = recording::read(source)?;
    if is_cut_off {
        log::say(&format!("{}: it ends in the middle of a sample and is used up to there", path.display()));
    }
    if timeline.out_of_order() > 0 {
        let count = timeline.out_of_order();
        log::say(&format!("{}: left out {count} samples that are not in order", path.display()));
    }
    Ok(timeline)
}
