//! What stands in slots, each form of a connection apart: places of the larger ones are used again and again.

use super::compact::Brief;
use super::compact::Compact;
use super::connection::Connection;
use super::over::Over;
use super::pool::Form;
use super::pool::Pool;
use super::pool::Slot;
use crate::packed::PackedKey;
use crate::packed::ThinKey;
use crate::peer::FlowKey;
use crate::time::Timestamp;
use std::hash::Hash;
use std::hash::Hasher;

/// What names a connection, in short where it is kept so.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Packed(PackedKey),
    Whole(FlowKey),
}

/// The hash is the same in either form.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Packed(key) => key.hash(state),
            Self::Whole(key) => key.hash(state),
        }
    }
}

/// Connections by slot, in the form each has.
#[derive(Debug, Default)]
pub(super) struct Forms {
    slots: Vec<Slot>,
    /// Apart from the table: what a connection needs is used again as soon as it is over.
    open: Pool<Option<Box<Connection>>>,
    compact: Pool<Compact>,
    brief: Pool<Brief>,
    over: Pool<Over>,
    /// The room of a connection that was made compact, for the next one that needs it.
    spare: Option<Box<Connection>>,
}

impl Forms {
    /// Slots there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Makes an empty slot.
    pub(super) fn add(&mut self) {
        self.slots.push(Slot::new(Form::Free, Timestamp::FIRST));
    }

    /// What is known of a slot.
    #[inline]
    pub(super) fn slot(&self, slot: usize) -> Option<Slot> {
        self.slots.get(slot).copied()
    }

    /// Which form a slot has.
    #[inline]
    pub(super) fn form(&self, slot: usize) -> Form {
        self.slots.get(slot).map_or(Form::Free, |slot| slot.form())
    }

    /// Says what stands in a slot, and when it was heard of last.
    #[inline]
    pub(super) fn set(&mut self, slot: usize, form: Form, seen: Timestamp) {
        self.slots.get_mut(slot).into_iter().for_each(|slot| *slot = Slot::new(form, seen));
    }

    /// Notes when the connection of a slot was heard of last.
    #[inline]
    pub(super) fn saw(&mut self, slot: usize, at: Timestamp) {
        self.slots.get_mut(slot).into_iter().for_each(|slot| slot.seen = at);
    }

    /// Whether a slot has this key, which is `thin` where it is of IPv4.
    #[inline]
    pub(super) fn has_key(&self, slot: usize, thin: Option<ThinKey>, key: impl FnOnce() -> FlowKey) -> bool {
        match self.form(slot) {
            Form::Free => false,
            Form::Brief(place) => self.brief.get(place).is_some_and(|brief| thin == Some(brief.thin_key())),
            Form::Compact(place) => self.compact.get(place).is_some_and(|compact| thin == Some(ThinKey::of(compact.key()))),
            Form::Open(place) => self.open(place).is_some_and(|open| open.key() == key()),
            Form::Over(place) => self.over.get(place).is_some_and(|over| over.has_key(thin, key)),
        }
    }

    /// The key of a slot.
    pub(super) fn key(&self, slot: usize) -> Option<Key> {
        Some(match self.form(slot) {
            Form::Free => return None,
            Form::Brief(place) => Key::Packed(self.brief.get(place)?.key()),
            Form::Compact(place) => Key::Packed(self.compact.get(place)?.key()),
            Form::Open(place) => Key::Whole(self.open.get(place)?.as_ref()?.key()),
            Form::Over(place) => self.over.get(place)?.key().map_or_else(Key::Whole, Key::Packed),
        })
    }

    #[inline]
    pub(super) fn brief(&self, place: u32) -> Option<&Brief> {
        self.brief.get(place)
    }

    #[inline]
    pub(super) fn brief_mut(&mut self, place: u32) -> Option<&mut Brief> {
        self.brief.get_mut(place)
    }

    #[inline]
    pub(super) fn compact(&self, place: u32) -> Option<&Compact> {
        self.compact.get(place)
    }

    #[inline]
    pub(super) fn compact_mut(&mut self, place: u32) -> Option<&mut Compact> {
        self.compact.get_mut(place)
    }

    #[inline]
    pub(super) fn open(&self, place: u32) -> Option<&Connection> {
        self.open.get(place)?.as_deref()
    }

    #[inline]
    pub(super) fn open_mut(&mut self, place: u32) -> Option<&mut Connection> {
        self.open.get_mut(place)?.as_deref_mut()
    }

    #[inline]
    pub(super) fn over(&self, place: u32) -> Option<&Over> {
        self.over.get(place)
    }

    #[inline]
    pub(super) fn over_mut(&mut self, place: u32) -> Option<&mut Over> {
        self.over.get_mut(place)
    }

    /// Takes in a connection at length, in the room that is spare or its own.
    pub(super) fn keep_open(&mut self, connection: Connection) -> Form {
        let room = match self.spare.take() {
            Some(mut room) => {
                *room = connection;
                room
            }
            None => Box::new(connection),
        };
        Form::Open(self.open.put(Some(room)))
    }

    /// Takes in a connection in short, in as few bytes as it needs.
    pub(super) fn keep_compact(&mut self, compact: Compact) -> Form {
        match Brief::of(&compact) {
            Some(brief) => Form::Brief(self.brief.put(brief)),
            None => Form::Compact(self.compact.put(compact)),
        }
    }

    /// Takes in what is left of a connection.
    pub(super) fn keep_over(&mut self, over: Over) -> Form {
        Form::Over(self.over.put(over))
    }

    /// Takes out a connection in short.
    pub(super) fn take_compact(&mut self, form: Form) -> Option<Compact> {
        match form {
            Form::Brief(place) => Some(self.brief.take(place).compact()),
            Form::Compact(place) => Some(self.compact.take(place)),
            _ => None,
        }
    }

    /// Has fetched what has this form; of one at length only where it is.
    pub(super) fn fetch(&self, form: Form) {
        match form {
            Form::Free => {}
            Form::Open(place) => self.open.fetch(place),
            Form::Compact(place) => self.compact.fetch(place),
            Form::Brief(place) => self.brief.fetch(place),
            Form::Over(place) => self.over.fetch(place),
        }
    }

    /// Forgets what has this form.
    pub(super) fn forget(&mut self, form: Form) {
        match form {
            Form::Free => {}
            Form::Open(place) => self.spare = self.open.take(place),
            Form::Compact(place) => drop(self.compact.take(place)),
            Form::Brief(place) => drop(self.brief.take(place)),
            Form::Over(place) => drop(self.over.take(place)),
        }
    }

    /// Bytes that all connections hold.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        (0..self.len())
            .filter_map(|slot| if let Form::Open(place) = self.form(slot) { self.open(place) } else { None })
            .map(Connection::held_bytes)
            .sum()
    }
}
