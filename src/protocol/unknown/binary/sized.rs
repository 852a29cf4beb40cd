//! Parts whose size stands in bits of a byte further in front, as the length of a token in the first byte of a header.

use super::chain;
use super::deltas;
use super::numbers::at_least;
use super::rows::Spot;
use crate::grammar::Kind;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Furthest place of such a part, and of its size from the start of the message.
const REACH: usize = 32;

/// Bits of a byte that may be a size, as protocols divide bytes: how far they are shifted, and how many.
const BITS: [(u8, u8); 4] = [(0, 8), (0, 4), (4, 4), (0, 3)];

/// Messages that are looked at first.
const QUICK: usize = 24;

/// Pairs of request and answer that show what an answer repeats.
const FEWEST_PAIRS: usize = 10;

/// A part of which a byte of the header says the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sized {
    /// That byte, from the start of the message.
    pub(super) at: usize,
    /// How many bits behind those that count, and how many count.
    pub(super) shift: u8,
    pub(super) bits: u8,
    /// What the part is.
    pub(super) kind: Kind,
}

impl Sized {
    /// Bytes of the part in this message.
    pub(super) fn size(self, bytes: &[u8]) -> Option<usize> {
        let mask = u8::MAX.checked_shr(u32::from(8_u8.saturating_sub(self.bits))).unwrap_or(0);
        let byte = *bytes.get(self.at)?;
        Some(usize::from(byte.checked_shr(u32::from(self.shift)).unwrap_or(0) & mask))
    }

    /// Where its end is, if it is in the message.
    fn behind<'a>(self, spot: &Spot<'a>) -> Option<Spot<'a>> {
        let size = self.size(spot.row.bytes)?;
        (size <= spot.rest().len()).then(|| spot.on(size))
    }

    /// The part of this message.
    fn part<'a>(self, spot: &Spot<'a>) -> Option<&'a [u8]> {
        spot.part(0, self.size(spot.row.bytes)?)
    }
}

/// The size of a part here: only one behind which a chain leads to the end of all messages gives itself away.
pub(super) fn find(here: &[Spot<'_>]) -> Option<Sized> {
    let start = here.first()?.start;
    if start == 0 || start > REACH || here.iter().any(|spot| spot.start != start) {
        return None;
    }
    let all = (0..start).flat_map(|at| BITS.map(|(shift, bits)| Sized { at, shift, bits, kind: Kind::Opaque }));
    let found = all.into_iter().find(|sized| leads(*sized, here))?;
    Some(Sized { kind: kind(found, here), ..found })
}

fn leads(sized: Sized, here: &[Spot<'_>]) -> bool {
    if !seems(sized, here) {
        return false;
    }
    let lengths: BTreeSet<usize> = here.iter().filter_map(|spot| sized.size(spot.row.bytes)).collect();
    if lengths.len() < 2 {
        return false;
    }
    let behind: Vec<Spot<'_>> = here.iter().filter_map(|spot| sized.behind(spot)).collect();
    if !at_least(behind.len(), here.len(), 97) || !is_chain(&behind) {
        return false;
    }
    // It explains what no one size does.
    let most = lengths.last().copied().unwrap_or(0);
    (0..=most).all(|size| !is_chain(&here.iter().map(|spot| spot.on(size)).collect::<Vec<_>>()))
}

/// A quick look: whether sizes differ, and all but a few of the first messages have a chain behind a part of that size.
fn seems(sized: Sized, here: &[Spot<'_>]) -> bool {
    let size = |spot: &Spot<'_>| sized.size(spot.row.bytes);
    let is_one =
        |spot: &Spot<'_>| sized.behind(spot).is_some_and(|behind| deltas::read(behind.rest()).is_some() || chain::is_tags(behind.rest()));
    let first = here.first().and_then(size);
    // Nothing is walked once too many have failed.
    let looked = here.get(..QUICK).unwrap_or(here);
    let most = looked.len() / 5;
    here.iter().any(|spot| size(spot) != first) && looked.iter().filter(|spot| !is_one(spot)).nth(most).is_none()
}

/// Whether a chain leads from here to the end of nearly all messages.
fn is_chain(here: &[Spot<'_>]) -> bool {
    deltas::holds(here) || chain::holds_to_the_end(here)
}

/// What it is: what answers repeat, or text, or bytes.
fn kind(sized: Sized, here: &[Spot<'_>]) -> Kind {
    let by: BTreeMap<usize, &Spot<'_>> = here.iter().map(|spot| (spot.place, spot)).collect();
    let answers = here.iter().filter(|spot| spot.row.from == Peer::Server);
    let pairs: Vec<_> = answers.filter_map(|spot| Some((sized.part(spot)?, sized.part(by.get(&spot.row.ask?)?)?))).collect();
    let there = pairs.iter().filter(|(part, _)| !part.is_empty()).count();
    let repeated = pairs.iter().filter(|(part, asked)| !part.is_empty() && part == asked).count();
    let bytes = || here.iter().filter_map(|spot| sized.part(spot)).flatten();
    if there >= FEWEST_PAIRS && at_least(repeated, there, 80) {
        Kind::Echo
    } else if at_least(bytes().filter(|byte| byte.is_ascii_graphic() || **byte == b' ').count(), bytes().count(), 95) {
        Kind::String
    } else {
        Kind::Opaque
    }
}
