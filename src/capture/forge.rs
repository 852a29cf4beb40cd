//! Builds captures byte by byte for the tests of this stage.
#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::buffer::Order;
use super::file::CaptureFile;
use crate::error::Error;
use crate::limits::Limits;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Cursor;
use std::io::Write;

/// What a walk found: per frame its nanoseconds, link type, length on the wire and bytes, and how it ended.
pub(super) type Walked = (Vec<(i64, u32, u32, Vec<u8>)>, Result<(), Error>);

/// Walks a capture that is called `test`.
pub(super) fn walk(bytes: &[u8]) -> Walked {
    walk_within(bytes, &Limits::default())
}

/// As [`walk`], within these limits.
pub(super) fn walk_within(bytes: &[u8], limits: &Limits) -> Walked {
    let mut frames = Vec::new();
    let mut file = match CaptureFile::from_reader(Cursor::new(bytes.to_vec()), "test", 3, limits) {
        Ok(file) => file,
        Err(error) => return (frames, Err(error)),
    };
    assert_eq!(file.frame(), None);
    loop {
        match file.advance() {
            Ok(true) => {
                let frame = file.frame().unwrap();
                assert_eq!((frame.id.input, frame.id.number), (3, u64::try_from(frames.len()).unwrap() + 1));
                frames.push((frame.at.nanos(), frame.link_type, frame.wire_len, frame.bytes.to_vec()));
            }
            Ok(false) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

/// The bytes of a capture being written.
pub(super) struct Forge {
    pub(super) order: Order,
    pub(super) bytes: Vec<u8>,
    /// How many bytes there are when each frame is complete.
    pub(super) ends: Vec<usize>,
}

impl Forge {
    /// A 32-bit number.
    pub(super) fn u32(&mut self, number: u32) -> &mut Self {
        let bytes = if self.order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.bytes.extend(bytes);
        self
    }

    /// A 16-bit number.
    pub(super) fn u16(&mut self, number: u16) -> &mut Self {
        let bytes = if self.order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.bytes.extend(bytes);
        self
    }

    /// A classic file of Ethernet frames, with its header.
    pub(super) fn pcap(order: Order, magic: u32) -> Self {
        let mut forge = Self { order, bytes: Vec::new(), ends: Vec::new() };
        forge.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(1);
        forge
    }

    /// A record of a classic file; `more` is what modified ones have behind the lengths.
    pub(super) fn record(&mut self, seconds: u32, fraction: u32, wire_len: u32, more: &[u8], bytes: &[u8]) -> &mut Self {
        self.u32(seconds).u32(fraction).u32(u32::try_from(bytes.len()).unwrap()).u32(wire_len);
        self.bytes.extend(more);
        self.bytes.extend(bytes);
        self.ends.push(self.bytes.len());
        self
    }

    /// A pcapng file with its first section header.
    pub(super) fn pcapng(order: Order) -> Self {
        let mut forge = Self { order, bytes: Vec::new(), ends: Vec::new() };
        forge.section(order);
        forge
    }

    /// A section header; what follows is in that order.
    pub(super) fn section(&mut self, order: Order) -> &mut Self {
        self.order = order;
        self.block(0x0a0d_0d0a, |body| {
            body.u32(0x1a2b_3c4d).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX);
        })
    }

    /// A block of any type, its body padded.
    pub(super) fn block(&mut self, kind: u32, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut body = Self { order: self.order, bytes: Vec::new(), ends: Vec::new() };
        fill(&mut body);
        body.pad();
        let whole = u32::try_from(body.bytes.len() + 12).unwrap();
        self.u32(kind).u32(whole).bytes.extend(body.bytes);
        self.u32(whole);
        if [2, 3, 6].contains(&kind) {
            self.ends.push(self.bytes.len());
        }
        self
    }

    /// An interface description; the clock's resolution where it is not microseconds.
    pub(super) fn interface(&mut self, link_type: u16, snap_len: u32, resolution: Option<u8>) -> &mut Self {
        self.block(1, |body| {
            body.u16(link_type).u16(0).u32(snap_len);
            if let Some(resolution) = resolution {
                body.u16(9).u16(1).bytes.extend([resolution, 0, 0, 0]);
                body.u32(0);
            }
        })
    }

    /// An enhanced packet.
    pub(super) fn packet(&mut self, interface: u32, ticks: u64, wire_len: u32, bytes: &[u8]) -> &mut Self {
        self.block(6, |body| {
            body.u32(interface).u32(u32::try_from(ticks >> 32).unwrap()).u32(u32::try_from(ticks & 0xffff_ffff).unwrap());
            body.u32(u32::try_from(bytes.len()).unwrap()).u32(wire_len).bytes.extend(bytes);
            body.pad();
            // A comment, so that the packet is not all of the block.
            body.u16(1).u16(2).bytes.extend(*b"hi\0\0");
            body.u32(0);
        })
    }

    /// Zeroes up to a multiple of four.
    pub(super) fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// One member of gzip.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// One member or frame of every compression that is read, with its name; in small blocks and with checks.
pub(super) fn packed(bytes: &[u8]) -> [(&'static str, Vec<u8>); 5] {
    let blocks = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB).content_checksum(true);
    let mut lz4 = lz4_flex::frame::FrameEncoder::with_frame_info(blocks, Vec::new());
    lz4.write_all(bytes).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(bytes).unwrap();
    let mut zstd = zstd::Encoder::new(Vec::new(), 0).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(bytes).unwrap();
    [
        ("gzip", gzip(bytes)),
        ("zstd", zstd.finish().unwrap()),
        ("lz4", lz4.finish().unwrap()),
        ("xz", liblzma::encode_all(bytes, 6).unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
    ]
}
