//! What a document says once: its head, and everything that is known only at the end.

use super::dialogue::Dialogue;
use super::dialogue::endpoint;
use super::limitations::Doubts;
use super::model;
use super::model::Document;
use super::model::RedactionPolicy;
use super::without_data::without_data;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Summary;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Relation;
use crate::fact::TRANSPORT;
use crate::grammar::Description;
use crate::grammar::Share;
use crate::limits;
use crate::origin::Input;
use crate::report::services;
use crate::report::words::anomaly_sentence;
use crate::report::words::hex;
use std::collections::BTreeMap;
use std::io;

/// Everything but the sessions, as far as it is known.
#[derive(Debug)]
pub(super) struct Ends {
    policy: RedactionPolicy,
    rest: Document,
    pub(super) doubts: Doubts,
}

/// Role, label, sign, colours and style: the legend of every output.
const LEGEND: [[&str; 6]; 6] = [
    ["header", "packet header", "=", "#37474f", "#b0bec5", "reverse"],
    ["control", "control character or terminator", "^", "#00687a", "#7fd6e8", "underline"],
    ["keyword", "protocol control string", "#", "#1b6e1b", "#8fdc8f", "bold"],
    ["data", "protocol data", ".", "#8a4b00", "#f0b866", "plain"],
    ["unknown", "unexplained", "?", "#5f5f5f", "#b8b8b8", "plain"],
    ["redacted", "not shown", "*", "#7a1f5c", "#f0a6d6", "reverse"],
];

/// An input, and what the kernel counted of it.
fn input(input: &Input, number: u64, summary: &Summary) -> model::Input {
    let Input { origin, sight } = input;
    let received = summary.received.iter().find(|received| origin.kind == "interface" && received.interface == origin.name);
    model::Input {
        id: format!("i{number}"),
        kind: origin.kind.to_owned(),
        name: origin.name.clone(),
        format: origin.format.map(str::to_owned),
        compression: origin.compression.map(str::to_owned),
        bytes: origin.bytes,
        sha256: origin.sha256.map(|hash| hex(&hash)),
        link_types: sight.link_types.iter().map(|number| model::LinkType { number: *number }).collect(),
        first_packet: sight.times.map(|(first, _)| first.to_string()),
        last_packet: sight.times.map(|(_, last)| last.to_string()),
        packets: model::Packets {
            read: sight.frames,
            truncated: sight.truncated,
            dropped_by_kernel: received.map(|received| received.dropped_by_kernel),
            dropped_by_interface: received.map(|received| received.dropped_by_interface),
        },
        damaged: origin.damage.clone().map(|reason| model::Damage { reason }),
    }
}

/// A document of which nothing but the head is known.
pub(super) fn head(policy: RedactionPolicy) -> Document {
    let entry = |[role, label, sigil, light, dark, style]: [&str; 6]| model::LegendEntry {
        role: role.to_owned(),
        label: label.to_owned(),
        sigil: sigil.to_owned(),
        light: light.to_owned(),
        dark: dark.to_owned(),
        style: style.to_owned(),
    };
    Document {
        document: model::DOCUMENT.to_owned(),
        schema_version: model::SCHEMA_VERSION.to_owned(),
        generator: model::Generator { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        redaction: model::Redaction { policy },
        legend: LEGEND.map(entry).into(),
        sessions: Vec::new(),
        inputs: Vec::new(),
        protocols: Vec::new(),
        services: Vec::new(),
        connections: Vec::new(),
        stories: Vec::new(),
        anomalies: Vec::new(),
        account: model::Account::default(),
        statistics: model::Statistics::default(),
        limitations: Vec::new(),
    }
}

impl Ends {
    pub(super) fn new(policy: RedactionPolicy) -> Self {
        Self { policy, rest: head(policy), doubts: Doubts::default() }
    }

    /// Counts a message that is in the document.
    pub(super) fn count(&mut self, message: &model::Message) {
        let sum = &mut self.rest.statistics;
        sum.messages = sum.messages.saturating_add(1);
        sum.messages_typed = sum.messages_typed.saturating_add(u64::from(message.message_type.is_some()));
        sum.bytes = sum.bytes.saturating_add(message.length);
        for token in &message.tokens {
            let bytes = sum.bytes_by_role.entry(token.role.name().to_owned()).or_default();
            *bytes = bytes.saturating_add(token.end.saturating_sub(token.start));
            sum.tokens_redacted = sum.tokens_redacted.saturating_add(u64::from(token.redacted));
        }
    }

    /// Takes an inferred protocol.
    pub(super) fn described(&mut self, description: &Description) {
        let description = description.clone();
        self.rest.protocols.push(if self.policy == RedactionPolicy::Data { without_data(description) } else { description });
    }

    /// A session is over.
    pub(super) fn session(&mut self, dialogue: &Dialogue) {
        self.doubts.session(dialogue);
    }

    /// Takes what belongs to no session.
    pub(super) fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match &event.kind {
            EventKind::AnomalyFound(anomaly) => {
                self.doubts.anomaly(anomaly);
                if self.rest.anomalies.len() < limits::DOCUMENT_ANOMALIES {
                    self.rest.anomalies.push(model::Anomaly {
                        name: anomaly.name().to_owned(),
                        time: event.at.to_string(),
                        session: event.flow.map(|flow| format!("s{}", flow.0)),
                        sentence: anomaly_sentence(anomaly),
                        frames: model::FrameRange::spans(&event.evidence.frames),
                    });
                } else {
                    self.doubts.anomalies_left_out = self.doubts.anomalies_left_out.saturating_add(1);
                }
            }
            EventKind::ScanStory(_) | EventKind::SessionStory(_) => {
                if self.rest.stories.len() < limits::DOCUMENT_STORIES {
                    self.rest.stories.push(super::stories::story(event, self.policy)?);
                } else {
                    self.doubts.stories_left_out = self.doubts.stories_left_out.saturating_add(1);
                }
            }
            EventKind::FactsKnown(facts) => self.facts(*facts),
            EventKind::Summary(summary) => self.summary(summary),
            _ => {}
        }
        Ok(())
    }

    /// Who serves and who speaks, in order of server and client.
    fn facts(&mut self, facts: &dyn Facts) {
        let mut told: BTreeMap<Relation, Fact> = BTreeMap::new();
        let mut left_out = 0_u64;
        facts.each(&mut |fact| {
            if !matches!(fact.relation, Relation::ClientPort(..)) {
                told.insert(fact.relation, fact.clone());
                // The order in which they come is nobody's: the last of their own order go.
                if told.len() > limits::DOCUMENT_FACTS {
                    told.pop_last();
                    left_out = left_out.saturating_add(1);
                }
            }
        });
        self.doubts.facts_left_out = left_out;
        for fact in told.values() {
            let (grade, handshakes) = (fact.known.grade.name().to_owned(), fact.known.handshakes);
            match fact.relation {
                Relation::Service(server) => self.rest.services.push(model::Serving {
                    server: endpoint(server),
                    transport: TRANSPORT.to_owned(),
                    grade,
                    port_name: services::name(server.port).map(str::to_owned),
                    handshakes,
                }),
                Relation::Connection(client, server) => self.rest.connections.push(model::Connection {
                    client_ip: client.to_string(),
                    server: endpoint(server),
                    transport: TRANSPORT.to_owned(),
                    grade,
                    first_seen: fact.known.first_at.to_string(),
                    last_seen: fact.known.last_at.to_string(),
                    handshakes,
                }),
                Relation::ClientPort(..) => {}
            }
        }
    }

    /// The account of all frames.
    fn summary(&mut self, summary: &Summary) {
        let named = |counts: &[(&str, u64)]| counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        self.rest.account = model::Account {
            frames: summary.frames,
            filtered: summary.filtered,
            segments: summary.segments,
            undecoded: named(&summary.undecoded),
            flows: summary.flows,
            sessions: named(&summary.sessions),
            messages: summary.messages,
            anomalies: named(&summary.anomalies),
        };
        self.rest.inputs = summary.inputs.iter().zip(0..).map(|(input, number)| self::input(input, number, summary)).collect();
        self.doubts.summary(summary);
    }

    /// The document without its sessions; known protocols come before inferred ones.
    pub(super) fn document(mut self, learned: Vec<Description>) -> Document {
        let inferred = std::mem::take(&mut self.rest.protocols);
        self.rest.protocols = learned.into_iter().chain(inferred).collect();
        let sum = &mut self.rest.statistics;
        let unknown = sum.bytes_by_role.get("unknown").copied().unwrap_or(0);
        sum.explained_share = Share::of(sum.bytes.saturating_sub(unknown), sum.bytes);
        self.rest.limitations = self.doubts.limitations();
        self.rest
    }
}
