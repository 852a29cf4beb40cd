//! The dialogue: which unit comes next in each direction, and what it means at this place.

use super::block;
use super::block::Block;
use super::counted::Counted;
use super::draft::Draft;
use super::escape;
use super::escape::Escaping;
use super::keyword;
use super::keyword::Form;
use super::keyword::Keyword;
use super::line;
use super::login;
use super::login::Agreement;
use super::login::Login;
use super::login::Prompt;
use super::place::Mode;
use super::place::Session;
use super::place::Side;
use super::record::Dialect;
use super::result;
use super::said::Said;
use super::said::to_u64;
use crate::limits::RESULT_BYTES;
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
            if let Some(Counted { bytes, is_all, .. }) = self.counted(from, rest, fresh, notes) {
                done = done.saturating_add(bytes);
                if is_all {
                    break;
                }
                if bytes > 0 {
                    continue;
                }
            }
            let used = self.row(from, rest, fresh, offset, notes).or_else(|| self.unit(from, rest, fresh, offset, notes));
            let Some(used) = used else { break };
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
        if self.blob_across_gap(from, rest, missing, notes) {
            return;
        }
        let rest = self.half_order(from, rest, notes);
        if !rest.bytes.is_empty() {
            let kept = self.side(from).mode;
            if missing == 0 && matches!(kept, Mode::Body(_)) && !self.side(from).torn && line::end_marker(rest.bytes).is_some() {
                // OpenNMS ends its block without a line end, and waits [spec ntp-otp 8.2].
                let partial = self.side(from).after_loss;
                return self.block_end(from, partial, Draft::new(rest.bytes, rest.bytes.len()), rest.offset, notes);
            }
            self.partial(from, rest, notes);
            self.side(from).mode = kept;
        }
        let side = self.side(from);
        side.waiting = false;
        side.open_result = None;
        side.torn = missing > 0;
        side.after_loss |= missing > 0;
        side.mode = match side.mode {
            Mode::Body(block) => Mode::Body(block),
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
        let end = match self.side(from).open_result {
            Some((end, _)) => end,
            None => memchr::memchr2(b'\n', 0, rest.get(fresh..)?)?.saturating_add(fresh),
        };
        if self.is_only_counted(from, rest.get(..=end)?, notes) {
            notes.count();
            return Some(end.saturating_add(1));
        }
        if let Some(len) = self.unended(from, rest.get(..end)?) {
            self.line(from, Draft::new(rest.get(..len)?, len), offset, notes);
            return Some(len);
        }
        if from == Peer::Client && matches!(self.client.mode, Mode::User) && self.password_asked {
            let followed = login::is_followed(rest, end);
            self.client.waiting = followed.is_none();
            if !followed? {
                self.astray(Draft::new(rest.get(..end)?, end.saturating_add(1)), offset, notes);
                return Some(end.saturating_add(1));
            }
        }
        if let Some(len) = self.stray(from, rest.get(..end)?) {
            let sentence = "Bytes that belong to no message: servers of one day sent some behind the version.";
            self.withheld(from, "stray_bytes", sentence, Draft::new(rest.get(..len)?, len), offset, notes);
            return Some(len);
        }
        let end = self.result_end(from, rest, end)?;
        let text = rest.get(..end)?;
        if from == Peer::Client
            && !matches!(self.client.mode, Mode::Version | Mode::User | Mode::Password)
            && let Some(row) = line::envelope(text).and_then(|envelope| keyword::find(from, envelope.word))
            && matches!(row.form, Form::LongAttack | Form::Upload)
        {
            return self.blob(from, row, rest, text, offset, notes);
        }
        let mut draft = Draft::within(&mut notes.shared.spare, text, end.saturating_add(1));
        draft.ends_in_nul = rest.get(end) == Some(&0);
        self.line(from, draft, offset, notes);
        Some(end.saturating_add(1))
    }

    /// Whether a line, its end included, is plainly one of many alike in the middle of a block, changes nothing, and nobody looks at what
    /// it says.
    fn is_only_counted(&mut self, from: Peer, line: &[u8], notes: &Notes<'_>) -> bool {
        !notes.wants_details()
            && matches!(line, [text @ .., b'\n'] if match *self.side(from) {
                Side { mode: Mode::Body(block), torn: false, after_loss: false, behind_secret: false, .. } => block.is_plain_line(from, text),
                _ => false,
            })
    }

    /// The length of a line that has lost its line end, so that the next one follows on it.
    ///
    /// # Wire
    ///
    /// [spec ntp-otp 4] servers cut lines of their blocks at 65,533 bytes. [spec ntp-otp 8.2] a client ends its block
    /// without a line end, and its next order stands on the same line.
    fn unended(&mut self, from: Peer, text: &[u8]) -> Option<usize> {
        let Mode::Body(_) = self.side(from).mode else { return None };
        if from == Peer::Server {
            return (text.len() > CUT_BY_SERVERS).then_some(CUT_BY_SERVERS);
        }
        let blanks = text.iter().take_while(|byte| **byte == b' ').count();
        let marker = blanks.saturating_add(END_OF_CLIENT.len());
        let ends = text.get(blanks..marker) == Some(END_OF_CLIENT) && line::envelope(text.get(marker..)?).is_some();
        ends.then_some(marker)
    }

    /// How many bytes stand before a message of a server of OTP 2.0 and are none of it.
    ///
    /// # Wire
    ///
    /// [spec ntp-otp 2.4] a NUL and four bytes behind the version line.
    fn stray(&self, from: Peer, text: &[u8]) -> Option<usize> {
        let is_otp2 = matches!(&self.agreement, Some(agreement) if agreement.dialect == Dialect::Otp2);
        if from == Peer::Client || !is_otp2 || !matches!(self.server.mode, Mode::Line) || line::envelope(text).is_some() {
            return None;
        }
        let at = memchr::memmem::find(text.get(..STRAY_BYTES.saturating_add(START_OF_SERVER.len()))?, START_OF_SERVER)?;
        (at > 0 && is_order(from, text.get(at..)?)).then_some(at)
    }

    /// Where a result ends whose text may hold raw line ends; where its first line does, for all others. `None`: more must come.
    ///
    /// # Wire
    ///
    /// [spec ntp-otp 3.4] OTP 2.0 from 2014 on escapes nothing.
    fn result_end(&mut self, from: Peer, rest: &[u8], end: usize) -> Option<usize> {
        let first = rest.get(..end)?;
        let open = from == Peer::Server && matches!(self.server.mode, Mode::Line | Mode::Adrift) && self.may_stretch(first);
        if !open {
            self.side(from).open_result = None;
            return Some(end);
        }
        let (_, mut start) = self.server.open_result.take().unwrap_or((end, end.saturating_add(1)));
        while let Some(found) = rest.get(start..).and_then(|more| memchr::memchr2(b'\n', 0, more)) {
            let stop = start.saturating_add(found);
            let next = rest.get(start..stop)?;
            if is_order(from, next) || stop > RESULT_BYTES {
                return Some(end);
            }
            if result::is_closed(next) {
                return Some(stop);
            }
            start = stop.saturating_add(1);
        }
        if rest.len() > RESULT_BYTES {
            return Some(end);
        }
        self.server.open_result = Some((end, start));
        None
    }

    /// Whether a line is a result that is not closed and whose server writes line ends as they are.
    fn may_stretch(&self, first: &[u8]) -> bool {
        let result = |row: &Keyword| row.form == Form::Result;
        let raw = match self.agreement.as_ref().map(|agreement| &agreement.dialect) {
            Some(Dialect::Otp2) => true,
            Some(Dialect::Unknown) | None => first.starts_with(b"SERVER <|> ALARM") || first.starts_with(b"SERVER <|> ERRMSG"),
            Some(Dialect::Ntp(_) | Dialect::Otp1) => false,
        };
        raw && !result::is_closed(first)
            && line::envelope(first).and_then(|envelope| keyword::find(Peer::Server, envelope.word)).is_some_and(result)
    }

    pub(super) fn prompt(&mut self, prompt: &'static [u8], login: Login, rest: &[u8], offset: u64, notes: &mut Notes<'_>) -> usize {
        let text = rest.get(..prompt.len()).unwrap_or_default();
        let mut draft = Draft::new(text, text.len());
        draft.keyword(0..text.len(), "prompt");
        self.server.torn = false;
        self.password_asked |= prompt == line::PROMPTS[1];
        if !matches!(self.server.mode, Mode::Line) {
            self.server.mode = Mode::Line;
        }
        self.say(Peer::Server, offset, Said::login(login, draft), notes);
        text.len()
    }

    /// A whole line at its place.
    pub(super) fn line(&mut self, from: Peer, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let side = self.side(from);
        let (mode, torn) = (side.mode, std::mem::replace(&mut side.torn, false));
        let text = draft.line;
        match (mode, from) {
            (Mode::Version, _) | (Mode::Adrift, Peer::Client) if line::version(text).is_some() => self.version(from, draft, offset, notes),
            (Mode::User, Peer::Client) if !login::is_name(text) => self.astray(draft, offset, notes),
            (Mode::User, Peer::Client) => {
                let next = if login::holds_password(text) { Mode::Line } else { Mode::Password };
                self.login_line(next, login::user, draft, offset, notes);
            }
            (Mode::Password, Peer::Client) => self.login_line(Mode::Line, login::password, draft, offset, notes),
            // Not what must come first: whatever it is, it has no place.
            (Mode::Version, Peer::Client) => self.astray(draft, offset, notes),
            (Mode::Body(block), _) => self.body(from, block, torn, draft, offset, notes),
            _ => self.order(from, torn, draft, offset, notes),
        }
    }

    /// A line of the login that is not what its place asks for: nor is it known what the next one is.
    fn astray(&mut self, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        self.client.mode = Mode::Adrift;
        self.unplaced(Peer::Client, draft, offset, notes);
    }

    pub(super) fn version(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let Some((agreement, login)) = login::version(&mut draft, from) else { return };
        let next = match (agreement.damaged, agreement.asks_login) {
            (true, _) => Mode::Adrift,
            (false, true) => Mode::User,
            (false, false) => Mode::Line,
        };
        self.login_open = agreement.asks_login;
        if matches!(agreement.dialect, Dialect::Otp1) || agreement.number.contains("beta") {
            self.escaping = Escaping::C;
        }
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
        if let Some(user) = draft.text_of("user") {
            self.login = Some(user.to_vec());
        }
        self.say(Peer::Client, offset, Said::login(login, draft), notes);
    }

    /// A line of a block, its end marker, or, when the end marker was lost, what comes after it.
    pub(super) fn body(&mut self, from: Peer, block: Block, torn: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let behind_secret = std::mem::replace(&mut self.side(from).behind_secret, false);
        let ends = line::end_marker(draft.line).is_some();
        if ends {
            let partial = self.side(from).after_loss;
            return self.block_end(from, partial, draft, offset, notes);
        }
        if is_order(from, draft.line) {
            self.side(from).mode = Mode::Line;
            return self.order(from, false, draft, offset, notes);
        }
        if torn {
            return self.rest_of_line(from, draft, offset, notes);
        }
        if draft.line.trim_ascii().is_empty() {
            return self.empty_line(from, draft, offset, notes);
        }
        let after_loss = self.side(from).after_loss;
        if behind_secret || (from == Peer::Client && after_loss && !block::is_well_known(block, draft.line)) {
            return self.unplaced(from, draft, offset, notes);
        }
        let dialect = self.agreement.as_ref().map_or(&Dialect::Unknown, |agreement| &agreement.dialect);
        if let Some((name, sentence)) = block::body(block, &mut draft, dialect, after_loss) {
            if from == Peer::Client {
                self.configured(&draft);
            }
            self.side(from).behind_secret = draft.ends_in_nul && draft.holds_secret();
            return self.say(from, offset, Said { bulk: true, ..Said::new(name, sentence, draft) }, notes);
        }
        if after_loss && from == Peer::Server {
            self.side(from).mode = Mode::Adrift;
            return self.order(from, false, Draft::new(draft.line, draft.total), offset, notes);
        }
        self.unplaced(from, Draft::new(draft.line, draft.total), offset, notes);
    }

    /// What a line of a client's block changes: how findings will be written, and, when it holds the end marker anywhere, that the
    /// block is over for the server.
    ///
    /// # Wire
    ///
    /// [spec ntp-otp 5.4]
    fn configured(&mut self, draft: &Draft<'_>) {
        if draft.text_of("name") == Some(escape::ASKED_BY) {
            self.escaping = Escaping::Ntp;
        }
        if line::separators_at(draft.line).any(|at| draft.line.get(at..).is_some_and(|rest| rest.starts_with(END_OF_CLIENT))) {
            self.client.mode = Mode::Line;
        }
    }
}

/// Bytes after which servers cut lines of their blocks.
pub(super) const CUT_BY_SERVERS: usize = 65_533;

/// Most bytes that may stand before a message without being one.
const STRAY_BYTES: usize = 8;

/// How a message of the server begins.
const START_OF_SERVER: &[u8] = b"SERVER <|> ";

/// What ends a block of the client.
pub(super) const END_OF_CLIENT: &[u8] = b"<|> CLIENT";

/// Whether a line is plainly a message of its own.
fn is_order(from: Peer, text: &[u8]) -> bool {
    line::envelope(text).is_some_and(|envelope| envelope.who == from && keyword::find(from, envelope.word).is_some())
}
