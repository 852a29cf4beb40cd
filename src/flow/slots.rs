//! Where connections live: in an array of places used again and again, found by the addresses and ports of both ends.

use super::connection::Connection;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Connections by slot and by key. The index holds but the numbers of slots: most questions are about what is not there, and are
/// answered without touching a connection.
#[derive(Debug)]
pub(super) struct Slots {
    entries: Vec<Option<Connection>>,
    free: Vec<usize>,
    index: HashTable<u32>,
    hasher: RandomState,
    /// Grows with every change of what stands where.
    generation: u64,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), index: HashTable::new(), hasher: RandomState::default(), generation: 0 }
    }

    /// Connections there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Slots there are, empty ones included.
    pub(super) fn places(&self) -> usize {
        self.entries.len()
    }

    /// Whether what was found before still stands there: as long as this does not change.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The slot of a key.
    pub(super) fn find(&self, key: &FlowKey) -> Option<usize> {
        let is = |slot: &u32| entry(&self.entries, *slot).is_some_and(|connection| connection.key == *key);
        let slot = self.index.find(self.hasher.hash_one(key), is)?;
        usize::try_from(*slot).ok()
    }

    pub(super) fn get(&self, slot: usize) -> Option<&Connection> {
        self.entries.get(slot)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        self.entries.get_mut(slot)?.as_mut()
    }

    /// The connection of a slot, if it is still that one.
    pub(super) fn watched(&mut self, slot: usize, id: FlowId) -> Option<&mut Connection> {
        self.get_mut(slot).filter(|connection| connection.flow.id == id)
    }

    /// All connections with their slots, in the order of these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Connection)> {
        self.entries.iter().enumerate().filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
    }

    /// Takes in a connection whose key is not there yet: its slot.
    pub(super) fn insert(&mut self, connection: Connection) -> usize {
        self.generation = self.generation.wrapping_add(1);
        let hash = self.hasher.hash_one(connection.key);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len().saturating_sub(1)
        });
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = Some(connection);
        }
        let Self { entries, index, hasher, .. } = self;
        let rehash = |slot: &u32| entry(entries, *slot).map_or(0, |connection| hasher.hash_one(connection.key));
        index.insert_unique(hash, u32::try_from(slot).unwrap_or(u32::MAX), rehash);
        slot
    }

    /// Lets go of a connection.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(key) = self.get(slot).map(|connection| connection.key) else { return };
        self.generation = self.generation.wrapping_add(1);
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(key), |other| usize::try_from(*other) == Ok(slot)) {
            found.remove();
        }
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = None;
            self.free.push(slot);
        }
    }
}

fn entry(entries: &[Option<Connection>], slot: u32) -> Option<&Connection> {
    entries.get(usize::try_from(slot).ok()?)?.as_ref()
}
