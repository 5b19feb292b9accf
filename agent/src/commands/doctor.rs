//! `dropctl doctor`: what this node allows. Starts what `dropctl report` starts, for one sample, and ends it.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    Ending, log,
    names::Names,
    output::Output,
    progress::{Progress, Work},
    sensors::Sensors,
};
use crate::{
    cli::{DoctorArgs, Format},
    doctor::{self, Seen, Tried},
    observe::{node, tools::Tools},
    report,
    sample::ToolSample,
    setup::{Mode, Request, Whose},
    sys::mapping::page_bytes,
    timeline::Timeline,
};

/// Runs the command.
pub fn run(args: &DoctorArgs) -> Result<Ending> {
    let (output, format) = Output::of_page(&args.page)?;
    let mut names = Names::of_page(&args.page, &output, format)?;
    let trying = Progress::start(Work::Doing("trying what there is"));
    let mut facts = doctor::read(try_out);
    drop(trying);
    if let Some(redactor) = names.redactor() {
        facts.redact(redactor);
    }
    names.finish()?;
    let examination = doctor::judge(&facts);
    let text = match format {
        Format::Text => doctor::text(&examination),
        Format::Markdown => doctor::markdown(&examination),
        Format::Html => doctor::html(&examination),
        Format::Json => doctor::json(&examination).context("write it as JSON")?,
    };
    output.write_page(format, text)?;
    Ok(if examination.can_run { Ending::Fine } else { Ending::Found })
}

/// The probe first; where it does not start, what does without it.
fn try_out() -> Tried {
    let ring_bytes = u32::try_from(page_bytes()).unwrap_or(4096);
    let start = |mode| {
        let request = Request { mode, sample: 1, ring_bytes, processes: 0 };
        Sensors::start(&request, Whose::Auto).map_err(|error| log::with_causes(&error))
    };
    let (started, refusal) = match start(Mode::Count) {
        Ok(sensors) => (Ok(sensors), None),
        Err(why) => (start(Mode::Passive), Some(why)),
    };
    match started.and_then(look) {
        Ok(tried) => Tried { probe: refusal.map_or(tried.probe, Err), ..tried },
        Err(why) => {
            Tried { probe: Err(refusal.unwrap_or_else(|| why.clone())), seen: Err(why), tools: processes() }
        }
    }
}

/// One sample, taken as all ends.
fn look(sensors: Sensors) -> Result<Tried, String> {
    let setup = sensors.setup(Duration::ZERO);
    let probe = Ok(setup.hook);
    let last = sensors.stop().map_err(|error| error.to_string())?;
    let rings = last.rings.as_ref().map(|rings| rings.iter().filter(|ring| !ring.is_own).count());
    let (falcos, tools) = (last.falcos.clone().unwrap_or_default(), last.tools.clone());
    let mut timeline = Timeline::new(node::read(), setup);
    timeline.push(last);
    let seen = Ok(Seen { visibility: report::visibility(&timeline.all()), rings, falcos });
    Ok(Tried { probe, seen, tools })
}

/// Tools by their processes alone, which needs no right; `None` where the node's are not visible.
fn processes() -> Option<Vec<ToolSample>> {
    let tools = Tools::start(Path::new("/")).ok()?;
    tools.sees_processes().then(|| tools.sample(&[], &[], &[]))
}
