//! The frames of an lz4 stream, one after the other: the library reads one, and takes a cut between two blocks for its end.

use super::Packed;
use super::is_skippable;
use lz4_flex::frame::FrameDecoder;
use std::io;
use std::io::ErrorKind;
use std::io::Read;

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// An lz4 stream being unpacked. A block has at most 4 MiB, so that some 12 MiB are the most it takes.
pub(super) struct Lz4 {
    /// Of the frame at hand; none at the end of the stream.
    frame: Option<FrameDecoder<Packing>>,
}

impl Lz4 {
    /// A decoder of `packed`, which begins with a frame.
    pub(super) fn new(packed: Packed) -> Self {
        Self { frame: Some(FrameDecoder::new(Packing { packed, magic: &[], is_over: false })) }
    }
}

impl Read for Lz4 {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let read = frame.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if frame.get_ref().is_over {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            // The end mark was read. A decoder used again would check its buffers against those of the frame before.
            let mut packing = self.frame.take().map(FrameDecoder::into_inner);
            if let Some(packing) = &mut packing
                && !packing.next_frame()?
            {
                return Ok(0);
            }
            self.frame = packing.map(FrameDecoder::new);
        }
        Ok(0)
    }
}

/// The compressed bytes, which remember whether the library read beyond their end.
struct Packing {
    packed: Packed,
    /// What is left of a magic that was looked at, and comes first.
    magic: &'static [u8],
    is_over: bool,
}

impl Packing {
    /// Moves to the next frame with data; `false` at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = [0; 4];
            match self.fill(&mut magic)? {
                0 => return Ok(false),
                4 if magic == MAGIC => {
                    self.magic = &MAGIC;
                    return Ok(true);
                }
                4 if is_skippable(magic) => self.skip()?,
                4 => return Err(io::Error::new(ErrorKind::InvalidData, "what follows a frame is none")),
                _ => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Passes a frame without data.
    fn skip(&mut self) -> io::Result<()> {
        let mut len = [0; 4];
        self.packed.read_exact(&mut len)?;
        let len = u64::from(u32::from_le_bytes(len));
        let skipped = io::copy(&mut (&mut self.packed).take(len), &mut io::sink())?;
        if skipped == len { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// Reads until all of `into` is filled or the stream ends. Gives how many bytes there were.
    fn fill(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = u64::try_from(into.len()).unwrap_or(u64::MAX);
        let mut into = io::Cursor::new(into);
        let filled = io::copy(&mut (&mut self.packed).take(most), &mut into)?;
        Ok(usize::try_from(filled).unwrap_or(usize::MAX))
    }
}

impl Read for Packing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.magic.is_empty() {
            return self.magic.read(into);
        }
        let read = self.packed.read(into)?;
        self.is_over |= read == 0 && !into.is_empty();
        Ok(read)
    }
}
