//! The annotated timeline: sessions, phases, messages, anomalies, each on lines of its own as it happens.

use super::Style;
use super::escape::terminal_cut;
use super::escape::terminal_text;
use super::exchange;
use super::exchange::scan_sentence;
use super::exchange::session_sentence;
use super::frames::frame_list;
use super::hexdump;
use super::message;
use super::message::Columns;
use super::page::Page;
use super::page::palette;
use super::span::finding_sentence;
use super::words;
use crate::annotation::ByteSpan;
use crate::anomaly::Anomaly;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::LoginJudged;
use crate::event::Message;
use crate::event::Phase;
use crate::event::Session;
use crate::event::Summary;
use crate::exchange::Exchange;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::row::Row;
use crate::span::SpanVerdict;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Messages of a run of bulk messages that are shown.
const RUN_SHOWN: u64 = 3;
/// Columns that one word of the wire may take outside of the text column.
const WIRE_COLUMNS: usize = 40;
/// Columns that an exchange, and a story, may take: paths and names may be long.
const EXCHANGE_COLUMNS: usize = 600;
const STORY_COLUMNS: usize = 4000;
/// Options of a session that are named.
const WIRE_ITEMS: usize = 16;

/// Draws the timeline. Keeps a few numbers per open session, whatever the length of the capture.
#[derive(Debug)]
pub(super) struct Timeline {
    verbose: bool,
    hex: bool,
    columns: Columns,
    sessions: BTreeMap<FlowId, Shown>,
    /// The session the last line belongs to.
    current: Option<FlowId>,
    /// Whether a line was drawn.
    begun: bool,
}

/// What is remembered of a session that is shown.
#[derive(Debug)]
struct Shown {
    first_at: Timestamp,
    run: Option<Run>,
}

/// Bulk messages of one name and one direction that follow each other in their session.
#[derive(Debug)]
struct Run {
    name: String,
    from: Peer,
    count: u64,
    elided_bytes: u64,
}

impl Timeline {
    /// An empty timeline of so many columns.
    pub(super) fn new(style: &Style, width: usize) -> Self {
        let (verbose, hex) = (style.verbose, style.hex);
        Self { verbose, hex, columns: Columns::of(width), sessions: BTreeMap::new(), current: None, begun: false }
    }

    /// Draws what an event adds to the timeline.
    pub(super) fn event(&mut self, page: &mut Page, event: &Event<'_>) {
        match &event.kind {
            EventKind::SessionIdentified(flow, session) => self.session(page, flow, session),
            EventKind::PhaseEntered(phase) => self.phase(page, event, phase),
            EventKind::MessageDecoded(message) => self.message(page, event, message),
            EventKind::RowDecoded(row) => self.row(page, event, row),
            EventKind::AnomalyFound(anomaly) => self.anomaly(page, event, anomaly),
            EventKind::FloodSeen(flood) => self.alarm(page, event, &words::flood(flood)),
            EventKind::ScannerSeen(scanner) => self.alarm(page, event, &words::scanner(scanner)),
            EventKind::Stats(so_far) => self.stats(page, event, so_far),
            EventKind::SpanVerdict(verdict) => self.verdict(page, event, verdict),
            EventKind::ExchangeDecoded(exchange) => self.exchange(page, event, exchange),
            EventKind::ScanStory(story) => self.story(page, event, &scan_sentence(story)),
            EventKind::SessionStory(story) => self.story(page, event, &session_sentence(story)),
            EventKind::LoginJudged(judged) => self.login(page, event, judged),
            EventKind::FlowClosed(flow, closing) => self.closed(page, event, flow, *closing),
            EventKind::FlowOpened(_)
            | EventKind::ProtocolDescribed(_)
            | EventKind::FactSeen(_)
            | EventKind::FactConfirmed(..)
            | EventKind::FactsKnown(_)
            | EventKind::MessagesCounted(..)
            | EventKind::SegmentSeen(_)
            | EventKind::Summary(_) => {}
        }
    }

    /// Draws what was held back: the counts of runs that are still open.
    pub(super) fn finish(&mut self, page: &mut Page) {
        let open: Vec<FlowId> = self.sessions.keys().copied().collect();
        for id in open {
            self.end_run(page, id);
        }
        self.sessions.clear();
    }

    /// Draws the bar of a session.
    fn session(&mut self, page: &mut Page, flow: &Flow, session: &Session<'_>) {
        self.end_run(page, flow.id);
        if self.begun {
            page.end();
        } else if self.hex || page.color() {
            hexdump::legend(page, self.hex);
            page.end();
        }
        self.begun = true;
        let title = format!("━━ session {}", flow.id.0);
        let ends = format!("{} → {}", flow.client, flow.server);
        let version = session.version.as_deref().map(|version| format!(" {}", terminal_cut(version, WIRE_COLUMNS))).unwrap_or_default();
        let protocol = format!("{}{version}", session.protocol);
        let (at, roles) = (flow.first_at.to_string(), format!("(roles by {})", flow.roles.name()));
        page.packed(palette::BAR, 3, "  ", [title.as_str(), &ends, &protocol, &at, &roles]);
        let mut matched = format!("recognised by {}", session.matched);
        if !session.options.is_empty() {
            let options: Vec<String> = session.options.iter().take(WIRE_ITEMS).map(|option| terminal_cut(option, WIRE_COLUMNS)).collect();
            matched.push_str("; options ");
            matched.push_str(&options.join(", "));
            if session.options.len() > WIRE_ITEMS {
                matched.push_str(" …");
            }
        }
        let secured = flow.tls.as_deref();
        if secured.is_some() && session.protocol != "tls" {
            matched.push_str(", inside TLS");
        }
        page.wrapped(palette::FAINT, 3, &matched);
        for line in secured.filter(|_| session.protocol == "tls").map(words::tls).into_iter().flatten() {
            page.wrapped(palette::FAINT, 3, &terminal_text(&line));
        }
        self.sessions.insert(flow.id, Shown { first_at: flow.first_at, run: None });
        self.current = Some(flow.id);
    }

    /// Draws the line of a phase, and what happens in it.
    fn phase(&mut self, page: &mut Page, event: &Event<'_>, phase: &Phase) {
        let Some(id) = self.shown(event.flow) else { return };
        self.end_run(page, id);
        self.turn_to(page, id);
        page.put(palette::FAINT, "── ");
        page.put(palette::STRONG, &format!("{} {}", phase.ordinal, phase.title));
        page.rule();
        page.wrapped(palette::PLAIN, 5, &phase.sentence);
    }

    /// Draws a message, or counts it.
    fn message(&mut self, page: &mut Page, event: &Event<'_>, message: &Message<'_>) {
        let Some(id) = self.shown(event.flow) else { return };
        let annotation = message.annotation;
        if !self.counted(page, id, (&annotation.name, message.from, annotation.span), annotation.bulk) {
            self.shown_message(page, id, event, message);
        }
    }

    /// The same of a row, which is taken apart only if it is shown.
    fn row(&mut self, page: &mut Page, event: &Event<'_>, row: &Row<'_>) {
        let Some(id) = self.shown(event.flow) else { return };
        if !self.counted(page, id, (row.name, row.from, row.span), true) {
            let annotation = row.annotation();
            self.shown_message(page, id, event, &row.message(&annotation));
        }
    }

    /// Draws a message of a session that is shown.
    fn shown_message(&mut self, page: &mut Page, id: FlowId, event: &Event<'_>, message: &Message<'_>) {
        self.turn_to(page, id);
        let start = self.sessions.get(&id).map_or(event.at, |shown| shown.first_at);
        message::draw(page, self.columns, event, message, start);
        if self.verbose && !message.annotation.bulk {
            message::draw_sentence(page, self.columns, message);
        }
        if self.hex {
            hexdump::draw(page, message.payload);
        }
    }

    /// Takes note of a message's place in a run; whether it is only to be counted.
    fn counted(&mut self, page: &mut Page, id: FlowId, (name, from, span): (&str, Peer, ByteSpan), bulk: bool) -> bool {
        let bulk = bulk && !self.verbose;
        if let Some(run) = self.sessions.get_mut(&id).and_then(|shown| shown.run.as_mut())
            && bulk
            && run.from == from
            && run.name == name
        {
            run.count = run.count.saturating_add(1);
            if run.count > RUN_SHOWN {
                run.elided_bytes = run.elided_bytes.saturating_add(span.len());
                return true;
            }
            return false;
        }
        self.end_run(page, id);
        if bulk && let Some(shown) = self.sessions.get_mut(&id) {
            shown.run = Some(Run { name: name.to_owned(), from, count: 1, elided_bytes: 0 });
        }
        false
    }

    /// Ends the run of a session and says how much of it was not shown.
    fn end_run(&mut self, page: &mut Page, id: FlowId) {
        let Some(run) = self.sessions.get_mut(&id).and_then(|shown| shown.run.take()) else { return };
        let elided = run.count.saturating_sub(RUN_SHOWN);
        if elided > 0 {
            self.turn_to(page, id);
            let (name, bytes) = (terminal_cut(run.name.as_bytes(), WIRE_COLUMNS), words::count(run.elided_bytes, "byte"));
            page.wrapped(palette::FAINT, 3, &format!("⋮ {elided} more {name}, {bytes} (-v shows them)"));
        }
    }

    /// Draws an anomaly of a session that is shown, or of an input.
    fn anomaly(&mut self, page: &mut Page, event: &Event<'_>, anomaly: &Anomaly) {
        let shown = self.shown(event.flow);
        match (shown, anomaly) {
            (Some(id), _) => {
                self.end_run(page, id);
                self.turn_to(page, id);
            }
            // An input that never began has no place in time: who runs this was told, and the account says it.
            (None, Anomaly::InputDamaged { begun: false, .. }) => return,
            (None, Anomaly::InputDamaged { .. } | Anomaly::LinkTypeUnknown { .. }) => self.current = None,
            _ => return,
        }
        self.alarm(page, event, &words::anomaly_sentence(anomaly));
    }

    /// Draws what is wrong with the capture while there is time to mend it; at the end the account says it.
    fn verdict(&mut self, page: &mut Page, event: &Event<'_>, verdict: &SpanVerdict) {
        if !verdict.at_end {
            for finding in verdict.troubles() {
                self.alarm(page, event, &finding_sentence(finding, &verdict.counts));
            }
        }
    }

    /// Draws the counts so far.
    fn stats(&mut self, page: &mut Page, event: &Event<'_>, so_far: &Summary) {
        self.begun = true;
        self.current = None;
        let lost = so_far.received_in_all().map_or_else(String::new, |all| {
            format!(", {} dropped by the kernel, {} by the interface", all.dropped_by_kernel, all.dropped_by_interface)
        });
        let [services, ..] = so_far.facts;
        let seen = [words::count(so_far.flows, "connection"), words::count(services, "service"), words::count(so_far.messages, "message")];
        page.wrapped(palette::FAINT, 3, &format!("·· {}: {}{lost}; {}", event.at, words::count(so_far.frames, "packet"), seen.join(", ")));
    }

    /// Draws a line that warns.
    fn alarm(&mut self, page: &mut Page, event: &Event<'_>, sentence: &str) {
        self.begun = true;
        if event.flow.is_none() {
            self.current = None;
        }
        page.put(palette::ALARM, "!! ");
        let frames = frame_list(&event.evidence.frames, 30);
        let cited = if frames.is_empty() { String::new() } else { format!(" ({frames})") };
        page.wrapped(palette::PLAIN, 3, &format!("{}{cited}", terminal_text(sentence)));
    }

    /// Draws the outcome of a login.
    fn login(&mut self, page: &mut Page, event: &Event<'_>, judged: &LoginJudged<'_>) {
        let Some(id) = self.shown(event.flow) else { return };
        self.end_run(page, id);
        self.turn_to(page, id);
        let style = if judged.accepted { palette::STRONG } else { palette::ALARM };
        page.wrapped(style, 3, &format!("→ {}", words::login(judged)));
    }

    /// Draws an exchange: what its messages come to.
    fn exchange(&mut self, page: &mut Page, event: &Event<'_>, exchange: &Exchange) {
        let Some(id) = self.shown(event.flow) else { return };
        self.end_run(page, id);
        self.turn_to(page, id);
        let style = if exchange.succeeded() { palette::STRONG } else { palette::ALARM };
        let text = format!("→ {}.{}  {}", id.0, exchange.number, exchange::sentence(exchange));
        page.wrapped(style, 3, &terminal_cut(text.as_bytes(), EXCHANGE_COLUMNS));
    }

    /// Draws what became of a scan or a login, over all sessions.
    fn story(&mut self, page: &mut Page, event: &Event<'_>, sentence: &str) {
        self.begun = true;
        self.current = None;
        page.put(palette::FAINT, "── ");
        let frames = frame_list(&event.evidence.frames, 30);
        let cited = if frames.is_empty() { String::new() } else { format!(" ({frames})") };
        page.wrapped(palette::STRONG, 3, &format!("{}{cited}", terminal_cut(sentence.as_bytes(), STORY_COLUMNS)));
    }

    /// Draws how a session ended, and forgets it.
    fn closed(&mut self, page: &mut Page, event: &Event<'_>, flow: &Flow, closing: Closing) {
        let Some(id) = self.shown(event.flow) else { return };
        self.end_run(page, id);
        self.sessions.remove(&id);
        self.current = Some(id);
        page.put(palette::FAINT, "── ");
        page.put(palette::STRONG, &format!("session {} ended", id.0));
        page.rule();
        let frames = frame_list(&event.evidence.frames, 30);
        let cited = if frames.is_empty() { String::new() } else { format!(" ({frames})") };
        let duration = words::seconds(flow.last_at.since(flow.first_at));
        let side = |name: &str, packets, bytes| format!("{name} {}, {}", words::count(packets, "frame"), words::count(bytes, "byte"));
        let client = side("client", flow.from_client.packets, flow.from_client.bytes);
        let server = side("server", flow.from_server.packets, flow.from_server.bytes);
        page.wrapped(palette::PLAIN, 5, &format!("{}{cited} after {duration} s; {client}; {server}", words::ending(closing)));
    }

    /// The session of an event, when it is shown.
    fn shown(&self, flow: Option<FlowId>) -> Option<FlowId> {
        flow.filter(|id| self.sessions.contains_key(id))
    }

    /// Says which session goes on, when the last line was another one's.
    fn turn_to(&mut self, page: &mut Page, id: FlowId) {
        if self.current != Some(id) {
            page.put(palette::FAINT, "── ");
            page.put(palette::STRONG, &format!("session {} continues", id.0));
            page.end();
            self.current = Some(id);
        }
    }
}
