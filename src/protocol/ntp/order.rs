//! Lines outside of blocks: orders, answers, results, and what is known by its form alone.

use super::block;
use super::block::Block;
use super::draft::Draft;
use super::escape::Escaping;
use super::keyword;
use super::keyword::Form;
use super::keyword::Keyword;
use super::line;
use super::login;
use super::place::Mode;
use super::place::Session;
use super::record::Dialect;
use super::result;
use super::said::Said;
use crate::annotation::ByteSpan;
use crate::annotation::Role;
use crate::annotation::Value;
use crate::peer::Peer;
use crate::protocol::Notes;
use std::borrow::Cow;

impl Session {
    /// A line outside of blocks.
    pub(super) fn order(&mut self, from: Peer, torn: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let text = draft.line;
        let adrift = matches!(self.side(from).mode, Mode::Adrift);
        if let Some(envelope) = line::envelope(text) {
            let row = keyword::find(from, envelope.word).filter(|_| envelope.who == from);
            if row.is_some() || !adrift {
                return self.enveloped(from, row, envelope.word, draft, offset, notes);
            }
        }
        if line::end_marker(text).is_some() {
            let partial = adrift || torn || self.side(from).after_loss;
            return self.block_end(from, partial, draft, offset, notes);
        }
        if from == Peer::Server {
            if let Some(status) = line::short_status(text) {
                result::short_status(&mut draft, &status);
                self.guess("short_status", &mut draft);
                let sentence = "On {host} the server has done {done} of {total} ({action}: p for portscan, a for attack).";
                return self.place(from, offset, Said::new("short_status", sentence, draft), notes);
            }
            if let Some(login) = login::refusal(&mut draft) {
                self.login_open = false;
                self.place(from, offset, Said::login(login, draft), notes);
                return self.judge(false, offset, notes);
            }
        }
        if torn {
            return self.rest_of_line(from, draft, offset, notes);
        }
        if text.trim_ascii().is_empty() {
            return self.empty_line(from, draft, offset, notes);
        }
        self.bare(from, adrift, draft, offset, notes);
    }

    /// A line of nothing, or of blanks: both peers ignore it, also in a block.
    pub(super) fn empty_line(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        draft.token(0..draft.line.len(), Role::Control, "line_end", false);
        self.say(from, offset, Said::new("empty_line", "An empty line.", draft), notes);
    }

    /// A line without envelope outside of blocks: what the server says may be known by its form; the rest is a secret.
    pub(super) fn bare(&mut self, from: Peer, adrift: bool, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
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
            return self.say(from, offset, Said::new("scanner_loading", sentence, draft), notes);
        }
        self.unplaced(from, draft, offset, notes);
    }

    pub(super) fn body_by_form(&mut self, block: Block, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let dialect = self.agreement.as_ref().map_or(&Dialect::Unknown, |agreement| &agreement.dialect);
        match block::body(block, &mut draft, dialect, false) {
            Some((name, sentence)) => self.say(Peer::Server, offset, Said { bulk: true, ..Said::new(name, sentence, draft) }, notes),
            None => self.unplaced(Peer::Server, Draft::new(draft.line, draft.total), offset, notes),
        }
    }

    /// `WHO <|> TYPE …`
    pub(super) fn enveloped<'a>(
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
            return self.place(from, offset, Said { name, ..Said::new("", sentence, draft) }, notes);
        };
        let mut block = None;
        match row.form {
            Form::Fields(names) => result::named(&mut draft, data, names),
            Form::Block(kind) => block = Some(kind),
            Form::BlockOr(kind, _) if data.is_empty() => block = Some(kind),
            Form::BlockOr(_, name) => result::named(&mut draft, data, &[name]),
            Form::Result => {
                let is_first = self
                    .agreement
                    .as_ref()
                    .is_some_and(|agreement| agreement.number == "1.0" && !matches!(agreement.dialect, Dialect::Otp1));
                result::finding(&mut draft, data, self.escaping, is_first);
            }
            Form::Status => result::status(&mut draft, data),
            Form::Time => result::time(&mut draft, data),
            Form::Attack => result::attack(&mut draft, data),
            Form::LongAttack | Form::Upload => result::generic(&mut draft, data),
        }
        close(&mut draft, &fields);
        if from == Peer::Server {
            self.login_open = false;
            self.judge(true, offset, notes);
            self.guess(row.name, &mut draft);
        }
        self.place(from, offset, Said::new(row.name, row.sentence, draft), notes);
        if let Some(block) = block {
            self.side(from).mode = Mode::Body(block);
        }
    }

    /// The end marker of a block; `partial` when its opening line or some of its body was not seen.
    pub(super) fn block_end(&mut self, from: Peer, partial: bool, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        draft.keyword(0..draft.line.len(), "end");
        if partial {
            draft.note("partial", Value::Flag(true));
        }
        self.place(from, offset, Said::new("block_end", "The block ends.", draft), notes);
    }

    /// The server's word on a login, once for each.
    fn judge(&mut self, accepted: bool, offset: u64, notes: &mut Notes<'_>) {
        if let Some(user) = self.login.take() {
            notes.login(&user, accepted, ByteSpan { start: offset, end: offset.saturating_add(1) });
        }
    }

    /// Which option a message shows, where the line that asked for it was not seen. Said once for each, as a guess.
    fn guess(&mut self, name: &str, draft: &mut Draft<'_>) {
        if self.escaping != Escaping::Unknown || self.agreement.is_some() {
            return;
        }
        let escaped = draft.text_of("text").is_some_and(|text| memchr::memmem::find(text, br"\n").is_some());
        let option = match name {
            "time" => "timestamps",
            "plugins_dependencies" => "dependencies",
            "plugins_md5" => "md5_caching",
            "short_status" => "ntp_short_status",
            "finished" => "ntp_opt_show_end",
            "note" | "info" | "hole" if escaped => "ntp_escape_crlf",
            _ => return,
        };
        if !self.guessed.contains(&option) {
            self.guessed.push(option);
            draft.note("option_guessed", Value::text(option.as_bytes()));
        }
    }
}

/// The entity at the end of a line.
fn close(draft: &mut Draft<'_>, fields: &[std::ops::Range<usize>]) {
    if let (Some(last), true) = (fields.last(), fields.len() > 2) {
        draft.keyword(last.clone(), "end");
    }
}
