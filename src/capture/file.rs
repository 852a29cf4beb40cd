//! One capture file, walked record by record.

use super::Frame;
use super::buffer::Buffer;
use super::buffer::Flaw;
use super::input;
use super::input::Kind;
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::secrets::Secrets;
use crate::error::Error;
use crate::evidence::FrameId;
use crate::limits::Limits;
use crate::time::Timestamp;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;

/// Where a frame is, in the buffer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    /// When it was captured.
    pub(super) at: Timestamp,
    /// The LINKTYPE number.
    pub(super) link_type: u32,
    /// Length on the wire, never less than `len`.
    pub(super) wire_len: u32,
    /// Its first byte in the buffer.
    pub(super) from: usize,
    /// How many bytes were captured.
    pub(super) len: usize,
}

/// A walk over the blocks or records of either format.
#[derive(Debug)]
enum Walk {
    Pcap(Pcap),
    PcapNg(Box<PcapNg>),
}

/// A capture file, open; owns its buffer. [`CaptureFile::advance`] moves to the next frame, [`CaptureFile::frame`] lends it.
///
/// It allocates when it is opened, when a record is longer than its 256 KiB, and for secrets; not per frame.
pub struct CaptureFile {
    name: String,
    input: u32,
    buffer: Buffer,
    walk: Walk,
    record: Record,
    /// Frames so far; the number of the one being lent.
    frames: u64,
    /// Whether it is standard input.
    standard: bool,
    format: &'static str,
}

impl CaptureFile {
    /// Opens a capture by its path, `-` for standard input; `input` is its number among the inputs of the run.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] when there is no such file, or a directory, or no permission; [`Error::NotACapture`]; [`Error::Damaged`] when
    /// the header of a capture is cut.
    pub fn open(path: &Path, input: u32, limits: &Limits) -> Result<Self, Error> {
        Self::open_counted(path, input, limits, &Arc::default(), &Arc::default())
    }

    /// As [`Self::open`]; the bytes read, as they lie on disk, are added to `read`, and `stop` ends a quiet standard input.
    pub(super) fn open_counted(
        path: &Path,
        input: u32,
        limits: &Limits,
        read: &Arc<AtomicU64>,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let file = Self::from_source(input::open(path, read, stop)?, input::name(path), (input, input::is_file(path)), limits)?;
        Ok(Self { standard: input::is_standard(path), ..file })
    }

    /// Reads a capture from `source`, called `name` in messages.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn from_reader(source: impl Read + Send + 'static, name: &str, input: u32, limits: &Limits) -> Result<Self, Error> {
        Self::from_source(Box::new(source), name.to_owned(), (input, false), limits)
    }

    fn from_source(source: super::buffer::Source, name: String, (input, aside): (u32, bool), limits: &Limits) -> Result<Self, Error> {
        let (mut buffer, kind) = match input::identify(source, aside, limits) {
            Ok(Ok(identified)) => identified,
            Ok(Err(found)) => return Err(Error::NotACapture { input: name, found }),
            Err(flaw) => return Err(damaged(&name, 0, flaw)),
        };
        let format = kind.name();
        let walk = match kind {
            Kind::Pcap(magic) => Pcap::open(&mut buffer, magic, limits).map(Walk::Pcap),
            Kind::PcapNg => PcapNg::open(&mut buffer, limits).map(|file| Walk::PcapNg(Box::new(file))),
        };
        let walk = walk.map_err(|flaw| damaged(&name, 0, flaw))?;
        Ok(Self { name, input, buffer, walk, record: Record::default(), frames: 0, standard: false, format })
    }

    /// Moves to the next frame; `false` when the capture ended where it may.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`]. There is no way on from it: records behind it cannot be found.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, Error> {
        let moved = match &mut self.walk {
            Walk::Pcap(file) => file.advance(&mut self.buffer, &mut self.record),
            Walk::PcapNg(file) => file.advance(&mut self.buffer, &mut self.record),
        };
        match moved {
            Ok(true) => {
                self.frames = self.frames.saturating_add(1);
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(flaw) => Err(damaged(&self.name, self.frames, flaw)),
        }
    }

    /// Moves to the next frame where that is all in memory, as it nearly always is; else nothing happens, and [`Self::advance`] comes next.
    #[inline]
    pub(super) fn step(&mut self) -> bool {
        let stepped = match &self.walk {
            Walk::Pcap(file) => file.step(&mut self.buffer, &mut self.record),
            Walk::PcapNg(_) => false,
        };
        self.frames = self.frames.saturating_add(u64::from(stepped));
        stepped
    }

    /// Lends the next frames that are in memory, at most so many; only of classic files, whose records tell where the next one is.
    pub(super) fn ahead(&self, most: usize, take: &mut dyn FnMut(&Frame<'_>)) {
        let Walk::Pcap(file) = &self.walk else { return };
        let (mut bytes, mut number) = (self.buffer.ahead(), self.frames);
        for _ in 0..most {
            let Some((Record { at, link_type, wire_len, from, len }, whole)) = file.record(bytes) else { return };
            number = number.saturating_add(1);
            let id = FrameId { input: self.input, number };
            let (record, rest) = bytes.split_at_checked(whole).unwrap_or_default();
            take(&Frame { id, at, link_type, wire_len, bytes: record.get(from..from.saturating_add(len)).unwrap_or_default() });
            bytes = rest;
        }
    }

    /// Whether the next frame lets us wait: all that was read is passed, and nothing more came for a moment. Only where that can be
    /// known, on a plain standard input.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        self.standard && self.buffer.unpacks.is_none() && self.buffer.ahead().is_empty() && !input::standard_input_is_ready()
    }

    /// The frame that [`Self::advance`] moved to; nothing before the first.
    #[inline]
    #[must_use]
    pub fn frame(&self) -> Option<Frame<'_>> {
        (self.frames > 0).then(|| self.lend())
    }

    /// As [`Self::frame`], where [`Self::advance`] just said that there is one.
    #[inline]
    pub(super) fn lend(&self) -> Frame<'_> {
        let Record { at, link_type, wire_len, from, len } = self.record;
        let id = FrameId { input: self.input, number: self.frames };
        Frame { id, at, link_type, wire_len, bytes: self.buffer.lent(from, len) }
    }

    /// How it is written, and packed, where it is.
    pub(super) fn format(&self) -> (&'static str, Option<&'static str>) {
        (self.format, self.buffer.unpacks)
    }

    /// Whether its format has room for secrets.
    pub(super) fn carries_secrets(&self) -> bool {
        matches!(self.walk, Walk::PcapNg(_))
    }

    /// The secrets that came so far, in order, and how many blocks of them were left out because `limits.secrets_bytes` or
    /// `limits.block_bytes` was reached.
    #[must_use]
    pub fn secrets(&self) -> (&[Secrets], u64) {
        match &self.walk {
            Walk::Pcap(_) => (&[], 0),
            Walk::PcapNg(file) => file.secrets(),
        }
    }
}

/// Gives a flaw its input and how far it was good.
#[cold]
fn damaged(name: &str, frames: u64, flaw: Flaw) -> Error {
    Error::Damaged { input: name.to_owned(), frames, offset: flaw.offset, problem: flaw.problem }
}
