//! `dropctl diff`: two reports or recordings, before a change and after it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{
    names::Names,
    output::Output,
    progress::{Progress, Work},
    source::replay,
};
use crate::{
    cli::{DiffArgs, Format},
    diff::{self, Given},
    report,
    timeline::Timeline,
};

/// Runs the command.
pub fn run(args: &DiffArgs) -> Result<()> {
    let (output, format) = Output::of_page(&args.page)?;
    if args.a == Path::new("-") && args.b == Path::new("-") {
        bail!("A and B cannot both be stdin: name a file for one of them");
    }
    let read = |path: &Path| replay(path).with_context(|| path.display().to_string());
    let (mut before, mut after) = (read(&args.a)?, read(&args.b)?);
    let comparing = Progress::start(Work::Doing("comparing"));
    let mut names = Names::of_page(&args.page, &output, format)?;
    // The name of a file may name the node.
    let is_redacted = names.redactor().is_some();
    let sources = [&args.a, &args.b].map(|path| match is_redacted {
        true => "the recording".to_owned(),
        false => path.display().to_string(),
    });
    // One that has pseudonyms already stays as it is: with the key that made them the other gets the same.
    if let Some(redactor) = names.redactor() {
        [&mut before, &mut after].into_iter().for_each(|timeline| redactor.timeline(timeline));
    }
    names.finish()?;
    let [a, b] = sources;
    let (a, b) = (given(&args.a, a, &before)?, given(&args.b, b, &after)?);
    if before == after {
        bail!(
            "{} and {} hold the same recording, of {}: give one from before the change and one from after it",
            args.a.display(),
            args.b.display(),
            a.report.window.start
        );
    }
    let diff = diff::compare(&a, &b);
    let text = match format {
        Format::Text => diff::text(&diff),
        Format::Markdown => diff::markdown(&diff),
        Format::Html => diff::html(&diff),
        Format::Json => diff::json(&diff).context("write it as JSON")?,
    };
    drop(comparing);
    output.write_page(format, text)
}

fn given<'a>(path: &Path, source: String, timeline: &'a Timeline) -> Result<Given<'a>> {
    let slice = timeline.all();
    let report = report::build(&slice)
        .with_context(|| format!("{}: it has fewer than two samples: nothing was seen", path.display()))?;
    Ok(Given { source, slice, report })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        cli::{NamesArgs, PageArgs},
        recording,
        timeline::example,
    };

    #[test]
    fn names_of_files_do_not_leave() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, output] = ["acme-before.jsonl", "acme.jsonl", "diff"].map(|name| folder.path().join(name));
        for (path, first) in [(&a, 1), (&b, 7)] {
            let header = recording::Header::new(crate::sample::Node::default(), example::setup());
            let mut written = recording::Writer::new(Vec::new(), false, &header).unwrap();
            (first..first + 3).for_each(|at| written.push(&example::sample(at * example::SECOND)).unwrap());
            fs::write(path, written.finish().unwrap()).unwrap();
        }
        let page = |format, no_redact| {
            let names = NamesArgs { no_redact, ..NamesArgs::default() };
            let page = PageArgs { format: Some(format), output: Some(output.clone()), names };
            run(&DiffArgs { a: a.clone(), b: b.clone(), page }).unwrap();
            fs::read_to_string(folder.path().join("diff")).unwrap()
        };
        for format in [Format::Text, Format::Markdown, Format::Json] {
            assert_eq!(page(format, true).matches("acme").count(), 2);
            assert!(!page(format, false).contains("acme"), "{}", page(format, false));
        }
    }
}
