//! Runs the whole program over a source, and keeps what it says in a form that can be compared.

use ntp_sniff::annotation::Shown;
use ntp_sniff::annotation::Token;
use ntp_sniff::annotation::Value;
use ntp_sniff::anomaly::Anomaly;
use ntp_sniff::capture::Source;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::fact::Relation;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::pipeline::Options;
use ntp_sniff::pipeline::run;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

/// Start, end, role and kind of a token, and its bytes unless they are a secret.
pub(crate) type Piece = (usize, usize, &'static str, &'static str, Option<Vec<u8>>);

/// A message, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) flow: u64,
    pub(crate) from: Peer,
    pub(crate) name: String,
    pub(crate) phase: u16,
    pub(crate) span: (u64, u64),
    /// Names and rendered values.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) pieces: Vec<Piece>,
}

impl Said {
    /// Whether the tokens tile the message: in order, none empty, no byte left out.
    pub(crate) fn is_tiled(&self) -> bool {
        let mut end = 0;
        let ordered = self.pieces.iter().all(|(start, stop, ..)| {
            let follows = *start == end && *stop > *start;
            end = *stop;
            follows
        });
        ordered && u64::try_from(end).unwrap() == self.span.1 - self.span.0
    }
}

/// An event, owned: what all tests ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: &'static str,
    pub(crate) flow: Option<u64>,
    /// Input, first and last frame of every span.
    pub(crate) frames: Vec<(u32, u64, u64)>,
    pub(crate) bytes: Option<(u64, u64)>,
    pub(crate) anomaly: Option<Anomaly>,
    pub(crate) said: Option<Said>,
    /// The protocol of a session.
    pub(crate) protocol: Option<&'static str>,
    /// An exchange, or a story, as the language itself prints it.
    pub(crate) told: Option<String>,
}

/// Keeps every event.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) seen: Vec<Seen>,
}

impl Collector {
    pub(crate) fn messages(&self) -> Vec<Said> {
        self.seen.iter().filter_map(|seen| seen.said.clone()).collect()
    }

    /// The messages of one direction, without phases: those depend on how the two directions interleave.
    pub(crate) fn messages_of(&self, from: Peer) -> Vec<Said> {
        let direction = self.messages().into_iter().filter(|said| said.from == from);
        direction.map(|said| Said { phase: 0, ..said }).collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.messages().into_iter().map(|said| said.name).collect()
    }

    /// Spans of the gaps of one direction.
    pub(crate) fn gaps(&self, from: Peer) -> Vec<(u64, u64)> {
        let is_gap = |seen: &&Seen| matches!(seen.anomaly, Some(Anomaly::Gap { from: whose, .. }) if whose == from);
        self.seen.iter().filter(is_gap).filter_map(|seen| seen.bytes).collect()
    }

    pub(crate) fn anomalies(&self) -> Vec<Anomaly> {
        self.seen.iter().filter_map(|seen| seen.anomaly.clone()).collect()
    }

    /// Names of the limits that were reached.
    pub(crate) fn limits(&self) -> Vec<&'static str> {
        let limit = |anomaly| if let Anomaly::LimitReached { limit, .. } = anomaly { Some(limit) } else { None };
        self.anomalies().into_iter().filter_map(limit).collect()
    }
}

impl Sink for Collector {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.seen.push(seen(event));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The owned summary of an event.
pub(crate) fn seen(event: &Event<'_>) -> Seen {
    let (mut anomaly, mut said, mut protocol, mut told) = (None, None, None, None);
    let kind = match &event.kind {
        EventKind::FlowOpened(_) => "flow_opened",
        EventKind::FlowClosed(..) => "flow_closed",
        EventKind::SessionIdentified(_, session) => {
            protocol = Some(session.protocol);
            "session_identified"
        }
        EventKind::ProtocolDescribed(_) => "protocol_described",
        EventKind::PhaseEntered(_) => "phase_entered",
        EventKind::MessageDecoded(message) => {
            let annotation = message.annotation;
            let piece = |(token, shown): (Token, Shown<'_>)| {
                let bytes = if let Shown::Bytes(bytes) = shown { Some(bytes.to_vec()) } else { None };
                (token.start, token.end, token.role.name(), token.kind, bytes)
            };
            said = Some(Said {
                flow: event.flow.map_or(0, |flow| flow.0),
                from: message.from,
                name: annotation.name.clone().into_owned(),
                phase: annotation.phase,
                span: (annotation.span.start, annotation.span.end),
                fields: annotation.fields.iter().map(|field| (field.name.to_owned(), rendered(&field.value))).collect(),
                pieces: message.payload.pieces().map(piece).collect(),
            });
            "message_decoded"
        }
        EventKind::RowDecoded(_) => "row_decoded",
        EventKind::FloodSeen(_) => "flood_seen",
        EventKind::ScannerSeen(_) => "scanner_seen",
        EventKind::LoginJudged(_) => "login_judged",
        EventKind::ExchangeDecoded(exchange) => {
            told = Some(format!("{exchange:?}"));
            "exchange_decoded"
        }
        EventKind::ScanStory(story) => {
            told = Some(format!("{story:?}"));
            "scan_story"
        }
        EventKind::SessionStory(story) => {
            told = Some(format!("{story:?}"));
            "session_story"
        }
        EventKind::FactSeen(fact) => match fact.relation {
            Relation::Service(_) => "service_seen",
            Relation::ClientPort(..) => "client_port_seen",
            Relation::Connection(..) => "connection_seen",
        },
        EventKind::FactConfirmed(..) => "connection_confirmed",
        EventKind::FactsKnown(_) => "facts_known",
        EventKind::MessagesCounted(..) => "messages_counted",
        EventKind::SegmentSeen(_) => "segment_seen",
        EventKind::SpanVerdict(_) => "span_verdict",
        EventKind::AnomalyFound(found) => {
            anomaly = Some(found.clone());
            "anomaly_found"
        }
        EventKind::Stats(_) => "stats",
        EventKind::Summary(_) => "summary",
    };
    let frames = event.evidence.frames.spans().map(|span| (span.input, span.first, span.last)).collect();
    let bytes = event.evidence.bytes.map(|span| (span.start, span.end));
    Seen { kind, flow: event.flow.map(|flow| flow.0), frames, bytes, anomaly, said, protocol, told }
}

fn rendered(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.escape_ascii().to_string(),
        Value::List(items) => items.iter().map(|item| item.escape_ascii().to_string()).collect::<Vec<_>>().join(" | "),
        other => format!("{other:?}"),
    }
}

/// What the user asks for when nothing is special.
pub(crate) fn options(limits: &Limits, reveal: bool) -> Options {
    Options { limits: limits.clone(), reveal, ..Options::default() }
}

/// Runs the pipeline into a sink; an input that is damaged is no failure.
pub(crate) fn into_sink(source: &mut dyn Source, limits: &Limits, reveal: bool, sink: &mut dyn Sink) {
    run(source, options(limits, reveal), sink, &AtomicBool::new(false), &mut |_| ()).unwrap();
}

/// Every event of a run within these limits.
pub(crate) fn collect_within(source: &mut dyn Source, limits: &Limits) -> Collector {
    let mut collector = Collector::default();
    into_sink(source, limits, false, &mut collector);
    collector
}

/// Every event of a run.
pub(crate) fn collect(source: &mut dyn Source) -> Collector {
    collect_within(source, &Limits::default())
}

/// A writer whose bytes can be read after the sink that owns it is gone.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a format says of a source.
pub(crate) fn text(source: &mut dyn Source, format: &str, style: &Style, reveal: bool) -> String {
    let shared = Shared::default();
    let format = FORMATS.iter().find(|entry| entry.name == format).unwrap();
    let mut sink = (format.open)(Box::new(shared.clone()), style);
    into_sink(source, &Limits::default(), reveal, sink.as_mut());
    shared.text()
}

/// A sink that takes no rows: it is told every message at length.
pub(crate) struct NoRows(Box<dyn Sink>);

impl NoRows {
    /// What a format writes of a source then.
    pub(crate) fn text(source: &mut dyn Source, format: &str, style: &Style) -> String {
        let shared = Shared::default();
        let format = FORMATS.iter().find(|entry| entry.name == format).unwrap();
        let mut sink = Self((format.open)(Box::new(shared.clone()), style));
        into_sink(source, &Limits::default(), false, &mut sink);
        shared.text()
    }
}

impl Sink for NoRows {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        assert!(!matches!(event.kind, EventKind::RowDecoded(_)), "only who wants rows is told them");
        self.0.event(event)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.finish()
    }
}

/// Everything shown that can be shown.
pub(crate) fn loud() -> Style {
    Style { verbose: true, hex: true, payload: true, ..Style::default() }
}
