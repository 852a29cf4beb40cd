//! The dialogue: which unit comes next in each direction, and what it means at this place.

use super::block;
use super::block::Block;
use super::draft::Draft;
use super::keyword;
use super::keyword::Form;
use super::keyword::Keyword;
use super::line;
use super::login;
use super::login::Agreement;
use super::login::Login;
use super::phase;
use super::result;
use super::upload;
use super::upload::Plan;
use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::annotation::Role;
use crate::annotation::Value;
use crate::event;
use crate::limits::BLOB_PART_BYTES;
use crate::peer::Peer;
use crate::protocol::Dissector;
use crate::protocol::Notes;
use crate::protocol::Progress;
use crate::protocol::View;
use std::borrow::Cow;

/// What the next line of a direction is.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// The version line.
    Version,
    /// The user name (client).
    User,
    /// The password (client).
    Password,
    /// An order or an answer.
    Line,
    /// A line of a block.
    Body(Block),
    /// So many bytes of a blob, the rest of one that came in parts or across a hole.
    Blob(&'static Keyword, u64),
    /// Unknown: the stream was joined midway or lost bytes, and nothing told the place since.
    Adrift,
}

/// One direction.
#[derive(Debug)]
struct Side {
    mode: Mode,
    /// Bytes are missing before the next line, which may be the rest of one.
    torn: bool,
    /// Bytes were lost since the last line that told the place.
    after_loss: bool,
    /// The order before a blob waits for more bytes: look at it from its start again.
    waiting: bool,
}

/// The dissector: both directions share the dialogue, each has its own place in it.
pub(super) struct Session {
    client: Side,
    server: Side,
    agreement: Option<Agreement>,
    identified: bool,
    /// Whether prompts may still come.
    login_open: bool,
    phase: u16,
}

/// A message before it is put down.
struct Said<'a> {
    name: Cow<'a, str>,
    phase: Option<u16>,
    sentence: &'static str,
    draft: Draft<'a>,
    bulk: bool,
}

impl<'a> Said<'a> {
    fn new(name: &'static str, phase: Option<u16>, sentence: &'static str, draft: Draft<'a>) -> Self {
        Self { name: Cow::Borrowed(name), phase, sentence, draft, bulk: false }
    }

    fn login((name, phase, sentence): Login, draft: Draft<'a>) -> Self {
        Self::new(name, Some(phase), sentence, draft)
    }
}

impl Dissector for Session {
    fn data(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress {
        let mut done = 0_usize;
        while let Some(rest) = view.bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let offset = view.offset.saturating_add(to_u64(done));
            let Some(used) = self.unit(from, rest, view.fresh.saturating_sub(done), offset, notes) else { break };
            done = done.saturating_add(used);
        }
        if done == 0 && view.full {
            // A line longer than anything the protocol knows: given up, and so is the rest of it.
            self.partial(from, view, notes);
            self.side(from).torn = true;
            return Progress::Consumed(view.bytes.len());
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
    /// A dialogue from its start, or joined midway.
    pub(super) fn new(whole: bool) -> Self {
        let side = || Side { mode: if whole { Mode::Version } else { Mode::Adrift }, torn: !whole, after_loss: !whole, waiting: false };
        Self { client: side(), server: side(), agreement: None, identified: false, login_open: true, phase: 0 }
    }

    fn side(&mut self, from: Peer) -> &mut Side {
        match from {
            Peer::Client => &mut self.client,
            Peer::Server => &mut self.server,
        }
    }

    /// The next unit of a direction, if it is there: how many bytes it has.
    fn unit(&mut self, from: Peer, rest: &[u8], fresh: usize, offset: u64, notes: &mut Notes<'_>) -> Option<usize> {
        if let Mode::Blob(row, left) = self.side(from).mode {
            return self.blob_part(from, row, left, rest, offset, notes);
        }
        if from == Peer::Server && self.login_open && !matches!(self.server.mode, Mode::Body(_)) {
            match login::prompt(rest) {
                Some(Some((prompt, login))) => return Some(self.prompt(prompt, login, rest, offset, notes)),
                Some(None) => return None,
                None => {}
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

    fn prompt(&mut self, prompt: &'static [u8], login: Login, rest: &[u8], offset: u64, notes: &mut Notes<'_>) -> usize {
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
    fn line(&mut self, from: Peer, text: &[u8], offset: u64, notes: &mut Notes<'_>) {
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

    fn version(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
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
                self.agreement.get_or_insert(Agreement { columns: None, ..agreement });
            }
        }
        self.say(from, offset, Said::login(login, draft), notes);
    }

    fn login_line<'a>(&mut self, next: Mode, read: fn(&mut Draft<'a>) -> Login, mut draft: Draft<'a>, offset: u64, notes: &mut Notes<'_>) {
        let login = read(&mut draft);
        self.client.mode = next;
        self.say(Peer::Client, offset, Said::login(login, draft), notes);
    }

    /// A line of a block, its end marker, or, when the end marker was lost, what comes after it.
    fn body(&mut self, from: Peer, block: Block, torn: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
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
        let columns = self.agreement.as_ref().and_then(|agreement| agreement.columns.as_deref());
        if let Some((name, sentence)) = block::body(block, &mut draft, columns, after_loss) {
            return self.say(from, offset, Said { bulk: true, ..Said::new(name, None, sentence, draft) }, notes);
        }
        if after_loss && from == Peer::Server {
            self.side(from).mode = Mode::Adrift;
            return self.order(from, false, Draft::new(draft.line, draft.total), offset, notes);
        }
        self.unplaced(from, Draft::new(draft.line, draft.total), offset, notes);
    }

    /// A line outside of blocks.
    fn order(&mut self, from: Peer, torn: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let text = draft.line;
        let adrift = matches!(self.side(from).mode, Mode::Adrift);
        if let Some(envelope) = line::envelope(text) {
            let row = keyword::find(from, envelope.word).filter(|_| envelope.who == from);
            if row.is_some() || !adrift {
                return self.enveloped(from, row, envelope.word, draft, offset, notes);
            }
        }
        if line::end_marker(text).is_some() {
            return self.block_end(from, draft, offset, notes);
        }
        if from == Peer::Server {
            if let Some(status) = line::short_status(text) {
                result::short_status(&mut draft, &status);
                let sentence = "On {host} the server has done {done} of {total} ({action}: p for portscan, a for attack).";
                return self.place(from, offset, Said::new("short_status", Some(phase::SCAN), sentence, draft), notes);
            }
            if let Some(login) = login::refusal(&mut draft) {
                self.login_open = false;
                return self.place(from, offset, Said::login(login, draft), notes);
            }
        }
        if torn {
            return self.rest_of_line(from, draft, offset, notes);
        }
        if text.trim_ascii().is_empty() {
            draft.token(0..text.len(), Role::Control, "line_end", false);
            return self.say(from, offset, Said::new("empty_line", None, "An empty line.", draft), notes);
        }
        self.bare(from, adrift, draft, offset, notes);
    }

    /// A line without envelope outside of blocks: what the server says may be known by its form; the rest is a secret.
    fn bare(&mut self, from: Peer, adrift: bool, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        if from == Peer::Server
            && let Some(block) = block::by_form(draft.line)
            && (adrift || block == Block::Plugins)
        {
            if adrift {
                self.server.mode = Mode::Body(block);
            }
            return self.body_by_form(block, draft, offset, notes);
        }
        if from == Peer::Server && draft.line.starts_with(b"SCANNER_LOADING") {
            let mut draft = draft;
            let fields = line::fields(draft.line);
            fields.first().into_iter().for_each(|word| draft.keyword(word.clone(), "type"));
            result::named(&mut draft, fields.get(1..).unwrap_or_default(), &["loaded", "total"]);
            let sentence = "The server still loads its plugins: {loaded} of {total}.";
            return self.say(from, offset, Said::new("scanner_loading", None, sentence, draft), notes);
        }
        self.unplaced(from, draft, offset, notes);
    }

    fn body_by_form(&mut self, block: Block, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let columns = self.agreement.as_ref().and_then(|agreement| agreement.columns.as_deref());
        match block::body(block, &mut draft, columns, false) {
            Some((name, sentence)) => self.say(Peer::Server, offset, Said { bulk: true, ..Said::new(name, None, sentence, draft) }, notes),
            None => self.unplaced(Peer::Server, Draft::new(draft.line, draft.total), offset, notes),
        }
    }

    /// `WHO <|> TYPE …`
    fn enveloped<'a>(
        &mut self,
        from: Peer,
        row: Option<&'static Keyword>,
        word: &'a [u8],
        mut draft: Draft<'a>,
        offset: u64,
        notes: &mut Notes<'_>,
    ) {
        let fields = line::fields(draft.line);
        for (range, kind) in fields.iter().zip(["entity", "type"]) {
            draft.keyword(range.clone(), kind);
        }
        let data = result::data_fields(draft.line, &fields);
        let Some(row) = row else {
            result::generic(&mut draft, data);
            close(&mut draft, &fields);
            let name = Cow::Owned(String::from_utf8_lossy(word).to_lowercase().replace(|mark: char| !mark.is_ascii_alphanumeric(), "_"));
            let sentence = "A message whose type is not known to this program.";
            return self.place(from, offset, Said { name, ..Said::new("", None, sentence, draft) }, notes);
        };
        let mut block = None;
        match row.form {
            Form::Fields(names) => result::named(&mut draft, data, names),
            Form::Block(kind) => block = Some(kind),
            Form::BlockOr(kind, _) if data.is_empty() => block = Some(kind),
            Form::BlockOr(_, name) => result::named(&mut draft, data, &[name]),
            Form::Result => result::finding(&mut draft, data),
            Form::Status => result::status(&mut draft, data),
            Form::Time => result::time(&mut draft, data),
            Form::Attack => result::attack(&mut draft, data),
            Form::LongAttack | Form::Upload => result::generic(&mut draft, data),
        }
        close(&mut draft, &fields);
        if from == Peer::Server {
            self.login_open = false;
        }
        self.place(from, offset, Said::new(row.name, row.phase, row.sentence, draft), notes);
        if let Some(block) = block {
            self.side(from).mode = Mode::Body(block);
        }
    }

    fn block_end(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        draft.keyword(0..draft.line.len(), "end");
        self.place(from, offset, Said::new("block_end", None, "The block ends.", draft), notes);
    }

    /// An order with a counted blob: one message when the blob is whole, in parts when it is long.
    fn blob(&mut self, from: Peer, row: &'static Keyword, rest: &[u8], first: &[u8], offset: u64, notes: &mut Notes<'_>) -> Option<usize> {
        self.client.waiting = true;
        let head = match upload::plan(row, rest) {
            Plan::Incomplete => return None,
            Plan::Broken => {
                self.client.waiting = false;
                self.client.torn = false;
                self.enveloped(from, Some(row), row.word, Draft::new(first, first.len().saturating_add(1)), offset, notes);
                return Some(first.len().saturating_add(1));
            }
            Plan::Ready(head) => head,
        };
        let size = usize::try_from(head.size.unwrap_or(0)).unwrap_or(usize::MAX);
        let shown = if size > BLOB_PART_BYTES { 0 } else { size };
        let total = head.len.saturating_add(shown);
        let message = rest.get(..total)?;
        self.client.waiting = false;
        self.client.torn = false;
        self.client.after_loss = false;
        let mut draft = Draft::new(message, total);
        upload::annotate(row, &head, &mut draft);
        self.client.mode = if shown < size { Mode::Blob(row, to_u64(size)) } else { Mode::Line };
        self.say(from, offset, Said::new(row.name, row.phase, row.sentence, draft), notes);
        Some(total)
    }

    /// A part of a long blob, always of the same size, so that the cuts of segments do not show.
    fn blob_part(
        &mut self,
        from: Peer,
        row: &'static Keyword,
        left: u64,
        rest: &[u8],
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<usize> {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(BLOB_PART_BYTES);
        let part = rest.get(..len)?;
        let left = left.saturating_sub(to_u64(len));
        self.side(from).mode = if left > 0 { Mode::Blob(row, left) } else { Mode::Line };
        self.say_part(from, row, part, offset, notes);
        Some(len)
    }

    fn say_part(&mut self, from: Peer, row: &'static Keyword, part: &[u8], offset: u64, notes: &mut Notes<'_>) {
        let mut draft = Draft::new(part, part.len());
        let name = if row.form == Form::Upload {
            draft.secret(0..part.len(), "content");
            "file_part"
        } else {
            draft.text(0..part.len(), "targets");
            "targets_part"
        };
        self.say(from, offset, Said { bulk: true, ..Said::new(name, None, "A part of what the order before it counts.", draft) }, notes);
    }

    /// Bytes of a blob are missing: the count tells how many are still to come.
    fn blob_across_gap(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>) -> bool {
        if let Mode::Blob(row, left) = self.side(from).mode {
            self.say_part(from, row, rest.bytes, rest.offset, notes);
            let left = left.saturating_sub(to_u64(rest.bytes.len()));
            self.side(from).mode = Mode::Blob(row, left);
            return self.skip_in_blob(from, left, missing);
        }
        if !self.side(from).waiting {
            return false;
        }
        let row = line::envelope(rest.bytes).and_then(|envelope| keyword::find(from, envelope.word));
        let Some((row, Plan::Ready(head))) = row.map(|row| (row, upload::plan(row, rest.bytes))) else { return false };
        let mut draft = Draft::new(rest.bytes, rest.bytes.len());
        upload::annotate(row, &head, &mut draft);
        draft.note("missing_bytes", Value::Count(missing));
        self.say(from, rest.offset, Said::new(row.name, row.phase, row.sentence, draft), notes);
        let left = head.size.unwrap_or(0).saturating_sub(to_u64(rest.bytes.len().saturating_sub(head.len)));
        self.side(from).mode = Mode::Blob(row, left);
        self.skip_in_blob(from, left, missing)
    }

    fn skip_in_blob(&mut self, from: Peer, left: u64, missing: u64) -> bool {
        let side = self.side(from);
        side.waiting = false;
        side.after_loss |= missing > 0;
        if let (Mode::Blob(row, _), true) = (side.mode, left > missing) {
            side.mode = Mode::Blob(row, left.saturating_sub(missing));
        } else {
            side.torn = left < missing;
            side.mode = if left == missing { Mode::Line } else { Mode::Adrift };
        }
        true
    }

    /// The rest of a line whose beginning is lost. Only what is plainly the rest of a plugin record can be placed.
    fn rest_of_line(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let is_record = matches!(self.side(from).mode, Mode::Body(Block::Plugins)) && line::separators(draft.line) >= 2;
        if from == Peer::Server && is_record {
            draft.text(0..draft.line.len(), "text");
            let said = Said::new("partial_record", None, "The end of a plugin record whose beginning is missing.", draft);
            return self.say(from, offset, Said { bulk: true, ..said }, notes);
        }
        self.withheld(
            from,
            "partial_line",
            "A line of which a part is missing: it cannot be placed, so it counts as a secret.",
            draft,
            offset,
            notes,
        );
    }

    /// The beginning of a line whose rest is lost.
    fn partial(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) {
        let mut draft = Draft::new(view.bytes, view.bytes.len());
        let shown = matches!(self.side(from).mode, Mode::Body(Block::Plugins | Block::Dependencies | Block::Digests | Block::Sessions));
        if shown && from == Peer::Server && !self.side(from).torn {
            draft.text(0..view.bytes.len(), "text");
            let said = Said::new("partial_record", None, "The beginning of a line whose rest is missing.", draft);
            return self.say(from, view.offset, Said { bulk: true, ..said }, notes);
        }
        if let (Some(_), true, Mode::Line) = (line::envelope(view.bytes), from == Peer::Server, self.side(from).mode) {
            draft.text(0..view.bytes.len(), "text");
            return self.say(
                from,
                view.offset,
                Said::new("partial_line", None, "The beginning of a line whose rest is missing.", draft),
                notes,
            );
        }
        self.withheld(
            from,
            "partial_line",
            "A line of which a part is missing: it cannot be placed, so it counts as a secret.",
            draft,
            view.offset,
            notes,
        );
    }

    /// A line that has no place in the dialogue.
    fn unplaced(&mut self, from: Peer, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        self.withheld(from, "unplaced", "A line that has no place in the dialogue: it counts as a secret.", draft, offset, notes);
    }

    fn withheld(
        &mut self,
        from: Peer,
        name: &'static str,
        sentence: &'static str,
        mut draft: Draft<'_>,
        offset: u64,
        notes: &mut Notes<'_>,
    ) {
        draft.secret(0..draft.line.len(), "text");
        self.say(from, offset, Said::new(name, None, sentence, draft), notes);
    }

    /// Puts down a message that tells the place in the dialogue.
    fn place(&mut self, from: Peer, offset: u64, said: Said<'_>, notes: &mut Notes<'_>) {
        let side = self.side(from);
        side.mode = Mode::Line;
        side.after_loss = false;
        self.say(from, offset, said, notes);
    }

    /// Puts down a message; the first one says what the session is, and a new phase is said before its first message.
    fn say(&mut self, from: Peer, offset: u64, said: Said<'_>, notes: &mut Notes<'_>) {
        if !self.identified {
            self.identified = true;
            notes.session(&self.session());
        }
        let span = ByteSpan { start: offset, end: offset.saturating_add(to_u64(said.draft.total)) };
        if let Some(ordinal) = said.phase.filter(|ordinal| *ordinal != self.phase) {
            self.phase = ordinal;
            phase::phase(ordinal).into_iter().for_each(|phase| notes.phase(phase, span));
        }
        debug_assert!(from == Peer::Client || !said.draft.has("password"), "only a client sends a password");
        let (fields, tokens) = said.draft.finish();
        notes.message(Annotation { name: said.name, span, phase: self.phase, sentence: said.sentence, fields, tokens, bulk: said.bulk });
    }

    fn session(&self) -> event::Session<'_> {
        match &self.agreement {
            Some(agreement) => event::Session {
                protocol: agreement.protocol,
                version: Some(Cow::Borrowed(&agreement.number)),
                options: agreement.options.iter().map(|option| Cow::Borrowed(option.as_str())).collect(),
                matched: "version line",
            },
            None => event::Session {
                protocol: "nessus_ntp",
                version: None,
                options: Vec::new(),
                matched: "lines of the protocol, joined midway",
            },
        }
    }
}

/// The entity at the end of a line.
fn close(draft: &mut Draft<'_>, fields: &[std::ops::Range<usize>]) {
    if let (Some(last), true) = (fields.last(), fields.len() > 2) {
        draft.keyword(last.clone(), "end");
    }
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
