//! Reads fields off the front of bytes; what is not there is `None`, never a panic.

/// The bytes not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next so many bytes.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next byte.
    pub(super) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next number of two bytes.
    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }

    /// The next number of three bytes, as a length.
    pub(super) fn u24(&mut self) -> Option<usize> {
        let [high, middle, low] = *self.take(3)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()
    }

    /// A vector with a length of one byte.
    pub(super) fn short(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    /// A vector with a length of two bytes.
    pub(super) fn long(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    /// Extensions, as far as they are whole.
    pub(super) fn extensions(mut self) -> impl Iterator<Item = (u16, &'a [u8])> {
        std::iter::from_fn(move || Some((self.u16()?, self.long()?)))
    }

    /// The content of the next DER element, if it has this tag.
    ///
    /// # Wire
    ///
    /// [spec] X.690 8.1: tag, length in one byte or in as many as its low bits say, content.
    pub(super) fn der(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.any_der().map(|(_, content)| content)
    }

    /// The next DER element, tag and content.
    pub(super) fn any_der(&mut self) -> Option<(u8, &'a [u8])> {
        let mut reader = *self;
        let (tag, first) = (reader.u8()?, reader.u8()?);
        let len = match first {
            0..=0x7f => usize::from(first),
            0x81..=0x84 => {
                let bytes = reader.take(usize::from(first & 0x7f))?;
                bytes.iter().fold(0_usize, |len, byte| len << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let content = reader.take(len)?;
        *self = reader;
        Some((tag, content))
    }
}
