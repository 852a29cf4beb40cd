//! One look at every byte of a line: where it ends, where its separators are, and whether it is plain.

use super::line::SEPARATOR;
use crate::row::Cell;
use crate::row::MOST_CELLS;
use std::ops::ControlFlow;
use std::ops::ControlFlow::Break;
use std::ops::ControlFlow::Continue;
use wide::u8x16;

/// Bytes looked at together.
const STRIDE: usize = 32;

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
        if let Break(end) = line.stride(at, masks(stride)) {
            return line.finish(end?);
        }
        at = at.wrapping_add(STRIDE);
    }
    let mut last = [b' '; STRIDE];
    last.get_mut(..rest.len())?.copy_from_slice(rest);
    let end = line.stride(at, masks(&last)).break_value()?;
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
    fn stride(&mut self, at: usize, (mut bars, mut odd): (u32, u32)) -> ControlFlow<Option<usize>> {
        let mut end = None;
        while odd != 0 {
            let place = odd.trailing_zeros();
            let index = at.wrapping_add(index(place));
            if matches!(self.bytes.get(index), Some(b'\n' | 0)) {
                bars &= 1_u32.wrapping_shl(place).wrapping_sub(1);
                end = Some(index);
                break;
            }
            self.is_plain = false;
            odd &= odd.wrapping_sub(1);
        }
        while bars != 0 {
            if !self.bar(at.wrapping_add(index(bars.trailing_zeros()))) {
                return Break(None);
            }
            bars &= bars.wrapping_sub(1);
        }
        if end.is_some() { Break(end) } else { Continue(()) }
    }

    /// Looks at what may be the middle of a separator: one blank on each side belongs to it, and no line begins with one. False where
    /// there is no room for the cell before it.
    #[inline]
    fn bar(&mut self, bar: usize) -> bool {
        let around = bar.checked_sub(2).and_then(|first| self.bytes.get(first..)).and_then(<[u8]>::first_chunk);
        if let Some([before, b'<', b'|', b'>', behind]) = around {
            let at = bar.wrapping_sub(1);
            let blank = *before == b' ' && at > self.start;
            let cell = Cell { start: self.start, end: at.wrapping_sub(usize::from(blank)), is_nothing: false };
            self.start = at.wrapping_add(SEPARATOR.len()).wrapping_add(usize::from(*behind == b' '));
            let Some(place) = self.cells.get_mut(self.count) else { return false };
            *place = cell;
            self.count = self.count.wrapping_add(1);
        }
        true
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

/// Which bytes of a stride are bars, and which are not plain: a bit for each, the first one in the lowest bit.
#[inline]
fn masks(stride: &[u8; STRIDE]) -> (u32, u32) {
    let (Some(front), Some(back)) = (stride.first_chunk(), stride.last_chunk()) else { return (0, 0) };
    let ((bars, odd), (bars_behind, odd_behind)) = (masks_of_half(front), masks_of_half(back));
    (bars | bars_behind.wrapping_shl(16), odd | odd_behind.wrapping_shl(16))
}

/// The same of half a stride.
#[inline]
fn masks_of_half(half: &[u8; STRIDE / 2]) -> (u32, u32) {
    let (all, each) = (u8x16::from(*half), u8x16::splat);
    let is = |byte| all.simd_eq(each(byte));
    // What is below the blank is above all others then.
    #[allow(clippy::arithmetic_side_effects, reason = "the bytes of vectors wrap")]
    let above = all - each(b' ');
    let visible = above.min(each(b'~' - b' ')).simd_eq(above);
    (is(b'|').to_bitmask(), (!visible | is(b'"') | is(b'\\')).to_bitmask())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::super::line;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_tell_every_byte() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (0..STRIDE).map(move |at| (byte, at))) {
            let mut stride = [b'a'; STRIDE];
            stride[at] = byte;
            let is_odd = !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
            let bit = |is: bool| u32::from(is) << at;
            assert_eq!(masks(&stride), (bit(byte == b'|'), bit(is_odd)), "{byte} at {at}");
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
        for length in 0..70 {
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
