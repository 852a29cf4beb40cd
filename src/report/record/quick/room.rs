//! Memory that records are written into: texts of any length, and pieces of fixed size, put down one over the end of the other.

use super::digits::short;
use super::place::Place;
use std::io;

/// Room is made for so many bytes at once, at least.
const STEP: usize = 1 << 12;

/// Bytes of two numbers of any size, and of what stands around them; rounded up.
pub(super) const PAIR: usize = 64;

/// What was written so far. What stands behind it does not count: nothing is ever cleared, and room is made but once.
#[derive(Debug, Default)]
pub(in crate::report) struct Room {
    bytes: Vec<u8>,
    len: usize,
}

/// Text in front of bytes that do not count: a copy of fixed size is quicker than one of the right size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<const N: usize> {
    pub(super) bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Piece<N> {
    /// Nothing where the text is longer.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, len: u8::try_from(text.len()).ok()? })
    }

    /// Bytes that count.
    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }
}

impl Room {
    /// All that was written.
    pub(in crate::report) fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// All that was written, and what stands behind it.
    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// How much was written.
    pub(in crate::report) fn len(&self) -> usize {
        self.len
    }

    /// Takes back all that was written behind so many bytes.
    pub(in crate::report) fn cut(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The next so many bytes, to be written over; they count when they are [`taken`](Self::take).
    #[inline]
    pub(super) fn next(&mut self, bytes: usize) -> &mut [u8] {
        let end = self.len.saturating_add(bytes);
        if end > self.bytes.len() {
            self.grow(end);
        }
        self.bytes.get_mut(self.len..end).unwrap_or_default()
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.bytes.resize(end.saturating_add(end / 2).next_multiple_of(STEP), 0);
    }

    /// Lets so many of the next bytes count.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) {
        self.len = self.len.saturating_add(bytes);
    }

    /// Adds text.
    #[inline]
    pub(in crate::report) fn put(&mut self, text: &[u8]) {
        if let Some(place) = self.next(text.len()).get_mut(..text.len()) {
            place.copy_from_slice(text);
        }
        self.take(text.len());
    }

    /// Adds a word of the program.
    #[inline]
    pub(in crate::report) fn word<const N: usize>(&mut self, word: &[u8; N]) {
        if let Some(place) = self.next(N).first_chunk_mut() {
            *place = *word;
        }
        self.take(N);
    }

    /// Adds a piece.
    #[inline]
    pub(super) fn piece<const N: usize>(&mut self, piece: &Piece<N>) {
        if let Some(place) = self.next(N).first_chunk_mut() {
            *place = piece.bytes;
        }
        self.take(piece.len());
    }

    /// Adds a number.
    #[inline]
    pub(super) fn number(&mut self, number: u64) {
        let Some((digits, len)) = short(number) else { return self.put(itoa::Buffer::new().format(number).as_bytes()) };
        if let Some(place) = self.next(digits.len()).first_chunk_mut() {
            *place = digits;
        }
        self.take(len);
    }

    /// Adds two numbers: `[1,2]`.
    pub(super) fn pair(&mut self, first: u64, second: u64) {
        let mut place = Place::new(self.next(PAIR));
        let written = place.word(b"[").and_then(|()| place.pair(first, second)).and_then(|()| place.word(b"]"));
        debug_assert!(written.is_some(), "two numbers and three marks have room");
        let filled = place.filled();
        self.take(filled);
    }

    /// Adds a list of what `each` writes.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.word(b"[");
        let start = self.len;
        for item in items {
            if self.len > start {
                self.word(b",");
            }
            each(self, item);
        }
        self.word(b"]");
    }
}

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_texts_follow_each_other() {
        let mut room = Room::default();
        let piece = Piece::<8>::of(b"abc").unwrap();
        assert!(Piece::<2>::of(b"abc").is_none());
        for _ in 0..2000 {
            room.piece(&piece);
            room.word(b"-");
            room.pair(1, 23);
        }
        room.list([1, 2], Room::number);
        assert_eq!(room.written(), ["abc-[1,23]".repeat(2000).as_bytes(), b"[1,2]"].concat());
        room.cut(4);
        room.word(b"!");
        assert_eq!(room.written(), b"abc-!");
    }
}
