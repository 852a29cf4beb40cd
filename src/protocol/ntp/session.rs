//! The dialogue: which unit comes next in each direction, and what it means at this place.

use super::block;
use super::block::Block;
use super::draft::Draft;
use super::keyword;
use super::keyword::Form;
use super::line;
use super::login;
use super::login::Agreement;
use super::login::Login;
use super::login::Prompt;
use super::place::Mode;
use super::place::Session;
use super::record::Dialect;
use super::said::Said;
use super::said::to_u64;
use crate::peer::Peer;
use crate::protocol::Dissector;
use crate::protocol::Notes;
use crate::protocol::Progress;
use crate::protocol::View;
impl Dissector for Session {
    fn data(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress {
        let mut done = 0_usize;
        while let Some(rest) = view.bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let offset = view.offset.saturating_add(to_u64(done));
            // Behind a unit nothing was searched yet, even where it was shown: an order may have waited for lines that did not fit.
            let fresh = if done == 0 { view.fresh } else { 0 };
            let Some(used) = self.unit(from, rest, fresh, offset, notes) else { break };
            done = done.saturating_add(used);
        }
        if done == 0 && view.full {
            // A line longer than anything the protocol knows: given up, and so is the rest of it. Nothing is consumed, so that the
            // bound is named.
            self.partial(from, view, notes);
            self.side(from).torn = true;
            return Progress::Consumed(0);
        }
        Progress::Consumed(done)
    }

    fn gap(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>) {
        if !rest.bytes.is_empty() {
            let kept = self.side(from).mode;
            if self.blob_across_gap(from, rest, missing, notes) {
                return;
            }
            self.partial(from, rest, notes);
            self.side(from).mode = kept;
        }
        let side = self.side(from);
        side.waiting = false;
        side.torn = missing > 0;
        side.after_loss |= missing > 0;
        side.mode = match side.mode {
            Mode::Body(block) => Mode::Body(block),
            Mode::Blob(row, left) if left > missing => {
                side.torn = false;
                Mode::Blob(row, left.saturating_sub(missing))
            }
            Mode::Line if missing == 0 => Mode::Line,
            _ => Mode::Adrift,
        };
    }
}

impl Session {
    /// The next unit of a direction, if it is there: how many bytes it has.
    pub(super) fn unit(&mut self, from: Peer, rest: &[u8], fresh: usize, offset: u64, notes: &mut Notes<'_>) -> Option<usize> {
        if let Mode::Blob(row, left) = self.side(from).mode {
            return self.blob_part(from, row, left, rest, offset, notes);
        }
        if from == Peer::Server && self.login_open && !matches!(self.server.mode, Mode::Body(_)) {
            match login::prompt(rest) {
                Prompt::Is(prompt, login) => return Some(self.prompt(prompt, login, rest, offset, notes)),
                Prompt::Begins => return None,
                Prompt::No => {}
            }
        }
        let fresh = if self.side(from).waiting { 0 } else { fresh };
        let end = memchr::memchr2(b'\n', 0, rest.get(fresh..)?)?.saturating_add(fresh);
        let text = rest.get(..end)?;
        if from == Peer::Client
            && !matches!(self.client.mode, Mode::Version | Mode::User | Mode::Password)
            && let Some(row) = line::envelope(text).and_then(|envelope| keyword::find(from, envelope.word))
            && matches!(row.form, Form::LongAttack | Form::Upload)
        {
            return self.blob(from, row, rest, text, offset, notes);
        }
        self.line(from, text, offset, notes);
        Some(end.saturating_add(1))
    }

    pub(super) fn prompt(&mut self, prompt: &'static [u8], login: Login, rest: &[u8], offset: u64, notes: &mut Notes<'_>) -> usize {
        let text = rest.get(..prompt.len()).unwrap_or_default();
        let mut draft = Draft::new(text, text.len());
        draft.keyword(0..text.len(), "prompt");
        self.server.torn = false;
        if !matches!(self.server.mode, Mode::Line) {
            self.server.mode = Mode::Line;
        }
        self.say(Peer::Server, offset, Said::login(login, draft), notes);
        text.len()
    }

    /// A whole line at its place.
    pub(super) fn line(&mut self, from: Peer, text: &[u8], offset: u64, notes: &mut Notes<'_>) {
        let side = self.side(from);
        let (mode, torn) = (side.mode, std::mem::replace(&mut side.torn, false));
        let draft = Draft::new(text, text.len().saturating_add(1));
        match (mode, from) {
            (Mode::Version, _) | (Mode::Adrift, Peer::Client) if line::version(text).is_some() => self.version(from, draft, offset, notes),
            (Mode::User, Peer::Client) => self.login_line(Mode::Password, login::user, draft, offset, notes),
            (Mode::Password, Peer::Client) => self.login_line(Mode::Line, login::password, draft, offset, notes),
            (Mode::Version, Peer::Client) => {
                // Not what must come first: whatever it is, it has no place.
                self.client.mode = Mode::Adrift;
                self.unplaced(from, draft, offset, notes);
            }
            (Mode::Body(block), _) => self.body(from, block, torn, draft, offset, notes),
            _ => self.order(from, torn, draft, offset, notes),
        }
    }

    pub(super) fn version(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let Some((agreement, login)) = login::version(&mut draft, from) else { return };
        let next = if agreement.asks_login { Mode::User } else { Mode::Line };
        self.login_open = agreement.asks_login;
        match from {
            Peer::Client => {
                self.client.mode = next;
                self.client.after_loss = false;
                self.agreement = Some(agreement);
            }
            Peer::Server => {
                self.server.mode = Mode::Line;
                // The server does not repeat options: without the client's line the columns of records are not known.
                let unknown = matches!(agreement.dialect, Dialect::Ntp(_));
                let dialect = if unknown { Dialect::Unknown } else { agreement.dialect.clone() };
                self.agreement.get_or_insert(Agreement { dialect, ..agreement });
            }
        }
        self.say(from, offset, Said::login(login, draft), notes);
    }

    pub(super) fn login_line<'a>(
        &mut self,
        next: Mode,
        read: fn(&mut Draft<'a>) -> Login,
        mut draft: Draft<'a>,
        offset: u64,
        notes: &mut Notes<'_>,
    ) {
        let login = read(&mut draft);
        self.client.mode = next;
        self.say(Peer::Client, offset, Said::login(login, draft), notes);
    }

    /// A line of a block, its end marker, or, when the end marker was lost, what comes after it.
    pub(super) fn body(&mut self, from: Peer, block: Block, torn: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let ends = line::end_marker(draft.line).is_some();
        let begins =
            line::envelope(draft.line).is_some_and(|envelope| envelope.who == from && keyword::find(from, envelope.word).is_some());
        if ends || begins {
            self.side(from).mode = Mode::Line;
            return self.order(from, false, draft, offset, notes);
        }
        if torn {
            return self.rest_of_line(from, draft, offset, notes);
        }
        let after_loss = self.side(from).after_loss;
        let dialect = self.agreement.as_ref().map_or(&Dialect::Unknown, |agreement| &agreement.dialect);
        if let Some((name, sentence)) = block::body(block, &mut draft, dialect, after_loss) {
            return self.say(from, offset, Said { bulk: true, ..Said::new(name, sentence, draft) }, notes);
        }
        if after_loss && from == Peer::Server {
            self.side(from).mode = Mode::Adrift;
            return self.order(from, false, Draft::new(draft.line, draft.total), offset, notes);
        }
        self.unplaced(from, Draft::new(draft.line, draft.total), offset, notes);
    }
}
