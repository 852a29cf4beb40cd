//! What the screen knows and where somebody looks: changed by keys and by what comes from the run, drawn elsewhere.

use super::Manner;
use super::account::Account;
use super::inbox::Batch;
use super::keys::Key;
use super::query::Query;
use super::ring::Ring;
use super::services::Services;
use super::theme::Theme;
use crate::peer::Endpoint;
use crate::time::Timestamp;
use std::time::Instant;

/// Longest text of a search or filter.
const PROMPT_LETTERS: usize = 200;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    /// Who serves.
    Services,
    /// What happens.
    Timeline,
    /// The selected line.
    Details,
}

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    /// `/` or `&`.
    pub(super) sign: char,
    /// The text so far.
    pub(super) text: String,
}

/// What a key asks of who reads the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing but to be drawn.
    Stay,
    /// The end.
    Quit,
    /// To stop for a while, as shells do with Ctrl-Z.
    Suspend,
    /// To draw everything anew.
    Redraw,
}

/// A movement.
#[derive(Clone, Copy)]
enum Move {
    Up(usize),
    Down(usize),
    First,
    Last,
}

/// The screen's state.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch that a key or the size of the screen turns")]
pub(super) struct App {
    pub(super) manner: Manner,
    pub(super) theme: Theme,
    pub(super) ring: Ring,
    pub(super) services: Services,
    pub(super) account: Account,
    /// The newest moment of the capture, and when the screen learnt it.
    clock: Option<(Timestamp, Instant)>,
    pub(super) done: bool,
    pub(super) follow: bool,
    /// The number of the selected line, and of the topmost one.
    pub(super) selected: u64,
    pub(super) top: u64,
    pub(super) pane: Pane,
    /// Whether details are shown where there is no room for a third column.
    pub(super) open: bool,
    /// First row of the details that is shown.
    pub(super) scroll: usize,
    /// The selected service.
    pub(super) service: Option<Endpoint>,
    pub(super) prompt: Option<Prompt>,
    pub(super) query: Option<Query>,
    /// A word to the user, until the next key.
    pub(super) remark: Option<String>,
    pub(super) help: bool,
    /// Rows of the pane with the focus, and whether all three stand side by side, when it was drawn last.
    pub(super) page: usize,
    pub(super) wide: bool,
}

impl App {
    /// Nothing was seen yet.
    pub(super) fn new(manner: Manner) -> Self {
        let (most, color, follow) = (manner.most, manner.color, manner.live);
        Self {
            manner,
            theme: Theme { color },
            ring: Ring::new((most.entries, most.bytes)),
            services: Services::default(),
            account: Account::default(),
            clock: None,
            done: false,
            follow,
            selected: 0,
            top: 0,
            pane: Pane::Timeline,
            open: false,
            scroll: 0,
            service: None,
            prompt: None,
            query: None,
            remark: None,
            help: false,
            page: 1,
            wide: false,
        }
    }

    /// Takes what came from the run; whether there is something new to see.
    pub(super) fn take(&mut self, batch: Batch) -> bool {
        let Batch { lines, amended, clock, services, account, done } = batch;
        let account = account.unwrap_or(self.account);
        let news = lines.len() > 0 || !amended.is_empty() || services.is_some() || account != self.account || done != self.done;
        if let Some(at) = clock.filter(|at| self.clock.is_none_or(|(known, _)| *at > known)) {
            self.clock = Some((at, Instant::now()));
        }
        self.ring.take(lines);
        for (number, text) in &amended {
            self.ring.amend(*number, text);
        }
        if let Some(services) = services {
            self.services = services;
        }
        (self.account, self.done) = (account, done);
        self.settle();
        news
    }

    /// The time that rates end at: on an interface it goes on while nothing comes.
    pub(super) fn now(&self) -> Timestamp {
        match self.clock {
            Some((at, since)) if self.manner.live && !self.done => at.after(since.elapsed()),
            Some((at, _)) => at,
            None => Timestamp::default(),
        }
    }

    /// Selects a line that is there.
    fn settle(&mut self) {
        let (_, rows) = self.ring.counts();
        let last = rows.saturating_sub(1);
        let row = if self.follow { last } else { self.ring.row(self.selected).min(last) };
        self.select(row);
    }

    /// Selects the line of a row.
    fn select(&mut self, row: usize) {
        let selected = self.ring.at(row).unwrap_or(self.selected);
        if selected != self.selected {
            self.selected = selected;
            self.scroll = 0;
        }
    }

    /// Does what a key is for.
    pub(super) fn key(&mut self, key: Key) -> Action {
        self.remark = None;
        match key {
            Key::Ctrl('c') => return Action::Quit,
            Key::Ctrl('z') => return Action::Suspend,
            Key::Ctrl('l') => return Action::Redraw,
            _ => {}
        }
        if let Some(prompt) = self.prompt.take() {
            self.prompt_key(prompt, key);
        } else if self.help {
            self.help = false;
        } else {
            return self.command(key);
        }
        Action::Stay
    }

    /// A key outside of prompts and help.
    fn command(&mut self, key: Key) -> Action {
        let page = self.page.max(1);
        match key {
            Key::Char('q') => return Action::Quit,
            Key::Char('?') => self.help = true,
            Key::Char('j') | Key::Down => self.go(Move::Down(1)),
            Key::Char('k') | Key::Up => self.go(Move::Up(1)),
            Key::Char('g') | Key::Home => self.go(Move::First),
            Key::Char('G') | Key::End => self.go(Move::Last),
            Key::Char(' ') | Key::PageDown | Key::Ctrl('f') => self.go(Move::Down(page)),
            Key::Char('b') | Key::PageUp | Key::Ctrl('b') => self.go(Move::Up(page)),
            Key::Char('d') | Key::Ctrl('d') => self.go(Move::Down(page.div_ceil(2))),
            Key::Char('u') | Key::Ctrl('u') => self.go(Move::Up(page.div_ceil(2))),
            Key::Char('f') => {
                self.follow = !self.follow;
                self.settle();
            }
            Key::Char(sign @ ('/' | '&')) => self.prompt = Some(Prompt { sign, text: String::new() }),
            Key::Char('n') => self.find(true),
            Key::Char('N') => self.find(false),
            Key::Tab => self.turn(true),
            Key::BackTab => self.turn(false),
            Key::Enter => self.enter(),
            Key::Esc => self.close(),
            Key::Char(_) | Key::Ctrl(_) | Key::Backspace => {}
        }
        Action::Stay
    }

    /// A key while something is typed.
    fn prompt_key(&mut self, mut prompt: Prompt, key: Key) {
        match key {
            Key::Enter => return self.typed(&prompt),
            Key::Esc => return,
            Key::Backspace if prompt.text.pop().is_none() => return,
            Key::Char(letter) if prompt.text.chars().count() < PROMPT_LETTERS => prompt.text.push(letter),
            Key::Ctrl('u') => prompt.text.clear(),
            _ => {}
        }
        self.prompt = Some(prompt);
    }

    /// What was typed is to be done. An empty search is the last one again, an empty filter lets everything pass.
    fn typed(&mut self, prompt: &Prompt) {
        let query = Query::read(&prompt.text);
        if prompt.sign == '&' {
            self.ring.set_filter(query);
            self.settle();
        } else {
            self.query = query.or_else(|| self.query.take());
            self.find(true);
        }
    }

    /// Goes to the next line that is looked for, or the one before.
    fn find(&mut self, onwards: bool) {
        let Some(query) = self.query.clone() else {
            self.remark = Some("nothing to look for yet: / searches".to_owned());
            return;
        };
        match self.ring.find(&query, self.selected, onwards) {
            Some(row) => {
                self.follow = false;
                self.select(row);
            }
            None => self.remark = Some(format!("not found {}: {}", if onwards { "below" } else { "above" }, query.typed)),
        }
    }

    /// Gives the focus to the next pane that is there.
    fn turn(&mut self, onwards: bool) {
        let details = self.wide || self.open;
        self.pane = match (self.pane, onwards) {
            (Pane::Timeline, true) | (Pane::Services, false) if details => Pane::Details,
            (Pane::Services, _) | (Pane::Details, false) => Pane::Timeline,
            (Pane::Timeline | Pane::Details, _) => Pane::Services,
        };
    }

    /// Opens what is selected.
    fn enter(&mut self) {
        match self.pane {
            Pane::Services => {
                if let Some(server) = self.service {
                    self.ring.set_filter(Query::read(&format!("server:{server}")));
                    self.pane = Pane::Timeline;
                    self.settle();
                }
            }
            Pane::Timeline if self.ring.turn(self.selected) => self.settle(),
            Pane::Timeline if self.wide => self.pane = Pane::Details,
            Pane::Timeline => self.open = !self.open,
            Pane::Details => self.close(),
        }
    }

    /// Closes the details, or leaves them.
    fn close(&mut self) {
        self.open = false;
        self.pane = Pane::Timeline;
    }

    /// Moves in the pane with the focus.
    fn go(&mut self, how: Move) {
        match self.pane {
            Pane::Timeline => {
                let (_, rows) = self.ring.counts();
                self.follow = self.follow && matches!(how, Move::Last);
                self.select(moved(self.ring.row(self.selected), rows, how));
            }
            // The drawing knows how many rows there are, and holds it at the last.
            Pane::Details => self.scroll = moved(self.scroll, usize::MAX, how),
            Pane::Services => {
                let ranked: Vec<Endpoint> = self.services.ranked().iter().map(|(server, _)| *server).collect();
                let row = ranked.iter().position(|server| Some(*server) == self.service).unwrap_or(0);
                self.service = ranked.get(moved(row, ranked.len(), how)).copied();
            }
        }
    }
}

/// Where a movement leads from a row.
fn moved(row: usize, rows: usize, how: Move) -> usize {
    let last = rows.saturating_sub(1);
    match how {
        Move::Up(by) => row.min(last).saturating_sub(by),
        Move::Down(by) => row.saturating_add(by).min(last),
        Move::First => 0,
        Move::Last => last,
    }
}
