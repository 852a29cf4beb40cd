//! One look at every byte of a line: where it ends, where its separators are, and whether it is plain.

use crate::row::Cell;
use crate::row::MOST_CELLS;
use std::ops::ControlFlow;
use std::ops::ControlFlow::Break;
use std::ops::ControlFlow::Continue;
use wide::u8x16;

/// Bytes looked at together.
const STRIDE: usize = 64;

/// A separator with its blanks, behind three bytes that do not count.
const USUAL: u64 = u64::from_le_bytes(*b"\0\0\0 <|> ");

/// Bits of the bytes of a number that stand behind a separator with its blanks.
const BEHIND: u32 = 24;

/// What one look tells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Bytes of it, without its line end.
    pub(super) end: usize,
    /// How many cells it has.
    pub(super) cells: usize,
    /// Whether all of it is visible ASCII without quotation mark and backslash.
    pub(super) is_plain: bool,
}

/// Reads a line up to its end, LF or NUL, and puts down where its cells are. `None` where the end is not there, where the line begins with
/// a separator, or where it has more cells than there is room for.
pub(super) fn scan(bytes: &[u8], cells: &mut [Cell; MOST_CELLS]) -> Option<Seen> {
    if bytes.first() == Some(&b'<') {
        return None;
    }
    let mut line = Line { bytes, cells, count: 0, start: 0, is_plain: true };
    let (strides, rest) = bytes.as_chunks::<STRIDE>();
    let mut at = 0_usize;
    for stride in strides {
        if let Break(end) = line.stride(at, marks(stride)) {
            return line.finish(end?);
        }
        at = at.wrapping_add(STRIDE);
    }
    let mut last = [b' '; STRIDE];
    last.get_mut(..rest.len())?.copy_from_slice(rest);
    let end = line.stride(at, marks(&last)).break_value()?;
    line.finish(end?)
}

/// A line that is being looked at.
struct Line<'l> {
    bytes: &'l [u8],
    cells: &'l mut [Cell; MOST_CELLS],
    /// Cells that are whole.
    count: usize,
    /// Where the next one starts.
    start: usize,
    is_plain: bool,
}

impl Line<'_> {
    /// Looks at the bytes of a stride that may matter. Breaks where the line ends, or, without a place, where it has too many cells.
    #[inline]
    fn stride(&mut self, at: usize, mut marks: u64) -> ControlFlow<Option<usize>> {
        while marks != 0 {
            let place = at.wrapping_add(index(marks.trailing_zeros()));
            marks &= marks.wrapping_sub(1);
            match self.bytes.get(place) {
                Some(b'|') if self.bar(place) => {}
                Some(b'|') => return Break(None),
                Some(b'\n' | 0) => return Break(Some(place)),
                _ => self.is_plain = false,
            }
        }
        Continue(())
    }

    /// Looks at what may be the middle of a separator: one blank on each side belongs to it, and no line begins with one. False where
    /// there is no room for the cell before it.
    #[inline]
    fn bar(&mut self, bar: usize) -> bool {
        let around = self.bytes.get(bar.wrapping_sub(2)..).and_then(<[u8]>::first_chunk);
        let usual = around.is_some_and(|around| u64::from_le_bytes(*around).wrapping_shl(BEHIND) == USUAL);
        let blanks = if usual { Some((true, true)) } else { self.blanks(bar) };
        let Some((before, behind)) = blanks else { return true };
        let Some(place) = self.cells.get_mut(self.count) else { return false };
        let end = bar.wrapping_sub(1).wrapping_sub(usize::from(before)).max(self.start);
        *place = Cell { start: self.start, end, is_nothing: false };
        self.start = bar.wrapping_add(2).wrapping_add(usize::from(behind));
        self.count = self.count.wrapping_add(1);
        true
    }

    /// Whether there are blanks before and behind a separator, if this is the middle of one.
    #[cold]
    fn blanks(&self, bar: usize) -> Option<(bool, bool)> {
        let around = bar.checked_sub(2).and_then(|first| self.bytes.get(first..)).and_then(<[u8]>::first_chunk);
        let Some([before, b'<', b'|', b'>', behind]) = around else { return None };
        Some((*before == b' ', *behind == b' '))
    }

    /// The last cell ends with the line.
    fn finish(self, end: usize) -> Option<Seen> {
        *self.cells.get_mut(self.count)? = Cell { start: self.start, end, is_nothing: false };
        Some(Seen { end, cells: self.count.wrapping_add(1), is_plain: self.is_plain })
    }
}

/// A place in a stride.
#[inline]
fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Which bytes of a stride are bars or are not plain: a bit for each, the first one in the lowest bit.
#[inline]
fn marks(stride: &[u8; STRIDE]) -> u64 {
    let [first, second, third, fourth] = stride.as_chunks().0 else { return u64::MAX };
    let (first, second, third, fourth) =
        (marks_of_quarter(first), marks_of_quarter(second), marks_of_quarter(third), marks_of_quarter(fourth));
    first | second.wrapping_shl(16) | third.wrapping_shl(32) | fourth.wrapping_shl(48)
}

/// The same of a quarter of a stride.
#[inline]
fn marks_of_quarter(quarter: &[u8; STRIDE / 4]) -> u64 {
    let (all, each) = (u8x16::from(*quarter), u8x16::splat);
    // Bar and backslash differ in one bit.
    let bars = (all | each(b'|' ^ b'\\')).simd_eq(each(b'|'));
    // What is below the blank is above all others then.
    #[allow(clippy::arithmetic_side_effects, reason = "the bytes of vectors wrap")]
    let above = all - each(b' ');
    let visible = above.min(each(b'~' - b' ')).simd_eq(above);
    (!visible | bars | all.simd_eq(each(b'"'))).to_bitmask().into()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::super::line;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_tell_every_byte() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (0..STRIDE).map(move |at| (byte, at))) {
            let mut stride = [b'a'; STRIDE];
            stride[at] = byte;
            let is_marked = !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\' | b'|');
            assert_eq!(marks(&stride), u64::from(is_marked) << at, "{byte} at {at}");
        }
    }

    /// Where a line ends, its cells, and whether it is plain.
    type Told = (usize, Vec<(usize, usize)>, bool);

    /// What the grammar of lines says of the same bytes.
    fn slowly(bytes: &[u8]) -> Option<Told> {
        let end = memchr::memchr2(b'\n', 0, bytes)?;
        let line = &bytes[..end];
        let cells: Vec<_> = line::fields(line).into_iter().map(|range| (range.start, range.end)).collect();
        let is_plain = line.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        (!line.starts_with(b"<") && !bytes.starts_with(b"<") && cells.len() <= MOST_CELLS).then_some((end, cells, is_plain))
    }

    fn quickly(bytes: &[u8]) -> Option<Told> {
        let mut cells = [Cell::default(); MOST_CELLS];
        let seen = scan(bytes, &mut cells)?;
        Some((seen.end, cells.iter().take(seen.cells).map(|cell| (cell.start, cell.end)).collect(), seen.is_plain))
    }

    #[test]
    fn lines_end_and_are_cut_at_every_place() {
        for length in 0..150 {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                for (place, byte) in b" <|> \n".iter().enumerate() {
                    if let Some(here) = bytes.get_mut(at + place) {
                        *here = *byte;
                    }
                }
                assert_eq!(quickly(&bytes), slowly(&bytes), "{at} of {length}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_scan_is_what_the_grammar_says(bytes in proptest::collection::vec(prop_oneof![
            4 => Just(b"a".to_vec()), 4 => Just(b" <|> ".to_vec()), 2 => Just(b"<|>".to_vec()), 1 => Just(b"|".to_vec()),
            1 => Just(b"<".to_vec()), 1 => Just(b" ".to_vec()), 1 => Just(b">".to_vec()), 2 => Just(b"some words of text".to_vec()),
            1 => any::<u8>().prop_map(|byte| vec![byte]), 1 => Just(b"\n".to_vec()),
        ], 0..40)) {
            let bytes = bytes.concat();
            prop_assert_eq!(quickly(&bytes), slowly(&bytes));
        }
    }
}
