//! A writer that holds back what it is given until it may be read.

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

/// Holds back everything until it is flushed. Who fills it keeps an eye on [`Held::bytes`]: it grows without a bound of its own.
#[derive(Debug)]
pub struct Held<W> {
    inner: W,
    buffer: Vec<u8>,
    bytes: HeldBytes,
}

impl<W: Write> Held<W> {
    /// Holds back what would go to a writer.
    pub fn new(inner: W) -> Self {
        Self { inner, buffer: Vec::new(), bytes: HeldBytes::default() }
    }

    /// The counter of the bytes held back.
    pub fn bytes(&self) -> HeldBytes {
        self.bytes.clone()
    }
}

impl<W: Write> Write for Held<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
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
        let mut held = Held::new(Vec::new());
        let bytes = held.bytes();
        held.write_all(b"one ").unwrap();
        held.write_all(b"two").unwrap();
        assert_eq!((held.inner.len(), bytes.get()), (0, 7));
        held.flush().unwrap();
        assert_eq!((held.inner.as_slice(), bytes.get()), (&b"one two"[..], 0));
    }
}
