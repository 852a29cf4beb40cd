//! One known protocol, as far as it was seen.

use super::Thing;
use super::Walk;
use super::machine::Machine;
use super::types;
use super::types::Type;
use super::words::Words;
use crate::annotation::Role;
use crate::annotation::Shown;
use crate::event::Message;
use crate::grammar::ByteOrder;
use crate::grammar::Description;
use crate::grammar::Encoding;
use crate::grammar::Exchange;
use crate::grammar::Framing;
use crate::grammar::FramingKind;
use crate::grammar::Grammar;
use crate::grammar::Ground;
use crate::grammar::Kind;
use crate::grammar::Level;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::Location;
use crate::grammar::Share;
use crate::limits;
use crate::report::document::kinds::kind;
use crate::report::document::message::Placed;
use crate::report::document::message::to_u64;
use crate::report::document::model::Session;
use crate::report::words::count;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

/// What is known of a protocol beyond what was seen.
struct Known {
    id: &'static str,
    title: &'static str,
    encoding: Encoding,
    framing: FramingKind,
    framed: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        id: "nessus_api",
        title: "HTTP API of a Nessus server",
        encoding: Encoding::Text,
        framing: FramingKind::Http,
        framed: "An HTTP head ends with an empty line; the body is as long as the head says, or comes in chunks, or ends with the connection.",
    },
    Known {
        id: "nessus_ntp",
        title: "Nessus Transfer Protocol",
        encoding: Encoding::Text,
        framing: FramingKind::Terminator,
        framed: "A line feed ends a message; prompts have none, and uploads are counted in bytes.",
    },
    Known {
        id: "nessus_otp",
        title: "OpenVAS Transfer Protocol",
        encoding: Encoding::Text,
        framing: FramingKind::Terminator,
        framed: "A line feed ends a message; prompts have none, and uploads are counted in bytes.",
    },
    Known {
        id: "tls",
        title: "Transport Layer Security",
        encoding: Encoding::EncryptedOrCompressed,
        framing: FramingKind::LengthPrefix,
        framed: "A record has five bytes in front: its type, the version, and its length in two bytes.",
    },
];

/// What was seen, in a sentence.
fn summary(title: &str, sessions: u64, messages: u64, types: u64) -> String {
    let [sessions, messages, types] = [(sessions, "session"), (messages, "message"), (types, "type")].map(|(of, noun)| count(of, noun));
    format!("{title}: {sessions}, {messages} of {types}.")
}

/// How often requests of a type were answered by a type, and how long the first of these took.
#[derive(Debug, Default)]
struct Answers {
    count: u64,
    delays: Vec<Duration>,
}

/// A protocol that was seen.
#[derive(Debug, Default)]
pub(super) struct Language {
    ports: BTreeSet<u16>,
    transport: String,
    sessions: u64,
    types: Vec<Type>,
    by_name: BTreeMap<String, usize>,
    words: Words,
    exchanges: BTreeMap<(usize, usize), Answers>,
    machine: Machine,
    /// Messages that are of no type because there were too many types.
    untyped: u64,
}

impl Language {
    pub(super) fn message(&mut self, at: Timestamp, message: &Message<'_>, walk: &mut Walk) -> Placed {
        for (token, shown) in message.payload.pieces() {
            if let (Role::Control | Role::Keyword, Shown::Bytes(bytes)) = (token.role, shown) {
                self.words.add(kind(token.kind, token.role), bytes, message.from, walk);
            }
        }
        let Some(index) = self.type_of(&message.annotation.name) else {
            self.untyped = self.untyped.saturating_add(1);
            return Placed::default();
        };
        if let Some((request, asked_at)) = message.annotation.response_to.and_then(|request| walk.request(request)) {
            let answers = self.exchanges.entry((request, index)).or_default();
            answers.count = answers.count.saturating_add(1);
            if answers.delays.len() < limits::DOCUMENT_DELAYS {
                answers.delays.push(at.since(asked_at));
            }
        }
        if !message.annotation.bulk {
            walk.remember(message.number, index, at);
        }
        self.machine.step(index, walk);
        let Some(of) = self.types.get_mut(index) else { return Placed::default() };
        of.sessions = of.sessions.saturating_add(u64::from(walk.is_new(Thing::Type, index)));
        let fields = of.add(index, message, &format!("m{}.{}", walk.flow, message.number));
        Placed { message_type: Some(types::id(index)), fields }
    }

    fn type_of(&mut self, name: &str) -> Option<usize> {
        if let Some(index) = self.by_name.get(name) {
            return Some(*index);
        }
        let index = self.types.len();
        (index < limits::DOCUMENT_TYPES).then(|| {
            self.types.push(Type::new(name));
            self.by_name.insert(name.to_owned(), index);
            index
        })
    }

    /// A session is over.
    pub(super) fn session(&mut self, session: &Session, walk: &Walk) {
        self.sessions = self.sessions.saturating_add(1);
        self.ports.insert(session.server.port);
        self.transport.clone_from(&session.transport);
        self.machine.end(walk);
    }

    pub(super) fn description(&self, id: &str) -> Description {
        let known = KNOWN.iter().find(|known| known.id == id);
        let messages = self.types.iter().fold(0_u64, |sum, of| sum.saturating_add(of.count()));
        let title = known.map_or(id, |known| known.title);
        Description {
            id: id.to_owned(),
            known_as: Some(title.to_owned()),
            transport: self.transport.clone(),
            server_ports: self.ports.iter().copied().collect(),
            encoding: known.map_or(Encoding::Unknown, |known| known.encoding),
            client_encoding: None,
            server_encoding: None,
            encryption: None,
            summary: summary(title, self.sessions, messages, to_u64(self.types.len())),
            evidence: Vec::new(),
            grammar: Grammar {
                framing: known.map_or_else(Framing::default, |known| self.framing(known, messages)),
                server_framing: None,
                terminators: self.words.patterns(Kind::Terminator, Level::Line),
                delimiters: self.words.patterns(Kind::Delimiter, Level::Field),
                keywords: self.words.keywords(),
                header_fields: Vec::new(),
                message_types: self.types.iter().zip(0..).map(|(of, index)| of.describe(index)).collect(),
                relations: Vec::new(),
                exchanges: self.exchanges(),
                state_machine: self.machine.draw(),
                exports: Vec::new(),
            },
            limitations: self.limitations(),
        }
    }

    /// How messages end: known, and compared with what was seen.
    fn framing(&self, known: &Known, messages: u64) -> Framing {
        let terminated = self.types.iter().fold(0_u64, |sum, of| sum.saturating_add(of.terminated));
        let by_line = known.framing == FramingKind::Terminator;
        let in_front = known.framing == FramingKind::LengthPrefix;
        let exceptions = self.types.iter().zip(0..).filter(|(of, _)| by_line && of.terminated < of.count());
        let score = by_line.then(|| Share::of(terminated, messages));
        Framing {
            kind: known.framing,
            terminator: by_line.then(|| "0a".to_owned()),
            length_field: in_front.then_some(Location::Bytes { offset: 3, size: 2 }),
            byte_order: in_front.then_some(ByteOrder::Big),
            length_form: None,
            length_addend: in_front.then_some(5),
            size: None,
            exceptions: exceptions.map(|(_, index)| types::id(index)).collect(),
            confidence: score.unwrap_or(Share::ALL),
            evidence: vec![Ground {
                detector: "dissector".to_owned(),
                statement: known.framed.to_owned(),
                score,
                messages: Some(messages),
                sessions: Some(self.sessions),
                counterexamples: Vec::new(),
            }],
        }
    }

    fn exchanges(&self) -> Vec<Exchange> {
        let all =
            |of: usize| self.exchanges.range((of, 0)..=(of, usize::MAX)).fold(0_u64, |sum, (_, answers)| sum.saturating_add(answers.count));
        let exchange = |(&(request, response), answers): (&(usize, usize), &Answers)| Exchange {
            request: types::id(request),
            response: types::id(response),
            count: answers.count,
            probability: Share::of(answers.count, all(request)),
            correlated_by: None,
            median_delay: Exchange::median(answers.delays.clone()),
        };
        self.exchanges.iter().map(exchange).collect()
    }

    fn limitations(&self) -> Vec<Limitation> {
        let mut said = Vec::new();
        let mut say = |code, text: &str| said.push(Limitation { code, text: text.to_owned() });
        if self.types.is_empty() {
            say(LimitationCode::Encrypted, "no message was read: the grammar is empty");
        } else if self.sessions < 3 {
            say(LimitationCode::FewSessions, "fewer than three sessions: the state machine shows what happened, not what is allowed");
        }
        if self.untyped > 0 {
            say(LimitationCode::Capped, "there are more types of messages than are listed: some messages have none");
        }
        if self.words.full {
            say(LimitationCode::Capped, "there are more keywords than are listed");
        }
        if self.machine.full {
            say(LimitationCode::Capped, "there are more steps of the state machine than are listed");
        }
        said
    }
}
