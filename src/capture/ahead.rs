//! Unpacks on a thread of its own, a few blocks ahead of who reads: two cores share the work on a compressed capture.

use super::buffer::Source;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Bytes of a block.
const BLOCK_BYTES: usize = 256 << 10;

/// Blocks unpacked and not read yet, at most.
const BLOCKS: usize = 4;

/// The reading side.
struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    /// Blocks that were read, to be filled again.
    spent: SyncSender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

/// Reads a source on another thread: a file, for a pipe's bytes must not wait until a block is full. The bytes and the error at their end are the same; the thread ends with the source, or at the
/// first block that nobody takes any more.
///
/// # Errors
///
/// There can be no more threads.
pub(super) fn read_ahead(source: Source) -> io::Result<Source> {
    let (give, blocks) = sync_channel(BLOCKS);
    let (spent, empty) = sync_channel(BLOCKS.saturating_add(2));
    thread::Builder::new().name("unpack".to_owned()).spawn(move || fill_blocks(source, &give, &empty))?;
    Ok(Box::new(Ahead { blocks, spent, block: Vec::new(), at: 0 }))
}

/// Fills block after block, until the source ends or nobody reads.
fn fill_blocks(mut source: Source, give: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK_BYTES, 0);
        let (filled, error) = fill(&mut source, &mut block);
        block.truncate(filled);
        let over = filled == 0 || error.is_some();
        // An empty block is the end, which stands not before an error.
        let gone = (filled > 0 || error.is_none()) && give.send(Ok(block)).is_err();
        if let Some(error) = error {
            // Who reads no more does not care.
            _ = give.send(Err(error));
        }
        if over || gone {
            return;
        }
    }
}

/// Fills a block, as far as the source goes: how much, and what went wrong behind it.
fn fill(source: &mut Source, block: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0_usize;
    while filled < block.len() {
        match source.read(block.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read).min(block.len()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.block.len() {
            // A full channel only means that this one is not needed again.
            _ = self.spent.try_send(std::mem::take(&mut self.block));
            self.at = 0;
            // Where the other side is gone, it has said all.
            self.block = self.blocks.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let len = rest.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..len), rest.get(..len)) {
            into.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(len);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives bytes in small pieces, then an error.
    struct Pieces(u32);

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.saturating_add(1);
            match self.0 {
                100_000.. => Err(io::Error::new(ErrorKind::InvalidData, "damaged")),
                number => {
                    into[..4].copy_from_slice(&number.to_be_bytes());
                    Ok(4)
                }
            }
        }
    }

    #[test]
    fn all_bytes_come_in_order_and_then_the_error() {
        let mut bytes = Vec::new();
        let error = read_ahead(Box::new(Pieces(0))).unwrap().read_to_end(&mut bytes).unwrap_err();
        assert_eq!(error.to_string(), "damaged");
        assert!(bytes.chunks(4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).eq(1..100_000));
    }
}
