//! The side of the run: every event becomes a line in the inbox, or a count.

use super::super::Sink;
use super::super::escape::terminal_cut;
use super::super::exchange::scan_sentence;
use super::super::exchange::session_sentence;
use super::super::span::finding_sentence;
use super::super::words;
use super::Manner;
use super::Most;
use super::account::Account;
use super::entry::Ends;
use super::entry::Entry;
use super::entry::Fold;
use super::entry::Tone;
use super::inbox::Shared;
use super::message;
use super::ring::run_text;
use super::screen::Screen;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Message;
use crate::event::Summary;
use crate::fact::Relation;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Messages of a run of bulk messages that are not folded.
const RUN_SHOWN: u64 = 3;
/// Columns of the name that a run is counted under.
const NAME_COLUMNS: usize = 40;

/// Makes the output, and the screen that shows what it gets.
#[must_use]
pub fn open(manner: Manner) -> (Box<dyn Sink>, Screen) {
    let shared = Arc::new(Shared::new(manner.most));
    (feed(&shared, &manner), Screen::new(manner, shared))
}

/// The output that fills an inbox.
pub(super) fn feed(shared: &Arc<Shared>, manner: &Manner) -> Box<dyn Sink> {
    let (verbose, most) = (manner.verbose, manner.most);
    Box::new(WatchSink { shared: Arc::clone(shared), sessions: BTreeMap::new(), next: 1, verbose, most })
}

/// Knows the sessions that are open, as the timeline does, and nothing of what was told before.
struct WatchSink {
    shared: Arc<Shared>,
    sessions: BTreeMap<FlowId, Open>,
    /// The number of the next line.
    next: u64,
    verbose: bool,
    most: Most,
}

/// A session that is open.
struct Open {
    ends: Arc<Ends>,
    phase: Option<Arc<str>>,
    run: Option<Run>,
    /// Bytes of its messages so far.
    decoded: u64,
}

/// Bulk messages of one name and one direction that follow each other in their session.
struct Run {
    name: String,
    from: Peer,
    count: u64,
    elided_bytes: u64,
    /// The line that counts them.
    number: Option<u64>,
}

impl WatchSink {
    /// Adds a line, of a session or of none.
    fn push(&mut self, flow: Option<FlowId>, mut entry: Entry) -> u64 {
        if let Some(open) = flow.and_then(|id| self.sessions.get(&id)) {
            entry.session = Some(Arc::clone(&open.ends));
            entry.phase.clone_from(&open.phase);
        }
        entry.number = self.next;
        self.next = self.next.saturating_add(1);
        let number = entry.number;
        self.shared.inbox().push(entry, self.most);
        number
    }

    /// Adds a line of a session that is known; those of others, as in the table, are left out.
    fn push_known(&mut self, event: &Event<'_>, entry: Entry) {
        let Some(id) = event.flow.filter(|id| self.sessions.contains_key(id)) else { return };
        self.end_run(id);
        self.push(Some(id), entry);
    }

    /// A session begins.
    fn session(&mut self, event: &Event<'_>, flow: &Flow, protocol: &'static str, entry: Entry) {
        let Flow { id, client, server, first_at, .. } = *flow;
        let ends = Arc::new(Ends { id, client, server, protocol, first_at });
        self.sessions.insert(id, Open { ends, phase: None, run: None, decoded: 0 });
        self.shared.inbox().services().session(server, protocol);
        self.push(Some(event.flow.unwrap_or(id)), entry);
    }

    /// A message: a line, or one more of a run.
    fn message(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let Some(open) = event.flow.and_then(|id| self.sessions.get_mut(&id)) else { return };
        let (id, bytes) = (open.ends.id, message.annotation.span.len());
        open.decoded = open.decoded.saturating_add(bytes);
        let server = open.ends.server;
        {
            let mut inbox = self.shared.inbox();
            inbox.services().said(server, event.at, 1, bytes);
            inbox.time(event.at);
        }
        let fold = self.counted(event, id, message).map_or(Fold::None, Fold::Under);
        self.push(Some(id), Entry { fold, ..message::decoded_message(event, message, self.most.message_bytes) });
    }

    /// Takes note of a message's place in a run; the number of the line that counts it, where it is folded.
    fn counted(&mut self, event: &Event<'_>, id: FlowId, message: &Message<'_>) -> Option<u64> {
        let bulk = message.annotation.bulk && !self.verbose;
        let (name, from) = (&message.annotation.name, message.from);
        let open = self.sessions.get_mut(&id)?;
        let Some(run) = open.run.as_mut().filter(|run| bulk && run.name == *name && run.from == from) else {
            open.run = bulk.then(|| Run { name: name.to_string(), from, count: 1, elided_bytes: 0, number: None });
            return None;
        };
        run.count = run.count.saturating_add(1);
        if run.count <= RUN_SHOWN {
            return None;
        }
        run.elided_bytes = run.elided_bytes.saturating_add(message.annotation.span.len());
        let text = run_text(&terminal_cut(name.as_bytes(), NAME_COLUMNS), run.count.saturating_sub(RUN_SHOWN), run.elided_bytes);
        if let Some(number) = run.number {
            self.shared.inbox().amend(number, text, self.most);
            return Some(number);
        }
        let number = self.push(Some(id), Entry { fold: Fold::Count, ..message::told(event, Tone::Faint, &text) });
        if let Some(run) = self.sessions.get_mut(&id).and_then(|open| open.run.as_mut()) {
            run.number = Some(number);
        }
        Some(number)
    }

    /// Another line of the session comes: its run is over.
    fn end_run(&mut self, id: FlowId) {
        if let Some(open) = self.sessions.get_mut(&id) {
            open.run = None;
        }
    }

    /// A connection ends: what was not in messages counts now.
    fn closed(&mut self, flow: &Flow) {
        let all = flow.from_client.bytes.saturating_add(flow.from_server.bytes);
        let decoded = self.sessions.remove(&flow.id).map_or(0, |open| open.decoded);
        self.shared.inbox().services().said(flow.server, flow.last_at, 0, all.saturating_sub(decoded));
    }

    /// New counts, which the screen waits for.
    fn account(&self, so_far: &Summary) {
        self.shared.inbox().count(Account::of(so_far));
    }
}

impl Sink for WatchSink {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let alarm = |sentence: &str| message::told(event, Tone::Alarm, &message::cited(event, sentence));
        match &event.kind {
            EventKind::SessionIdentified(flow, session) => {
                self.session(event, flow, session.protocol, message::session(event, flow, session));
            }
            EventKind::PhaseEntered(phase) => {
                let title = format!("{} {}", phase.ordinal, phase.title);
                if let Some(open) = event.flow.and_then(|id| self.sessions.get_mut(&id)) {
                    open.phase = Some(title.as_str().into());
                }
                let mut entry = message::told(event, Tone::Phase, &title);
                entry.said.push(terminal_cut(phase.sentence.as_bytes(), 1000));
                self.push_known(event, entry);
            }
            EventKind::MessageDecoded(message) => self.message(event, message),
            EventKind::AnomalyFound(anomaly) => {
                let entry = alarm(&words::anomaly_sentence(anomaly));
                match event.flow {
                    Some(_) => self.push_known(event, entry),
                    None => _ = self.push(None, entry),
                }
            }
            EventKind::FloodSeen(flood) => _ = self.push(None, alarm(&words::flood(flood))),
            EventKind::ScannerSeen(scanner) => _ = self.push(None, alarm(&words::scanner(scanner))),
            EventKind::Stats(so_far) => {
                self.account(so_far);
                self.push(None, message::stats(event, so_far));
            }
            EventKind::SpanVerdict(verdict) => {
                for finding in verdict.troubles() {
                    self.push(None, alarm(&finding_sentence(finding, &verdict.counts)));
                }
            }
            EventKind::ExchangeDecoded(exchange) => self.push_known(event, message::exchange(event, exchange)),
            EventKind::ScanStory(story) => _ = self.push(None, message::told(event, Tone::Story, &scan_sentence(story))),
            EventKind::SessionStory(story) => _ = self.push(None, message::told(event, Tone::Story, &session_sentence(story))),
            EventKind::LoginJudged(judged) => {
                let tone = if judged.accepted { Tone::Good } else { Tone::Alarm };
                self.push_known(event, message::told(event, tone, &words::login(judged)));
            }
            EventKind::FlowClosed(flow, closing) => {
                self.push_known(event, message::closed(event, flow, *closing));
                self.closed(flow);
            }
            EventKind::FactSeen(fact) => {
                if let Relation::Service(server) = fact.relation {
                    self.shared.inbox().services().at(server);
                }
            }
            EventKind::Summary(summary) => self.account(summary),
            EventKind::FlowOpened(_)
            | EventKind::ProtocolDescribed(_)
            | EventKind::FactConfirmed(..)
            | EventKind::FactsKnown(_)
            | EventKind::RowDecoded(_)
            | EventKind::MessagesCounted(..)
            | EventKind::SegmentSeen(_) => {}
        }
        Ok(())
    }

    fn wants_counts(&self) -> bool {
        self.shared.wants_counts.load(Ordering::Relaxed)
    }

    fn counts(&mut self, so_far: &Summary) {
        self.shared.wants_counts.store(false, Ordering::Relaxed);
        let mut inbox = self.shared.inbox();
        inbox.count(Account::of(so_far));
        so_far.last_at.into_iter().for_each(|at| inbox.time(at));
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shared.inbox().end();
        Ok(())
    }
}
