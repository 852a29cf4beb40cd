//! Connections with a hole in a stream: which are looked at again, and when, and which of them give way where all hold too much.

use super::Receiver;
use super::table::Flows;
use crate::decode::Segment;
use crate::peer::FlowId;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Connections that hold bytes behind a hole.
///
/// Only those are looked at again by the clock whose hole the other side acknowledged. All others wait for a segment of their own, however
/// many they are.
#[derive(Debug, Default)]
pub(super) struct Holes {
    /// When to look again, and at which, by its place in the order of all: no more than one entry of a connection.
    due: BTreeMap<(Timestamp, u64), (usize, FlowId)>,
    /// All, in the order of their holes.
    all: BTreeMap<u64, (usize, FlowId)>,
    next: u64,
}

impl Holes {
    /// When one has to be looked at.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }
}

impl Flows {
    /// Notes whether the connection of a slot has a hole now.
    pub(super) fn watch(&mut self, slot: usize, at: Timestamp) {
        self.tidy_holes();
        let Some(connection) = self.slots.open_mut(slot) else { return };
        let holes = &mut self.holes;
        if connection.is_closed() || !connection.has_hole() {
            connection.hole.take().map(|order| holes.all.remove(&order));
            return;
        }
        let id = connection.flow.id;
        let order = *connection.hole.get_or_insert_with(|| {
            holes.all.insert(holes.next, (slot, id));
            holes.next = holes.next.saturating_add(1);
            holes.next.saturating_sub(1)
        });
        let since = connection.hole_acknowledged().filter(|_| !connection.watched);
        if let Some(since) = since {
            connection.watched = true;
            let due = since.after(self.limits.hole_life).max(at);
            self.due_at = self.due_at.min(due);
            holes.due.insert((due, order), (slot, id));
        }
    }

    /// Looks at the holes that are due. A clock that was set back says nothing of them: they are looked at with their next segment.
    pub(super) fn look_at_holes(&mut self, now: Timestamp, back: bool, receiver: &mut dyn Receiver) {
        while self.holes.due().is_some_and(|due| due <= now || back) {
            let Some(((due, _), (slot, id))) = self.holes.due.pop_first() else { break };
            let Some(connection) = self.slots.watched(slot, id) else { continue };
            connection.watched = false;
            if due > now {
                continue;
            }
            let before = connection.held_bytes();
            connection.check_holes(now, &self.limits, receiver);
            self.held = self.held.saturating_sub(before).saturating_add(connection.held_bytes());
            self.watch(slot, now);
        }
    }

    /// All connections together hold only so much: the oldest holes give way.
    pub(super) fn bound_held(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        while self.held > self.limits.held_bytes_in_all {
            self.say_limit("held_bytes_in_all", self.limits.held_bytes_in_all, segment.frames.clone(), receiver);
            let Some((_, (slot, id))) = self.holes.all.pop_first() else { return };
            let Some(connection) = self.slots.watched(slot, id) else { continue };
            let before = connection.held_bytes();
            connection.give_up_holes(segment.at, &self.limits, receiver);
            connection.hole = None;
            self.held = self.held.saturating_sub(before).saturating_add(connection.held_bytes());
        }
    }

    /// Forgets those whose connection is gone, where they are more than the others can be.
    fn tidy_holes(&mut self) {
        let Self { holes, slots, .. } = self;
        if holes.all.len() > slots.len().saturating_mul(2).max(1024) {
            holes.all.retain(|_, (slot, id)| slots.watched(*slot, *id).is_some());
        }
    }
}
