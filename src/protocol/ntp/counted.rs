//! Lines of a plugin list that are only counted: all that are there are looked at in one go, since nobody looks at what they say.

use super::block;
use super::block::Block;
use super::place::Mode;
use super::place::Session;
use super::place::Side;
use super::session::CUT_BY_SERVERS;
use crate::peer::Peer;
use crate::protocol::Notes;
use wide::u8x16;

/// Bytes looked at together.
const STRIDE: usize = 64;

/// Lines at the front of some bytes, each plainly one of many alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// How many they are.
    pub(super) lines: u64,
    /// How many bytes they have, their line ends included.
    pub(super) bytes: usize,
    /// Whether behind them no line end is left.
    pub(super) is_all: bool,
}

impl Session {
    /// Counts the next units, if they are lines of a plugin list, whole and plain, and nobody looks at what they say.
    pub(super) fn counted(&self, from: Peer, rest: &[u8], fresh: usize, notes: &mut Notes<'_>) -> Option<Counted> {
        if notes.wants_details() || from != Peer::Server || !self.is_amid_plugins() {
            return None;
        }
        let counted = plain_lines(rest, fresh);
        notes.count_more(counted.lines);
        Some(counted)
    }

    /// Whether the server's next line is one of its plugin list, whole, and nothing was lost before it.
    pub(super) fn is_amid_plugins(&self) -> bool {
        matches!(
            self.server,
            Side {
                mode: Mode::Body(Block::Plugins),
                torn: false,
                after_loss: false,
                behind_secret: false,
                waiting: false,
                open_result: None
            }
        )
    }
}

/// Counts lines up to one that is not plain or not whole. The first one has no end in its first `fresh` bytes.
fn plain_lines(bytes: &[u8], fresh: usize) -> Counted {
    let mut counted = Counted { lines: 0, bytes: 0, is_all: true };
    let mut at = fresh;
    let (strides, rest) = bytes.get(fresh..).unwrap_or_default().as_chunks::<STRIDE>();
    for stride in strides {
        let found = ends(stride);
        if found != 0 && !counted.take(bytes, at, found) {
            return counted;
        }
        at = at.wrapping_add(STRIDE);
    }
    if !rest.is_empty() {
        let mut last = [b' '; STRIDE];
        if let Some(place) = last.get_mut(..rest.len()) {
            place.copy_from_slice(rest);
        }
        counted.take(bytes, at, ends(&last));
    }
    counted
}

impl Counted {
    /// Takes the lines that end at these bits of the stride at `at`. False where one is not plain.
    #[inline]
    fn take(&mut self, bytes: &[u8], at: usize, mut ends: u64) -> bool {
        while ends != 0 {
            let end = at.wrapping_add(usize::try_from(ends.trailing_zeros()).unwrap_or(STRIDE));
            ends &= ends.wrapping_sub(1);
            match bytes.get(end) {
                Some(b'\n') if block::begins_plainly(bytes.get(self.bytes)) && end.wrapping_sub(self.bytes) <= CUT_BY_SERVERS => {
                    self.lines = self.lines.wrapping_add(1);
                    self.bytes = end.wrapping_add(1);
                }
                Some(b'\n' | 0) => {
                    self.is_all = false;
                    return false;
                }
                _ => {}
            }
        }
        true
    }
}

/// Which bytes may end a line, and some that do not: a bit for each that is no more than a line feed.
#[inline]
fn ends(stride: &[u8; STRIDE]) -> u64 {
    let [first, second, third, fourth] = *stride.as_chunks().0 else { return u64::MAX };
    let (first, second, third, fourth) = (u8x16::from(first), u8x16::from(second), u8x16::from(third), u8x16::from(fourth));
    // Most strides have none.
    if low(first.min(second).min(third.min(fourth))) == 0 {
        return 0;
    }
    low(first) | low(second).wrapping_shl(16) | low(third).wrapping_shl(32) | low(fourth).wrapping_shl(48)
}

/// The same of a quarter of a stride.
#[inline]
fn low(quarter: u8x16) -> u64 {
    quarter.min(u8x16::splat(b'\n')).simd_eq(quarter).to_bitmask().into()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One line after the other, as each alone is looked at.
    fn slowly(bytes: &[u8], fresh: usize) -> Counted {
        let mut counted = Counted { lines: 0, bytes: 0, is_all: true };
        let mut from = fresh;
        while let Some(end) = memchr::memchr2(b'\n', 0, &bytes[from..]).map(|end| from + end) {
            let is_plain = bytes[end] == b'\n' && Block::Plugins.is_plain_line(Peer::Server, &bytes[counted.bytes..end]);
            if !is_plain {
                counted.is_all = false;
                break;
            }
            counted.lines += 1;
            counted.bytes = end + 1;
            from = end + 1;
        }
        counted
    }

    #[test]
    fn every_byte_ends_what_it_should() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (0..STRIDE).map(move |at| (byte, at))) {
            let mut stride = [b'a'; STRIDE];
            stride[at] = byte;
            assert_eq!(ends(&stride), u64::from(byte <= b'\n') << at, "{byte} at {at}");
        }
    }

    #[test]
    fn lines_are_counted_up_to_those_that_are_odd() {
        let long = "a".repeat(CUT_BY_SERVERS);
        for (text, lines, is_all) in [
            ("", 0, true),
            ("1 <|> a\n2 <|> b\n", 2, true),
            ("1 <|> a\n2 <|> b", 1, true),
            ("1 <|> a\n<|> SERVER\n", 1, false),
            ("1\n\n", 1, false),
            ("1\nSERVER <|> BYE\n2\n", 1, false),
            ("1\n2\x003\n", 1, false),
            ("1\n2\t\x013\n", 2, true),
            (&format!("1\n{long}\n2\n"), 3, true),
            (&format!("1\na{long}\n2\n"), 1, false),
        ] {
            let counted = plain_lines(text.as_bytes(), 0);
            assert_eq!((counted.lines, counted.is_all), (lines, is_all), "{text:?}");
            assert_eq!(counted, slowly(text.as_bytes(), 0), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn counting_is_the_same_line_by_line(bytes in proptest::collection::vec(prop_oneof![
            6 => Just(b"some words of text".to_vec()), 3 => Just(b" <|> ".to_vec()), 3 => Just(b"\n".to_vec()), 1 => Just(b"\n1".to_vec()),
            1 => any::<u8>().prop_map(|byte| vec![byte]), 1 => Just([b'x'; STRIDE].to_vec()),
        ], 0..40)) {
            let bytes = bytes.concat();
            prop_assert_eq!(plain_lines(&bytes, 0), slowly(&bytes, 0));
            // What was shown before had no end.
            let shown = memchr::memchr2(b'\n', 0, &bytes).unwrap_or(bytes.len());
            prop_assert_eq!(plain_lines(&bytes, shown), slowly(&bytes, shown));
        }
    }
}
