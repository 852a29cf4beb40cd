//! Where records end, so that no file ever holds a part of one.

use std::io;
use std::io::BufReader;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

/// Bytes read at once in search of the last whole line.
const STRIDE: u64 = 64 << 10;

/// What a power cut may have left of a last record. A file that would lose more is none of ours.
const MOST_LEFT: u64 = 4 << 20;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A line, its line feed included.
    Lines,
    /// A block of pcapng, little-endian; those that are packets are counted.
    Blocks,
}

impl Cut {
    /// Bytes of the first record, where it is whole.
    pub(super) fn first(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr::memchr(b'\n', bytes).map(|end| end.saturating_add(1)),
            Self::Blocks => block(bytes).map(|(_, length)| length).filter(|length| *length <= bytes.len()),
        }
    }

    /// Bytes of the whole records at the beginning that fit into this room.
    pub(super) fn fit(self, bytes: &[u8], room: usize) -> usize {
        let bytes = bytes.get(..room).unwrap_or(bytes);
        match self {
            Self::Lines => memchr::memrchr(b'\n', bytes).map_or(0, |end| end.saturating_add(1)),
            Self::Blocks => {
                let mut end = 0_usize;
                while let Some(length) = bytes.get(end..).and_then(|rest| self.first(rest)) {
                    end = end.saturating_add(length);
                }
                end
            }
        }
    }

    /// How many records these are; one that is not whole counts as one.
    pub(super) fn count(self, bytes: &[u8]) -> u64 {
        let (mut count, mut rest) = (0_u64, bytes);
        while !rest.is_empty() {
            let counts = self == Self::Lines || block(rest).is_none_or(|(kind, _)| kind == PACKET);
            count = count.saturating_add(counts.into());
            rest = self.first(rest).and_then(|length| rest.get(length..)).unwrap_or_default();
        }
        count
    }

    /// Bytes of the whole records at the beginning of a file, of which the first `known` bytes are whole: what a power cut left behind
    /// them is no record.
    ///
    /// # Errors
    ///
    /// Reading; and a file that is none of such records, for somebody may need it.
    pub(super) fn whole(self, file: &mut (impl Read + Seek), known: u64) -> io::Result<u64> {
        let length = file.seek(SeekFrom::End(0))?;
        let end = match self {
            Self::Lines => whole_lines(file, length)?,
            Self::Blocks => whole_blocks(file, known, length)?,
        };
        let foreign = length > 0 && (end == 0 || length.saturating_sub(end) > MOST_LEFT);
        let what = if self == Self::Lines { "lines" } else { "pcapng, little-endian" };
        let problem = || io::Error::new(ErrorKind::InvalidData, format!("it holds something else than {what}, and is not appended to"));
        if foreign { Err(problem()) } else { Ok(end) }
    }
}

/// How a file begins, and the byte-order mark behind the first length. [spec] draft-ietf-opsawg-pcapng, section 4.1.
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const OURS: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];

/// The type of an enhanced packet block. [spec] draft-ietf-opsawg-pcapng, section 4.3.
const PACKET: u32 = 6;

/// Type and length of a block: the first eight bytes of each. [spec] the same, section 3.1.
fn block(bytes: &[u8]) -> Option<(u32, usize)> {
    let word = |from: usize| bytes.get(from..from.saturating_add(4)).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let length = usize::try_from(word(4)?).ok().filter(|length| *length >= 12 && length.is_multiple_of(4))?;
    Some((word(0)?, length))
}

/// Up to the last line feed, looked for from the end.
fn whole_lines(file: &mut (impl Read + Seek), length: u64) -> io::Result<u64> {
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STRIDE);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(end.saturating_sub(start)).read_to_end(&mut bytes)?;
        if let Some(last) = memchr::memrchr(b'\n', &bytes) {
            return Ok(start.saturating_add(u64::try_from(last).unwrap_or(0)).saturating_add(1));
        }
        end = start;
    }
    Ok(0)
}

/// From block to block. The first is a section header in our byte order, or there is none.
fn whole_blocks(file: &mut (impl Read + Seek), known: u64, length: u64) -> io::Result<u64> {
    let mut end = known;
    file.seek(SeekFrom::Start(end))?;
    let mut file = BufReader::new(file);
    loop {
        let mut head = Vec::new();
        file.by_ref().take(12).read_to_end(&mut head)?;
        if end == 0 && !(head.starts_with(&SECTION) && head.ends_with(&OURS)) {
            return Ok(0);
        }
        let read = i64::try_from(head.len()).unwrap_or(0);
        let next = block(&head).and_then(|(_, bytes)| end.checked_add(u64::try_from(bytes).ok()?));
        match next.filter(|next| *next <= length) {
            Some(next) => {
                let step = i64::try_from(next.saturating_sub(end)).unwrap_or(i64::MAX);
                file.seek_relative(step.saturating_sub(read))?;
                end = next;
            }
            None => return Ok(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A block of this type with so many words of content.
    fn forged(kind: u32, words: usize) -> Vec<u8> {
        let content = vec![0; words.saturating_mul(4)];
        let length = u32::try_from(content.len().saturating_add(12)).unwrap().to_le_bytes();
        [kind.to_le_bytes().as_slice(), &length, &content, &length].concat()
    }

    #[test]
    fn lines_end_with_a_line_feed() {
        let text = b"one\ntwo\nthr";
        assert_eq!((Cut::Lines.first(text), Cut::Lines.first(b"thr")), (Some(4), None));
        assert_eq!([0, 3, 4, 7, 8, 100].map(|room| Cut::Lines.fit(text, room)), [0, 0, 4, 4, 8, 8]);
        assert_eq!((Cut::Lines.count(b"one\ntwo\n"), Cut::Lines.count(text), Cut::Lines.count(b"")), (2, 3, 0));
        assert_eq!(Cut::Lines.whole(&mut Cursor::new(text), 0).unwrap(), 8);
        assert_eq!(Cut::Lines.whole(&mut Cursor::new(b""), 0).unwrap(), 0);
        let foreign = Cut::Lines.whole(&mut Cursor::new(b"no line"), 0).unwrap_err();
        assert_eq!(foreign.to_string(), "it holds something else than lines, and is not appended to");
        let long = [b"x\n".as_slice(), &vec![b'y'; 200_000]].concat();
        assert_eq!(Cut::Lines.whole(&mut Cursor::new(long), 0).unwrap(), 2);
    }

    #[test]
    fn blocks_say_how_long_they_are() {
        let mut blocks = [forged(0x0a0d_0d0a, 4), forged(PACKET, 2), forged(PACKET, 0)].concat();
        blocks.splice(8..12, OURS);
        assert_eq!(Cut::Blocks.first(&blocks), Some(28));
        assert_eq!([27, 28, 47, 48, 1000].map(|room| Cut::Blocks.fit(&blocks, room)), [0, 28, 28, 48, 60]);
        assert_eq!(Cut::Blocks.count(&blocks), 2);
        let cut = blocks.get(..55).unwrap();
        assert_eq!((Cut::Blocks.fit(cut, 1000), Cut::Blocks.whole(&mut Cursor::new(cut), 0).unwrap()), (48, 48));
        assert_eq!([0, 28, 48].map(|known| Cut::Blocks.whole(&mut Cursor::new(&blocks), known).unwrap()), [60, 60, 60]);
        assert!(Cut::Blocks.whole(&mut Cursor::new(b"not a capture"), 0).is_err());
        let large = [cut, &vec![1; 5 << 20]].concat();
        assert!(Cut::Blocks.whole(&mut Cursor::new(large), 0).is_err(), "a damaged block is no reason to cut off a whole file");
    }
}
