//! A place in memory that is filled from its front: pieces of fixed size, one over the end of the other, without a call for any of them.

use super::digits::Digits;
use super::digits::short;
use super::room::Piece;

/// Bytes of text that are copied together: most cells take one stride, which no processor guesses wrong.
const STRIDE: usize = 64;

/// Bytes behind the last one written that may be written over: the longest piece, twice.
pub(super) const SLACK: usize = 256;

/// Bytes of what stands behind the numbers of a token, at most.
pub(super) const TAIL_BYTES: usize = 64;

/// Bytes that a token takes at most: two numbers of four digits, a comma, and its tail; rounded up.
const TOKEN_BYTES: usize = 16 + TAIL_BYTES;

/// Memory, and how much of it is filled. Nothing is written where it would not fit: then `None` is given back.
pub(super) struct Place<'p> {
    bytes: &'p mut [u8],
    at: usize,
}

impl<'p> Place<'p> {
    /// Fills this memory.
    pub(super) fn new(bytes: &'p mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How much is filled.
    pub(super) fn filled(&self) -> usize {
        self.at
    }

    /// The next bytes, as many as are asked for.
    #[inline]
    fn next<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(self.at..)?.first_chunk_mut()
    }

    /// Lets so many of the next bytes count. Should that be too many, nothing more is written.
    #[inline]
    fn take(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    /// Adds a piece.
    #[inline]
    pub(super) fn piece<const N: usize>(&mut self, piece: &Piece<N>) -> Option<()> {
        *self.next()? = piece.bytes;
        self.take(piece.len());
        Some(())
    }

    /// Adds text of any length.
    #[inline]
    pub(super) fn text(&mut self, text: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.at..)?.get_mut(..text.len())?.copy_from_slice(text);
        self.take(text.len());
        Some(())
    }

    /// Adds a word of the program.
    #[inline]
    pub(super) fn word<const N: usize>(&mut self, word: &[u8; N]) -> Option<()> {
        *self.next()? = *word;
        self.take(N);
        Some(())
    }

    /// Adds the first bytes of some; what stands behind them may be written, too, and does not count.
    #[inline]
    pub(super) fn front(&mut self, bytes: &[u8], len: usize) -> Option<()> {
        match bytes.first_chunk::<STRIDE>() {
            Some(stride) if len <= STRIDE => *self.next()? = *stride,
            // Long, or at the end of all that was seen.
            _ => return self.text(bytes.get(..len)?),
        }
        self.take(len);
        Some(())
    }

    /// Adds a token behind its head: its two numbers and its tail.
    #[inline]
    pub(super) fn token(&mut self, first: Digits, second: Digits, tail: &Piece<TAIL_BYTES>) -> Option<()> {
        let room = self.next::<TOKEN_BYTES>()?;
        *room.first_chunk_mut()? = first.bytes();
        // The bits that are cut off are never set: so the compiler knows that all of it has room.
        let behind_first = first.len() & 7;
        *room.get_mut(behind_first..)?.first_chunk_mut()? = second.bytes();
        let behind = behind_first.wrapping_add(second.len()).wrapping_sub(1) & 15;
        *room.get_mut(behind..)?.first_chunk_mut()? = tail.bytes;
        self.take(behind.wrapping_add(tail.len()));
        Some(())
    }

    /// Adds two numbers, and a comma between them.
    #[inline]
    pub(super) fn pair(&mut self, first: u64, second: u64) -> Option<()> {
        self.number(first)?;
        self.word(b",")?;
        self.number(second)
    }

    /// Adds a number.
    #[inline]
    pub(super) fn number(&mut self, number: u64) -> Option<()> {
        let Some((digits, len)) = short(number) else { return self.text(itoa::Buffer::new().format(number).as_bytes()) };
        *self.next()? = digits;
        self.take(len);
        Some(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;

    /// What is written into so much memory; nothing where it does not fit.
    fn written(size: usize, write: impl FnOnce(&mut Place<'_>) -> Option<()>) -> Option<String> {
        let mut memory = vec![b'.'; size];
        let mut place = Place::new(&mut memory);
        write(&mut place)?;
        let filled = place.filled();
        Some(String::from_utf8(memory[..filled].to_vec()).unwrap())
    }

    #[test]
    fn numbers_and_tokens_are_put_down() {
        for number in [0, 7, 10, 999, 1000, 9_999, 10_000, 12_345_678, 100_000_000, u64::MAX] {
            assert_eq!(written(64, |place| place.number(number)), Some(number.to_string()));
        }
        let tail = Piece::of(b"],tail").unwrap();
        for (first, second) in [(0, 0), (9, 10), (99, 1000), (1000, 9), (9999, 9999)] {
            let text = written(100, |place| place.token(Digits::of(first)?, Digits::of(second)?, &tail));
            assert_eq!(text, Some(format!("{first},{second}],tail")));
        }
    }

    #[test]
    fn texts_follow_each_other_whatever_stands_behind_them() {
        let all: Vec<u8> = (b'a'..=b'z').cycle().take(200).collect();
        let piece = Piece::<8>::of(b"{piece}").unwrap();
        for (seen, len) in (0..200).flat_map(|seen| (0..=seen).map(move |len| (seen, len))) {
            let text = written(400, |place| {
                place.front(&all[..seen], len)?;
                place.piece(&piece)?;
                place.text(b"!")
            });
            let all = str::from_utf8(&all[..len]).unwrap();
            assert_eq!(text, Some(format!("{all}{{piece}}!")));
        }
    }

    #[test]
    fn nothing_is_written_behind_the_memory() {
        let text = [b'x'; 100];
        assert_eq!(written(10, |place| place.front(&text, 50)), None);
        assert_eq!(written(10, |place| place.text(&text)), None);
        assert_eq!(written(7, |place| place.number(1)), None);
        assert_eq!(written(7, |place| place.piece(&Piece::<8>::of(b"a")?)), None);
    }
}
