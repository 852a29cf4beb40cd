//! Chains in chains: which tags have them in their values.

use super::Chain;
use super::DEPTH;
use super::FEWEST;
use super::links;
use super::low;
use crate::protocol::unknown::binary::numbers::at_least;
use crate::protocol::unknown::binary::rows::Spot;
use std::collections::BTreeMap;

/// Tags with chains in them that show which bit tells of it.
const FEWEST_NESTED: usize = 3;

/// A set of tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::protocol::unknown::binary) struct Tags(pub(super) [u64; 4]);

impl Tags {
    pub(super) fn insert(&mut self, tag: u8) {
        self.0.get_mut(usize::from(tag >> 6)).into_iter().for_each(|word| *word |= 1 << (tag & 63));
    }

    /// The tags in it, ascending.
    pub(super) fn list(self) -> Vec<u8> {
        (0..=u8::MAX).filter(|tag| self.contains(*tag)).collect()
    }

    /// Whether this tag is in it.
    pub(in crate::protocol::unknown::binary) fn contains(self, tag: u8) -> bool {
        self.0.get(usize::from(tag >> 6)).is_some_and(|word| word >> (tag & 63) & 1 == 1)
    }
}

/// Adds the tags whose values are chains themselves, in nearly all messages.
pub(super) fn nest(chain: Chain, here: &[Spot<'_>]) -> Chain {
    let Chain::Tagged { form, size, whole, order, .. } = chain else { return chain };
    if form.tag > 1 {
        return chain;
    }
    let mut seen: BTreeMap<u8, (usize, usize, usize)> = BTreeMap::new();
    let mut values: Vec<&[u8]> = here.iter().map(Spot::rest).collect();
    for _ in 0..DEPTH {
        let mut inner = Vec::new();
        for bytes in values {
            for link in links(chain, bytes).unwrap_or_default() {
                let value = bytes.get(link.value..link.end).unwrap_or_default();
                if value.is_empty() {
                    continue;
                }
                let (fit, of, count) = seen.entry(low(link.tag)).or_default();
                *of = of.saturating_add(1);
                if let Some(list) = links(chain, value).filter(|list| list.iter().all(|link| link.value > link.start.saturating_add(1))) {
                    (*fit, *count) = (fit.saturating_add(1), count.saturating_add(list.len()));
                    inner.push(value);
                }
            }
        }
        values = inner;
    }
    Chain::Tagged { form, size, whole, order, nested: nesting(&seen) }
}

/// The tags whose values are chains, from how many of their values are, how many values there are, and how many links those have. Where one
/// bit is set in all tags that surely have them and in none that surely does not, it tells that of the rare ones, too.
fn nesting(seen: &BTreeMap<u8, (usize, usize, usize)>) -> Tags {
    let often = || seen.iter().filter(|(_, (_, of, _))| *of >= FEWEST);
    // A single link is proof only with the others.
    let (sure, others): (Vec<_>, Vec<_>) = often().partition(|(_, (fit, of, count))| at_least(*fit, *of, 95) && count >= of);
    let tells = |bit: u8| sure.iter().all(|(tag, _)| **tag & bit != 0) && others.iter().all(|(tag, _)| **tag & bit == 0);
    let is_shown = sure.len() >= FEWEST_NESTED && !others.is_empty();
    let bit = (0..8).map(|place| 1_u8 << place).find(|bit| is_shown && tells(*bit)).unwrap_or(0);
    let mut nested = Tags::default();
    let rare = seen.iter().filter(|(tag, (fit, of, _))| **tag & bit != 0 && fit == of);
    sure.into_iter().chain(rare).for_each(|(tag, _)| nested.insert(*tag));
    nested
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_tells_of_chains_tells_it_of_rare_tags() {
        let often = [(0x30, (50, 50, 90)), (0x31, (40, 40, 60)), (0x68, (20, 20, 40)), (0x04, (3, 70, 3)), (0x02, (0, 60, 0))];
        let rare = [(0x63, (4, 4, 9)), (0xa3, (1, 2, 1)), (0x0a, (2, 2, 2))];
        let seen = |list: &[(u8, (usize, usize, usize))]| nesting(&list.iter().copied().collect()).list();
        assert_eq!(seen(&[&often[..], &rare].concat()), [0x30, 0x31, 0x63, 0x68]);
        // Nothing has no chain often, or too little has one: no bit tells.
        assert_eq!(seen(&[&often[..3], &rare].concat()), [0x30, 0x31, 0x68]);
        assert_eq!(seen(&[&often[1..], &rare].concat()), [0x31, 0x68]);
    }
}
