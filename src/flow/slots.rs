//! Where connections live: in an array of places used again and again, found by the addresses and ports of both ends.

use super::compact::Compact;
use super::connection::Connection;
use super::over::Anew;
use super::over::Over;
use crate::lookup::Lookup;
use crate::packed::PackedKey;
use crate::peer::FlowId;
use crate::peer::FlowKey;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use prefetch_index::prefetch_index;
use std::hash::BuildHasher as _;
use std::hash::Hash;

/// When a free slot was heard of last.
const NEVER: Timestamp = Timestamp::FIRST;

/// What stands in a slot.
#[derive(Debug)]
enum Entry {
    Free,
    /// Apart from the table: what a connection needs is used again as soon as it is over, and the table stays small.
    Open(Box<Connection>),
    /// As most are, as long as they stay usual.
    Compact(Compact),
    Over(Over),
}

impl Entry {
    fn has_key(&self, key: &FlowKey) -> bool {
        match self {
            Self::Free => false,
            Self::Open(connection) => connection.has_key(key),
            Self::Compact(compact) => PackedKey::of_key(key) == Some(compact.key()),
            Self::Over(over) => over.has_key(key),
        }
    }

    /// The hash of its key, which is the same in either form.
    fn hash(&self, hasher: &RandomState) -> u64 {
        match self {
            Self::Free => 0,
            Self::Open(connection) => hasher.hash_one(connection.key()),
            Self::Compact(compact) => hasher.hash_one(compact.key()),
            Self::Over(over) => hasher.hash_one(over.key()),
        }
    }
}

/// Connections by slot and by key. The index holds but the numbers of slots: most questions are about what is not there, and are
/// answered without touching a connection.
#[derive(Debug)]
pub(super) struct Slots {
    entries: Vec<Entry>,
    /// When each was heard of last, apart: who looks for the silent ones passes by thousands, and must not touch them.
    seen: Vec<Timestamp>,
    free: Vec<usize>,
    index: Lookup,
    /// The room of a connection that was made compact, for the next one that needs it.
    spare: Option<Box<Connection>>,
    /// Grows with every change of what stands where.
    generation: u64,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), seen: Vec::new(), free: Vec::new(), index: Lookup::default(), spare: None, generation: 0 }
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

    /// What a key is looked up by.
    pub(super) fn hash(&self, key: PackedKey) -> u64 {
        self.index.hash(&key)
    }

    /// The slot of a key in short, whose hash this is.
    pub(super) fn find_packed(&self, hash: u64, key: PackedKey) -> Option<usize> {
        let is = |entry: &Entry| match entry {
            Entry::Compact(compact) => compact.key() == key,
            entry => entry.has_key(&key.key()),
        };
        let is = |slot: u32| usize::try_from(slot).is_ok_and(|slot| self.entries.get(slot).is_some_and(is));
        usize::try_from(self.index.find_hashed(hash, is)?).ok()
    }

    /// Has the line of the index fetched that this hash chooses.
    pub(super) fn fetch_index(&self, hash: u64) {
        self.index.fetch(hash);
    }

    /// Has the slot fetched that a key of this hash most likely has: its first bytes and its last ones.
    pub(super) fn fetch_entry(&self, hash: u64) {
        let Some(slot) = self.index.guess(hash).and_then(|slot| usize::try_from(slot).ok()) else { return };
        prefetch_index(&self.entries, slot);
        prefetch_index(&self.entries, slot.saturating_add(1));
        prefetch_index(&self.seen, slot);
    }

    /// The open connection of a slot, at length.
    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        let entry = self.entries.get_mut(slot)?;
        if let Entry::Compact(compact) = entry {
            let mut connection = compact.connection(self.seen.get(slot).copied().unwrap_or_default());
            connection.flow.place = u32::try_from(slot).unwrap_or(u32::MAX);
            *entry = Entry::Open(keep(&mut self.spare, connection));
        }
        match entry {
            Entry::Open(connection) => Some(connection),
            _ => None,
        }
    }

    /// The connection of a slot as long as it is open and at length.
    pub(super) fn open_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        match self.entries.get_mut(slot)? {
            Entry::Open(connection) => Some(connection),
            _ => None,
        }
    }

    /// The connection of a slot as long as it is compact, and when it was heard of last.
    pub(super) fn compact_mut(&mut self, slot: usize) -> Option<(&mut Compact, &mut Timestamp)> {
        match self.entries.get_mut(slot)? {
            Entry::Compact(compact) => Some((compact, self.seen.get_mut(slot)?)),
            _ => None,
        }
    }

    /// Makes the connection of a slot compact, if it is usual; it was heard of last when [`Self::saw`] was told.
    pub(super) fn settle(&mut self, slot: usize) {
        if let Some(entry) = self.entries.get_mut(slot)
            && let Entry::Open(connection) = entry
            && let Some(compact) = Compact::of(connection)
            && let Entry::Open(connection) = std::mem::replace(entry, Entry::Compact(compact))
        {
            self.spare = Some(connection);
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
        self.get_mut(slot);
        match self.entries.get_mut(slot)? {
            Entry::Free | Entry::Compact(_) => None,
            Entry::Open(connection) => Some(&mut connection.anew),
            Entry::Over(over) => Some(&mut over.anew),
        }
    }

    /// Whether a packet between the ends of a slot may begin another connection; nothing of a free slot.
    pub(super) fn may_begin_anew(&self, slot: usize) -> Option<bool> {
        match self.entries.get(slot)? {
            Entry::Free => None,
            Entry::Open(connection) => Some(connection.anew.is_possible()),
            Entry::Compact(compact) => Some(compact.was_asked()),
            Entry::Over(over) => Some(over.anew.is_possible()),
        }
    }

    /// When the connection of a slot was last heard of.
    pub(super) fn seen(&self, slot: usize) -> Option<Timestamp> {
        let seen = self.seen.get(slot).copied()?;
        // A frame may have been given even this time.
        let free = seen == NEVER && matches!(self.entries.get(slot), Some(Entry::Free));
        (!free).then_some(seen)
    }

    /// Notes when the connection of a slot was last heard of.
    pub(super) fn saw(&mut self, slot: usize, at: Timestamp) {
        self.seen.get_mut(slot).into_iter().for_each(|seen| *seen = at);
    }

    /// Keeps of a connection that ended only what knows its repetitions.
    pub(super) fn bury(&mut self, slot: usize) {
        if let Some(entry) = self.entries.get_mut(slot)
            && let Entry::Open(connection) = entry
            && let over = Entry::Over(Over::of(connection))
            && let Entry::Open(connection) = std::mem::replace(entry, over)
        {
            self.spare = Some(connection);
        }
    }

    /// Empties a slot. Its key still leads there: who goes on must remove it.
    pub(super) fn vacate(&mut self, slot: usize) {
        self.saw(slot, NEVER);
        let entry = self.entries.get_mut(slot).map(|entry| std::mem::replace(entry, Entry::Free));
        if let Some(Entry::Open(connection)) = entry {
            self.spare = Some(connection);
        }
    }

    /// The connection of a slot, if it is still that one and waits for something: a compact one does not.
    pub(super) fn watched(&mut self, slot: usize, id: FlowId) -> Option<&mut Connection> {
        self.open_mut(slot).filter(|connection| connection.flow.id == id)
    }

    /// Whether the connection of a slot is still that one, and counted among those that have but a SYN-ACK.
    pub(super) fn is_counted(&self, slot: usize, id: FlowId) -> bool {
        match self.entries.get(slot) {
            Some(Entry::Open(connection)) => connection.flow.id == id && connection.counted,
            Some(Entry::Compact(compact)) => compact.id() == id && compact.is_counted(),
            _ => false,
        }
    }

    /// The number of the open connection of a slot.
    fn id(&self, slot: usize) -> Option<FlowId> {
        match self.entries.get(slot)? {
            Entry::Open(connection) => Some(connection.flow.id),
            Entry::Compact(compact) => Some(compact.id()),
            _ => None,
        }
    }

    /// Whether a connection is open in a slot.
    pub(super) fn is_open(&self, slot: usize) -> bool {
        self.id(slot).is_some()
    }

    /// Bytes that all connections hold.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        let held = |entry: &Entry| if let Entry::Open(connection) = entry { connection.held_bytes() } else { 0 };
        self.entries.iter().map(held).sum()
    }

    /// All open connections and their slots, in the order of these.
    pub(super) fn open(&self) -> impl Iterator<Item = (FlowId, usize)> {
        (0..self.entries.len()).filter_map(|slot| Some((self.id(slot)?, slot)))
    }

    /// Takes in a connection whose key is not there yet: its slot.
    pub(super) fn insert(&mut self, mut connection: Connection) -> usize {
        let (key, at, slot) = (connection.key(), connection.flow.last_at, self.take_slot());
        connection.flow.place = u32::try_from(slot).unwrap_or(u32::MAX);
        let entry = Entry::Open(keep(&mut self.spare, connection));
        self.fill(slot, at, entry, &key);
        slot
    }

    /// The same of one in short, which was heard of last at this moment.
    pub(super) fn insert_compact(&mut self, compact: Compact, at: Timestamp) -> usize {
        let (key, slot) = (compact.key(), self.take_slot());
        self.fill(slot, at, Entry::Compact(compact), &key);
        slot
    }

    /// A free slot.
    fn take_slot(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry::Free);
            self.seen.push(NEVER);
            self.entries.len().saturating_sub(1)
        })
    }

    /// Puts a connection of this key into a slot.
    fn fill(&mut self, slot: usize, at: Timestamp, new: Entry, key: &impl Hash) {
        self.generation = self.generation.wrapping_add(1);
        self.saw(slot, at);
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = new;
        }
        let Self { entries, index, .. } = self;
        index.insert(key, u32::try_from(slot).unwrap_or(u32::MAX), |hasher, place| {
            usize::try_from(place).ok().and_then(|place| entries.get(place)).map_or(0, |entry| entry.hash(hasher))
        });
    }

    /// Lets go of a connection.
    pub(super) fn remove(&mut self, slot: usize) {
        let Some(entry) = self.entries.get_mut(slot) else { return };
        let key = match entry {
            Entry::Free => return,
            Entry::Open(connection) => connection.key(),
            Entry::Compact(compact) => compact.key().key(),
            Entry::Over(over) => over.key(),
        };
        self.vacate(slot);
        self.free.push(slot);
        self.generation = self.generation.wrapping_add(1);
        self.index.remove(&key, u32::try_from(slot).unwrap_or(u32::MAX));
    }
}

/// Puts a connection into the room that is spare, or into its own.
fn keep(spare: &mut Option<Box<Connection>>, connection: Connection) -> Box<Connection> {
    match spare.take() {
        Some(mut room) => {
            *room = connection;
            room
        }
        None => Box::new(connection),
    }
}
