//! Arrays whose places are used again and again, and what says in which of several such arrays a thing stands.

use crate::time::Timestamp;
use prefetch_index::prefetch_index;

/// Things by place.
#[derive(Debug)]
pub(super) struct Pool<T> {
    things: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { things: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Pool<T> {
    /// Takes a thing in: its place.
    pub(super) fn put(&mut self, thing: T) -> u32 {
        if let Some(place) = self.free.pop() {
            if let Some(free) = self.get_mut(place) {
                *free = thing;
            }
            return place;
        }
        self.things.push(thing);
        u32::try_from(self.things.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// What stands at a place.
    #[inline]
    pub(super) fn get(&self, place: u32) -> Option<&T> {
        self.things.get(usize::try_from(place).ok()?)
    }

    /// The same, to change it.
    #[inline]
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.things.get_mut(usize::try_from(place).ok()?)
    }

    /// Has the thing at a place fetched: its first bytes and its last ones.
    pub(super) fn fetch(&self, place: u32) {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        prefetch_index(&self.things, place);
        prefetch_index(&self.things, place.saturating_add(1));
    }

    /// Takes out what stands at a place: another thing will stand there.
    pub(super) fn take(&mut self, place: u32) -> T {
        self.free.push(place);
        self.get_mut(place).map(std::mem::take).unwrap_or_default()
    }
}

/// In which form a connection is kept, and its place among those of that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// There is none.
    Free,
    /// At length.
    Open(u32),
    /// In short.
    Compact(u32),
    /// In fewest bytes.
    Brief(u32),
    /// It is over.
    Over(u32),
}

/// From this bit on stands which form it is.
const FORM_AT: u32 = 29;

/// What is to be known of every slot, in twelve bytes: all are passed by again and again.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(super) struct Slot {
    /// When its connection was heard of last.
    pub(super) seen: Timestamp,
    form: u32,
}

impl Slot {
    /// A slot with a connection that was heard of last at this moment. There are never so many that a place does not fit.
    #[inline]
    pub(super) fn new(form: Form, seen: Timestamp) -> Self {
        let (form, place) = match form {
            Form::Free => (0, 0),
            Form::Open(place) => (1, place),
            Form::Compact(place) => (2, place),
            Form::Brief(place) => (3, place),
            Form::Over(place) => (4, place),
        };
        Self { seen, form: form << FORM_AT | place & ((1 << FORM_AT) - 1) }
    }

    /// What stands there.
    #[inline]
    pub(super) fn form(self) -> Form {
        let place = self.form & ((1 << FORM_AT) - 1);
        match self.form >> FORM_AT {
            1 => Form::Open(place),
            2 => Form::Compact(place),
            3 => Form::Brief(place),
            4 => Form::Over(place),
            _ => Form::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_says_what_stands_there() {
        let forms = [Form::Free, Form::Open(0), Form::Compact(7), Form::Brief((1 << FORM_AT) - 1), Form::Over(1 << 28)];
        for form in forms {
            let at = Timestamp::from_nanos(-5, true);
            let slot = Slot::new(form, at);
            assert_eq!((slot.form(), { slot.seen }), (form, at));
        }
        assert_eq!(size_of::<Slot>(), 12);
    }

    #[test]
    fn places_are_used_again() {
        let mut pool = Pool::default();
        let places = [pool.put(5), pool.put(6), pool.put(7)];
        assert_eq!(pool.take(places[1]), 6);
        assert_eq!(pool.put(8), places[1]);
        assert_eq!((pool.get(places[0]), pool.get(places[1]), pool.get(places[2])), (Some(&5), Some(&8), Some(&7)));
        assert_eq!(pool.things.len(), 3);
    }
}
