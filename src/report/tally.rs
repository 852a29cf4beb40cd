//! Counts what the summary says, so that every frame is accounted for.

use crate::capture::Frame;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Summary;
use crate::evidence::FrameId;
use crate::time::Timestamp;
use std::time::Duration;

/// The running account.
#[derive(Debug, Default)]
pub struct Tally {
    summary: Summary,
    undecoded: Counts,
    sessions: Counts,
    messages: Counts,
    anomalies: Counts,
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
        self.undecoded.add(reason, 1);
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
                self.messages.add(message.protocol, 1);
            }
            EventKind::RowDecoded(row) => {
                self.summary.messages = self.summary.messages.saturating_add(1);
                self.messages.add(row.protocol, 1);
            }
            EventKind::MessagesCounted(protocol, count) => {
                self.summary.messages = self.summary.messages.saturating_add(*count);
                self.messages.add(protocol, *count);
            }
            EventKind::ExchangeDecoded(_) => self.summary.exchanges = self.summary.exchanges.saturating_add(1),
            EventKind::AnomalyFound(anomaly) => self.anomalies.add(anomaly.name(), 1),
            EventKind::SessionIdentified(_, session) => self.sessions.add(session.protocol, 1),
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
        Summary {
            undecoded: self.undecoded.by_name(),
            sessions: self.sessions.by_name(),
            messages_by_protocol: self.messages.by_name(),
            anomalies: self.anomalies.by_name(),
            ..self.summary.clone()
        }
    }
}

/// Counts by name: of the few names there are, most often the same one is counted again and again.
#[derive(Debug, Default)]
struct Counts(Vec<(&'static str, u64)>);

impl Counts {
    fn add(&mut self, name: &'static str, more: u64) {
        match self.0.iter_mut().find(|(known, _)| std::ptr::eq(*known, name) || *known == name) {
            Some((_, count)) => *count = count.saturating_add(more),
            None => self.0.push((name, more)),
        }
    }

    fn by_name(&self) -> Vec<(&'static str, u64)> {
        let mut counts = self.0.clone();
        counts.sort_unstable();
        counts
    }
}
