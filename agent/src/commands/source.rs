//! Where samples come from: a look at the node, the agent's memory, or a recording.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, Result};

use super::{
    log,
    look::look,
    progress::Watched,
    recall::{self, Recalled},
};
use crate::{
    cli::SourceArgs,
    config::ReportConfig,
    recording::{self, Replayed},
    timeline::Timeline,
};

/// Why nothing can be said of a timeline.
pub(super) const TOO_SHORT: &str = "it has fewer than two samples: nothing was seen";

/// What comes of asking.
pub(super) enum Source {
    /// Samples, and what they are of, for messages.
    Timeline(Box<Timeline>, String),
    /// The answer to a question that is none about samples.
    Page(String),
}

impl Source {
    /// Looks, asks or reads, as `args` say.
    pub(super) fn take(args: &SourceArgs, config: &ReportConfig) -> Result<Self> {
        let name = recall::name(args);
        if let Some(path) = &args.input {
            let timeline = replay(path).with_context(|| name.clone())?;
            return Ok(Self::Timeline(Box::new(timeline), name));
        }
        let timeline = match recall::ask(args)? {
            Some(Recalled::Recording(source)) => {
                read(Watched::new(source, &name, None), &name).with_context(|| name.clone())?
            }
            Some(Recalled::Page(page)) => return Ok(Self::Page(page)),
            None => look(
                config,
                |node, setup| Ok(Timeline::new(node, setup)),
                |timeline, sample| {
                    timeline.push(sample);
                    Ok(())
                },
            )?,
        };
        Ok(Self::Timeline(Box::new(timeline), name))
    }
}

/// What stdin is called.
pub(super) const STDIN: &str = "stdin";

/// Opens a file, or stdin under the name `-`; whoever waits for its end is told how far that is.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(Watched::new(io::stdin(), STDIN, None)));
    }
    let file = File::open(path)?;
    let size = file.metadata().ok().filter(Metadata::is_file).map(|metadata| metadata.len());
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Box::new(Watched::new(file, &name, size)))
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
