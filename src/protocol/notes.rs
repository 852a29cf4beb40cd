//! What a dissector writes on: every note becomes an event with its evidence, secrets taken out first.

use super::logins::Logins;
use super::nessus_api::Stories;
use super::spare::Spare;
use super::window::Provenance;
use crate::annotation::Annotation;
use crate::annotation::ByteSpan;
use crate::annotation::Field;
use crate::annotation::Payload;
use crate::anomaly::Anomaly;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Message;
use crate::event::Phase;
use crate::event::Reference;
use crate::event::Session;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::row::Column;
use crate::row::Row;
use crate::time::Timestamp;
use std::borrow::Cow;

/// The handshake as a phase of every dialogue whose opening was seen.
const HANDSHAKE: Phase = Phase {
    ordinal: 0,
    title: Cow::Borrowed("TCP handshake"),
    sentence: Cow::Borrowed("The client asks for a connection (SYN), the server agrees (SYN-ACK), the client confirms (ACK)."),
};

/// What the notes on all connections share.
#[expect(clippy::struct_excessive_bools, reason = "each is wanted or not whatever the others are")]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) reveal: bool,
    pub(super) details: bool,
    pub(super) parts: bool,
    pub(super) tokens: usize,
    pub(super) rows: bool,
    pub(super) logins: Logins,
    pub(super) stories: Stories,
    pub(super) spare: Spare,
}

impl Shared {
    pub(super) fn new(limits: &Limits, reveal: bool, details: bool) -> Self {
        let (logins, stories, spare) = (Logins::new(limits), Stories::new(), Spare::default());
        Self { limits: limits.clone(), reveal, details, parts: false, tokens: usize::MAX, rows: false, logins, stories, spare }
    }

    /// What a dissector writes on for one call.
    pub(super) fn notes<'n>(
        &'n mut self,
        (flow, from, protocol): (&'n Flow, Peer, &'static str),
        (offset, bytes): (u64, &'n [u8]),
        provenance: &'n Provenance,
        messages: &'n mut u64,
        emit: &'n mut dyn FnMut(Event<'_>),
    ) -> Notes<'n> {
        Notes { flow, from, protocol, offset, bytes, provenance, messages, counted: 0, shared: self, emit }
    }
}

/// A line of cells that is one of many alike; the cells are in the spare memory of the notes.
pub(super) struct Line<'a> {
    pub(super) name: &'static str,
    pub(super) sentence: &'static str,
    pub(super) phase: u16,
    pub(super) span: ByteSpan,
    /// Its bytes and whatever stands behind them.
    pub(super) bytes: &'a [u8],
    /// How many are its own.
    pub(super) length: usize,
    /// As many as there are cells.
    pub(super) columns: &'static [Column],
    pub(super) is_plain: bool,
}

/// Takes the notes of one call of a dissector.
pub struct Notes<'n> {
    pub(super) flow: &'n Flow,
    pub(super) from: Peer,
    pub(super) protocol: &'static str,
    pub(super) offset: u64,
    pub(super) bytes: &'n [u8],
    pub(super) provenance: &'n Provenance,
    pub(super) messages: &'n mut u64,
    /// Messages that were only counted, until they are told.
    pub(super) counted: u64,
    pub(super) shared: &'n mut Shared,
    pub(super) emit: &'n mut dyn FnMut(Event<'_>),
}

impl Notes<'_> {
    /// Says which protocol and version this is. The first note of a dissector, and once only.
    pub fn session(&mut self, session: &Session<'_>) {
        let start = ByteSpan { start: self.offset, end: self.offset.saturating_add(1) };
        let origin = self.provenance.of(start);
        let kind = EventKind::SessionIdentified(self.flow, session);
        self.tell(origin.first_at, Evidence::of(origin.evidence.frames), kind);
        if self.flow.roles == RolesFrom::Handshake {
            let evidence = Evidence::of(self.flow.opening.clone());
            self.tell(self.flow.first_at, evidence, EventKind::PhaseEntered(&HANDSHAKE));
        }
    }

    /// Says that the dialogue moved on with the bytes of `span`.
    pub fn phase(&mut self, phase: &Phase, span: ByteSpan) {
        let origin = self.provenance.of(span);
        self.tell(origin.first_at, origin.evidence, EventKind::PhaseEntered(phase));
    }

    /// Whether anybody looks at what messages say, and not but at how many there are. Where nobody does, the fields of lines that are
    /// one of many alike need not be read.
    #[must_use]
    pub fn wants_details(&self) -> bool {
        self.shared.details
    }

    /// How many tokens of a message, from its front, anybody looks at. What is behind them may be one that is a secret.
    #[must_use]
    pub fn wanted_tokens(&self) -> usize {
        self.shared.tokens
    }

    /// Reports a message, and gives back what to call it by. Its span must lie in the view; what a secret field or token holds
    /// goes no further.
    pub fn message(&mut self, mut annotation: Annotation<'_>) -> Reference {
        if !self.shared.reveal {
            annotation.fields.iter_mut().for_each(Field::redact);
        }
        if annotation.bulk && !self.shared.details {
            return self.count();
        }
        let origin = self.provenance.of(annotation.span);
        let index = |offset: u64| usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(index(annotation.span.start)..index(annotation.span.end)).unwrap_or_default();
        let payload = Payload::new(bytes, &annotation.tokens, self.shared.reveal);
        *self.messages = self.messages.saturating_add(1);
        let (protocol, number, from, completed_at) = (self.protocol, *self.messages, self.from, origin.last_at);
        let parts = if self.shared.parts { self.provenance.parts(annotation.span) } else { Vec::new() };
        let message = Message { protocol, number, from, annotation: &annotation, payload, completed_at, parts: &parts, inferred: None };
        let span = origin.evidence.frames.spans().next();
        let frame = span.map(|span| FrameId { input: span.input, number: span.first }).unwrap_or_default();
        self.tell(origin.first_at, origin.evidence, EventKind::MessageDecoded(&message));
        self.shared.spare.put_back(annotation.fields, annotation.tokens);
        Reference { number, frame }
    }

    /// Whether lines of cells may be told as rows.
    pub(super) fn wants_rows(&self) -> bool {
        self.shared.rows
    }

    /// Reports a message that is a row: nothing in it is a secret, it answers nothing, and nothing answers it.
    pub(super) fn row(&mut self, line: &Line<'_>) {
        let Line { name, sentence, phase, span, bytes, length, columns, is_plain } = *line;
        let origin = self.provenance.of(span);
        *self.messages = self.messages.saturating_add(1);
        let (protocol, number, from, completed_at) = (self.protocol, *self.messages, self.from, origin.last_at);
        let cells = self.shared.spare.cells.get(..columns.len()).unwrap_or_default();
        let row = Row { protocol, number, from, phase, name, sentence, span, completed_at, bytes, length, columns, cells, is_plain };
        let kind = EventKind::RowDecoded(&row);
        (self.emit)(Event { at: origin.first_at, flow: Some(self.flow.id), evidence: origin.evidence, kind });
    }

    /// Counts a message, one of many alike, that nobody looks at: see [`Self::wants_details`]. Nothing answers such a one.
    pub fn count(&mut self) -> Reference {
        *self.messages = self.messages.saturating_add(1);
        self.counted = self.counted.saturating_add(1);
        Reference { number: *self.messages, frame: FrameId::default() }
    }

    /// Counts so many such messages.
    pub(super) fn count_more(&mut self, messages: u64) {
        *self.messages = self.messages.saturating_add(messages);
        self.counted = self.counted.saturating_add(messages);
    }

    /// Tells how many messages were only counted, when the dissector is done with the call.
    pub(super) fn settle(&mut self) {
        if self.counted > 0 {
            let counted = std::mem::take(&mut self.counted);
            self.tell(Timestamp::default(), Evidence::default(), EventKind::MessagesCounted(self.protocol, counted));
        }
    }

    /// Times of the first byte of a span and of its newest frame, and all its frames.
    pub(super) fn origin(&self, span: ByteSpan) -> (Timestamp, Timestamp, Frames) {
        let origin = self.provenance.of(span);
        (origin.first_at, origin.last_at, origin.evidence.frames)
    }

    /// Reports that a login was accepted or refused, as the bytes of `span` tell.
    pub fn login(&mut self, user: &[u8], accepted: bool, span: ByteSpan) {
        let judged = self.shared.logins.judge(self.flow, user, accepted);
        let origin = self.provenance.of(span);
        self.tell(origin.first_at, origin.evidence, EventKind::LoginJudged(judged));
    }

    /// Reports something odd in the bytes of `span`.
    pub fn anomaly(&mut self, span: ByteSpan, anomaly: Anomaly) {
        let origin = self.provenance.of(span);
        self.tell(origin.last_at, origin.evidence, EventKind::AnomalyFound(anomaly));
    }

    fn tell(&mut self, at: Timestamp, evidence: Evidence, kind: EventKind<'_>) {
        (self.emit)(Event { at, flow: Some(self.flow.id), evidence, kind });
    }
}
