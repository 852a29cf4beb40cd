//! The sliding buffer that capture files are read into, so that records are lent from it and never copied.

use std::io;
use std::io::Cursor;
use std::io::ErrorKind;
use std::io::Read;

/// Bytes asked for at once: fits a core's second-level cache, so that the walk finds its records there.
const READ_BYTES: usize = 256 << 10;

/// Where bytes come from: a file, standard input, a decoder.
pub(super) type Source = Box<dyn Read + Send>;

/// What is wrong with an input, and where in its uncompressed bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Offset of the record that has it.
    pub(super) offset: u64,
    /// What it is, in a few words.
    pub(super) problem: String,
}

/// A part of the input, moving forward.
///
/// ```text
///  bytes   0 ········ start ~~~~~~~~~~~~~~~~~~ end ········ len
///            passed           ahead                 to be read into
///  offset  base       base + start
/// ```
///
/// Invariant: `start <= end <= bytes.len()`. Passed bytes stay where they are until `has` reads more, so that a record may be lent.
pub(super) struct Buffer {
    source: Source,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    base: u64,
    /// What unpacks the source, if it is packed: such a decoder may hold back what it has read.
    pub(super) unpacks: Option<&'static str>,
}

impl Buffer {
    /// A buffer at the beginning of `source`; nothing is read yet.
    pub(super) fn new(source: Source) -> Self {
        Self { source, bytes: vec![0; READ_BYTES], start: 0, end: 0, base: 0, unpacks: None }
    }

    /// Whether `len` bytes are ahead, reading until they are or the input ends. The caller bounds `len`: the buffer grows to it.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or what decompresses it found damage.
    #[inline]
    pub(super) fn has(&mut self, len: usize) -> Result<bool, Flaw> {
        if self.end.saturating_sub(self.start) >= len { Ok(true) } else { self.fill(len) }
    }

    /// As [`Self::has`], where the input must not end before.
    ///
    /// # Errors
    ///
    /// As [`Self::has`], and an input that ends before `len` bytes.
    #[inline]
    pub(super) fn need(&mut self, len: usize, what: &str) -> Result<(), Flaw> {
        if self.has(len)? { Ok(()) } else { Err(self.cut(len, what)) }
    }

    /// The flaw of an input that ends too early.
    #[cold]
    fn cut(&self, len: usize, what: &str) -> Flaw {
        self.flaw(format!("{what} of {len} bytes cut to {}", self.ahead().len()))
    }

    /// The bytes that are in the buffer and not passed.
    #[inline]
    pub(super) fn ahead(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `N` bytes ahead, so that one check serves all fields of a header; zeroes when there are fewer, which callers rule out.
    #[inline]
    pub(super) fn head<const N: usize>(&self) -> [u8; N] {
        self.ahead().first_chunk().copied().unwrap_or([0; N])
    }

    /// Passes `len` bytes that are ahead, and gives their place in the buffer, for [`Self::lent`].
    #[inline]
    pub(super) fn pass(&mut self, len: usize) -> usize {
        let passed = self.start;
        self.start = self.start.saturating_add(len).min(self.end);
        passed
    }

    /// Bytes by their place in the buffer; valid until more is read.
    #[inline]
    pub(super) fn lent(&self, from: usize, len: usize) -> &[u8] {
        self.bytes.get(from..from.saturating_add(len)).unwrap_or_default()
    }

    /// Passes `len` bytes without holding them. Gives how many there were.
    ///
    /// # Errors
    ///
    /// As [`Self::has`].
    pub(super) fn skip(&mut self, len: u64) -> Result<u64, Flaw> {
        let mut left = len;
        while left > 0 && self.has(1)? {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(self.ahead().len());
            self.pass(step);
            left = left.saturating_sub(u64::try_from(step).unwrap_or(u64::MAX));
        }
        Ok(len.saturating_sub(left))
    }

    /// A flaw at this place.
    #[cold]
    pub(super) fn flaw(&self, problem: String) -> Flaw {
        Flaw { offset: self.base.saturating_add(u64::try_from(self.start).unwrap_or(u64::MAX)), problem }
    }

    /// What was read but not passed, then the rest of the source: for a decoder to read from.
    pub(super) fn into_source(self) -> Source {
        Box::new(Cursor::new(self.ahead().to_vec()).chain(self.source))
    }

    /// Moves what is ahead to the front and reads until it is `len` bytes.
    #[cold]
    fn fill(&mut self, len: usize) -> Result<bool, Flaw> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.base = self.base.saturating_add(u64::try_from(self.start).unwrap_or(u64::MAX));
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        if self.bytes.len() < len {
            self.bytes.resize(len, 0);
        }
        while self.end < len {
            match self.source.read(self.bytes.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end = self.end.saturating_add(read).min(self.bytes.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.flaw(problem(&error))),
            }
        }
        Ok(true)
    }
}

/// Decoders report damage as errors of reading; the file itself has no such kinds.
pub(super) fn problem(error: &io::Error) -> String {
    match error.kind() {
        // The bound on memory, not the machine's.
        ErrorKind::OutOfMemory => error.to_string(),
        ErrorKind::UnexpectedEof => "the compressed stream is cut".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => format!("the compressed stream is damaged: {error}"),
        _ => format!("cannot read: {error}"),
    }
}

/// Byte order of a capture's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Order {
    /// The 32-bit number at `at`; zero beyond the end, which callers rule out.
    #[inline]
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        if self == Self::Little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }
    }

    /// The 16-bit number at `at`; zero beyond the end.
    #[inline]
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let two = bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        if self == Self::Little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) }
    }
}

/// A record's length as a size in memory; what does not fit is above every limit anyway.
#[inline]
pub(super) fn size(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
