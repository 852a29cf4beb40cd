//! An exchange from its first message to its last, and when it is over.

use super::body::Body;
use super::dialogue::Dialogue;
use super::dialogue::to_u64;
use super::draft::Draft;
use super::marks::Marks;
use super::redact;
use super::rules::meaning;
use super::say;
use super::side::Making;
use super::side::State;
use crate::annotation::ByteSpan;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::anomaly::Anomaly;
use crate::event::Closing;
use crate::exchange::BodyFacts;
use crate::exchange::Exchange;
use crate::limits::HTTP_PIPELINE;
use crate::limits::HTTP_PIPELINE_BYTES;
use crate::peer::Peer;
use crate::protocol::Notes;
use crate::protocol::http::Head;
use crate::protocol::http::Start;
use crate::protocol::http::Trouble;

impl Dialogue {
    /// A request begins: so does an exchange.
    pub(super) fn request(&mut self, head: &Head<'_>, length: usize, offset: u64, notes: &mut Notes<'_>) {
        let is_heavy = self.weight.saturating_add(length) > HTTP_PIPELINE_BYTES && !self.open.is_empty();
        let limit = match (self.open.len() >= HTTP_PIPELINE, is_heavy) {
            (true, _) => Some(("http_pipeline", HTTP_PIPELINE)),
            (false, true) => Some(("http_pipeline_bytes", HTTP_PIPELINE_BYTES)),
            (false, false) => None,
        };
        if let Some((limit, value)) = limit {
            let span = ByteSpan { start: offset, end: offset.saturating_add(1) };
            notes.anomaly(span, Anomaly::LimitReached { limit, value: to_u64(value) });
            self.give_up(notes);
        }
        let (at, _, _) = notes.origin(span(offset, length));
        self.exchanges = self.exchanges.saturating_add(1);
        let mut draft = Draft::new(self.exchanges, Some(head), at);
        if !self.order.is_doubtful() && self.is_awaited() {
            draft.notes.push("pipelined");
        }
        self.begin(Peer::Client, head, draft.number, false, length, &draft, notes);
        self.weight = self.weight.saturating_add(draft.weight());
        self.open.push_back(draft);
    }

    /// A response begins.
    pub(super) fn response(&mut self, head: &Head<'_>, status: u16, length: usize, offset: u64, notes: &mut Notes<'_>) {
        let (at, _, _) = notes.origin(span(offset, length));
        let number = self.answers(at);
        let Some(place) = self.open.iter().position(|draft| draft.number == number) else { return };
        let Some(mut draft) = self.open.get(place).cloned() else { return };
        let is_interim = matches!(status, 100 | 102..=199);
        if !draft.asked && status >= 400 {
            // It was refused before all of it was there to be read. A request that succeeds was, and is only captured late.
            draft.secrets.unknown();
        }
        self.begin(Peer::Server, head, number, is_interim, length, &draft, notes);
        if let (Some(draft), Start::Response { reason, .. }, false) = (self.open.get_mut(place), head.start, is_interim) {
            draft.status = Some(status);
            draft.reason = reason.to_vec();
            draft.answered_at = Some(at);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a head, where it stands, and what it belongs to")]
    fn begin(&mut self, from: Peer, head: &Head<'_>, exchange: u64, is_interim: bool, length: usize, draft: &Draft, notes: &mut Notes<'_>) {
        let answers = if from == Peer::Server { Some(&*draft.method) } else { None };
        let is_packed = !head.codings().is_empty();
        let place = notes.shared.stories.place(is_packed);
        let missed = is_packed && place.is_none();
        let mut body = Body::new(head, head.framing(answers), &draft.operation.name, from == Peer::Server, place);
        if from == Peer::Server && !notes.shared.reveal {
            body.content().gather.secrets = draft.secrets.clone();
        }
        let mut marks = Marks::new(notes.wanted_tokens());
        say::mark_head(head, length, draft, &mut marks);
        let fields = say::head_fields(head, draft, notes.shared.reveal);
        let making = Making { exchange, body, marks, ran: length, head: Some(fields), is_interim };
        if missed {
            let value = to_u64(crate::limits::HTTP_DECODERS);
            notes.anomaly(
                ByteSpan { start: notes.offset, end: notes.offset.saturating_add(1) },
                Anomaly::LimitReached { limit: "http_decoders", value },
            );
        }
        self.side(from).state = State::Body(Box::new(making));
    }

    /// A part of a long message.
    pub(super) fn part(&mut self, from: Peer, length: usize, offset: u64, notes: &mut Notes<'_>) {
        if let State::Body(mut making) = std::mem::take(&mut self.side(from).state) {
            self.say(from, &mut making, Vec::new(), span(offset, length), notes);
            making.ran = 0;
            self.side(from).state = State::Body(making);
        }
    }

    /// A message is whole.
    pub(super) fn whole(&mut self, from: Peer, length: usize, offset: u64, notes: &mut Notes<'_>) {
        self.cut(from, length, offset, notes);
    }

    /// A message is over, whole or not.
    pub(super) fn cut(&mut self, from: Peer, length: usize, offset: u64, notes: &mut Notes<'_>) {
        let State::Body(mut making) = std::mem::take(&mut self.side(from).state) else { return };
        let span = span(offset, length);
        if let Some(trouble) = making.body.end() {
            self.troubled(from, &making, trouble, span, notes);
        }
        // Only both sides' FIN prove that nothing more came.
        let facts = making.body.facts(notes.flow.ended == Some(Closing::Fin), notes.shared.reveal);
        let fields = if making.is_interim { Vec::new() } else { self.learn(from, &mut making, &facts) };
        self.say(from, &mut making, fields, span, notes);
        if !making.is_interim {
            self.over(from, &making, facts, span, notes);
        }
    }

    /// What kept a body from being unpacked.
    fn troubled(&mut self, from: Peer, making: &Making, trouble: Trouble, span: ByteSpan, notes: &mut Notes<'_>) {
        match trouble {
            Trouble::Bomb(limit, value) => notes.anomaly(span, Anomaly::LimitReached { limit, value }),
            Trouble::Damaged => {
                let problem = "a body that is not packed as its head says, or cut";
                notes.anomaly(span, Anomaly::Undecodable { from, bytes: span.len(), problem });
            }
            Trouble::Unknown => {
                if let Some(draft) = self.open.iter_mut().find(|draft| draft.number == making.exchange) {
                    draft.notes.push("coding_unknown");
                }
            }
        }
    }

    /// What a body says goes to its exchange; gives back the fields for its message.
    fn learn(&mut self, from: Peer, making: &mut Making, facts: &BodyFacts) -> Vec<Field<'static>> {
        let content = making.body.content();
        let (wants_tls, is_unreadable) = (content.wants_tls(), facts.complete && content.is_unreadable());
        let is_searched = facts.complete && facts.bytes.is_some() && content.is_searched();
        let gather = &mut content.gather;
        let Some(draft) = self.open.iter_mut().find(|draft| draft.number == making.exchange) else { return Vec::new() };
        if from == Peer::Client {
            draft.operation.with_body(gather.only_key.as_deref(), gather.shown("folder_id").as_deref());
        } else {
            draft.token = gather.token.take();
            if wants_tls {
                draft.notes.push("plain_http_on_tls_port");
            }
        }
        if is_unreadable {
            draft.notes.push(if from == Peer::Client { "request_unreadable" } else { "response_unreadable" });
        }
        if gather.is_cut {
            draft.notes.push("fields_cut");
        }
        let fields = std::mem::take(&mut gather.fields);
        let before = draft.weight();
        if from == Peer::Client {
            draft.secrets.join(&gather.secrets);
            if !is_searched {
                draft.secrets.unknown();
            }
        }
        for field in &fields {
            if !draft.fields.iter().any(|known| known.name == field.name) {
                draft.fields.push(field.clone());
            }
        }
        self.weight = self.weight.saturating_add(draft.weight().saturating_sub(before));
        let mut said = fields;
        said.push(Field::new("body_bytes", Value::Count(facts.bytes.unwrap_or(facts.wire_bytes))));
        if !facts.complete {
            said.push(Field::new("incomplete", Value::Flag(true)));
        }
        said
    }

    /// One of the two messages of an exchange is over.
    fn over(&mut self, from: Peer, making: &Making, facts: BodyFacts, span: ByteSpan, notes: &mut Notes<'_>) {
        let Some(draft) = self.open.iter_mut().find(|draft| draft.number == making.exchange) else { return };
        if from == Peer::Client {
            (draft.request_body, draft.asked) = (facts, true);
        } else {
            (draft.response_body, draft.answered) = (facts, true);
            if draft.operation.name == "session.login" || draft.operation.name == "xmlrpc.login" {
                let user = draft.fields.iter().find(|field| field.name == "user").map(|field| super::gather::text_of(field.value.clone()));
                let judged = match draft.status {
                    Some(200..=299) => Some(true),
                    Some(401 | 403) => Some(false),
                    _ => None,
                };
                if let Some(accepted) = judged.filter(|_| !draft.is_guessed()) {
                    notes.login(&user.unwrap_or_default(), accepted, span);
                }
            }
            self.left |= draft.status == Some(101) || (draft.method == b"CONNECT" && matches!(draft.status, Some(200..=299)));
        }
        self.flush(notes);
        if self.left {
            self.end(notes);
        }
    }

    /// Tells all exchanges that are over, in order.
    fn flush(&mut self, notes: &mut Notes<'_>) {
        let guess = self.order.guess;
        while self.open.front().is_some_and(|draft| draft.asked && draft.answered && guess != Some(draft.number))
            && let Some(draft) = self.pop()
        {
            tell(draft, notes);
        }
    }

    /// Takes the oldest exchange out.
    fn pop(&mut self) -> Option<Draft> {
        let draft = self.open.pop_front()?;
        self.weight = self.weight.saturating_sub(draft.weight());
        Some(draft)
    }

    /// The oldest exchange is told as it is.
    fn give_up(&mut self, notes: &mut Notes<'_>) {
        if let Some(draft) = self.pop() {
            self.order.gives_up(&draft);
            tell(draft, notes);
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, notes: &mut Notes<'_>) {
        if let Some(frames) = self.http2.take() {
            let [client, server] = *frames;
            let count = |one: u64, two: u64| one.saturating_add(two);
            let anomaly = Anomaly::Http2NotRead {
                frames: count(client.frames, server.frames),
                streams: client.streams,
                data_bytes: count(client.data_bytes, server.data_bytes),
            };
            notes.anomaly(ByteSpan { start: 0, end: 1 }, anomaly);
        }
        self.settle_at_end();
        while let Some(draft) = self.pop() {
            tell(draft, notes);
        }
    }
}

fn span(offset: u64, length: usize) -> ByteSpan {
    ByteSpan { start: offset, end: offset.saturating_add(to_u64(length)) }
}

/// Tells an exchange, as far as it came.
fn tell(mut draft: Draft, notes: &mut Notes<'_>) {
    let body = draft.response_body.clone();
    let answered = draft.status.is_some();
    let mut note = |told: bool, name| {
        if told {
            draft.notes.push(name);
        }
    };
    note(!answered, "no_response");
    note(answered && !body.complete && body.wire_bytes == 0 && body.promised != Some(0), "body_missing");
    note(answered && !body.complete && body.wire_bytes > 0, "body_cut");
    note(!body.complete && notes.flow.ended == Some(Closing::Reset(Peer::Server)), "reset");
    note(!body.complete && notes.flow.ended == Some(Closing::Reset(Peer::Client)), "client_left");
    note(body.framing == "chunked", "chunked");
    let plain = draft.notes.contains(&"plain_http_on_tls_port");
    let named = |name: &str| draft.fields.iter().find(|field| field.name == name).map(|field| super::gather::text_of(field.value.clone()));
    let from_body = if matches!(&*draft.operation.name, "scan.create" | "scan.import") { named("scan_id") } else { None };
    let scan_id = draft.operation.scan_id.clone().or_else(|| from_body.and_then(|id| String::from_utf8(id.into_owned()).ok()));
    let mut fields = std::mem::take(&mut draft.fields);
    fields.retain(|field| field.name != "scan_id");
    if let Some(file) = draft.operation.file.take() {
        fields.push(Field::new("file", Value::Text(file.into_bytes().into())));
    }
    let exchange = Exchange {
        number: draft.number,
        request: draft.request,
        response: draft.response,
        method: draft.method.clone(),
        path: if notes.shared.reveal { draft.target.clone() } else { redact::shown(&draft.target) },
        operation: draft.operation.name.clone(),
        pattern: draft.operation.pattern,
        scan_id,
        auth: draft.auth,
        status: draft.status,
        reason: draft.reason(notes.shared.reveal),
        meaning: draft.status.and_then(|status| meaning(status, plain)),
        request_body: std::mem::take(&mut draft.request_body),
        response_body: body,
        latency: draft.answered_at.and_then(|answered| draft.asked_at.map(|asked| answered.since(asked))),
        fields,
        notes: std::mem::take(&mut draft.notes),
        retry_of: None,
    };
    super::stories::tell(exchange, &draft, notes);
}
