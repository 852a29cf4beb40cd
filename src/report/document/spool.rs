//! Messages of sessions that are still open, on disk: a document tells a session whole, and one may last for days.

use super::model::Message;
use crate::limits;
use crate::report::escape::JsonText;
use serde::Serialize as _;
use serde_json::Serializer;
use std::fs::File;
use std::io;
use std::io::Read;
use std::os::unix::fs::FileExt as _;

/// Bytes of the length in front of every message.
const LENGTH_BYTES: usize = 4;

/// Messages of all open sessions: in blocks of one size in a file without a name, and what does not fill a block in memory.
///
/// The file is opened before rights are given up, so that it works in a sandbox. Where there is none, memory has to do, up to a bound.
#[derive(Debug)]
pub(super) struct Spool {
    file: Option<File>,
    /// Blocks in the file.
    blocks: u32,
    /// Those that may be used again.
    free: Vec<u32>,
    /// Bytes kept in memory of all sessions.
    kept: usize,
    /// The message at hand.
    line: Vec<u8>,
}

/// The messages of one session.
#[derive(Debug, Default)]
pub(super) struct Kept {
    blocks: Vec<u32>,
    rest: Vec<u8>,
    messages: u64,
}

impl Spool {
    /// A spool over this file, or without one.
    pub(super) fn new(file: Option<File>) -> Self {
        Self { file, blocks: 0, free: Vec::new(), kept: 0, line: Vec::new() }
    }

    /// Bytes in memory.
    #[cfg(test)]
    pub(super) fn in_memory(&self) -> usize {
        self.kept
    }

    /// Whether there is no more room.
    pub(super) fn is_full(&self) -> bool {
        match self.file {
            Some(_) => self.blocks >= limits::SPOOL_BLOCKS && self.free.is_empty(),
            None => self.kept >= limits::SPOOL_MEMORY_BYTES,
        }
    }

    /// Adds a message to those of a session. Where there is room for a byte, there is for a message.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn push(&mut self, kept: &mut Kept, message: &Message) -> io::Result<()> {
        self.line.clear();
        message.serialize(&mut Serializer::with_formatter(&mut self.line, JsonText))?;
        let length = u32::try_from(self.line.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let before = kept.rest.len();
        kept.rest.extend_from_slice(&length.to_le_bytes());
        kept.rest.extend_from_slice(&self.line);
        self.kept = self.kept.saturating_add(kept.rest.len().saturating_sub(before));
        kept.messages = kept.messages.saturating_add(1);
        self.put_away(kept)
    }

    /// Writes the blocks that are full.
    fn put_away(&mut self, kept: &mut Kept) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut written = 0_usize;
        for block in kept.rest.chunks_exact(limits::SPOOL_BLOCK_BYTES) {
            let place = self.free.pop().unwrap_or_else(|| {
                self.blocks = self.blocks.saturating_add(1);
                self.blocks.saturating_sub(1)
            });
            file.write_all_at(block, offset(place))?;
            kept.blocks.push(place);
            written = written.saturating_add(block.len());
        }
        if written > 0 {
            kept.rest.drain(..written);
            // A long message must not leave its room behind.
            kept.rest.shrink_to(limits::SPOOL_BLOCK_BYTES);
            self.kept = self.kept.saturating_sub(written);
        }
        Ok(())
    }

    /// The messages of a session that is over, in order.
    pub(super) fn take(&mut self, kept: Kept) -> Messages<'_> {
        self.kept = self.kept.saturating_sub(kept.rest.len());
        let Kept { blocks, rest, messages } = kept;
        Messages { spool: self, blocks: blocks.into_iter(), block: Vec::new(), at: 0, rest: Some(rest), left: messages, line: Vec::new() }
    }
}

/// Where a block begins.
fn offset(block: u32) -> u64 {
    u64::from(block).saturating_mul(u64::try_from(limits::SPOOL_BLOCK_BYTES).unwrap_or(0))
}

/// The messages of a session, one by one: in memory is but one of them, however long the session is.
#[derive(Debug)]
pub struct Messages<'s> {
    spool: &'s mut Spool,
    blocks: std::vec::IntoIter<u32>,
    block: Vec<u8>,
    at: usize,
    rest: Option<Vec<u8>>,
    left: u64,
    line: Vec<u8>,
}

impl Messages<'_> {
    /// How many are still to come.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The next message.
    ///
    /// # Errors
    ///
    /// The spool cannot be read.
    pub fn next_message(&mut self) -> io::Result<Option<Message>> {
        Ok(match self.next_json()? {
            Some(json) => Some(serde_json::from_slice(json)?),
            None => None,
        })
    }

    /// The next message as the JSON of its model, on one line.
    ///
    /// # Errors
    ///
    /// As [`Self::next_message`].
    pub fn next_json(&mut self) -> io::Result<Option<&[u8]>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut length = [0; LENGTH_BYTES];
        self.read_exact(&mut length)?;
        let mut line = std::mem::take(&mut self.line);
        line.resize(usize::try_from(u32::from_le_bytes(length)).unwrap_or(0), 0);
        self.read_exact(&mut line)?;
        self.line = line;
        Ok(Some(&self.line))
    }

    /// Reads the next block; it may be used again at once.
    fn load(&mut self) -> io::Result<bool> {
        let next = self.blocks.next();
        self.at = 0;
        let (Some(place), Some(file)) = (next, &self.spool.file) else {
            self.block = self.rest.take().unwrap_or_default();
            return Ok(!self.block.is_empty());
        };
        self.block.resize(limits::SPOOL_BLOCK_BYTES, 0);
        file.read_exact_at(&mut self.block, offset(place))?;
        self.spool.free.push(place);
        Ok(true)
    }
}

impl Read for Messages<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.block.len() && !self.load()? {
            return Ok(0);
        }
        let ahead = self.block.get(self.at..).unwrap_or_default();
        let bytes = ahead.len().min(into.len());
        for (to, from) in into.iter_mut().zip(ahead) {
            *to = *from;
        }
        self.at = self.at.saturating_add(bytes);
        Ok(bytes)
    }
}

/// What a writer left unread is given back all the same.
impl Drop for Messages<'_> {
    fn drop(&mut self) {
        self.spool.free.extend(self.blocks.by_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64, bytes: usize) -> Message {
        Message {
            id: format!("m1.{number}"),
            phase: None,
            direction: "client".to_owned(),
            name: "x".to_owned(),
            message_type: None,
            type_confidence: None,
            time: String::new(),
            relative: String::new(),
            length: 0,
            stream_offset: 0,
            response_to: None,
            packets: Vec::new(),
            sentence: "y".repeat(bytes),
            payload: super::super::model::Payload::default(),
            tokens: Vec::new(),
        }
    }

    fn ids(messages: &mut Messages<'_>) -> Vec<String> {
        std::iter::from_fn(|| messages.next_message().unwrap()).map(|message| message.id).collect()
    }

    #[test]
    fn what_goes_in_comes_out_and_memory_stays_small() {
        let mut spool = Spool::new(tempfile::tempfile().ok());
        let (mut one, mut two) = (Kept::default(), Kept::default());
        for number in 1..=200 {
            spool.push(&mut one, &message(number, 3000)).unwrap();
            spool.push(&mut two, &message(number, 70_000)).unwrap();
            assert!(spool.in_memory() < 4 * limits::SPOOL_BLOCK_BYTES, "{}", spool.in_memory());
        }
        let expected: Vec<String> = (1..=200).map(|number| format!("m1.{number}")).collect();
        assert_eq!(ids(&mut spool.take(two)), expected);
        let blocks = spool.blocks;
        assert_eq!(ids(&mut spool.take(one)), expected);
        assert_eq!(spool.in_memory(), 0);
        let mut three = Kept::default();
        (1..=200).for_each(|number| spool.push(&mut three, &message(number, 70_000)).unwrap());
        assert_eq!(spool.blocks, blocks, "blocks are used again");
    }

    #[test]
    fn without_a_file_there_is_a_bound() {
        let mut spool = Spool::new(None);
        let mut kept = Kept::default();
        let mut taken = 0_u32;
        while !spool.is_full() && taken < 1000 {
            taken += 1;
            spool.push(&mut kept, &message(taken.into(), 1 << 17)).unwrap();
        }
        assert!((100..1000).contains(&taken), "{taken}");
        assert_eq!(u32::try_from(ids(&mut spool.take(kept)).len()), Ok(taken));
    }
}
