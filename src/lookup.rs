//! Numbers of places by what stands there: an index that does not touch the places it tells of.

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::hash::Hash;

/// An index into an array whose entries know their own keys. Of each it keeps the place and, as its table does, seven bits of the hash,
/// so that an entry is seldom looked at that is not the one. The hash is seeded: who sends packets cannot make chains.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Lookup {
    /// How many places are known.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The place of a key; `is` says whether a place is really the one.
    pub(crate) fn find(&self, key: &impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.table.find(self.hasher.hash_one(key), |place| is(*place)).copied()
    }

    /// Takes in the place of a key that is not known yet. `hash_of` gives the hash of what stands at a place, for when the table grows.
    pub(crate) fn insert(&mut self, key: &impl Hash, place: u32, hash_of: impl Fn(&RandomState, u32) -> u64) {
        let Self { table, hasher } = self;
        table.insert_unique(hasher.hash_one(key), place, |place| hash_of(hasher, *place));
    }

    /// Forgets the place of a key.
    pub(crate) fn remove(&mut self, key: &impl Hash, place: u32) {
        if let Ok(found) = self.table.find_entry(self.hasher.hash_one(key), |other| *other == place) {
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
            lookup.insert(key, place, |hasher, place| hasher.hash_one(u64::from(place) * 7919));
        }
        assert_eq!(lookup.len(), keys.len());
        assert!((0..).zip(&keys).all(|(place, key)| lookup.find(key, is(*key)) == Some(place)));
        (0..).zip(&keys).step_by(2).for_each(|(place, key)| lookup.remove(key, place));
        assert!((0..).zip(&keys).all(|(place, key)| lookup.find(key, is(*key)).is_some() == (place % 2 == 1)));
        assert_eq!(lookup.find(&1_u64, is(1)), None);
    }
}
