//! What is known of one fact: how sure it is, since when, how often.

use crate::event::Grade;
use crate::time::Timestamp;

/// The state of a fact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) grade: Grade,
    pub(super) syn_seen: bool,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) handshakes: u64,
    /// The grade it was told with, once it was.
    pub(super) told: Option<Grade>,
    pub(super) confirmed: bool,
}

impl Fact {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { grade: Grade::SynAckOnly, syn_seen: false, first_at: at, last_at: at, handshakes: 0, told: None, confirmed: false }
    }

    /// Another SYN-ACK.
    pub(super) fn answered(&mut self, syn_seen: bool, at: Timestamp) {
        self.handshakes = self.handshakes.saturating_add(1);
        self.syn_seen |= syn_seen;
        self.last_at = self.last_at.max(at);
        self.grade = self.grade.max(if syn_seen { Grade::SynAck } else { Grade::SynAckOnly });
    }

    /// The fact, if it is to be told now: once, when it is sure enough.
    pub(super) fn tell(&mut self, enough: Grade) -> Option<Self> {
        // A probe has not established anything.
        let sure = self.grade >= enough && (self.grade != Grade::Probe || enough <= Grade::SynAck);
        if self.told.is_some() || !sure {
            return None;
        }
        self.told = Some(self.grade);
        Some(*self)
    }

    /// Whether it is to be confirmed now: once, when its grade rose above what was told. Gives the grade that was told.
    pub(super) fn confirm(&mut self) -> Option<Grade> {
        let told = self.told.filter(|told| !self.confirmed && self.grade > *told && self.grade > Grade::SynAck)?;
        self.confirmed = true;
        Some(told)
    }
}
