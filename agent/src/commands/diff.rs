//! `dropctl diff`: two reports or recordings, before a change and after it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{output::Output, source::replay};
use crate::{
    cli::{DiffArgs, Format},
    diff::{self, Given},
    report,
    timeline::Timeline,
};

/// Runs the command.
pub fn run(args: &DiffArgs) -> Result<()> {
    let output = Output::open(args.output.as_deref())?;
    if args.a == Path::new("-") && args.b == Path::new("-") {
        bail!("A and B cannot both be stdin: name a file for one of them");
    }
    let read = |path: &Path| replay(path).with_context(|| path.display().to_string());
    let (before, after) = (read(&args.a)?, read(&args.b)?);
    let (a, b) = (given(&args.a, &before)?, given(&args.b, &after)?);
    if before == after {
        bail!(
            "{} and {} hold the same recording, of {}: give one from before the change and one from after it",
            a.source,
            b.source,
            a.report.window.start
        );
    }
    let diff = diff::compare(&a, &b);
    let text = match output.format(args.format) {
        Format::Text => diff::text(&diff),
        Format::Markdown => diff::markdown(&diff),
        Format::Json => diff::json(&diff).context("write it as JSON")?,
    };
    output.write(text)
}

fn given<'a>(path: &Path, timeline: &'a Timeline) -> Result<Given<'a>> {
    let slice = timeline.all();
    let source = path.display().to_string();
    let report = report::build(&slice)
        .with_context(|| format!("{source}: it has fewer than two samples: nothing was seen"))?;
    Ok(Given { source, slice, report })
}
