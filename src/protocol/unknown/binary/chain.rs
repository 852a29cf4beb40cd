//! Parts that say their own length: counted text, chains of labels as names of DNS, chains of tag, length, value.

mod nested;

use super::columns::distinct;
use super::deltas;
use super::numbers::at_least;
use super::numbers::number;
use super::numbers::wide;
use super::rows::Spot;
use super::sized;
use super::sized::Sized;
use crate::grammar::ByteOrder;
use crate::grammar::Inside;
use nested::Tags;
use nested::nest;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Fewest rows that show a chain.
const FEWEST: usize = 12;

/// Most tags of a chain; beyond that they are hardly tags.
const TAGS: usize = 64;

/// How deep chains may stand in chains.
pub(super) const DEPTH: usize = Inside::DEPTH;

/// Different tags that messages begin their chain with, at most.
const FIRST_TAGS: usize = 6;

/// Most links that are walked.
const LINKS: usize = Inside::LINKS;

/// A part that says its own length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// A length of so many bytes, then so many bytes.
    Counted { size: usize, order: ByteOrder },
    /// A text up to a zero, which is a part of it.
    Ended,
    /// Labels, each with its length before it, up to an empty one or a pointer.
    Labels,
    /// Tags, and lengths of `size`, which count themselves and the tag or not, to the end of the message.
    Tagged { form: Form, size: usize, whole: bool, order: ByteOrder, nested: Tags },
    /// Links of half a tag and half a length, to the end of the message.
    Deltas,
    /// Numbers of four bytes and texts behind theirs, to the end of the message.
    Words,
    /// As many bytes as bits of a byte in front say.
    Sized(Sized),
}

/// How links are written beside their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Bytes of a tag.
    pub(super) tag: usize,
    /// What the place of each link, counted from the first one, is a multiple of; zeros fill up what is before it.
    pub(super) aligned: usize,
}

impl Chain {
    /// Whether it goes to the end of the message.
    pub(super) fn is_last(self) -> bool {
        matches!(self, Self::Tagged { .. } | Self::Deltas | Self::Words)
    }

    /// How it divides, in the words of the grammar; a counted part is whole.
    pub(super) fn inside(self) -> Option<Inside> {
        match self {
            Self::Counted { .. } | Self::Ended | Self::Sized(_) => None,
            Self::Deltas => Some(Inside::Deltas),
            Self::Words => Some(Inside::Words),
            Self::Labels => Some(Inside::Labels),
            Self::Tagged { form, size, whole, order, nested } => Some(Inside::Tagged {
                tag_size: wide(form.tag),
                aligned_to: wide(form.aligned),
                length_size: wide(size),
                byte_order: order,
                whole,
                nested: nested.list(),
            }),
        }
    }
}

/// All ways of tags.
const TAGGED: [Chain; 6] = [tagged(1, false), tagged(1, true), tagged(2, false), tagged(2, true), wide_tags(2, 1), wide_tags(2, 4)];

/// Tags and lengths of one byte each, which count values only.
#[cfg(test)]
pub(super) const ANY_TAGS: Chain = tagged(1, false);

const fn tagged(size: usize, whole: bool) -> Chain {
    Chain::Tagged { form: Form { tag: 1, aligned: 1 }, size, whole, order: ByteOrder::Big, nested: Tags([0; 4]) }
}

const fn wide_tags(size: usize, aligned: usize) -> Chain {
    Chain::Tagged { form: Form { tag: 2, aligned }, size, whole: false, order: ByteOrder::Big, nested: Tags([0; 4]) }
}

const COUNTED: [Chain; 4] = [
    Chain::Counted { size: 4, order: ByteOrder::Big },
    Chain::Counted { size: 2, order: ByteOrder::Big },
    Chain::Counted { size: 2, order: ByteOrder::Little },
    Chain::Counted { size: 1, order: ByteOrder::Big },
];

/// One link of tag, length, value: where each ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) tag: u16,
    pub(super) start: usize,
    /// Where its value begins; `start + 1` where it has none, as an end mark.
    pub(super) value: usize,
    pub(super) end: usize,
    /// Where the next one begins: behind what fills it up.
    pub(super) next: usize,
}

impl Link {
    /// Whether it has a length, and so a value.
    pub(super) fn has_value(&self) -> bool {
        self.value > self.start.saturating_add(1)
    }
}

/// The bytes a part has that begins here in a message, its length included.
pub(super) fn extent(chain: Chain, message: &[u8], start: usize) -> Option<usize> {
    let bytes = message.get(start..)?;
    let end = match chain {
        Chain::Counted { size, order } => {
            let value = usize::try_from(number(bytes.get(..size)?, order)).ok()?;
            size.checked_add(value)?
        }
        Chain::Ended => ended(bytes)?,
        Chain::Labels => labels(bytes)?.0,
        Chain::Tagged { .. } | Chain::Deltas | Chain::Words => bytes.len(),
        Chain::Sized(sized) => sized.size(message)?,
    };
    (end <= bytes.len()).then_some(end)
}

/// Bytes of a text and the zero that ends it.
fn ended(bytes: &[u8]) -> Option<usize> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    bytes.get(..zero)?.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ').then_some(zero.saturating_add(1))
}

/// Bytes of a name, and how many labels it has.
fn labels(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut count) = (0_usize, 0_usize);
    loop {
        let length = usize::from(*bytes.get(at)?);
        at = at.saturating_add(1);
        match length {
            0 => return Some((at, count)),
            1..64 => {
                let label = bytes.get(at..at.saturating_add(length))?;
                label.iter().all(u8::is_ascii_graphic).then_some(())?;
                (at, count) = (at.saturating_add(length), count.saturating_add(1));
            }
            192.. => return Some((at.saturating_add(1), count)).filter(|(end, _)| *end <= bytes.len()),
            _ => return None,
        }
    }
}

/// The links of a chain of tags, if it ends exactly where the bytes do. Of tags of one byte, zeros are padding and a tag of all ones ends
/// it, where lengths count values only.
pub(super) fn links(chain: Chain, bytes: &[u8]) -> Option<Vec<Link>> {
    let Chain::Tagged { form, size, whole, order, .. } = chain else { return None };
    let mut list = Vec::new();
    let mut at = 0_usize;
    let head = size.saturating_add(form.tag);
    // Where there are but zeros from: looked for once, since there may be as many tags of zero as bytes.
    let padding = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    while at < bytes.len() {
        let behind = at.saturating_add(form.tag);
        let tag = u16::try_from(number(bytes.get(at..behind)?, ByteOrder::Big)).ok()?;
        if !whole && form.tag == 1 && matches!(tag, 0 | 0xff) {
            let end = if tag == 0xff || behind >= padding { bytes.len() } else { behind };
            if (tag == 0xff && behind < padding) || list.len() >= LINKS {
                return None;
            }
            let stop = if tag == 0xff { behind } else { end };
            list.push(Link { tag, start: at, value: behind, end: stop, next: stop });
            at = if tag == 0xff && behind < bytes.len() {
                list.push(Link { tag: 0, start: behind, value: behind.saturating_add(1), end: bytes.len(), next: bytes.len() });
                bytes.len()
            } else {
                end
            };
            continue;
        }
        let mut head = head;
        let mut length = usize::try_from(number(bytes.get(behind..at.saturating_add(head))?, order)).ok()?;
        // The long form of ASN.1: the length has a length.
        if let (1, 1, false, 0x81..=0x84) = (form.tag, size, whole, length) {
            let (from, more) = (at.saturating_add(head), length & 7);
            head = head.saturating_add(more);
            length = usize::try_from(number(bytes.get(from..from.saturating_add(more))?, order)).ok()?;
        }
        let end = at.checked_add(if whole { length } else { length.checked_add(head)? })?;
        if end < at.saturating_add(head) || end > bytes.len() || list.len() >= LINKS {
            return None;
        }
        let next = end.checked_next_multiple_of(form.aligned)?.min(bytes.len());
        if bytes.get(end..next)?.iter().any(|byte| *byte != 0) {
            return None;
        }
        list.push(Link { tag, start: at, value: at.saturating_add(head), end, next });
        at = next;
    }
    (!list.is_empty()).then_some(list)
}

/// The low byte of a tag.
fn low(tag: u16) -> u8 {
    let [_, low] = tag.to_be_bytes();
    low
}

/// The links in the only link of a chain, where it has but one; their places count from its value.
fn envelope(chain: Chain, bytes: &[u8], list: &[Link]) -> Vec<Link> {
    let (Chain::Tagged { form: Form { tag: 1, .. }, .. }, [only]) = (chain, list) else { return Vec::new() };
    bytes.get(only.value..only.end).and_then(|value| links(chain, value)).unwrap_or_default()
}

/// The tags of a chain in order; of what is in its only link, where it has but one.
pub(super) fn tags(chain: Chain, bytes: &[u8]) -> Vec<u8> {
    let list = links(chain, bytes).unwrap_or_default();
    let inner = envelope(chain, bytes, &list);
    let list = if inner.is_empty() { list } else { inner };
    list.into_iter().map(|link| low(link.tag)).collect()
}

/// The first part of this kind within the width, and where.
pub(super) fn find(spots: &[Spot<'_>], width: usize) -> Option<(usize, Chain)> {
    if spots.len() < FEWEST {
        return None;
    }
    for at in 0..=width {
        let here: Vec<Spot<'_>> = spots.iter().map(|spot| spot.on(at)).collect();
        let all = TAGGED.iter().chain([&Chain::Labels]).chain(&COUNTED).chain([&Chain::Deltas, &Chain::Ended]);
        if let Some(chain) = all.copied().find(|chain| holds(*chain, &here)) {
            return Some((at, nest(chain, &here)));
        }
        if let Some(sized) = sized::find(&here) {
            return Some((at, Chain::Sized(sized)));
        }
    }
    None
}

fn holds(chain: Chain, here: &[Spot<'_>]) -> bool {
    match chain {
        Chain::Tagged { .. } => is_tagged(chain, here),
        Chain::Labels => {
            let (mut fit, mut count, mut extents) = (0_usize, 0_usize, BTreeSet::new());
            for (place, spot) in here.iter().enumerate() {
                if let Some((end, labels)) = labels(spot.rest()) {
                    (fit, count) = (fit.saturating_add(1), count.saturating_add(labels));
                    extents.insert(end);
                }
                if place == FEWEST && fit < FEWEST / 2 {
                    return false;
                }
            }
            at_least(fit, here.len(), 97) && at_least(count, here.len(), 150) && extents.len() >= 3
        }
        Chain::Counted { size, .. } => is_counted(chain, size, here),
        Chain::Deltas => deltas::holds(here),
        Chain::Ended => is_ended(here),
        Chain::Words | Chain::Sized(_) => false,
    }
}

/// Whether tags of any way lead to the end of these bytes, or there are none.
pub(super) fn is_tags(bytes: &[u8]) -> bool {
    bytes.is_empty() || TAGGED.iter().any(|chain| links(*chain, bytes).is_some())
}

/// Whether tags lead from here to the end of the messages.
pub(super) fn holds_to_the_end(here: &[Spot<'_>]) -> bool {
    TAGGED.iter().any(|chain| is_tagged(*chain, here))
}

fn is_counted(chain: Chain, size: usize, here: &[Spot<'_>]) -> bool {
    let (mut fit, mut text, mut all, mut extents) = (0_usize, 0_usize, 0_usize, BTreeSet::new());
    for (place, spot) in here.iter().enumerate() {
        if let Some(end) = extent(chain, spot.row.bytes, spot.start) {
            let part = spot.part(size, end.saturating_sub(size)).unwrap_or_default();
            fit = fit.saturating_add(1);
            text = text.saturating_add(part.iter().filter(|byte| byte.is_ascii_graphic() || **byte == b' ').count());
            all = all.saturating_add(part.len());
            extents.insert(end);
        }
        if place == FEWEST && (fit <= FEWEST || !at_least(text, all, 80)) {
            return false;
        }
    }
    at_least(fit, here.len(), 98) && at_least(text, all, 95) && all >= here.len().saturating_mul(3) && extents.len() >= 3
}

/// Whether texts of different lengths begin here, each up to a zero.
fn is_ended(here: &[Spot<'_>]) -> bool {
    let (mut fit, mut bytes, mut extents) = (0_usize, 0_usize, BTreeSet::new());
    for (place, spot) in here.iter().enumerate() {
        if let Some(end) = ended(spot.rest()).filter(|end| *end > 1) {
            (fit, bytes) = (fit.saturating_add(1), bytes.saturating_add(end));
            extents.insert(end);
        }
        if place == FEWEST && fit <= FEWEST {
            return false;
        }
    }
    at_least(fit, here.len(), 98) && bytes >= here.len().saturating_mul(4) && extents.len() >= 2
}

fn is_tagged(chain: Chain, here: &[Spot<'_>]) -> bool {
    let (mut fit, mut count, mut failed) = (0_usize, 0_usize, 0_usize);
    let (mut bytes, mut values) = (0_usize, 0_usize);
    let mut tags: BTreeMap<u16, usize> = BTreeMap::new();
    let some = here.iter().filter(|spot| !spot.rest().is_empty()).count();
    if some < FEWEST || !at_least(some, here.len(), 30) {
        return false;
    }
    for spot in here.iter().filter(|spot| !spot.rest().is_empty()) {
        match links(chain, spot.rest()) {
            Some(list) => {
                fit = fit.saturating_add(1);
                // An envelope of one link: what is in it counts.
                let inner = envelope(chain, spot.rest(), &list);
                let real = || list.iter().chain(&inner).filter(|link| link.has_value());
                count = count.saturating_add(real().count());
                bytes = bytes.saturating_add(spot.rest().len());
                values = list.iter().map(|link| link.end.saturating_sub(link.value)).fold(values, usize::saturating_add);
                for tag in real().map(|link| link.tag).collect::<BTreeSet<_>>() {
                    let seen = tags.entry(tag).or_default();
                    *seen = seen.saturating_add(1);
                }
            }
            None => failed = failed.saturating_add(1),
        }
        if failed.saturating_mul(10) > some {
            return false;
        }
    }
    // Tags that come back, and more than one to a message.
    let back: usize = tags.values().filter(|seen| **seen >= 3).sum();
    let sum: usize = tags.values().sum();
    // Zeros are links of wide tags, too, but have no values.
    let is_wide = matches!(chain, Chain::Tagged { form: Form { tag: 2, .. }, .. });
    if is_wide && !at_least(values, bytes, 30) {
        return false;
    }
    (2..=TAGS).contains(&tags.len()) && at_least(count, fit, 200) && at_least(back, sum, 95) && distinct(here, 0, 1, TAGS) <= FIRST_TAGS
}
