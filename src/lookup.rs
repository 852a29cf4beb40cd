//! Numbers of places by what stands there: an index that does not touch the places it tells of.

use foldhash::quality::RandomState;
use prefetch_index::prefetch_index;
use std::hash::BuildHasher;
use std::hash::Hash;
use wide::u16x8;

/// Places in a line.
const WAYS: usize = 8;

/// Lines there are at first.
const FIRST_LINES: usize = 16;

/// Of so many tenths of its room a full index is made: beyond, too many keys have to move on.
const FULL_TENTHS: usize = 8;

/// Eight places and sixteen bits of each hash, in one line of the processor's cache: who looks for a key waits for memory once, mostly.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
struct Line {
    places: [u32; WAYS],
    /// Zero where there is no place.
    tags: [u16; WAYS],
    /// Keys that would stand here, or before, and stand behind: as long as there are some, the search goes on.
    passed: u32,
}

impl Line {
    /// Which places have this tag, a bit for each: all are compared at once.
    fn having(&self, tag: u16) -> u32 {
        u16x8::new(self.tags).simd_eq(u16x8::splat(tag)).to_bitmask()
    }

    fn find(&self, tag: u16, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut left = self.having(tag);
        while left != 0 {
            let place = usize::try_from(left.trailing_zeros()).ok().and_then(|way| self.places.get(way)).copied()?;
            if is(place) {
                return Some(place);
            }
            left &= left.wrapping_sub(1);
        }
        None
    }

    /// Puts a place here if there is room.
    fn put(&mut self, tag: u16, place: u32) -> bool {
        let Ok(free) = usize::try_from(self.having(0).trailing_zeros()) else { return false };
        let (Some(old), Some(old_tag)) = (self.places.get_mut(free), self.tags.get_mut(free)) else { return false };
        (*old, *old_tag) = (place, tag);
        true
    }

    /// Takes a place out if it is here.
    fn take(&mut self, tag: u16, place: u32) -> bool {
        let found = self.places.iter().zip(&mut self.tags).find(|(other, old)| **other == place && **old == tag);
        found.map(|(_, old)| *old = 0).is_some()
    }
}

/// An index into an array whose entries know their own keys. The hash is seeded: who sends packets cannot make chains.
///
/// A key stands in the line its hash chooses, or, where that is full, in the next one with room. Lines count who passed them, so that a
/// search ends where it can, and nothing is left behind by keys that went.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    lines: Vec<Line>,
    len: usize,
    hasher: RandomState,
}

impl Lookup {
    /// How many places are known.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The hash of a key, for those who look in several places.
    pub(crate) fn hash(&self, key: &impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The place of a key; `is` says whether a place is really the one.
    pub(crate) fn find(&self, key: &impl Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.find_hashed(self.hash(key), is)
    }

    /// The same, of a key whose hash is known.
    pub(crate) fn find_hashed(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        for line in self.from(hash) {
            let found = line.find(tag, &is);
            if found.is_some() || line.passed == 0 {
                return found;
            }
        }
        None
    }

    /// Has the line this hash chooses fetched, and waits for nothing.
    pub(crate) fn fetch(&self, hash: u64) {
        prefetch_index(&self.lines, self.home(hash));
    }

    /// A place that may be that of a key, without a look at what stands there: a guess, to have it fetched.
    pub(crate) fn guess(&self, hash: u64) -> Option<u32> {
        self.lines.get(self.home(hash))?.find(tag(hash), |_| true)
    }

    /// Takes in the place of a key that is not known yet. `hash_of` gives the hash of what stands at a place, for when the index grows.
    pub(crate) fn insert(&mut self, key: &impl Hash, place: u32, hash_of: impl Fn(&RandomState, u32) -> u64) {
        if self.len >= self.lines.len().saturating_mul(WAYS).saturating_mul(FULL_TENTHS) / 10 {
            self.grow(hash_of);
        }
        self.put(self.hash(key), place);
        self.len = self.len.saturating_add(1);
    }

    /// Forgets the place of a key.
    pub(crate) fn remove(&mut self, key: &impl Hash, place: u32) {
        let hash = self.hash(key);
        let (tag, home) = (tag(hash), self.home(hash));
        let passed = self.from(hash).position(|line| line.find(tag, |other| other == place).is_some());
        let Some(passed) = passed else { return };
        let (before, behind) = self.lines.split_at_mut(home);
        for (step, line) in behind.iter_mut().chain(before).enumerate().take(passed.saturating_add(1)) {
            if step < passed {
                line.passed = line.passed.saturating_sub(1);
            } else if line.take(tag, place) {
                self.len = self.len.saturating_sub(1);
            }
        }
    }

    /// The line a hash chooses.
    fn home(&self, hash: u64) -> usize {
        let lines = u64::try_from(self.lines.len()).unwrap_or(0);
        usize::try_from((hash >> 32).wrapping_mul(lines) >> 32).unwrap_or(0)
    }

    /// All lines, beginning with the one a hash chooses.
    fn from(&self, hash: u64) -> impl Iterator<Item = &Line> {
        let (before, behind) = self.lines.split_at_checked(self.home(hash)).unwrap_or_default();
        behind.iter().chain(before)
    }

    fn put(&mut self, hash: u64, place: u32) {
        let (tag, home) = (tag(hash), self.home(hash));
        let Some((before, behind)) = self.lines.split_at_mut_checked(home) else { return };
        for line in behind.iter_mut().chain(before) {
            if line.put(tag, place) {
                return;
            }
            line.passed = line.passed.saturating_add(1);
        }
    }

    /// Makes half as much room again. In the order of the places, since what stands there is looked at; the old lines go first.
    fn grow(&mut self, hash_of: impl Fn(&RandomState, u32) -> u64) {
        let lines = self.lines.len().saturating_add(self.lines.len() / 2).max(FIRST_LINES);
        let old = std::mem::take(&mut self.lines);
        let mut stands: Vec<bool> = Vec::new();
        for line in &old {
            for (place, _) in line.places.into_iter().zip(line.tags).filter(|(_, tag)| *tag != 0) {
                let place = usize::try_from(place).unwrap_or(0);
                if stands.len() <= place {
                    stands.resize(place.saturating_add(1), false);
                }
                stands.get_mut(place).into_iter().for_each(|stands| *stands = true);
            }
        }
        drop(old);
        self.lines = vec![Line::default(); lines];
        for (place, _) in (0..).zip(stands).filter(|(_, stands)| *stands) {
            self.put(hash_of(&self.hasher, place), place);
        }
    }
}

/// The part of a hash that is kept: not the one that chooses the line, and never zero.
fn tag(hash: u64) -> u16 {
    let [low, high, ..] = hash.to_le_bytes();
    u16::from_le_bytes([low, high]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        (0..).zip(&keys).skip(1).step_by(2).for_each(|(place, key)| lookup.remove(key, place));
        assert_eq!((lookup.len(), lookup.lines.iter().map(|line| line.passed).sum::<u32>()), (0, 0), "nothing stays behind");
        assert_eq!(size_of::<Line>(), 64);
    }

    /// A key whose hash has but a few values: lines overflow.
    struct Crowded(u32);

    impl Hash for Crowded {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            (self.0 % 3).hash(state);
        }
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0..200_u32), 0..600)) {
            let (mut lookup, mut model) = (Lookup::default(), std::collections::BTreeSet::new());
            for (put, key) in steps {
                if put && model.insert(key) {
                    lookup.insert(&Crowded(key), key, |hasher, place| hasher.hash_one(Crowded(place)));
                } else if !put && model.remove(&key) {
                    lookup.remove(&Crowded(key), key);
                }
                prop_assert_eq!(lookup.len(), model.len());
            }
            for key in 0..200 {
                prop_assert_eq!(lookup.find(&Crowded(key), |place| place == key), model.get(&key).copied());
            }
        }
    }
}
