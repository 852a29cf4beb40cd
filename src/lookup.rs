//! Numbers of places by what stands there: an index that does not touch the places it tells of.

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::hash::Hash;

/// An index into an array whose entries know their own keys. It keeps a part of each key's hash, so that an entry is looked at only
/// when it is almost surely the one, and growing looks at none. The hash is seeded: who sends packets cannot make chains.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    table: HashTable<Mark>,
    hasher: RandomState,
}

/// A place and a part of its key's hash.
#[derive(Clone, Copy, Debug)]
struct Mark {
    hash: u32,
    place: u32,
}

impl Mark {
    /// The hash as the table wants it: it takes the place from one end and a tag from the other.
    fn spread(self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

impl Lookup {
    /// How many places are known.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    fn mark(&self, key: &impl Hash, place: u32) -> Mark {
        let [.., a, b, c, d] = self.hasher.hash_one(key).to_be_bytes();
        Mark { hash: u32::from_be_bytes([a, b, c, d]), place }
    }

    /// The place of a key; `is` says whether a place is really the one.
    pub(crate) fn find(&self, key: &impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        let wanted = self.mark(key, 0);
        self.table.find(wanted.spread(), |mark| mark.hash == wanted.hash && is(mark.place)).map(|mark| mark.place)
    }

    /// Takes in the place of a key that is not known yet.
    pub(crate) fn insert(&mut self, key: &impl Hash, place: u32) {
        let mark = self.mark(key, place);
        self.table.insert_unique(mark.spread(), mark, |mark| mark.spread());
    }

    /// Forgets the place of a key.
    pub(crate) fn remove(&mut self, key: &impl Hash, place: u32) {
        let wanted = self.mark(key, place);
        if let Ok(found) = self.table.find_entry(wanted.spread(), |mark| mark.place == place) {
            found.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_is_found_until_it_goes_out() {
        let keys: Vec<u64> = (0..10_000).map(|number| number * 7919).collect();
        let mut lookup = Lookup::default();
        let is = |key: u64| move |place: u32| u64::from(place) * 7919 == key;
        for (place, key) in (0..).zip(&keys) {
            lookup.insert(key, place);
        }
        assert_eq!(lookup.len(), keys.len());
        assert!((0..).zip(&keys).all(|(place, key)| lookup.find(key, is(*key)) == Some(place)));
        (0..).zip(&keys).step_by(2).for_each(|(place, key)| lookup.remove(key, place));
        assert!((0..).zip(&keys).all(|(place, key)| lookup.find(key, is(*key)).is_some() == (place % 2 == 1)));
        assert_eq!(lookup.find(&1_u64, is(1)), None);
    }
}
