//! A key log that may grow while it is read: half lines wait, a file that was cut or replaced is read from its start.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// The longest line; what is longer is none, and passed.
const MOST_LINE_BYTES: usize = 8 << 10;

/// Numbers of lines that are named.
const MOST_NAMED: usize = 5;

/// A key log, and how far it was read.
pub(super) struct Log {
    path: PathBuf,
    /// The file that was read last: device and number.
    identity: Option<(u64, u64)>,
    file: Option<File>,
    /// Bytes read of it.
    read: u64,
    /// The beginning of a line whose end has not come.
    rest: Zeroizing<Vec<u8>>,
    /// Whether the line being read is too long.
    overlong: bool,
    lines: u64,
    bad: u64,
    /// The first lines that could not be read.
    named: Vec<u64>,
}

impl Log {
    /// A key log that nothing was read of.
    pub(super) fn new(path: PathBuf) -> Self {
        let (rest, named) = (Zeroizing::default(), Vec::new());
        Self { path, identity: None, file: None, read: 0, rest, overlong: false, lines: 0, bad: 0, named }
    }

    /// Reads what came since: `take` gets line after line, and says whether it is one of a key log. Where the log may grow, a last line
    /// without an end waits for it.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or read.
    pub(super) fn read(&mut self, grows: bool, take: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<()> {
        let found = fs::metadata(&self.path)?;
        let identity = (found.dev(), found.ino());
        if self.identity == Some(identity) && found.len() == self.read && found.is_file() {
            return Ok(());
        }
        if self.identity != Some(identity) {
            // What the old file still has comes first.
            self.drain(take)?;
            self.open(identity)?;
        } else if found.len() < self.read {
            self.open(identity)?;
        }
        self.drain(take)?;
        if !grows && (self.overlong || !self.rest.is_empty()) {
            self.end_line(take);
        }
        Ok(())
    }

    /// Begins at the start of the file that has this name now.
    fn open(&mut self, identity: (u64, u64)) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        // Pipes cannot be turned back, and need not be.
        let _ = file.seek(SeekFrom::Start(0));
        self.file = Some(file);
        self.identity = Some(identity);
        self.read = 0;
        self.rest.clear();
        self.overlong = false;
        Ok(())
    }

    /// Reads to the end of the file.
    fn drain(&mut self, take: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<()> {
        let mut buffer = Zeroizing::new(vec![0; READ_BYTES]);
        while let Some(file) = &mut self.file {
            let len = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.read = self.read.saturating_add(u64::try_from(len).unwrap_or(0));
            for piece in buffer.get(..len).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                let (piece, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |piece| (piece, true));
                if self.rest.len().saturating_add(piece.len()) > MOST_LINE_BYTES {
                    self.overlong = true;
                } else {
                    self.rest.extend_from_slice(piece);
                }
                if ends {
                    self.end_line(take);
                }
            }
        }
        Ok(())
    }

    /// Hands on the line that was read.
    fn end_line(&mut self, take: &mut dyn FnMut(&[u8]) -> bool) {
        let rest = std::mem::take(&mut self.rest);
        self.lines = self.lines.saturating_add(1);
        if std::mem::take(&mut self.overlong) || !take(&rest) {
            self.bad = self.bad.saturating_add(1);
            if self.named.len() < MOST_NAMED {
                self.named.push(self.lines);
            }
        }
    }

    /// What to tell the user about lines that could not be read: their numbers, never what they hold.
    pub(super) fn remark(&self) -> Option<String> {
        if self.bad == 0 {
            return None;
        }
        let named: Vec<String> = self.named.iter().map(u64::to_string).collect();
        let more = if self.bad > u64::try_from(self.named.len()).unwrap_or(0) { ", …" } else { "" };
        let (path, bad, lines) = (self.path.display(), self.bad, self.lines);
        Some(format!("{path}: {bad} of {lines} lines are none of a key log: line {}{more}", named.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Reads what came since, as text.
    fn read(log: &mut Log) -> Vec<String> {
        let mut lines = Vec::new();
        log.read(true, &mut |line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
            true
        })
        .unwrap();
        lines
    }

    #[test]
    fn half_lines_wait_and_replaced_files_are_read_anew() {
        let folder = std::env::temp_dir().join(format!("ntp-sniff-follow-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("keys");
        let mut log = Log::new(path.clone());
        assert!(log.read(true, &mut |_| true).is_err(), "not there yet");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one\nha").unwrap();
        assert_eq!(read(&mut log), ["one"]);
        file.write_all(b"lf\n").unwrap();
        assert_eq!(read(&mut log), ["half"]);
        assert!(read(&mut log).is_empty());
        // Replaced: what the old one still got is read, too.
        file.write_all(b"late\n").unwrap();
        fs::rename(&path, folder.join("keys.1")).unwrap();
        let mut file = File::create(&path).unwrap();
        file.write_all(b"new\n").unwrap();
        assert_eq!(read(&mut log), ["late", "new"]);
        // Cut and written again, shorter than before.
        file.set_len(0).unwrap();
        fs::write(&path, "x\n").unwrap();
        assert_eq!(read(&mut log), ["x"]);
        fs::write(&path, [&b"y\n"[..], &vec![b'z'; 20_000], b"\nend\n"].concat()).unwrap();
        fs::remove_dir_all(&folder).unwrap_or_default();
    }

    #[test]
    fn bad_lines_are_named_by_number() {
        let path = std::env::temp_dir().join(format!("ntp-sniff-bad-{}", std::process::id()));
        fs::write(&path, [&b"good\nbad\n"[..], &vec![b'z'; 20_000], b"\nbad"].concat()).unwrap();
        let mut log = Log::new(path.clone());
        log.read(false, &mut |line| line == b"good").unwrap();
        fs::remove_file(&path).unwrap();
        let remark = log.remark().unwrap();
        assert!(remark.ends_with(": 3 of 4 lines are none of a key log: line 2, 3, 4"), "{remark}");
    }
}
