//! Unpacks compressed captures while they are read, so that neither disk nor memory holds one whole.
//!
//! What is unpacked has no bound, as it is walked and let go; what is needed to unpack it has: [`crate::limits::Limits::unpack_bytes`].

mod lz4;
#[cfg(test)]
mod tests;

use super::buffer::Source;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::CONCATENATED;
use liblzma::stream::Stream;
use lz4::Lz4;
use std::io;
use std::io::BufReader;
use std::io::ErrorKind;
use std::io::Read;

/// Compressed bytes read at once.
const PACKED_READ_BYTES: usize = 128 << 10;

/// Bytes unpacked at once: a decoder that meets damage gives nothing of what it unpacked in that call.
const UNPACKED_READ_BYTES: usize = 4 << 10;

/// What a decoder of each kind reads from.
type Packed = BufReader<Source>;

/// A kind of compression.
pub(super) struct Packing {
    /// What people call it.
    pub(super) name: &'static str,
    /// The first bytes of each member.
    magic: &'static [u8],
    /// A decoder of all members, that takes at most so many bytes of memory.
    open: fn(Packed, usize) -> io::Result<Source>,
}

/// All kinds that are read.
const PACKINGS: [Packing; 5] = [
    Packing { name: "gzip", magic: b"\x1f\x8b", open: |packed, _| Ok(Box::new(MultiGzDecoder::new(packed))) },
    Packing { name: "zstd", magic: b"\x28\xb5\x2f\xfd", open: zstd },
    Packing { name: "lz4", magic: &lz4::MAGIC, open: |packed, _| Ok(Box::new(Lz4::new(packed))) },
    Packing { name: "xz", magic: b"\xfd7zXZ\0", open: xz },
    Packing { name: "bzip2", magic: b"BZh", open: |packed, _| Ok(Box::new(MultiBzDecoder::new(packed))) },
];

/// The bytes that must be there for [`find`].
pub(super) const MAGIC_BYTES: usize = 6;

/// The kind of compression that begins so.
pub(super) fn find(head: &[u8]) -> Option<&'static Packing> {
    // What pzstd writes begins with a frame to be skipped; lz4 has the same kind of frame, but nothing writes it first.
    let name = if head.first_chunk().copied().is_some_and(is_skippable) { Some("zstd") } else { None };
    PACKINGS.iter().find(|packing| Some(packing.name) == name || head.starts_with(packing.magic))
}

/// Whether a frame of lz4 or zstd that begins so holds no data.
fn is_skippable(magic: [u8; 4]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

impl Packing {
    /// Unpacks a stream of this kind, with at most `most` bytes of memory.
    ///
    /// # Errors
    ///
    /// The decoder does not start.
    pub(super) fn unpack(&self, source: Source, most: usize) -> io::Result<Source> {
        let decoder = (self.open)(BufReader::with_capacity(PACKED_READ_BYTES, source), most)?;
        Ok(Box::new(Unpacked { decoder, most, block: vec![0; UNPACKED_READ_BYTES].into(), at: 0, end: 0 }))
    }
}

fn zstd(packed: Packed, most: usize) -> io::Result<Source> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
    decoder.window_log_max(most.max(1).ilog2())?;
    Ok(Box::new(decoder))
}

fn xz(packed: Packed, most: usize) -> io::Result<Source> {
    let stream = Stream::new_stream_decoder(u64::try_from(most).unwrap_or(u64::MAX), CONCATENATED)?;
    Ok(Box::new(XzDecoder::new_stream(packed, stream)))
}

/// A decoder whose errors are of three kinds, whatever its library calls them: cut, damaged, too large for memory.
///
/// It unpacks into a block of its own, so that where damage begins does not depend on how much was asked for.
struct Unpacked {
    decoder: Source,
    most: usize,
    block: Box<[u8]>,
    at: usize,
    end: usize,
}

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.end {
            let unpacked = self.decoder.read(&mut self.block);
            (self.at, self.end) = (0, unpacked.map_err(|error| self.explain(error))?);
        }
        let rest = self.block.get(self.at..self.end).unwrap_or_default();
        let len = rest.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..len), rest.get(..len)) {
            into.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(len);
        Ok(len)
    }
}

impl Unpacked {
    #[cold]
    fn explain(&self, error: io::Error) -> io::Error {
        // What the disk or the pipe says, not the decoder.
        if error.raw_os_error().is_some() || [ErrorKind::UnexpectedEof, ErrorKind::Interrupted].contains(&error.kind()) {
            return error;
        }
        if wants_too_much(&error) {
            let problem = format!("unpacking it takes more than the limit of {} bytes of memory", self.most);
            return io::Error::new(ErrorKind::OutOfMemory, problem);
        }
        io::Error::new(ErrorKind::InvalidData, error.to_string())
    }
}

/// Whether a decoder gave up because of its bound on memory; that of zstd tells it by words only.
fn wants_too_much(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
    matches!(inner, Some(liblzma::stream::Error::MemLimit)) || error.to_string().contains("too much memory")
}
