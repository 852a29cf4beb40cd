//! Which bytes behind a head are body: by length, in chunks, or until the connection closes.

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks, each with its size before it.
    Chunked,
    /// Everything until the sender closes.
    UntilClose,
}

impl Framing {
    /// The name used in every output.
    pub(in crate::protocol) fn name(self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::Chunked => "chunked",
            Self::UntilClose => "close",
        }
    }
}

/// What a run of bytes behind a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum What {
    /// Body.
    Data,
    /// The size of a chunk.
    Size,
    /// What stands behind the size.
    Extension,
    /// A line end of the framing.
    LineEnd,
    /// A header line behind the last chunk.
    Trailer,
}

/// Tells the bytes of one body apart. Holds no byte; where the stream is cut does not matter.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Framer {
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    /// In a size, of so many digits so far.
    Size(u64, u8),
    /// Behind the digits of a size.
    SizeEnd(u64),
    Chunk(u64),
    /// Behind a chunk.
    ChunkEnd,
    /// In a trailer; whether at the start of a line.
    Trailer(bool),
    Done,
    Broken,
}

/// Digits of a size: more are no size.
const MOST_DIGITS: u8 = 15;

impl Framer {
    /// Before the first byte behind the head.
    pub(in crate::protocol) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(bytes) => State::Length(bytes),
            Framing::Chunked => State::Size(0, 0),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state }
    }

    /// Whether the body has ended.
    pub(in crate::protocol) fn is_done(self) -> bool {
        self.state == State::Done
    }

    /// Whether the framing contradicts itself, so that nothing is known of what follows.
    pub(in crate::protocol) fn is_broken(self) -> bool {
        self.state == State::Broken
    }

    /// Whether only the end of the connection ends it.
    pub(in crate::protocol) fn ends_with_connection(self) -> bool {
        self.state == State::UntilClose
    }

    /// The next run of bytes of one kind, at the front of these: how many, and what they are. `None` when there are none, or
    /// when they belong to the body no more.
    ///
    /// # Wire
    ///
    /// [spec] RFC 9112 7.1: size in hexadecimal digits, extensions behind `;`, CR LF; the data; CR LF. Size 0 ends it; behind it
    /// may stand header lines, and an empty line.
    pub(in crate::protocol) fn next(&mut self, bytes: &[u8]) -> Option<(usize, What)> {
        let first = *bytes.first()?;
        match self.state {
            State::Done | State::Broken => None,
            State::UntilClose => Some((bytes.len(), What::Data)),
            State::Length(left) => Some((self.take(bytes, left, State::Length, State::Done), What::Data)),
            State::Chunk(left) => Some((self.take(bytes, left, State::Chunk, State::ChunkEnd), What::Data)),
            State::Size(size, digits) => self.size(first, size, digits),
            State::SizeEnd(size) => match first {
                b'\n' => {
                    self.state = if size == 0 { State::Trailer(true) } else { State::Chunk(size) };
                    Some((1, What::LineEnd))
                }
                b'\r' => Some((1, What::LineEnd)),
                _ => Some((until_line_end(bytes), What::Extension)),
            },
            State::ChunkEnd => match first {
                b'\n' => {
                    self.state = State::Size(0, 0);
                    Some((1, What::LineEnd))
                }
                b'\r' => Some((1, What::LineEnd)),
                _ => self.broken(),
            },
            State::Trailer(at_start) => match first {
                b'\n' => {
                    self.state = if at_start { State::Done } else { State::Trailer(true) };
                    Some((1, What::LineEnd))
                }
                b'\r' => Some((1, What::LineEnd)),
                _ => {
                    self.state = State::Trailer(false);
                    Some((until_line_end(bytes), What::Trailer))
                }
            },
        }
    }

    fn size(&mut self, first: u8, size: u64, digits: u8) -> Option<(usize, What)> {
        let Some(digit) = char::from(first).to_digit(16) else {
            if digits == 0 || !matches!(first, b';' | b' ' | b'\t' | b'\r' | b'\n') {
                return self.broken();
            }
            self.state = State::SizeEnd(size);
            return if matches!(first, b'\r' | b'\n') { self.next(&[first]) } else { Some((1, What::Extension)) };
        };
        if digits >= MOST_DIGITS {
            return self.broken();
        }
        self.state = State::Size(size.saturating_mul(16).saturating_add(u64::from(digit)), digits.saturating_add(1));
        Some((1, What::Size))
    }

    fn broken<T>(&mut self) -> Option<T> {
        self.state = State::Broken;
        None
    }

    /// Takes as many of these bytes as are still expected.
    fn take(&mut self, bytes: &[u8], left: u64, more: fn(u64) -> State, then: State) -> usize {
        let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
        self.state = if left == 0 { then } else { more(left) };
        taken
    }

    /// Steps over lost bytes; false when it is not known where the body stands behind them.
    pub(in crate::protocol) fn skip(&mut self, missing: u64) -> bool {
        match self.state {
            State::UntilClose => true,
            State::Length(left) if missing <= left => {
                self.state = if missing == left { State::Done } else { State::Length(left.saturating_sub(missing)) };
                true
            }
            State::Chunk(left) if missing <= left => {
                self.state = if missing == left { State::ChunkEnd } else { State::Chunk(left.saturating_sub(missing)) };
                true
            }
            _ => false,
        }
    }
}

fn until_line_end(bytes: &[u8]) -> usize {
    memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body, and how many bytes are left behind it.
    fn data(framing: Framing, bytes: &[u8], cut: usize) -> (Vec<u8>, usize, bool) {
        let (mut framer, mut out, mut left) = (Framer::new(framing), Vec::new(), bytes);
        'all: for piece in bytes.chunks(cut) {
            let mut piece = piece;
            while let Some((len, what)) = framer.next(piece) {
                if what == What::Data {
                    out.extend_from_slice(&piece[..len]);
                }
                piece = &piece[len..];
                left = &left[len..];
            }
            if framer.is_done() || framer.is_broken() {
                break 'all;
            }
        }
        (out, left.len(), framer.is_done())
    }

    #[test]
    fn chunks_are_put_together_however_they_are_cut() {
        let body = b"4;x=\"y\"\r\nWiki\r\n5 \r\npedia\r\n0\r\nTrailer: t\r\n\r\nnext";
        for cut in 1..body.len() {
            assert_eq!(data(Framing::Chunked, body, cut), (b"Wikipedia".to_vec(), 4, true), "{cut}");
        }
    }

    #[test]
    fn a_size_that_is_none_breaks_the_body() {
        for body in [&b"x\r\n"[..], b"\r\n", b"1\r\nabc", b"ffffffffffffffff\r\n", b"-1\r\n", b"4x\r\n"] {
            let mut framer = Framer::new(Framing::Chunked);
            let mut rest = body;
            while let Some((len, _)) = framer.next(rest) {
                rest = &rest[len..];
            }
            assert!(framer.is_broken(), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn lost_bytes_within_a_length_or_a_chunk_are_stepped_over() {
        let mut framer = Framer::new(Framing::Length(10));
        assert_eq!(framer.next(b"abc"), Some((3, What::Data)));
        assert!(framer.skip(5) && !framer.is_done() && !framer.skip(3) && framer.skip(2) && framer.is_done());
        assert!(!Framer::new(Framing::Chunked).skip(1));
        assert!(Framer::new(Framing::UntilClose).skip(1));
    }
}
