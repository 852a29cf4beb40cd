//! The file behind an output: opened, appended to, moved aside when its time has come.

use super::cut::Cut;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::fs::OFlags;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// What a pipe that has room takes whole, without waiting (`PIPE_BUF`).
const PIPE_PIECE: usize = 4096;

/// When a file is moved aside, and how many of those are kept. By default never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Before it would hold more bytes than this; only a single record may be longer.
    pub size: Option<u64>,
    /// When the next interval begins; intervals count from 1970, so that `1h` is every full hour, UTC.
    pub interval: Option<Duration>,
    /// How many old files are kept, as `NAME.1` (the newest), `NAME.2` …
    pub keep: u32,
}

/// An output file. It may be gone, and come back.
#[derive(Debug)]
pub(super) struct LogFile {
    /// Nothing for standard output, which can be neither moved nor opened again.
    pub(super) path: Option<PathBuf>,
    mode: u32,
    rotation: Rotation,
    open: Option<Open>,
    /// Which file was closed, and how long it was: so much of it need not be looked through again.
    closed: Option<((u64, u64), u64)>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Whether it is a file of a disk, not a pipe or device.
    regular: bool,
    bytes: u64,
    /// The interval that its records belong to.
    period: u64,
}

impl LogFile {
    /// An output into a file that is opened later.
    pub(super) fn at(path: &Path, mode: u32, rotation: Rotation) -> Self {
        Self { path: Some(path.to_owned()), mode, rotation, open: None, closed: None }
    }

    /// Standard output, whatever it is.
    pub(super) fn stdout() -> io::Result<Self> {
        let file = File::from(rustix::io::dup(io::stdout())?);
        let found = file.metadata()?;
        let open = Open { file, regular: found.is_file(), bytes: 0, period: 0 };
        Ok(Self { path: None, mode: 0, rotation: Rotation::default(), open: Some(open), closed: None })
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Bytes in the file.
    pub(super) fn bytes(&self) -> usize {
        self.open.as_ref().map_or(0, |open| usize::try_from(open.bytes).unwrap_or(usize::MAX))
    }

    /// Opens the file: empties it, or goes on behind its last whole record. How many bytes of a part of one were cut off.
    ///
    /// # Errors
    ///
    /// What the system says; and a file that holds something else is not appended to.
    pub(super) fn open(&mut self, empty: bool, cut: Cut) -> io::Result<u64> {
        let Some(path) = &self.path else { return Ok(0) };
        let mut options = File::options();
        options.create(true).mode(self.mode);
        // A pipe that nobody reads must not keep the program from going on.
        let is_pipe = fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
        if is_pipe && !empty {
            options.custom_flags(i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0));
        }
        let mut file =
            if empty { options.write(true).truncate(true).open(path)? } else { options.append(true).read(!is_pipe).open(path)? };
        if is_pipe && !empty {
            let flags = rustix::fs::fcntl_getfl(&file)?;
            rustix::fs::fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK))?;
        }
        let found = file.metadata()?;
        let (mut bytes, mut left, mut period) = (0, 0, self.period(SystemTime::now()));
        if found.is_file() && found.len() > 0 {
            let known = self.closed.filter(|(which, bytes)| *which == identity(&found) && *bytes <= found.len());
            bytes = cut.whole(&mut file, known.map_or(0, |(_, bytes)| bytes))?;
            left = found.len().saturating_sub(bytes);
            if left > 0 {
                file.set_len(bytes)?;
            }
            period = self.period(found.modified()?);
        }
        self.open = Some(Open { file, regular: found.is_file(), bytes, period });
        Ok(left)
    }

    pub(super) fn close(&mut self) {
        if self.path.is_some() {
            let open = self.open.take();
            self.closed = open.and_then(|open| Some((identity(&open.file.metadata().ok()?), open.bytes)));
        }
    }

    /// Gives the open file to a user, who is to write to it after rights were dropped.
    pub(super) fn hand_over(&self, user: u32, group: u32) -> io::Result<()> {
        let Some(open) = self.open.as_ref().filter(|open| open.regular && self.path.is_some()) else { return Ok(()) };
        std::os::unix::fs::fchown(&open.file, Some(user), Some(group))
    }

    /// Whether the name stands for another file by now, or for none.
    pub(super) fn is_elsewhere(&self) -> bool {
        let (Some(path), Some(open)) = (&self.path, &self.open) else { return false };
        let which = |found: fs::Metadata| identity(&found);
        open.regular && fs::metadata(path).map(which).ok() != open.file.metadata().map(which).ok()
    }

    /// Bytes that may still go into this file; nothing when its time is over. No bound is a very large one.
    pub(super) fn room(&self) -> usize {
        let Some(open) = self.open.as_ref().filter(|open| open.regular) else { return usize::MAX };
        if self.rotation.interval.is_some() && open.bytes > 0 && open.period != self.period(SystemTime::now()) {
            return 0;
        }
        let room = self.rotation.size.map_or(u64::MAX, |size| size.saturating_sub(open.bytes));
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// Moves the file aside; the next write opens a new one.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let keep = self.rotation.keep;
        for number in (1..keep).rev() {
            let moved = fs::rename(numbered(path, number), numbered(path, number.saturating_add(1)));
            moved.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        let moved = if keep == 0 { fs::remove_file(path) } else { fs::rename(path, numbered(path, 1)) };
        moved?;
        self.open = None;
        Ok(())
    }

    /// Writes whole records. Where not all of them can be written, as many as went, whole, and why.
    ///
    /// A pipe that nobody empties is waited for no longer than `patience`, where there is any bound; what it did not take of a line can be given to it later.
    pub(super) fn write(&mut self, bytes: &[u8], cut: Cut, patience: Option<Duration>) -> Result<(), (usize, io::Error)> {
        let Some(open) = &mut self.open else { return Err((0, io::ErrorKind::NotFound.into())) };
        let mut written = 0_usize;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let piece = if open.regular { rest } else { rest.get(..PIPE_PIECE).unwrap_or(rest) };
            // A part of a block cannot be told from a block later on.
            if !open.regular && cut == Cut::Lines && patience.is_some_and(|patience| !takes_more(&open.file, patience)) {
                return Err((written, io::ErrorKind::WouldBlock.into()));
            }
            match open.file.write(piece) {
                Ok(0) => return Err(open.undo(bytes, written, cut, io::ErrorKind::WriteZero.into())),
                Ok(more) => written = written.saturating_add(more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(open.undo(bytes, written, cut, error)),
            }
        }
        open.bytes = open.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        Ok(())
    }

    /// The interval a moment belongs to.
    fn period(&self, at: SystemTime) -> u64 {
        let Some(interval) = self.rotation.interval else { return 0 };
        at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().checked_div(interval.as_secs()).unwrap_or(0)
    }
}

impl Open {
    /// Takes back the part of a record that was written last. What a pipe got cannot be taken back.
    fn undo(&mut self, bytes: &[u8], written: usize, cut: Cut, error: io::Error) -> (usize, io::Error) {
        let whole = cut.fit(bytes, written);
        self.bytes = self.bytes.saturating_add(u64::try_from(whole).unwrap_or(0));
        if self.regular {
            // Where even this fails, the next opening of the file mends it.
            _ = self.file.set_len(self.bytes);
            return (whole, error);
        }
        let partial = written > whole;
        let rest = bytes.get(whole..).and_then(|rest| cut.first(rest)).filter(|_| partial).unwrap_or(0);
        (whole.saturating_add(rest), error)
    }
}

/// Whether a pipe or device has room, or will have soon; an error of it shows in writing.
fn takes_more(file: &File, patience: Duration) -> bool {
    let most = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
    rustix::event::poll(&mut [PollFd::new(file, PollFlags::OUT)], Some(&most)).is_ok_and(|ready| ready > 0)
}

/// What tells a file from all others, whatever it is called.
fn identity(found: &fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// The name of an old file.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}
