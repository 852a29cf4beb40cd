//! A fact as the table keeps it, in thirty-two bytes: of a million of them it matters.

use super::entry::Entry;
use super::marks::Marks;
use super::packed::Packed;
use super::packed::V4;
use super::times::Times;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::fact::Known;
use crate::fact::Vlans;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use std::cmp::Ordering;

/// A fact: short, as nearly all are of IPv4, without VLAN tags and not seen for years; or at length, somewhere else.
#[derive(Debug)]
pub(super) enum Row {
    Short { relation: V4, times: Times, marks: Marks },
    Wide(Box<Wide>),
}

/// A fact at length.
#[derive(Debug)]
pub(super) struct Wide {
    packed: Packed,
    first_at: Timestamp,
    last_at: Timestamp,
    vlans: Vlans,
    marks: Marks,
}

/// What a fact adds to another one that it is a part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) first_at: Timestamp,
    last_at: Timestamp,
    marks: Marks,
}

impl Part {
    /// Both together.
    pub(super) fn join(self, other: Self) -> Self {
        let mut marks = self.marks;
        marks.join(other.marks);
        Self { first_at: self.first_at.min(other.first_at), last_at: self.last_at.max(other.last_at), marks }
    }

    /// What is known, where it is all, and no VLAN tag was seen.
    pub(super) fn known(self) -> Known {
        let Self { first_at, last_at, marks } = self;
        let (grade, syn_seen, handshakes) = (marks.grade, marks.syn_seen(), marks.handshakes());
        Known { grade, syn_seen, first_at, last_at, handshakes, vlans: Vlans::default() }
    }
}

impl Row {
    /// A relation of which nothing is known yet.
    pub(super) fn new(packed: Packed, at: Timestamp) -> Self {
        Self::of_parts(packed, [at; 2], Vlans::default(), Marks::default())
    }

    fn of_parts(packed: Packed, [first_at, last_at]: [Timestamp; 2], vlans: Vlans, marks: Marks) -> Self {
        match (&packed, Times::of(first_at, last_at)) {
            (Packed::V4(relation), Some(times)) if vlans.stacks().next().is_none() => Self::Short { relation: *relation, times, marks },
            _ => Self::Wide(Box::new(Wide { packed, first_at, last_at, vlans, marks })),
        }
    }

    /// As the store kept it.
    pub(super) fn of(entry: Entry) -> Self {
        let Entry { fact: Fact { relation, direction, known }, told, confirmed } = entry;
        let Known { grade, syn_seen, first_at, last_at, handshakes, vlans } = known;
        let mut marks = Marks::default();
        marks.raise(grade);
        marks.saw_syn(syn_seen);
        marks.set_handshakes(handshakes);
        marks.set_direction(direction);
        marks.set_told(told);
        marks.set_confirmed(confirmed);
        Self::of_parts(Packed::of(relation), [first_at, last_at], vlans, marks)
    }

    /// As the store keeps it.
    pub(super) fn entry(&self) -> Entry {
        Entry { fact: self.fact(), told: self.marks().told(), confirmed: self.marks().confirmed() }
    }

    pub(super) fn fact(&self) -> Fact {
        let vlans = if let Self::Wide(wide) = self { wide.vlans.clone() } else { Vlans::default() };
        let known = Known { vlans, ..self.part().known() };
        Fact { relation: self.look(Packed::relation), direction: self.marks().direction(), known }
    }

    /// What it is a fact of.
    #[inline]
    pub(super) fn packed(&self) -> Packed {
        match self {
            Self::Short { relation, .. } => Packed::V4(*relation),
            Self::Wide(wide) => wide.packed.clone(),
        }
    }

    /// Lends what it is a fact of.
    #[inline]
    pub(super) fn look<R>(&self, take: impl FnOnce(&Packed) -> R) -> R {
        match self {
            Self::Short { relation, .. } => take(&Packed::V4(*relation)),
            Self::Wide(wide) => take(&wide.packed),
        }
    }

    /// Whether it is a fact of this.
    #[inline]
    pub(super) fn is_of(&self, packed: &Packed) -> bool {
        match (self, packed) {
            (Self::Short { relation, .. }, Packed::V4(other)) => relation == other,
            (Self::Short { .. }, Packed::Wide(_)) => false,
            (Self::Wide(wide), _) => wide.packed == *packed,
        }
    }

    /// Which of the three kinds it is: a service, a client's port, a connection.
    #[inline]
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::Short { relation, .. } => relation.kind(),
            Self::Wide(wide) => wide.packed.kind(),
        }
    }

    pub(super) fn is_connection(&self) -> bool {
        self.kind() == 2
    }

    /// An order of services and connections in which those of the same client and port stand together.
    pub(super) fn compare_client_ports(&self, other: &Self) -> Ordering {
        if let (Self::Short { relation: one, .. }, Self::Short { relation: two, .. }) = (self, other) {
            // Services stand before all connections: their client is zero.
            return one.client_port().cmp(&two.client_port());
        }
        let key = |row: &Self| row.look(|packed| (packed.kind(), packed.client(), packed.port()));
        key(self).cmp(&key(other))
    }

    #[inline]
    pub(super) fn marks(&self) -> Marks {
        match self {
            Self::Short { marks, .. } => *marks,
            Self::Wide(wide) => wide.marks,
        }
    }

    #[inline]
    pub(super) fn marks_mut(&mut self) -> &mut Marks {
        match self {
            Self::Short { marks, .. } => marks,
            Self::Wide(wide) => &mut wide.marks,
        }
    }

    #[inline]
    pub(super) fn first_at(&self) -> Timestamp {
        match self {
            Self::Short { times, .. } => times.first(),
            Self::Wide(wide) => wide.first_at,
        }
    }

    #[inline]
    pub(super) fn last_at(&self) -> Timestamp {
        match self {
            Self::Short { times, .. } => times.last(),
            Self::Wide(wide) => wide.last_at,
        }
    }

    /// Changes what it knows at length, as it is from now on.
    fn at_length(&mut self, change: impl FnOnce(&mut Wide)) {
        if let Self::Short { relation, times, marks } = *self {
            let (packed, first_at, last_at) = (Packed::V4(relation), times.first(), times.last());
            *self = Self::Wide(Box::new(Wide { packed, first_at, last_at, vlans: Vlans::default(), marks }));
        }
        if let Self::Wide(wide) = self {
            change(wide);
        }
    }

    /// It was seen at this moment.
    #[inline]
    pub(super) fn seen(&mut self, at: Timestamp) {
        if at > self.last_at() {
            self.set_times(self.first_at(), at);
        }
    }

    /// It was seen first at this moment, if not before.
    fn began(&mut self, at: Timestamp) {
        if at < self.first_at() {
            self.set_times(at, self.last_at());
        }
    }

    fn set_times(&mut self, first: Timestamp, last: Timestamp) {
        match (&mut *self, Times::of(first, last)) {
            (Self::Short { times, .. }, Some(new)) => *times = new,
            _ => self.at_length(|wide| (wide.first_at, wide.last_at) = (first, last)),
        }
    }

    /// It was seen with these VLAN tags.
    pub(super) fn tagged(&mut self, stack: VlanStack) {
        if !stack.ids().is_empty() {
            self.at_length(|wide| wide.vlans.add(stack));
        }
    }

    /// Another SYN-ACK, of this moment: the clock may have gone back.
    pub(super) fn answered(&mut self, at: Timestamp, syn_seen: bool, direction: Option<Direction>) {
        self.began(at);
        let marks = self.marks_mut();
        marks.set_handshakes(marks.handshakes().saturating_add(1));
        marks.saw_syn(syn_seen);
        marks.raise(if syn_seen { Grade::SynAck } else { Grade::SynAckOnly });
        marks.set_direction(direction);
    }

    /// What it adds to a fact that it is a part of.
    pub(super) fn part(&self) -> Part {
        Part { first_at: self.first_at(), last_at: self.last_at(), marks: self.marks() }
    }

    /// Adds what a part knows: the fact is the sum of its parts.
    pub(super) fn join(&mut self, part: Part) {
        let Part { first_at, last_at, marks } = self.part().join(part);
        self.set_times(first_at, last_at);
        *self.marks_mut() = marks;
    }

    /// Whether it was told.
    pub(super) fn is_told(&self) -> bool {
        self.marks().is_told()
    }

    /// Whether it is to be told now: once, when it is sure enough.
    pub(super) fn tell(&mut self, enough: Grade) -> bool {
        let marks = self.marks_mut();
        // A probe has not established anything.
        let sure = marks.grade >= enough && (marks.grade != Grade::Probe || enough <= Grade::SynAck);
        if marks.is_told() || !sure {
            return false;
        }
        marks.set_told(Some(marks.grade));
        true
    }

    /// The grade it was told with, if it is to be confirmed now: once, when its grade rose above that, but not above what is shown now.
    pub(super) fn confirm(&mut self, shown: Grade) -> Option<Grade> {
        let marks = self.marks_mut();
        let (grade, confirmed) = (marks.grade, marks.confirmed());
        let told = marks.told().filter(|told| !confirmed && grade > *told && grade > Grade::SynAck && grade <= shown)?;
        marks.set_confirmed(true);
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Relation;
    use crate::peer::Endpoint;
    use proptest::prelude::*;

    fn relations() -> impl Strategy<Value = Relation> {
        let ip =
            prop::sample::select(["10.0.0.1", "0.0.0.0", "2001:db8::1"].map(|text| text.parse::<std::net::IpAddr>().unwrap()).to_vec());
        let pair = (ip.clone(), ip, any::<u16>()).prop_map(|(client, ip, port)| Relation::of_pair(client, Endpoint { ip, port }));
        (pair, 0..3_usize).prop_map(|(relations, which)| relations[which])
    }

    proptest! {
        /// Short or at length, it says what came.
        #[test]
        fn a_row_is_the_fact(
            relation in relations(),
            seen in prop::collection::vec((any::<i64>(), 0..64_u32, any::<bool>(), 0..20_u16), 1..10),
        ) {
            let at = |(nanos, shift, fine, _): (i64, u32, bool, u16)| Timestamp::from_nanos(nanos >> shift, fine);
            let times: Vec<_> = seen.iter().map(|seen| at(*seen)).collect();
            let mut row = Row::new(Packed::of(relation), times[0]);
            let mut vlans = Vlans::default();
            for (at, (.., vlan)) in times.iter().zip(&seen) {
                let mut stack = VlanStack::default();
                prop_assert!(*vlan < 15 || stack.push(*vlan));
                vlans.add(stack);
                row.tagged(stack);
                row.answered(*at, true, None);
                row.seen(*at);
            }
            let (first_at, last_at) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
            let handshakes = u64::try_from(seen.len()).unwrap();
            let known = Known { grade: Grade::SynAck, syn_seen: true, first_at, last_at, handshakes, vlans };
            let fact = Fact { relation, direction: None, known };
            prop_assert_eq!(row.fact(), fact.clone());
            prop_assert!(row.is_of(&Packed::of(relation)));
            let again = Row::of(row.entry());
            prop_assert_eq!((again.fact(), again.kind()), (fact, row.packed().kind()));
        }
    }

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<Row>(), 32);
    }
}
