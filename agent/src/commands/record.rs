//! `dropctl record`: look for a while, and write down what was seen, to be explained later or elsewhere.

use std::{
    cell::RefCell,
    io::{self, ErrorKind, IsTerminal as _},
    path::Path,
};

use anyhow::{Context as _, Error, Result};

use super::{limits, log, look::look, names::Names, output::Output};
use crate::{
    cli::RecordArgs,
    config::ReportConfig,
    recording::{Header, Writer},
};

/// Runs the command.
pub fn run(args: &RecordArgs) -> Result<()> {
    let config = ReportConfig::of_record(args, limits())?;
    let output = Output::open(args.output.as_deref())?;
    let place = args.output.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
    let cannot = || format!("cannot write to {place}");
    let outputs: Vec<&Path> = args.output.as_deref().into_iter().collect();
    // Nobody reads a recording, not even on a terminal.
    let names = RefCell::new(Names::new(&args.names, false, &outputs)?);
    let compress = args.output.as_ref().is_some_and(|path| path.extension().is_some_and(|end| end == "gz"));
    let is_shown = args.output.is_none() && io::stdout().is_terminal();
    let recorded = look(
        &config,
        |mut node, mut setup| {
            if let Some(redactor) = names.borrow_mut().redactor() {
                redactor.node(&mut node);
                redactor.setup(&mut setup);
            }
            let header = Header::new(node, setup);
            Writer::new(output.stream()?, compress, &header).with_context(cannot)
        },
        |writer, mut sample| {
            if let Some(redactor) = names.borrow_mut().redactor() {
                redactor.sample(&mut sample);
            }
            if is_shown {
                log::wipe();
            }
            writer.push(&sample).with_context(cannot)
        },
    )
    .and_then(|writer| writer.finish().map(drop).with_context(cannot));
    // Also when it broke off: what is written by then has pseudonyms, too.
    let mapped = names.into_inner().finish();
    match recorded.and(mapped) {
        // A reader who has gone is no error.
        Err(error) if is_gone(&error) => Ok(()),
        other => other,
    }
}

fn is_gone(error: &Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
