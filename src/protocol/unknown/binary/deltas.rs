//! Chains whose links begin with one byte for both: half of it is how far the tag is from the one before, half how long the value is.

use super::numbers::at_least;
use super::numbers::number;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Inside;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Fewest messages that show it, and different lengths of theirs.
const FEWEST: usize = 12;
const FEWEST_LENGTHS: usize = 3;

/// Most tags; beyond that they are hardly tags.
const TAGS: usize = 64;

/// What ends the links where something that is none follows.
pub(super) const MARK: u8 = 0xff;

/// One link: where its parts end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) tag: u64,
    pub(super) start: usize,
    /// Where further bytes of the tag end: behind the first byte where it has none.
    pub(super) tag_end: usize,
    /// Where those of the length end, and the value begins.
    pub(super) value: usize,
    pub(super) end: usize,
}

/// A chain, and where the mark behind its links is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deltas {
    pub(super) links: Vec<Link>,
    pub(super) mark: Option<usize>,
}

/// Reads a chain, if it ends exactly where the bytes do, or in a mark.
pub(super) fn read(bytes: &[u8]) -> Option<Deltas> {
    let mut chain = Deltas::default();
    let (mut at, mut tag) = (0_usize, 0_u64);
    while let Some(head) = bytes.get(at).copied() {
        if head == MARK {
            chain.mark = Some(at);
            break;
        }
        let behind = at.saturating_add(1);
        let (step, tag_end) = part(head >> 4, bytes, behind)?;
        let (length, value) = part(head & 15, bytes, tag_end)?;
        let end = value.checked_add(usize::try_from(length).ok()?)?;
        if end > bytes.len() || chain.links.len() >= Inside::LINKS {
            return None;
        }
        tag = tag.saturating_add(step);
        chain.links.push(Link { tag, start: at, tag_end, value, end });
        at = end;
    }
    Some(chain)
}

/// The number of half a byte, and where its further bytes end: one for what is 13 or more, two for 269 or more.
fn part(half: u8, bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (least, more) = match half {
        0..=12 => return Some((u64::from(half), at)),
        13 => (13_u64, 1_usize),
        14 => (269, 2),
        _ => return None,
    };
    let end = at.saturating_add(more);
    Some((number(bytes.get(at..end)?, ByteOrder::Big).saturating_add(least), end))
}

/// Whether what is left of these messages is such a chain: of nearly all that have some, and most of it values of tags that come back.
pub(super) fn holds(here: &[Spot<'_>]) -> bool {
    let some = here.iter().filter(|spot| !spot.rest().is_empty()).count();
    if some < FEWEST || !at_least(some, here.len(), 30) {
        return false;
    }
    let (mut failed, mut linked, mut bytes, mut values) = (0_usize, 0_usize, 0_usize, 0_usize);
    let (mut lengths, mut tags): (BTreeSet<usize>, BTreeMap<u64, usize>) = Default::default();
    for spot in here.iter().filter(|spot| !spot.rest().is_empty()) {
        let Some(chain) = read(spot.rest()) else {
            failed = failed.saturating_add(1);
            if failed.saturating_mul(100) > some.saturating_mul(3) {
                return false;
            }
            continue;
        };
        let Some(last) = chain.links.last() else { continue };
        linked = linked.saturating_add(1);
        bytes = bytes.saturating_add(last.end);
        lengths.insert(last.end);
        for link in &chain.links {
            values = values.saturating_add(link.end.saturating_sub(link.value));
            let seen = tags.entry(link.tag).or_default();
            *seen = seen.saturating_add(1);
        }
    }
    let back: usize = tags.values().filter(|seen| **seen >= 3).sum();
    let all: usize = tags.values().sum();
    let is_divided = linked >= FEWEST && at_least(linked, some, 30) && lengths.len() >= FEWEST_LENGTHS;
    is_divided && (2..=TAGS).contains(&tags.len()) && at_least(back, all, 90) && at_least(values, bytes, 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_added_up_and_may_have_more_bytes() {
        let chain = read(b"\xb4time\x01x\xd1\x03\x02\x0d\x00abcdefghijklm\xe0\x00\x05\xffrest").unwrap();
        let of = |link: &Link| (link.tag, link.start, link.tag_end, link.value, link.end);
        let links: Vec<_> = chain.links.iter().map(of).collect();
        assert_eq!(links, [(11, 0, 1, 1, 5), (11, 5, 6, 6, 7), (27, 7, 9, 9, 10), (27, 10, 11, 12, 25), (301, 25, 28, 28, 28)]);
        assert_eq!(chain.mark, Some(28));
        assert_eq!(read(b""), Some(Deltas::default()));
    }

    #[test]
    fn what_does_not_end_where_the_bytes_do_is_none() {
        for none in [&b"\xb4tim"[..], b"\xd1", b"\xe1\x00", b"\xf0", b"\x0f", b"\x01x\x02y"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
