//! The facts in memory: a bounded table in the order of sight, the least recently seen first, before a store that forgets nothing.

use super::entry::Entry;
use crate::error::Error;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Relation;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashlink::LinkedHashMap;
use std::fmt;
use std::time::Duration;

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
    fn save(&mut self, entries: &mut dyn Iterator<Item = &Entry>) -> Result<(), Error>;
}

/// Facts by relation. Each kind of the three has its part of one bound; where it is reached, the fact that was not seen for the
/// longest time gives way.
#[derive(Debug)]
pub(super) struct Table {
    slots: LinkedHashMap<Relation, Slot, RandomState>,
    most: usize,
    /// A fact not seen for longer is forgotten.
    lifetime: Option<Duration>,
    store: Option<Box<dyn Store>>,
    /// Relations that changed since the store was given them.
    changed: Vec<Relation>,
    /// Whether a fact gave way that no store keeps.
    evicted: bool,
    failure: Option<Error>,
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    changed: bool,
}

impl Table {
    pub(super) fn new(most: usize, lifetime: Option<Duration>, store: Option<Box<dyn Store>>) -> Self {
        let slots = LinkedHashMap::with_hasher(RandomState::default());
        Self { slots, most: most.max(1), lifetime, store, changed: Vec::new(), evicted: false, failure: None }
    }

    /// Changes what is known of a relation, if anything is, and notes that it was seen.
    pub(super) fn change<R>(&mut self, relation: Relation, at: Timestamp, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        if !self.knows(&relation, at) {
            return None;
        }
        let slot = self.slots.to_back(&relation)?;
        slot.entry.fact.known.last_at = slot.entry.fact.known.last_at.max(at);
        if self.store.is_some() && !slot.changed {
            slot.changed = true;
            self.changed.push(relation);
        }
        Some(change(&mut slot.entry))
    }

    /// The same; of a relation that is not known a fact is made.
    pub(super) fn learn<R>(&mut self, relation: Relation, at: Timestamp, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        if !self.knows(&relation, at) {
            self.insert(relation, Entry::new(relation, at));
        }
        self.change(relation, at, change)
    }

    /// Whether something is known of a relation, here or in the store. What was not seen for too long is forgotten.
    pub(super) fn knows(&mut self, relation: &Relation, at: Timestamp) -> bool {
        let Some(entry) = self.slots.get(relation).map(|slot| &slot.entry) else { return self.fetch(relation, at) };
        let expired = self.expired(entry, at);
        if expired {
            self.slots.remove(relation);
        }
        !expired
    }

    fn expired(&self, entry: &Entry, at: Timestamp) -> bool {
        self.lifetime.is_some_and(|lifetime| at.since(entry.fact.known.last_at) > lifetime)
    }

    /// Takes a fact from the store into the table.
    fn fetch(&mut self, relation: &Relation, at: Timestamp) -> bool {
        let Some(store) = &mut self.store else { return false };
        match store.find(relation) {
            Ok(Some(entry)) if !self.expired(&entry, at) => {
                self.insert(*relation, entry);
                true
            }
            Ok(_) => false,
            Err(error) => {
                self.failure.get_or_insert(error);
                false
            }
        }
    }

    fn insert(&mut self, relation: Relation, entry: Entry) {
        while self.slots.len() >= self.most {
            if self.slots.front().is_some_and(|(_, oldest)| oldest.changed) {
                self.settle();
            }
            self.slots.pop_front();
            self.evicted |= self.store.is_none();
        }
        self.slots.insert(relation, Slot { entry, changed: false });
    }

    /// Gives the store what changed. A failure stays for [`Table::failure`].
    pub(super) fn settle(&mut self) {
        let Self { slots, store: Some(store), changed, failure, .. } = self else { return };
        if changed.is_empty() || failure.is_some() {
            return;
        }
        let mut entries = changed.iter().filter_map(|relation| slots.get(relation)).map(|slot| &slot.entry);
        *failure = store.save(&mut entries).err();
        for relation in changed.drain(..) {
            slots.get_mut(&relation).into_iter().for_each(|slot| slot.changed = false);
        }
    }

    /// Whether a fact gave way since this was asked last.
    pub(super) fn evicted(&mut self) -> bool {
        std::mem::take(&mut self.evicted)
    }

    /// Why the store cannot go on, once.
    pub(super) fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }
}

impl Facts for Table {
    fn each(&self, take: &mut dyn FnMut(&Fact)) {
        self.slots.values().filter(|slot| slot.entry.told.is_some()).for_each(|slot| take(&slot.entry.fact));
    }
}
