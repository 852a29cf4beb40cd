//! Opens what the user named, and decides by the first bytes what it is: the name says nothing.

use super::ahead;
use super::buffer::Buffer;
use super::buffer::Flaw;
use super::buffer::Order;
use super::buffer::Source;
use super::buffer::problem;
use super::packed;
use super::pcap::Pcap;
use crate::error::Error;
use crate::limits::Limits;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use std::fs;
use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// How long standard input is waited for before the stop flag is looked at again: 150 ms.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 150_000_000 };

/// The name that stands for standard input.
const STDIN: &str = "-";

/// First bytes of what is not read, and what to call it.
const UNREAD: [(&[u8], &str); 5] = [
    (b"\x02\x21\x4c\x18", "the legacy lz4 format is not read"),
    (b"\x1f\x9d", "compress (.Z) compression is not read"),
    (b"PK\x03\x04", "zip archives are not read"),
    (b"7z\xbc\xaf", "7z archives are not read"),
    (b"snoop\0", "snoop captures are not read"),
];

/// Bytes of the header of a record in a classic capture, unless it is of the modified format.
const USUAL_HEADER_BYTES: usize = 16;

/// How a capture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Classic: byte order, length of a record's header, whether in nanoseconds.
    Pcap((Order, usize, bool)),
    /// Blocks.
    PcapNg,
}

impl Kind {
    /// The name used in documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pcap((_, USUAL_HEADER_BYTES, false)) => "pcap",
            Self::Pcap((_, USUAL_HEADER_BYTES, true)) => "pcap-ns",
            Self::Pcap(_) => "pcap-modified",
            Self::PcapNg => "pcapng",
        }
    }
}

/// What an input is called in messages.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new(STDIN) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Whether a path stands for standard input.
pub(super) fn is_standard(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Whether an input lies on disk whole: nothing of it comes later.
pub(super) fn is_file(path: &Path) -> bool {
    path != Path::new(STDIN) && fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// How many bytes an input has on disk; nothing for standard input and pipes. What is missing has none.
pub(super) fn size_on_disk(path: &Path) -> Option<u64> {
    match fs::metadata(path) {
        _ if path == Path::new(STDIN) => None,
        Ok(found) if found.is_file() => Some(found.len()),
        Ok(found) if !found.is_dir() => None,
        _ => Some(0),
    }
}

/// Opens an input; what is read of it is added to `read`, in bytes as they lie on disk.
///
/// # Errors
///
/// [`Error::Open`].
pub(super) fn open(path: &Path, read: &Arc<AtomicU64>, stop: &Arc<AtomicBool>) -> Result<Source, Error> {
    let source: Source = if path == Path::new(STDIN) { Box::new(StandardInput { stop: Arc::clone(stop) }) } else { Box::new(file(path)?) };
    Ok(Box::new(Counted { source, read: Arc::clone(read) }))
}

/// Opens a file that is none but a file.
fn file(path: &Path) -> Result<File, Error> {
    let opened = File::open(path).and_then(|file| {
        // A directory can be opened; only reading it fails, with an error that names no path.
        let directory = file.metadata()?.is_dir();
        if directory { Err(io::Error::new(ErrorKind::IsADirectory, "is a directory")) } else { Ok(file) }
    });
    opened.map_err(|source| Error::Open { path: path.to_path_buf(), source })
}

/// Standard input, which may be a quiet pipe: it ends when it is told to stop, also while nothing comes.
struct StandardInput {
    stop: Arc<AtomicBool>,
}

/// Waits a moment for standard input: whether there is something to read, be it the end.
pub(super) fn standard_input_is_ready() -> bool {
    // An error of the wait is a signal that came: who asks looks at its flags.
    let ready = rustix::event::poll(&mut [PollFd::new(&io::stdin(), PollFlags::IN)], Some(&WAIT));
    ready.is_ok_and(|ready| ready > 0)
}

impl Read for StandardInput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(0);
            }
            if standard_input_is_ready() {
                return Ok(rustix::io::read(io::stdin(), into)?);
            }
        }
    }
}

/// Counts what passes, for the progress bar.
struct Counted {
    source: Source,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.read.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

/// Looks at the first bytes, unpacks one layer of compression, and says how the capture is written. Both the buffer and the answer are
/// for the uncompressed bytes, none of them passed. `aside` lets another thread unpack.
///
/// # Errors
///
/// The outer one for damage, the inner one for what is not a capture: what it is instead.
pub(super) fn identify(source: Source, aside: bool, limits: &Limits) -> Result<Result<(Buffer, Kind), String>, Flaw> {
    let mut buffer = Buffer::new(source);
    buffer.has(packed::MAGIC_BYTES)?;
    let Some(packing) = packed::find(buffer.ahead()) else {
        return Ok(kind(buffer.ahead()).map(|kind| (buffer, kind)));
    };
    let unpacked = packing.unpack(buffer.into_source(), limits.unpack_bytes);
    let unpacked = unpacked.and_then(|source| if aside && limits.threads > 1 { ahead::read_ahead(source) } else { Ok(source) });
    let mut buffer = Buffer::new(unpacked.map_err(|error| Flaw { offset: 0, problem: problem(&error) })?);
    buffer.unpacks = Some(packing.name);
    buffer.has(packed::MAGIC_BYTES)?;
    Ok(match (kind(buffer.ahead()), packed::find(buffer.ahead())) {
        (Ok(kind), _) => Ok((buffer, kind)),
        (Err(_), Some(inner)) => Err(format!("{} inside {}", inner.name, packing.name)),
        (Err(found), None) => Err(format!("{found} (inside {})", packing.name)),
    })
}

/// How a capture that begins so is written, or what it is instead.
fn kind(head: &[u8]) -> Result<Kind, String> {
    if let Some(magic) = head.first_chunk() {
        if let Some(pcap) = Pcap::magic(*magic) {
            return Ok(Kind::Pcap(pcap));
        }
        if magic == b"\x0a\x0d\x0d\x0a" {
            return Ok(Kind::PcapNg);
        }
    }
    if let Some((_, found)) = UNREAD.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err((*found).to_owned());
    }
    let start = head.get(..64).unwrap_or(head);
    Err(if head.is_empty() {
        "empty file".to_owned()
    } else if is_text(start) {
        "text".to_owned()
    } else {
        let magic = start.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        format!("unknown magic 0x{magic}")
    })
}

/// Whether bytes look like a line people wrote: UTF-8 that may be cut at its end, without control characters.
fn is_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()),
        Err(_) => None,
    };
    text.is_some_and(|text| !text.is_empty() && text.chars().all(|letter| !letter.is_control() || "\t\r\n".contains(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_capture_is_named() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "empty file"),
            (b"No.,Time,Source\n", "text"),
            ("Grüße".as_bytes(), "text"),
            ("Gr\u{fc}".as_bytes().get(..3).unwrap(), "text"),
            (b"\x7fELF\x02\x01", "unknown magic 0x7f454c46"),
            (b"\xd4\xc3", "unknown magic 0xd4c3"),
            (b"PK\x03\x04\x14", "zip archives are not read"),
        ];
        for (head, found) in cases {
            assert_eq!(kind(head), Err(found.to_owned()));
        }
    }
}
