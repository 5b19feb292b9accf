//! `dropctl top`: a live view. One thread samples and does nothing else, one reads keys, and this one draws, so that neither a slow
//! terminal nor a key holds up the sampling. What is shown is made in `top`.

mod feed;
mod keys;
mod screen;

use std::{
    io::{self, IsTerminal as _},
    ops::ControlFlow,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use ratatui::crossterm::{event::Event, terminal};

use self::{feed::Feed, keys::Keys, screen::Screen};
use super::{
    limits,
    look::look,
    names::Names,
    output::{DUMB, Output, has_colors, is_dumb},
    source,
    stop::StopSignals,
};
use crate::{
    cli::TopArgs,
    config::{self, ReportConfig},
    observe::{capability, node},
    sample::Sample,
    timeline::Timeline,
    top::{
        State, View, Watch,
        draw::{Notice, Theme},
        page,
        state::Next,
    },
};

/// Why there is nothing to see.
const TOO_SHORT: &str = "it has no two samples a second apart: there is nothing to show";
/// Columns of a page that goes into a pipe.
const PAGE_COLUMNS: u16 = 100;

/// Runs the command.
pub fn run(args: &TopArgs) -> Result<()> {
    let config = config::top(args, limits())?;
    let output = Output::open(None)?;
    let is_terminal = io::stdout().is_terminal();
    let mut names = Names::new(&args.names, is_terminal, &[])?;
    if args.once {
        let page = once(args.input.as_deref(), &config, &mut names)?;
        names.finish()?;
        return output.write(page);
    }
    let way_out = "--once prints one view as plain text";
    if !is_terminal {
        bail!("stdout is no terminal, and a live view needs one: {way_out}");
    }
    if is_dumb() {
        bail!("this terminal is a dumb one (TERM={DUMB}): {way_out}");
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start tokio")?;
    let shown = runtime.block_on(show(args.input.as_deref(), &config, &mut names));
    let mapped = names.finish();
    shown.and(mapped)
}

/// One view as plain text.
fn once(input: Option<&Path>, config: &ReportConfig, names: &mut Names) -> Result<String> {
    let (mut timeline, name) = match input {
        Some(path) => {
            let name = path.display().to_string();
            (source::replay(path).with_context(|| name.clone())?, name)
        }
        None => {
            let push = |timeline: &mut Timeline, sample| {
                timeline.push(sample);
                Ok(())
            };
            (look(config, |node, setup| Ok(Timeline::new(node, setup)), push)?, "this node".to_owned())
        }
    };
    names.redact(&mut timeline, &name)?;
    let mut watch = Watch::new(timeline.node.clone(), timeline.setup.clone());
    for sample in timeline.samples() {
        watch.push(sample.clone())?;
    }
    watch.look();
    let view = watch.view().with_context(|| format!("{name}: {TOO_SHORT}"))?;
    let columns = terminal::size().map_or(PAGE_COLUMNS, |(columns, _)| columns.clamp(40, 200));
    Ok(page::print(&view, if io::stdout().is_terminal() { columns } else { PAGE_COLUMNS }))
}

/// The view that goes on.
async fn show(input: Option<&Path>, config: &ReportConfig, names: &mut Names) -> Result<()> {
    let mut stop = StopSignals::new()?;
    let (mut feed, mut watch) = match input {
        Some(path) => {
            let name = path.display().to_string();
            let mut timeline = source::replay(path).with_context(|| name.clone())?;
            names.redact(&mut timeline, &name)?;
            let watch = Watch::new(timeline.node.clone(), timeline.setup.clone());
            (Feed::replay(&timeline), watch)
        }
        None => {
            capability::check()?;
            let (feed, mut setup) = Feed::live(config)?;
            let mut node = node::read();
            if let Some(redactor) = names.redactor() {
                redactor.node(&mut node);
                redactor.setup(&mut setup);
            }
            (feed, Watch::new(node, setup))
        }
    };
    let ended = {
        // Whatever ends this, a panic included, gives the terminal back.
        let mut screen = Screen::enter()?;
        run_screen(&mut screen, &mut stop, &mut feed, &mut watch, names).await
    };
    // Also after an error: what was attached is detached, and that it could not be is the lesser news.
    let stopped = feed.stop();
    ended.and(stopped)
}

async fn run_screen(
    screen: &mut Screen,
    stop: &mut StopSignals,
    feed: &mut Feed,
    watch: &mut Watch,
    names: &mut Names,
) -> Result<()> {
    let mut keys = Keys::start()?;
    let mut state = State::default();
    let (mut view, mut is_old): (Option<View>, bool) = (None, false);
    let theme = Theme { has_colors: has_colors() };
    loop {
        screen.draw(view.as_ref(), &mut state, Notice { source: feed.source() }, theme)?;
        // A replay waits for whoever has stopped it; a node does not.
        let goes_on = feed.is_live() || !state.is_paused;
        tokio::select! {
            () = stop.wait() => return Ok(()),
            event = keys.next() => {
                let mut event = Some(event?);
                // All that was typed while it was drawn is one change.
                while let Some(this) = event {
                    if press(&mut state, &this).is_break() {
                        return Ok(());
                    }
                    event = keys.waiting()?;
                }
            }
            samples = feed.next(), if goes_on => {
                take_in(samples?, watch, names)?;
                if feed.is_over() {
                    // Findings are looked for now and then; the last view of a recording has those of all of it.
                    watch.look();
                }
                is_old = true;
            }
        }
        if is_old && !state.is_paused {
            view = watch.view();
            is_old = false;
        }
    }
}

fn press(state: &mut State, event: &Event) -> ControlFlow<()> {
    match event {
        Event::Key(key) if state.press(*key) == Next::Quit => ControlFlow::Break(()),
        // A terminal of another size is drawn anew; nothing else was asked for.
        _ => ControlFlow::Continue(()),
    }
}

fn take_in(samples: Vec<Sample>, watch: &mut Watch, names: &mut Names) -> Result<()> {
    for mut sample in samples {
        // Those of a recording have been redacted, if any are.
        if let Some(redactor) = names.redactor() {
            redactor.sample(&mut sample);
        }
        if let Err(error) = watch.push(sample) {
            bail!("a sample cannot be remembered: {error}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
