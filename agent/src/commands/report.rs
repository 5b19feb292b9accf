//! `dropctl report`: look for a while, ask the agent, or read a recording, then explain.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{
    Ending, limits, log,
    names::Names,
    output::Output,
    progress::{Progress, Work},
    source::{Source, TOO_SHORT},
};
use crate::{
    cli::{Format, ReportArgs},
    config::ReportConfig,
    recording, report,
};

/// Ending of what is written beside a page: the report in JSON with its recording, which `--input` reads.
const REPLAYABLE: &str = "json.gz";

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<Ending> {
    let config = ReportConfig::new(&args.source, limits())?;
    let (output, format) = Output::of_page(&args.page)?;
    // What was replayed can be replayed again as it is, and may lie at that very place.
    let is_page = matches!(format, Format::Markdown | Format::Html);
    let is_new = is_page && args.source.input.is_none();
    let replayable = if is_new { output.beside(REPLAYABLE)? } else { None };
    let is_read_here = output.is_read_here(format);
    let outputs: Vec<&Path> =
        args.page.output.as_deref().into_iter().chain(replayable.as_ref().map(|(path, _)| &**path)).collect();
    let mut names = Names::new(&args.page.names, is_read_here, &outputs)?;
    let (mut timeline, name) = match Source::take(&args.source, &config)? {
        Source::Timeline(timeline, name) => (timeline, name),
        Source::Page(page) => return output.write(page).map(|()| Ending::Fine),
    };
    let judging = Progress::start(Work::Doing("judging"));
    names.redact(&mut timeline, &name)?;
    let slice = timeline.all();
    let report = report::build(&slice).with_context(|| format!("{name}: {TOO_SHORT}"))?;
    let json = || {
        let text = report::json(&report).and_then(|text| recording::embed(&text, &slice));
        text.context("write the report as JSON")
    };
    // What cannot be told by its pseudonyms any more should not be out before it can be.
    names.finish()?;
    let page = match format {
        Format::Text => report::text(&report),
        Format::Markdown => report::markdown(&report),
        Format::Html => report::html(&report, &slice),
        Format::Json => json()?,
    };
    drop(judging);
    output.write_page(format, page)?;
    if let Some((path, output)) = replayable {
        output.write(recording::packed(&json()?).context("pack the report")?)?;
        log::say(&format!("{} replays it: attach both", path.display()));
    }
    let is_reached = |level| report.findings.iter().any(|finding| finding.severity >= level);
    Ok(if args.fail_on.is_some_and(is_reached) { Ending::Found } else { Ending::Fine })
}
