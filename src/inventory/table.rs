//! The facts in memory: a bounded table, before a store that forgets nothing.

use super::entry::Entry;
use super::packed::Packed;
use super::row::Row;
use crate::error::Error;
#[cfg(test)]
use crate::fact::Fact;
#[cfg(test)]
use crate::fact::Facts;
use crate::fact::Grade;
use crate::fact::Relation;
use crate::lookup::Lookup;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use prefetch_index::prefetch_index;
use std::fmt;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::time::Duration;

/// How many facts are looked at to find one that gives way: the one of them not seen for the longest time goes.
const SAMPLE: usize = 16;

/// Where facts outlive the run. What it was given is safe when [`Store::save`] has come back.
pub trait Store: fmt::Debug {
    /// What an earlier run, or the table before it let go, knew of a relation.
    ///
    /// # Errors
    ///
    /// [`Error::State`]
    fn find(&mut self, relation: &Relation) -> Result<Option<Entry>, Error>;

    /// Keeps all of these or none.
    ///
    /// # Errors
    ///
    /// [`Error::State`]
    fn save(&mut self, entries: &mut dyn Iterator<Item = Entry>) -> Result<(), Error>;
}

/// Facts by relation, in the order of their making. Where the bound is reached, of a few facts the one not seen for the longest time
/// gives way.
///
/// A connection looks at its facts a dozen times; who remembers where a fact was ([`Place`]) spares the search.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Row>,
    index: Lookup,
    most: usize,
    /// Where the next fact that gives way is looked for.
    hand: usize,
    /// A fact not seen for longer is forgotten.
    lifetime: Option<Duration>,
    store: Option<Box<dyn Store>>,
    /// Slots that changed since the store was given them.
    changed: Vec<u32>,
    /// Facts of each kind here that were told.
    told: [u64; 3],
    /// Whether a fact gave way that no store keeps.
    evicted: bool,
    failure: Option<Error>,
}

/// Where a fact was seen last. Only a hint: the fact may have given way to another one.
pub(super) type Place = u32;

/// The place of a fact that was never seen.
pub(super) const NOWHERE: Place = Place::MAX;

impl Table {
    pub(super) fn new(most: usize, lifetime: Option<Duration>, store: Option<Box<dyn Store>>) -> Self {
        Self {
            slots: Vec::new(),
            index: Lookup::default(),
            most: most.clamp(1, usize::try_from(u32::MAX).unwrap_or(usize::MAX)),
            hand: 0,
            lifetime,
            store,
            changed: Vec::new(),
            told: [0; 3],
            evicted: false,
            failure: None,
        }
    }

    /// Changes what is known of a relation, if anything is, and notes that it was seen.
    pub(super) fn change<R>(
        &mut self,
        relation: &Packed,
        place: &mut Place,
        at: Timestamp,
        change: impl FnOnce(&mut Row) -> R,
    ) -> Option<R> {
        if self.knows(relation, place, at) { self.touch(*place, at, change) } else { None }
    }

    /// What a relation is looked up by.
    pub(super) fn hash(&self, relation: &Packed) -> u64 {
        self.index.hash(relation)
    }

    /// Has the line of the index fetched that this hash chooses.
    pub(super) fn fetch_index(&self, hash: u64) {
        self.index.fetch(hash);
    }

    /// Has the fact fetched that one of this hash most likely is.
    pub(super) fn fetch_entry(&self, hash: u64) {
        let Some(place) = self.index.guess(hash).and_then(|place| usize::try_from(place).ok()) else { return };
        prefetch_index(&self.slots, place);
    }

    /// The same; of a relation that is not known a fact is made.
    pub(super) fn learn<R>(
        &mut self,
        relation: &Packed,
        place: &mut Place,
        at: Timestamp,
        change: impl FnOnce(&mut Row) -> R,
    ) -> Option<R> {
        *place = self.find(relation, *place, at).unwrap_or_else(|| self.insert(Row::new(relation.clone(), at)));
        self.touch(*place, at, change)
    }

    /// Changes the fact at a place, and notes that it was seen.
    fn touch<R>(&mut self, place: Place, at: Timestamp, change: impl FnOnce(&mut Row) -> R) -> Option<R> {
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?;
        slot.seen(at);
        if self.store.is_some() && !slot.marks().changed() {
            slot.marks_mut().set_changed(true);
            self.changed.push(place);
        }
        let was_told = slot.is_told();
        let changed = change(slot);
        if slot.is_told() != was_told {
            count(&mut self.told, slot, 1);
        }
        Some(changed)
    }

    /// Makes rows of the ports that clients used, of the connections there are. All are told.
    pub(super) fn lay_out_ports(&mut self) {
        for slot in 0..self.slots.len() {
            let Some(row) = self.slots.get(slot) else { return };
            if let Some(port) = row.look(Packed::client_port) {
                let part = row.part();
                self.learn(&port, &mut { NOWHERE }, part.first_at, |port| {
                    port.join(part);
                    port.tell(Grade::SynAckOnly)
                });
            }
        }
    }

    /// How many ports clients used, of the connections there are.
    pub(super) fn count_ports(&self) -> u64 {
        let (mut short, mut wide) = (Vec::new(), Vec::new());
        for row in self.slots.iter().filter(|row| row.is_connection()) {
            row.look(|packed| match packed.client() {
                Some(IpAddr::V4(client)) => short.push(u64::from(client.to_bits()) << 16 | u64::from(packed.port())),
                client => wide.push((client, packed.port())),
            });
        }
        short.sort_unstable();
        short.dedup();
        wide.sort_unstable();
        wide.dedup();
        u64::try_from(short.len().saturating_add(wide.len())).unwrap_or(u64::MAX)
    }

    /// Whether it only remembers: nothing is kept beyond the run, nor forgotten before its end.
    pub(super) fn only_remembers(&self) -> bool {
        self.store.is_none() && self.lifetime.is_none()
    }

    /// All rows, taken out of the table, which is empty then.
    pub(super) fn take_rows(&mut self) -> Vec<Row> {
        self.index = Lookup::default();
        self.told = [0; 3];
        std::mem::take(&mut self.slots)
    }

    /// Facts of each kind that were told and are here: services, client ports, connections.
    pub(super) fn told(&self) -> [u64; 3] {
        self.told
    }

    /// Whether something is known of a relation, and where.
    pub(super) fn knows(&mut self, relation: &Packed, place: &mut Place, at: Timestamp) -> bool {
        let Some(found) = self.find(relation, *place, at) else { return false };
        *place = found;
        let slot = usize::try_from(found).ok().and_then(|found| self.slots.get(found));
        slot.is_some_and(|slot| slot.marks().handshakes() > 0)
    }

    /// The place of a relation, here or in the store. What was not seen for too long is forgotten.
    fn find(&mut self, relation: &Packed, place: Place, at: Timestamp) -> Option<Place> {
        let is = |slots: &[Row], place: Place| {
            usize::try_from(place).is_ok_and(|place| slots.get(place).is_some_and(|slot| slot.is_of(relation)))
        };
        let found = if is(&self.slots, place) { Some(place) } else { self.index.find(relation, |place| is(&self.slots, place)) };
        let Some(found) = found else { return self.fetch(relation, at) };
        if self.lifetime.is_some() {
            self.expire(found, at);
        }
        Some(found)
    }

    /// Forgets what is known at a place, if it was not seen for too long: the relation is there as if it were new.
    fn expire(&mut self, place: Place, at: Timestamp) {
        let Some(slot) = usize::try_from(place).ok().and_then(|place| self.slots.get_mut(place)) else { return };
        if self.lifetime.is_some_and(|lifetime| at.since(slot.last_at()) > lifetime) {
            let changed = slot.marks().changed();
            count(&mut self.told, slot, -1);
            *slot = Row::new(slot.packed(), at);
            slot.marks_mut().set_changed(changed);
        }
    }

    /// Takes a fact from the store into the table.
    fn fetch(&mut self, relation: &Packed, at: Timestamp) -> Option<Place> {
        match self.store.as_mut()?.find(&relation.relation()) {
            Ok(entry) => {
                let place = self.insert(Row::of(entry?));
                self.expire(place, at);
                Some(place)
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    fn insert(&mut self, row: Row) -> Place {
        let relation = row.packed();
        count(&mut self.told, &row, 1);
        let place = if self.slots.len() < self.most {
            self.slots.push(row);
            self.slots.len().saturating_sub(1)
        } else {
            let place = self.give_way();
            if let Some(old) = self.slots.get_mut(place) {
                *old = row;
            }
            place
        };
        let place = Place::try_from(place).unwrap_or(Place::MAX);
        let Self { slots, index, .. } = self;
        let hash_of = |hasher: &RandomState, place: Place| {
            usize::try_from(place).ok().and_then(|place| slots.get(place)).map_or(0, |slot| slot.look(|packed| hasher.hash_one(packed)))
        };
        index.insert(&relation, place, hash_of);
        place
    }

    /// Takes the fact that gives way out of the index: its slot.
    fn give_way(&mut self) -> usize {
        let round = self.slots.iter().enumerate();
        let sample = round.clone().skip(self.hand).chain(round).take(SAMPLE);
        let oldest = sample.map(|(slot, row)| (row.last_at(), slot)).min().map_or(0, |(_, slot)| slot);
        self.hand = self.hand.saturating_add(SAMPLE).checked_rem(self.slots.len()).unwrap_or(0);
        let Some(slot) = self.slots.get(oldest) else { return oldest };
        count(&mut self.told, slot, -1);
        let place = Place::try_from(oldest).unwrap_or(Place::MAX);
        slot.look(|packed| self.index.remove(packed, place));
        if slot.marks().changed() {
            self.settle();
        }
        self.evicted |= self.store.is_none();
        oldest
    }

    /// Gives the store what changed. A failure stays for [`Table::failure`], and once it was asked for, the next call tries again.
    pub(super) fn settle(&mut self) {
        let Self { slots, store: Some(store), changed, failure, .. } = self else { return };
        if changed.is_empty() || failure.is_some() {
            return;
        }
        let slot = |place: &Place| usize::try_from(*place).ok();
        let mut entries = changed.iter().filter_map(slot).filter_map(|place| slots.get(place)).map(Row::entry);
        *failure = store.save(&mut entries).err();
        if failure.is_some() {
            // They stay for the next time: what gave way meanwhile is lost, and its place may stand here twice.
            changed.sort_unstable();
            changed.dedup();
            changed.retain(|place| slot(place).and_then(|place| slots.get(place)).is_some_and(|slot| slot.marks().changed()));
            return;
        }
        for place in changed.drain(..) {
            slot(&place).and_then(|place| slots.get_mut(place)).into_iter().for_each(|slot| slot.marks_mut().set_changed(false));
        }
    }

    /// Whether a fact gave way.
    pub(super) fn evicted(&self) -> bool {
        self.evicted
    }

    /// Why the store cannot go on, once.
    pub(super) fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }
}

/// Counts a fact that came to be there and told, or is no more.
fn count(told: &mut [u64; 3], row: &Row, change: i64) {
    if let Some(count) = told.get_mut(row.kind()).filter(|_| row.is_told()) {
        *count = count.saturating_add_signed(change);
    }
}

#[cfg(test)]
impl Facts for Table {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.slots.iter().filter(|slot| slot.is_told()).for_each(|slot| take(&slot.fact()));
    }
}
