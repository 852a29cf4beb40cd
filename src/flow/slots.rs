//! Where connections live: in an array of places used again and again, found by the addresses and ports of both ends.

use super::connection::Connection;
use crate::lookup::Lookup;
use crate::peer::FlowId;
use crate::peer::FlowKey;

/// Connections by slot and by key. The index holds but the numbers of slots: most questions are about what is not there, and are
/// answered without touching a connection.
#[derive(Debug)]
pub(super) struct Slots {
    entries: Vec<Option<Connection>>,
    free: Vec<usize>,
    index: Lookup,
    /// Grows with every change of what stands where.
    generation: u64,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), index: Lookup::default(), generation: 0 }
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
        let is = |slot: u32| entry(&self.entries, slot).is_some_and(|connection| connection.has_key(key));
        usize::try_from(self.index.find(key, is)?).ok()
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
        let key = connection.key();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len().saturating_sub(1)
        });
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = Some(connection);
        }
        self.index.insert(&key, u32::try_from(slot).unwrap_or(u32::MAX));
        slot
    }

    /// Lets go of a connection.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(key) = self.get(slot).map(Connection::key) else { return };
        self.generation = self.generation.wrapping_add(1);
        self.index.remove(&key, u32::try_from(slot).unwrap_or(u32::MAX));
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = None;
            self.free.push(slot);
        }
    }
}

fn entry(entries: &[Option<Connection>], slot: u32) -> Option<&Connection> {
    entries.get(usize::try_from(slot).ok()?)?.as_ref()
}
