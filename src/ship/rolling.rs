//! A writer for an output that must last: rotated, reopened, and tried again when it fails. Whole records only.

mod cut;
mod file;
#[cfg(test)]
mod tests;

pub use cut::Cut;
pub use file::Rotation;

use crate::loss::Counter;
use file::LogFile;
use rustix::io::Errno;
use std::io;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// Bytes that are written at once.
const PIECE: usize = 64 << 10;
/// Between two attempts to write after a failure, and between two looks whether the name still stands for the file.
const RETRY: Duration = Duration::from_secs(1);
/// How long a pipe that is full is waited for, and between two looks at one that nobody empties.
const PATIENCE: Duration = Duration::from_millis(500);
const STALL_RETRY: Duration = Duration::from_millis(50);
/// Between two attempts to move a file aside.
const ROTATE_AGAIN: Duration = Duration::from_secs(60);

/// How an output is written.
#[derive(Clone)]
pub struct Manner {
    /// What a record is.
    pub cut: Cut,
    /// When files are moved aside.
    pub rotation: Rotation,
    /// Whether it goes on when the file cannot be written: records then wait, up to `most_waiting` bytes, and are dropped beyond that.
    /// It then also appends to what is there, while one that does not last begins anew.
    pub lasting: bool,
    /// Bytes of records that wait while the file cannot be written.
    pub most_waiting: usize,
    /// The permissions of new files.
    pub mode: u32,
    /// Becomes true when the file is to be opened again.
    pub reopen: Arc<AtomicBool>,
    /// Counts the records that were dropped, and the bytes that wait.
    pub lost: Counter,
    /// Takes one line for people.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
}

/// An output as a writer. What it is given should be whole records; a part of one waits until the rest has come.
///
/// One that lasts never fails, but for standard output that nobody reads any more.
pub struct Rolling {
    file: LogFile,
    name: String,
    manner: Manner,
    /// What every file begins with.
    head: Vec<u8>,
    waiting: Vec<u8>,
    /// Since when it cannot be written: how much was lost before.
    trouble: Option<u64>,
    /// What was said of that last.
    said: String,
    next_try: Instant,
    next_look: Instant,
    next_rotation: Instant,
}

impl Rolling {
    /// Opens an output into a file; nothing stands for standard output.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn open(path: Option<&Path>, manner: Manner) -> io::Result<Self> {
        let mut file = match path {
            Some(path) => LogFile::at(path, manner.mode, manner.rotation.clone()),
            None => LogFile::stdout()?,
        };
        let opened = file.open(!manner.lasting, manner.cut);
        let name = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        let (head, waiting, now) = (Vec::new(), Vec::new(), Instant::now());
        let (next_try, next_look, next_rotation) = (now, now, now);
        let mut rolling =
            Self { file, name, manner, head, waiting, trouble: None, said: String::new(), next_try, next_look, next_rotation };
        match opened {
            // A pipe that nobody reads yet.
            Err(error) if rolling.manner.lasting && Errno::from_io_error(&error) == Some(Errno::NXIO) => rolling.failed(&error, now),
            opened => rolling.cut_off(opened?),
        }
        Ok(rolling)
    }

    /// Gives the open file to another user.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn hand_over(&self, user: u32, group: u32) -> io::Result<()> {
        self.file.hand_over(user, group)
    }

    /// Sets what every file begins with; it is written now, too. Twice in one file does no harm.
    pub(super) fn set_head(&mut self, head: &[u8]) -> io::Result<()> {
        self.head = head.to_vec();
        self.write_all(head)
    }

    /// Keeps what fits; the rest is dropped and counted.
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.manner.most_waiting.saturating_sub(self.waiting.len());
        // Only what cannot be written has a bound.
        let fits = if bytes.len() <= room || self.trouble.is_none() { bytes.len() } else { self.manner.cut.fit(bytes, room) };
        let (kept, dropped) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
        self.waiting.extend_from_slice(kept);
        self.manner.lost.add(self.manner.cut.count(dropped));
    }

    /// Writes what waits, as far as that can be done.
    fn drain(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if self.manner.reopen.swap(false, Ordering::Relaxed) || (now >= self.next_look && self.file.is_elsewhere()) {
            self.file.close();
            self.next_try = now;
        }
        if now >= self.next_look {
            self.next_look = later(now, RETRY);
        }
        if self.trouble.is_some() && now < self.next_try {
            return Ok(());
        }
        match self.attempt(now) {
            Ok(()) => {
                self.recovered();
                Ok(())
            }
            Err(error) if !self.manner.lasting || self.is_unread(&error) => Err(error),
            Err(error) => {
                self.failed(&error, now);
                Ok(())
            }
        }
    }

    /// Whether this is standard output, and nobody reads it any more.
    fn is_unread(&self, error: &io::Error) -> bool {
        self.file.path.is_none() && error.kind() == io::ErrorKind::BrokenPipe
    }

    /// One attempt at all that waits.
    fn attempt(&mut self, now: Instant) -> io::Result<()> {
        let cut = self.manner.cut;
        loop {
            let whole = cut.fit(&self.waiting, usize::MAX);
            if !self.file.is_open() {
                let left = self.file.open(false, cut)?;
                self.cut_off(left);
                if !self.head.is_empty() {
                    self.file.write(&self.head, cut, None).map_err(|(_, error)| error)?;
                }
            }
            if whole == 0 {
                return Ok(());
            }
            let mut piece = cut.fit(&self.waiting, self.file.room().min(whole));
            if piece == 0 {
                if self.file.bytes() > self.head.len() && now >= self.next_rotation && self.rotate(now) {
                    continue;
                }
                // A record longer than a file may be is a file of its own; a file that cannot be moved aside goes on growing.
                piece = cut.first(&self.waiting).unwrap_or(whole);
            }
            let patience = if self.trouble.is_some() { Duration::ZERO } else { PATIENCE };
            let patience = Some(patience).filter(|_| self.manner.lasting);
            let written = self.file.write(self.waiting.get(..piece).unwrap_or_default(), cut, patience);
            let gone = written.as_ref().map_or_else(|(gone, _)| *gone, |()| piece);
            self.waiting.drain(..gone.min(self.waiting.len()));
            written.map_err(|(_, error)| error)?;
        }
    }

    /// Moves the file aside. That it cannot be is said, and tried again later.
    fn rotate(&mut self, now: Instant) -> bool {
        let rotated = self.file.rotate();
        if let Err(error) = &rotated {
            (self.manner.say)(&format!("{}: cannot be rotated: {error}; it goes on growing", self.name));
            self.next_rotation = later(now, ROTATE_AGAIN);
        }
        rotated.is_ok()
    }

    /// Says what was cut off a file that is appended to.
    fn cut_off(&self, left: u64) {
        if left > 0 {
            (self.manner.say)(&format!("{}: its last record was not whole: {left} bytes cut off", self.name));
        }
    }

    /// Takes note of a failure; it is said once, and again when the reason is another one.
    #[cold]
    fn failed(&mut self, error: &io::Error, now: Instant) {
        let stalls = error.kind() == io::ErrorKind::WouldBlock;
        if !stalls {
            self.file.close();
        }
        self.next_try = later(now, if stalls { STALL_RETRY } else { RETRY });
        let error = match error.kind() {
            io::ErrorKind::WouldBlock => "nobody reads the pipe".to_owned(),
            io::ErrorKind::PermissionDenied if self.trouble.is_some() => {
                format!("{error} (a folder made anew is out of reach: start again, or with --no-sandbox)")
            }
            _ => error.to_string(),
        };
        self.trouble.get_or_insert(self.manner.lost.get());
        if self.said != error {
            self.said.clone_from(&error);
            let waiting = self.manner.most_waiting;
            let told = format!("tried again every second, up to {waiting} bytes wait, the rest is dropped and counted");
            (self.manner.say)(&format!("{}: cannot write: {error}; {told}", self.name));
        }
    }

    /// Says that it can be written again.
    fn recovered(&mut self) {
        self.said.clear();
        if let Some(before) = self.trouble.take() {
            let lost = self.manner.lost.get().saturating_sub(before);
            (self.manner.say)(&format!("{}: can be written again; {lost} {} dropped", self.name, self.records(lost)));
        }
    }

    /// What so many of its records are called.
    fn records(&self, count: u64) -> &'static str {
        match (self.manner.cut, count) {
            (Cut::Lines, 1) => "record was",
            (Cut::Lines, _) => "records were",
            (Cut::Blocks, 1) => "packet was",
            (Cut::Blocks, _) => "packets were",
        }
    }
}

impl Write for Rolling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len().saturating_add(bytes.len()) > self.manner.most_waiting {
            self.drain()?;
        }
        self.keep(bytes);
        if self.waiting.len() >= PIECE {
            self.drain()?;
        }
        self.manner.lost.wait(self.waiting.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let drained = self.drain();
        self.manner.lost.wait(self.waiting.len());
        drained
    }
}

/// The end: one last attempt, then what still waits is lost.
impl Drop for Rolling {
    fn drop(&mut self) {
        self.next_try = Instant::now();
        // One that does not last has told its error where it was asked to write.
        if self.drain().is_err() || !self.manner.lasting {
            return;
        }
        self.manner.lost.add(self.manner.cut.count(&self.waiting));
        if let Some(before) = self.trouble {
            let lost = self.manner.lost.get().saturating_sub(before);
            (self.manner.say)(&format!("{}: {lost} {} not written", self.name, self.records(lost)));
        }
    }
}

fn later(now: Instant, span: Duration) -> Instant {
    now.checked_add(span).unwrap_or(now)
}
