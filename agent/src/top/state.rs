//! What keys change: which table, how it is sorted and filtered, whether it stands still.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    rows::{self, TABS},
    table::Sort,
};

/// A filter is no longer, characters.
const LONGEST_FILTER: usize = 64;
/// Rows of a page.
const PAGE: usize = 10;

/// What goes on after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The view does.
    GoOn,
    /// Nothing.
    Quit,
}

/// The state of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Which table: a place in [`TABS`].
    pub tab: usize,
    /// How each is sorted.
    pub sorts: [Sort; TABS.len()],
    /// Rows without this text are left out.
    pub filter: String,
    /// The filter is being typed.
    pub is_typing: bool,
    /// The view stands still. Sampling goes on.
    pub is_paused: bool,
    /// The keys are explained.
    pub shows_help: bool,
    /// Rows above the first that is shown.
    pub scroll: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tab: 0,
            sorts: rows::SORTS,
            filter: String::new(),
            is_typing: false,
            is_paused: false,
            shows_help: false,
            scroll: 0,
        }
    }
}

impl State {
    /// How the table that is shown is sorted.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sorts[self.tab]
    }

    /// No further than to the last row, of which so many are shown.
    pub fn settle(&mut self, rows: usize, shown: usize) {
        self.scroll = self.scroll.min(rows.saturating_sub(shown));
    }

    /// A key was pressed.
    pub fn press(&mut self, key: KeyEvent) -> Next {
        if key.kind == KeyEventKind::Release {
            return Next::GoOn;
        }
        let has = |modifier| key.modifiers.contains(modifier);
        if key.code == KeyCode::Char('c') && has(KeyModifiers::CONTROL) {
            return Next::Quit;
        }
        // Ctrl-s and its like are no letters.
        if has(KeyModifiers::CONTROL) || has(KeyModifiers::ALT) {
            return Next::GoOn;
        }
        if self.is_typing {
            self.typed(key.code);
            return Next::GoOn;
        }
        if self.shows_help {
            // Whatever was pressed was meant to get out of it.
            self.shows_help = false;
            return Next::GoOn;
        }
        match key.code {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.shows_help = true,
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('s') => self.sort_by(1),
            KeyCode::Char('S') => self.sort_by(self.columns() - 1),
            KeyCode::Char('r') => self.sorts[self.tab].is_reversed ^= true,
            KeyCode::Tab | KeyCode::Right => self.show((self.tab + 1) % TABS.len()),
            KeyCode::BackTab | KeyCode::Left => self.show((self.tab + TABS.len() - 1) % TABS.len()),
            KeyCode::Char(digit @ '1'..='9') => self.show(digit as usize - '1' as usize),
            KeyCode::Down | KeyCode::Char('j') => self.scroll = self.scroll.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll = self.scroll.saturating_add(PAGE),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(PAGE),
            KeyCode::Home => self.scroll = 0,
            KeyCode::End => self.scroll = usize::MAX,
            _ => {}
        }
        Next::GoOn
    }

    fn typed(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => _ = self.filter.pop(),
            KeyCode::Char(letter) if self.filter.chars().count() < LONGEST_FILTER => self.filter.push(letter),
            _ => {}
        }
        self.scroll = 0;
    }

    fn show(&mut self, tab: usize) {
        if tab < TABS.len() {
            self.tab = tab;
            self.scroll = 0;
        }
    }

    fn columns(&self) -> usize {
        rows::columns(self.tab).len()
    }

    fn sort_by(&mut self, further: usize) {
        let column = (self.sort().column + further) % self.columns();
        self.sorts[self.tab] = Sort { column, is_reversed: false };
    }
}

#[cfg(test)]
mod tests;
