//! The kinds of what came last, so that what is alike need not be worked out again.

/// Kinds that are remembered.
const KINDS: usize = 16;

/// Remembers kinds; of too many the one that was learned first is forgotten.
#[derive(Debug)]
pub(super) struct Known<K> {
    kinds: Vec<K>,
    /// Which one was asked for last.
    last: usize,
    /// Whose turn it is to be forgotten.
    hand: usize,
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self { kinds: Vec::new(), last: 0, hand: 0 }
    }
}

impl<K> Known<K> {
    /// The kind that is meant; one that is not known is made, if it can be.
    #[inline]
    pub(super) fn of(&mut self, is_meant: impl Fn(&K) -> bool, make: impl FnOnce() -> Option<K>) -> Option<&K> {
        if !self.kinds.get(self.last).is_some_and(&is_meant) {
            self.last = match self.kinds.iter().position(is_meant) {
                Some(known) => known,
                None => self.learn(make()?),
            };
        }
        self.kinds.get(self.last)
    }

    #[cold]
    fn learn(&mut self, kind: K) -> usize {
        let place = self.hand;
        self.hand = self.hand.saturating_add(1).checked_rem(KINDS).unwrap_or(0);
        match self.kinds.get_mut(place) {
            Some(old) => *old = kind,
            None => self.kinds.push(kind),
        }
        place
    }
}
