//! Where connections live: in an array of places used again and again, found by the addresses and ports of both ends.

use super::connection::Connection;
use super::over::Anew;
use super::over::Over;
use crate::lookup::Lookup;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::time::Timestamp;

/// What stands in a slot.
#[derive(Debug)]
enum Entry {
    Free,
    /// Apart from the table: what a connection needs is used again as soon as it is over, and the table stays small.
    Open(Box<Connection>),
    Over(Over),
}

impl Entry {
    fn has_key(&self, key: &FlowKey) -> bool {
        match self {
            Self::Free => false,
            Self::Open(connection) => connection.has_key(key),
            Self::Over(over) => over.has_key(key),
        }
    }
}

/// Connections by slot and by key. The index holds but the numbers of slots: most questions are about what is not there, and are
/// answered without touching a connection.
#[derive(Debug)]
pub(super) struct Slots {
    entries: Vec<Entry>,
    /// When each was heard of last, apart: who looks for the silent ones passes by thousands, and must not touch them.
    seen: Vec<Option<Timestamp>>,
    free: Vec<usize>,
    index: Lookup,
    /// Grows with every change of what stands where.
    generation: u64,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), seen: Vec::new(), free: Vec::new(), index: Lookup::default(), generation: 0 }
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
        let is = |slot: u32| usize::try_from(slot).is_ok_and(|slot| self.entries.get(slot).is_some_and(|entry| entry.has_key(key)));
        usize::try_from(self.index.find(key, is)?).ok()
    }

    /// The open connection of a slot.
    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        match self.entries.get_mut(slot)? {
            Entry::Open(connection) => Some(connection),
            _ => None,
        }
    }

    /// What is left of the connection of a slot that is over.
    pub(super) fn over_mut(&mut self, slot: usize) -> Option<&mut Over> {
        match self.entries.get_mut(slot)? {
            Entry::Over(over) => Some(over),
            _ => None,
        }
    }

    /// What says that the ends of a slot may begin anew.
    pub(super) fn anew_mut(&mut self, slot: usize) -> Option<&mut Anew> {
        match self.entries.get_mut(slot)? {
            Entry::Free => None,
            Entry::Open(connection) => Some(&mut connection.anew),
            Entry::Over(over) => Some(&mut over.anew),
        }
    }

    /// When the connection of a slot was last heard of.
    pub(super) fn seen(&self, slot: usize) -> Option<Timestamp> {
        self.seen.get(slot).copied().flatten()
    }

    /// Notes when the connection of a slot was last heard of.
    pub(super) fn saw(&mut self, slot: usize, at: Timestamp) {
        self.seen.get_mut(slot).into_iter().for_each(|seen| *seen = Some(at));
    }

    /// Keeps of a connection that ended only what knows its repetitions.
    pub(super) fn bury(&mut self, slot: usize) {
        if let Some(entry) = self.entries.get_mut(slot)
            && let Entry::Open(connection) = entry
        {
            *entry = Entry::Over(Over::of(connection));
        }
    }

    /// The connection of a slot, if it is still that one.
    pub(super) fn watched(&mut self, slot: usize, id: FlowId) -> Option<&mut Connection> {
        self.get_mut(slot).filter(|connection| connection.flow.id == id)
    }

    /// All open connections with their slots, in the order of these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Connection)> {
        self.entries.iter().enumerate().filter_map(|(slot, entry)| match entry {
            Entry::Open(connection) => Some((slot, &**connection)),
            _ => None,
        })
    }

    /// Takes in a connection whose key is not there yet: its slot.
    pub(super) fn insert(&mut self, connection: Connection) -> usize {
        self.generation = self.generation.wrapping_add(1);
        let key = connection.key();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry::Free);
            self.seen.push(None);
            self.entries.len().saturating_sub(1)
        });
        self.saw(slot, connection.flow.last_at);
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = Entry::Open(Box::new(connection));
        }
        self.index.insert(&key, u32::try_from(slot).unwrap_or(u32::MAX));
        slot
    }

    /// Lets go of a connection.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(entry) = self.entries.get_mut(slot) else { return };
        let key = match entry {
            Entry::Free => return,
            Entry::Open(connection) => connection.key(),
            Entry::Over(over) => over.key(),
        };
        *entry = Entry::Free;
        self.seen.get_mut(slot).into_iter().for_each(|seen| *seen = None);
        self.free.push(slot);
        self.generation = self.generation.wrapping_add(1);
        self.index.remove(&key, u32::try_from(slot).unwrap_or(u32::MAX));
    }
}
