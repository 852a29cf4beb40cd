//! Counts what the summary says, so that every frame is accounted for.

use crate::capture::Frame;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Summary;
use crate::evidence::FrameId;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The running account.
#[derive(Debug, Default)]
pub struct Tally {
    summary: Summary,
    undecoded: BTreeMap<&'static str, u64>,
    sessions: BTreeMap<&'static str, u64>,
    messages: BTreeMap<&'static str, u64>,
    anomalies: BTreeMap<&'static str, u64>,
    /// The input whose clock was seen going back.
    went_back: Option<u32>,
}

impl Tally {
    /// Frames so far that the user's filter did not leave out.
    #[must_use]
    pub fn admitted(&self) -> u64 {
        self.summary.frames.saturating_sub(self.summary.filtered)
    }

    /// Time of the newest frame so far.
    #[must_use]
    pub fn last_at(&self) -> Timestamp {
        self.summary.last_at.unwrap_or_default()
    }

    /// Counts a frame that was read. By how much the clock went back, the first time it does in an input.
    pub fn frame(&mut self, frame: &Frame<'_>) -> Option<Duration> {
        let summary = &mut self.summary;
        summary.frames = summary.frames.saturating_add(1);
        summary.bytes = summary.bytes.saturating_add(u64::try_from(frame.bytes.len()).unwrap_or(0));
        let last = summary.last_at;
        summary.first_at = Some(summary.first_at.map_or(frame.at, |first| first.min(frame.at)));
        summary.last_at = Some(last.map_or(frame.at, |last| last.max(frame.at)));
        self.clock(frame.id, frame.at, last)
    }

    fn clock(&mut self, frame: FrameId, at: Timestamp, last: Option<Timestamp>) -> Option<Duration> {
        let back = last.filter(|last| *last > at)?.since(at);
        if back.is_zero() {
            return None;
        }
        let said = self.went_back == Some(frame.input);
        self.went_back = Some(frame.input);
        (!said).then_some(back)
    }

    /// Counts a frame the user's filter left out.
    pub fn filtered(&mut self) {
        self.summary.filtered = self.summary.filtered.saturating_add(1);
    }

    /// Counts a frame that was, or completed, a TCP segment.
    pub fn segment(&mut self) {
        self.summary.segments = self.summary.segments.saturating_add(1);
    }

    /// Counts a frame that was something else.
    pub fn other(&mut self, reason: &'static str) {
        count(&mut self.undecoded, reason);
    }

    /// Counts a SYN-ACK whose SYN was not seen.
    pub fn lone_syn_ack(&mut self) {
        self.summary.lone_syn_acks = self.summary.lone_syn_acks.saturating_add(1);
    }

    /// Counts a connection that was announced.
    pub fn opened(&mut self) {
        self.summary.flows = self.summary.flows.saturating_add(1);
    }

    /// Counts an event.
    pub fn event(&mut self, event: &Event<'_>) {
        match &event.kind {
            EventKind::MessageDecoded(message) => {
                self.summary.messages = self.summary.messages.saturating_add(1);
                count(&mut self.messages, message.protocol);
            }
            EventKind::ExchangeDecoded(_) => self.summary.exchanges = self.summary.exchanges.saturating_add(1),
            EventKind::AnomalyFound(anomaly) => count(&mut self.anomalies, anomaly.name()),
            EventKind::SessionIdentified(_, session) => count(&mut self.sessions, session.protocol),
            EventKind::FlowOpened(_) => self.opened(),
            _ => {}
        }
    }

    /// Notes what was wrong with an input.
    pub fn damage(&mut self, problem: String) {
        self.summary.damage.push(problem);
    }

    /// The account so far, for the stages to add what they know.
    #[must_use]
    pub fn so_far(&self) -> Summary {
        let list = |counts: &BTreeMap<&'static str, u64>| counts.iter().map(|(name, count)| (*name, *count)).collect();
        Summary {
            undecoded: list(&self.undecoded),
            sessions: list(&self.sessions),
            messages_by_protocol: list(&self.messages),
            anomalies: list(&self.anomalies),
            ..self.summary.clone()
        }
    }
}

fn count(counts: &mut BTreeMap<&'static str, u64>, name: &'static str) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(1);
}
