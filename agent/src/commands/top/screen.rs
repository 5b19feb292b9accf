//! The terminal, taken and given back: at the end, after an error, and after a panic, whether that unwinds or not.

use std::{
    io::{self, Stdout, stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, Result};
use log::LevelFilter;
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    crossterm::{
        cursor::{Hide, Show},
        execute,
        terminal::{self, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
    layout::Rect,
};

use crate::top::{
    State, View,
    draw::{self, Notice, Theme},
};

/// The terminal is taken.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
/// A panic gives it back first, so that its message can be read; a release is built to abort, and drops nothing.
static HOOK: Once = Once::new();

/// Of a terminal that does not know its size: a serial line, or one inside a container before its first resize.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// The terminal, while it is ours.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    area: Rect,
    _taken: Taken,
}

/// Gives the terminal back when it goes.
struct Taken {
    log: LevelFilter,
}

impl Screen {
    /// Takes it.
    pub(super) fn enter() -> Result<Self> {
        let cannot = "cannot use this terminal (--once prints one view as plain text)";
        let taken = Taken::take().context(cannot)?;
        let area = area().context(cannot)?;
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(CrosstermBackend::new(stdout()), options).context(cannot)?;
        Ok(Self { terminal, area, _taken: taken })
    }

    /// Draws, in the size that the terminal has by now.
    pub(super) fn draw(
        &mut self,
        view: Option<&View>,
        state: &mut State,
        notice: Notice<'_>,
        theme: Theme,
    ) -> Result<()> {
        let cannot = "draw on the terminal";
        let area = area().context(cannot)?;
        if area != self.area {
            self.terminal.resize(area).context(cannot)?;
            self.area = area;
        }
        let drawn = self.terminal.draw(|frame| draw::settled(frame.buffer_mut(), view, state, notice, theme));
        drawn.map(drop).context(cannot)
    }
}

/// All of the terminal.
fn area() -> io::Result<Rect> {
    let (columns, rows) = match terminal::size()? {
        (0, _) | (_, 0) => USUAL_SIZE,
        known => known,
    };
    Ok(Rect::new(0, 0, columns, rows))
}

impl Taken {
    fn take() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        // Lines of a log would be written across the view.
        let taken = Self { log: log::max_level() };
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        log::set_max_level(LevelFilter::Off);
        execute!(stdout(), EnterAlternateScreen, Hide)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
        log::set_max_level(self.log);
    }
}

/// Once; a terminal that has gone is no matter.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
