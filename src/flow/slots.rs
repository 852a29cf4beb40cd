//! Where connections live: in an array of places used again and again, found by the addresses and ports of both ends.

use super::compact::Brief;
use super::compact::Compact;
use super::connection::Connection;
use super::forms::Forms;
use super::forms::Key;
use super::over::Over;
use super::pool::Form;
use crate::decode::Segment;
use crate::lookup::Lookup;
use crate::packed::PackedKey;
use crate::packed::ThinKey;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::time::Timestamp;
use std::hash::BuildHasher as _;

/// Connections by slot and by key. The index holds but the numbers of slots: most questions are about what is not there, and are
/// answered without touching a connection.
#[derive(Debug, Default)]
pub(super) struct Slots {
    forms: Forms,
    free: Vec<u32>,
    index: Lookup,
    /// Grows with every change of what stands where.
    generation: u64,
}

/// A number of a slot, as the index has it.
fn wide(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

/// The same the other way.
fn narrow(slot: usize) -> u32 {
    u32::try_from(slot).unwrap_or(u32::MAX)
}

impl Slots {
    /// Connections there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Slots there are, empty ones included.
    pub(super) fn places(&self) -> usize {
        self.forms.len()
    }

    /// Whether what was found before still stands there: as long as this does not change.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The slot of a key.
    pub(super) fn find(&self, key: &FlowKey) -> Option<usize> {
        let thin = PackedKey::of_key(key).map(ThinKey::of);
        self.index.find(key, |slot| self.forms.has_key(wide(slot), thin, || *key)).map(wide)
    }

    /// What a key is looked up by.
    pub(super) fn hash(&self, key: PackedKey) -> u64 {
        self.index.hash(&key)
    }

    /// The slot of a key in short, whose hash this is.
    pub(super) fn find_packed(&self, hash: u64, key: PackedKey) -> Option<usize> {
        let thin = Some(ThinKey::of(key));
        self.index.find_hashed(hash, |slot| self.forms.has_key(wide(slot), thin, || key.key())).map(wide)
    }

    /// Has the line of the index fetched that this hash chooses.
    pub(super) fn fetch_index(&self, hash: u64) {
        self.index.fetch(hash);
    }

    /// Has fetched what a key of this hash most likely leads to. Its slot is read for that: twelve bytes, which are at hand sooner.
    pub(super) fn fetch_entry(&self, hash: u64) {
        if let Some(slot) = self.index.guess(hash) {
            self.forms.fetch(self.forms.form(wide(slot)));
        }
    }

    /// The open connection of a slot, at length.
    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        let form = self.forms.form(slot);
        if let Some(mut compact) = self.forms.take_compact(form) {
            let seen = self.seen(slot).unwrap_or_default();
            let mut connection = compact.connection(seen);
            connection.flow.place = narrow(slot);
            let form = self.forms.keep_open(connection);
            self.forms.set(slot, form, seen);
        }
        self.open_mut(slot)
    }

    /// The connection of a slot as long as it is open and at length.
    pub(super) fn open_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        match self.forms.form(slot) {
            Form::Open(place) => self.forms.open_mut(place),
            _ => None,
        }
    }

    /// Lets `change` change the connection of a slot, as long as it is compact, and when it was heard of last; whether it did. Where it
    /// says no, nothing is changed.
    pub(super) fn change(&mut self, slot: usize, change: impl FnOnce(&mut Compact, &mut Timestamp) -> bool) -> bool {
        let Some(own) = self.forms.slot(slot) else { return false };
        let (mut seen, mut form) = (own.seen, own.form());
        let changed = match form {
            Form::Brief(place) => {
                let Some(brief) = self.forms.brief_mut(place) else { return false };
                let mut compact = brief.compact();
                let changed = change(&mut compact, &mut seen);
                if changed && !brief.follow(&compact) {
                    self.forms.forget(form);
                    form = self.forms.keep_compact(compact);
                }
                changed
            }
            Form::Compact(place) => self.forms.compact_mut(place).is_some_and(|compact| change(compact, &mut seen)),
            _ => false,
        };
        if changed {
            self.forms.set(slot, form, seen);
        }
        changed
    }

    /// Notes where the inventory keeps the facts of a connection, if the slot is still its own and it is compact.
    pub(super) fn keep_facts_at(&mut self, slot: usize, id: FlowId, facts_at: [u32; 3]) {
        match self.forms.form(slot) {
            Form::Brief(place) => {
                if let Some(brief) = self.forms.brief_mut(place).filter(|brief| brief.id() == id) {
                    brief.keep_facts_at(facts_at);
                }
            }
            Form::Compact(place) => {
                if let Some(compact) = self.forms.compact_mut(place).filter(|compact| compact.id() == id) {
                    compact.keep_facts_at(facts_at);
                }
            }
            _ => {}
        }
    }

    /// Lends a copy of the connection of a slot, as long as it is compact, and when it was heard of last: it is to end.
    pub(super) fn lend(&mut self, slot: usize, take: impl FnOnce(&mut Compact, Timestamp) -> bool) -> bool {
        let Some(own) = self.forms.slot(slot) else { return false };
        match own.form() {
            Form::Brief(place) => self.forms.brief(place).is_some_and(|brief| take(&mut brief.compact(), own.seen)),
            Form::Compact(place) => self.forms.compact_mut(place).is_some_and(|compact| take(compact, own.seen)),
            _ => false,
        }
    }

    /// Makes the connection of a slot compact, if it is usual; it was heard of last when [`Self::saw`] was told.
    pub(super) fn settle(&mut self, slot: usize) {
        if let Some(connection) = self.open_mut(slot)
            && let Some(compact) = Compact::of(connection)
        {
            let form = self.forms.keep_compact(compact);
            self.turn_into(slot, form);
        }
    }

    /// Lets another form stand in a slot.
    fn turn_into(&mut self, slot: usize, form: Form) {
        let Some(own) = self.forms.slot(slot) else { return };
        self.forms.forget(own.form());
        self.forms.set(slot, form, own.seen);
    }

    /// What is left of the connection of a slot that is over.
    pub(super) fn over_mut(&mut self, slot: usize) -> Option<&mut Over> {
        match self.forms.form(slot) {
            Form::Over(place) => self.forms.over_mut(place),
            _ => None,
        }
    }

    /// Whether what stands in a slot is over.
    pub(super) fn is_over(&self, slot: usize) -> bool {
        matches!(self.forms.form(slot), Form::Over(_))
    }

    /// What says that the ends of a slot may begin anew: whether another SYN was seen, and the SYN-ACK that was waiting and is confirmed
    /// now, which is taken out. Nothing of a free slot.
    pub(super) fn begin_anew(
        &mut self,
        slot: usize,
        confirms: impl FnOnce(&mut Box<Segment<'static>>) -> bool,
    ) -> Option<(bool, Option<Box<Segment<'static>>>)> {
        Some(match self.forms.form(slot) {
            Form::Free => return None,
            Form::Brief(place) => (self.forms.brief(place)?.was_asked(), None),
            Form::Compact(place) => (self.forms.compact(place)?.was_asked(), None),
            Form::Open(place) => {
                let anew = &mut self.forms.open_mut(place)?.anew;
                (anew.asked, anew.challenger.take_if(confirms))
            }
            Form::Over(place) => {
                let over = self.forms.over_mut(place)?;
                (over.was_asked(), over.challenger().and_then(|challenger| challenger.take_if(confirms)))
            }
        })
    }

    /// Whether a packet between the ends of a slot may begin another connection; nothing of a free slot.
    pub(super) fn may_begin_anew(&self, slot: usize) -> Option<bool> {
        Some(match self.forms.form(slot) {
            Form::Free => return None,
            Form::Open(place) => self.forms.open(place)?.anew.is_possible(),
            Form::Compact(place) => self.forms.compact(place)?.was_asked(),
            Form::Brief(place) => self.forms.brief(place)?.was_asked(),
            Form::Over(place) => self.forms.over(place)?.may_begin_anew(),
        })
    }

    /// When the connection of a slot was last heard of.
    pub(super) fn seen(&self, slot: usize) -> Option<Timestamp> {
        self.forms.slot(slot).filter(|slot| slot.form() != Form::Free).map(|slot| slot.seen)
    }

    /// Notes when the connection of a slot was last heard of.
    pub(super) fn saw(&mut self, slot: usize, at: Timestamp) {
        self.forms.saw(slot, at);
    }

    /// Keeps of a connection that ended only what knows its repetitions.
    pub(super) fn bury(&mut self, slot: usize) {
        if let Some(connection) = self.open_mut(slot) {
            let over = Over::of(connection);
            let form = self.forms.keep_over(over);
            self.turn_into(slot, form);
        }
    }

    /// Empties a slot. Its key still leads there: who goes on must remove it.
    pub(super) fn vacate(&mut self, slot: usize) {
        self.turn_into(slot, Form::Free);
    }

    /// The connection of a slot, if it is still that one and waits for something: a compact one does not.
    pub(super) fn watched(&mut self, slot: usize, id: FlowId) -> Option<&mut Connection> {
        self.open_mut(slot).filter(|connection| connection.flow.id == id)
    }

    /// Whether the connection of a slot is still that one, and counted among those that have but a SYN-ACK.
    pub(super) fn is_counted(&self, slot: usize, id: FlowId) -> bool {
        match self.forms.form(slot) {
            Form::Open(place) => self.forms.open(place).is_some_and(|open| open.flow.id == id && open.counted),
            Form::Compact(place) => self.forms.compact(place).is_some_and(|compact| compact.id() == id && compact.is_counted()),
            Form::Brief(place) => self.forms.brief(place).is_some_and(|brief| brief.id() == id && brief.is_counted()),
            Form::Free | Form::Over(_) => false,
        }
    }

    /// The number of the open connection of a slot.
    fn id(&self, slot: usize) -> Option<FlowId> {
        match self.forms.form(slot) {
            Form::Open(place) => self.forms.open(place).map(|open| open.flow.id),
            Form::Compact(place) => self.forms.compact(place).map(Compact::id),
            Form::Brief(place) => self.forms.brief(place).map(Brief::id),
            Form::Free | Form::Over(_) => None,
        }
    }

    /// Whether a connection is open in a slot.
    pub(super) fn is_open(&self, slot: usize) -> bool {
        !matches!(self.forms.form(slot), Form::Free | Form::Over(_))
    }

    /// Bytes that all connections hold.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.forms.held_bytes()
    }

    /// All open connections and their slots, in the order of these.
    pub(super) fn open(&self) -> impl Iterator<Item = (FlowId, u32)> {
        (0..self.places()).filter_map(|slot| Some((self.id(slot)?, narrow(slot))))
    }

    /// Takes in a connection whose key is not there yet: its slot.
    pub(super) fn insert(&mut self, mut connection: Connection) -> usize {
        let (key, at, slot) = (Key::Whole(connection.key()), connection.flow.last_at, self.take_slot());
        connection.flow.place = narrow(slot);
        let form = self.forms.keep_open(connection);
        self.fill(slot, at, form, key);
        slot
    }

    /// The same of one in short, which was heard of last at this moment.
    pub(super) fn insert_compact(&mut self, compact: Compact, at: Timestamp) -> usize {
        let (key, slot) = (Key::Packed(compact.key()), self.take_slot());
        let form = self.forms.keep_compact(compact);
        self.fill(slot, at, form, key);
        slot
    }

    /// A free slot.
    fn take_slot(&mut self) -> usize {
        self.free.pop().map_or_else(
            || {
                self.forms.add();
                self.forms.len().saturating_sub(1)
            },
            wide,
        )
    }

    /// Puts a connection of this key into a slot.
    fn fill(&mut self, slot: usize, at: Timestamp, form: Form, key: Key) {
        self.generation = self.generation.wrapping_add(1);
        self.forms.set(slot, form, at);
        let Self { forms, index, .. } = self;
        index.insert(&key, narrow(slot), |hasher, slot| forms.key(wide(slot)).map_or(0, |key| hasher.hash_one(key)));
    }

    /// Lets go of a connection.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(key) = self.forms.key(slot) else { return };
        self.vacate(slot);
        self.free.push(narrow(slot));
        self.generation = self.generation.wrapping_add(1);
        self.index.remove(&key, narrow(slot));
    }
}
