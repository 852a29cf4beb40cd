//! A fact in the table: what is known, and what was already told of it.

use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::fact::Known;
use crate::fact::Relation;
use crate::fact::Vlans;
use crate::time::Timestamp;

/// A fact and what was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The fact.
    pub fact: Fact,
    /// The grade it was told with, once it was.
    pub told: Option<Grade>,
    /// Whether its rise to the final grade was told.
    pub confirmed: bool,
}

impl Entry {
    /// A relation of which nothing is known yet.
    pub(super) fn new(relation: Relation, at: Timestamp) -> Self {
        let known = Known { grade: Grade::SynAckOnly, syn_seen: false, first_at: at, last_at: at, handshakes: 0, vlans: Vlans::default() };
        Self { fact: Fact { relation, direction: None, known }, told: None, confirmed: false }
    }

    /// Another SYN-ACK.
    pub(super) fn answered(&mut self, syn_seen: bool, direction: Option<Direction>) {
        let known = &mut self.fact.known;
        known.handshakes = known.handshakes.saturating_add(1);
        known.syn_seen |= syn_seen;
        known.grade = known.grade.max(if syn_seen { Grade::SynAck } else { Grade::SynAckOnly });
        self.fact.direction = direction;
    }

    /// The fact, if it is to be told now: once, when it is sure enough.
    pub(super) fn tell(&mut self, enough: Grade) -> Option<&Fact> {
        let grade = self.fact.known.grade;
        // A probe has not established anything.
        let sure = grade >= enough && (grade != Grade::Probe || enough <= Grade::SynAck);
        if self.told.is_some() || !sure {
            return None;
        }
        self.told = Some(grade);
        Some(&self.fact)
    }

    /// The fact, if it is to be confirmed now: once, when its grade rose above what was told, but not above what is shown now. With it
    /// the grade that was told.
    pub(super) fn confirm(&mut self, shown: Grade) -> Option<(&Fact, Grade)> {
        let grade = self.fact.known.grade;
        let told = self.told.filter(|told| !self.confirmed && grade > *told && grade > Grade::SynAck && grade <= shown)?;
        self.confirmed = true;
        Some((&self.fact, told))
    }
}
