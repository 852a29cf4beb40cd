//! How messages are put down, and what is withheld because it has no place in the dialogue.

use super::block;
use super::block::Block;
use super::dialogue;
use super::dialogue::State;
use super::draft::Draft;
use super::line;
use super::login::Login;
use super::phase;
use super::place::Mode;
use super::place::Session;
use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::event;
use crate::peer::Peer;
use crate::protocol::Notes;
use crate::protocol::View;
use std::borrow::Cow;

/// What is said of a torn line without a place.
const WITHHELD: &str = "A line of which a part is missing: it cannot be placed, so it counts as a secret.";

/// A message before it is put down.
pub(super) struct Said<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) sentence: &'static str,
    pub(super) draft: Draft<'a>,
    pub(super) bulk: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(name: &'static str, sentence: &'static str, draft: Draft<'a>) -> Self {
        Self { name: Cow::Borrowed(name), sentence, draft, bulk: false }
    }

    pub(super) fn login((name, sentence): Login, draft: Draft<'a>) -> Self {
        Self::new(name, sentence, draft)
    }
}

impl Session {
    /// The rest of a line whose beginning is lost. Only what is plainly the rest of a plugin record can be placed.
    pub(super) fn rest_of_line(&mut self, from: Peer, mut draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        let is_record = matches!(self.side(from).mode, Mode::Body(Block::Plugins)) && line::separators(draft.line) >= 2;
        if from == Peer::Server && is_record {
            draft.text(0..draft.line.len(), "text");
            let said = Said::new("partial_record", "The end of a plugin record whose beginning is missing.", draft);
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

    /// The beginning of a line whose rest is lost. What its place makes plain is shown.
    pub(super) fn partial(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) {
        let mut draft = Draft::new(view.bytes, view.bytes.len());
        let side = self.side(from);
        let placed = match side.mode {
            Mode::Body(Block::Preferences) if from == Peer::Client && side.after_loss => {
                !side.torn
                    && !side.behind_secret
                    && block::is_well_known(Block::Preferences, view.bytes)
                    && block::preference_head(&mut draft, true)
            }
            Mode::Body(Block::Preferences) if !side.torn && !side.behind_secret => block::preference_head(&mut draft, side.after_loss),
            // After a loss the block may be over: then only the form tells.
            Mode::Body(Block::Plugins) => from == Peer::Server && !side.torn && (!side.after_loss || line::separators(view.bytes) >= 2),
            Mode::Body(Block::Dependencies | Block::Digests | Block::Sessions) => from == Peer::Server && !side.torn && !side.after_loss,
            Mode::Line => from == Peer::Server && line::envelope(view.bytes).is_some(),
            _ => false,
        };
        if !placed {
            return self.withheld(from, "partial_line", WITHHELD, draft, view.offset, notes);
        }
        let in_block = matches!(side.mode, Mode::Body(_));
        if draft.fields.is_empty() {
            draft.text(0..view.bytes.len(), "text");
        }
        let name = if in_block { "partial_record" } else { "partial_line" };
        let said = Said::new(name, "The beginning of a line whose rest is missing.", draft);
        self.say(from, view.offset, Said { bulk: in_block, ..said }, notes);
    }

    /// A line that has no place in the dialogue.
    pub(super) fn unplaced(&mut self, from: Peer, draft: Draft<'_>, offset: u64, notes: &mut Notes<'_>) {
        self.withheld(from, "unplaced", "A line that has no place in the dialogue: it counts as a secret.", draft, offset, notes);
    }

    pub(super) fn withheld(
        &mut self,
        from: Peer,
        name: &'static str,
        sentence: &'static str,
        mut draft: Draft<'_>,
        offset: u64,
        notes: &mut Notes<'_>,
    ) {
        draft.secret(0..draft.line.len(), "text");
        self.say(from, offset, Said::new(name, sentence, draft), notes);
    }

    /// Puts down a message that tells the place in the dialogue.
    pub(super) fn place(&mut self, from: Peer, offset: u64, said: Said<'_>, notes: &mut Notes<'_>) {
        let side = self.side(from);
        side.mode = Mode::Line;
        side.after_loss = false;
        self.say(from, offset, said, notes);
    }

    /// Puts down a message; the first one says what the session is, and a new phase is said before its first message.
    pub(super) fn say(&mut self, from: Peer, offset: u64, said: Said<'_>, notes: &mut Notes<'_>) {
        if !self.identified {
            self.identified = true;
            notes.session(&self.session());
        }
        let span = ByteSpan { start: offset, end: offset.saturating_add(to_u64(said.draft.total)) };
        let Said { name, sentence, draft, bulk } = said;
        if !bulk {
            self.move_on(from, &name, span, notes);
        }
        let about = if bulk { None } else { draft.text_of("host") };
        let response_to = self.open.answered_by(from, &name, about);
        debug_assert!(from == Peer::Client || !draft.has("password"), "only a client sends a password");
        let (fields, tokens, cuts) = draft.finish();
        notes.shared.spare.put_back_cuts(cuts);
        let asked = name.clone();
        let reference = notes.message(Annotation { name, span, phase: self.phase, response_to, sentence, fields, tokens, bulk });
        if !bulk {
            self.open.ask(from, &asked, about, reference);
        }
    }

    /// The dialogue after this message; a new phase is said.
    fn move_on(&mut self, from: Peer, name: &str, span: ByteSpan, notes: &mut Notes<'_>) {
        let state = dialogue::next(self.state, from, name);
        if state == self.state && self.phase != 0 {
            return;
        }
        self.state = state;
        if let Some(phase) = phase::phase(state.phase()).filter(|phase| phase.ordinal != self.phase && state != State::Start) {
            self.phase = phase.ordinal;
            notes.phase(phase, span);
        }
    }

    pub(super) fn session(&self) -> event::Session<'_> {
        match &self.agreement {
            Some(agreement) => event::Session {
                protocol: agreement.protocol,
                version: Some(Cow::Borrowed(agreement.number.as_bytes())),
                options: agreement.options.iter().map(|option| Cow::Borrowed(option.as_slice())).collect(),
                matched: "version line",
                description: None,
                contrasts: &[],
            },
            None => event::Session {
                protocol: "nessus_ntp",
                version: None,
                options: Vec::new(),
                matched: "lines of the protocol, joined midway",
                description: None,
                contrasts: &[],
            },
        }
    }
}

/// A length as an offset.
pub(super) fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
