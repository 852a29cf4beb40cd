//! A writer that holds back what it is given until it may be read.

use crate::loss::Counter;
use std::cell::Cell;
use std::io;
use std::io::Write;
use std::rc::Rc;

/// How many bytes a [`Held`] writer holds back.
#[derive(Clone, Debug, Default)]
pub struct HeldBytes(Rc<Cell<usize>>);

impl HeldBytes {
    /// The bytes held back now.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.get()
    }
}

/// Holds back everything until it is flushed, up to a bound. Who fills it keeps an eye on [`Held::bytes`] and flushes long before; beyond
/// the bound records (lines) are dropped and counted.
#[derive(Debug)]
pub struct Held<W> {
    inner: W,
    buffer: Vec<u8>,
    bytes: HeldBytes,
    most: usize,
    lost: Counter,
}

impl<W: Write> Held<W> {
    /// Holds back what would go to a writer, at most so many bytes; what is dropped is counted.
    pub fn new(inner: W, most: usize, lost: Counter) -> Self {
        Self { inner, buffer: Vec::new(), bytes: HeldBytes::default(), most, lost }
    }

    /// The counter of the bytes held back.
    pub fn bytes(&self) -> HeldBytes {
        self.bytes.clone()
    }
}

impl<W: Write> Write for Held<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len().saturating_add(bytes.len()) > self.most && !self.buffer.is_empty() {
            let lines = memchr::memchr_iter(b'\n', bytes).count();
            self.lost.add(u64::try_from(lines).unwrap_or(0));
            return Ok(bytes.len());
        }
        self.buffer.extend_from_slice(bytes);
        self.bytes.0.set(self.buffer.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.write_all(&self.buffer)?;
        self.buffer.clear();
        self.bytes.0.set(0);
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_until_it_is_flushed() {
        let lost = Counter::default();
        let mut held = Held::new(Vec::new(), 10, lost.clone());
        let bytes = held.bytes();
        held.write_all(b"one ").unwrap();
        held.write_all(b"two").unwrap();
        assert_eq!((held.inner.len(), bytes.get()), (0, 7));
        held.write_all(b"more\nmore\n").unwrap();
        held.flush().unwrap();
        assert_eq!(lost.get(), 2);
        assert_eq!((held.inner.as_slice(), bytes.get()), (&b"one two"[..], 0));
    }
}
