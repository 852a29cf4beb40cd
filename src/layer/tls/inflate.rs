//! Undoes the compression of TLS, which is one stream for each direction.

use flate2::Decompress;
use flate2::FlushDecompress;

/// What a record may hold when it is unpacked.
const MOST_BYTES: usize = (16 << 10) + 1024;

/// The state of one direction.
pub(super) struct Inflate(Decompress);

impl Inflate {
    /// A stream that has not begun.
    ///
    /// # Wire
    ///
    /// [spec] RFC 3749: zlib, flushed at the end of every record.
    pub(super) fn new() -> Self {
        Self(Decompress::new(true))
    }

    /// Unpacks what a record holds, in place; `None` when it cannot be, or is more than a record may hold.
    pub(super) fn unpack(&mut self, content: &mut Vec<u8>) -> Option<()> {
        let mut out = Vec::with_capacity(MOST_BYTES);
        let before = self.0.total_in();
        self.0.decompress_vec(content, &mut out, FlushDecompress::Sync).ok()?;
        let read = self.0.total_in().saturating_sub(before);
        if read != u64::try_from(content.len()).ok()? || out.len() >= MOST_BYTES {
            return None;
        }
        *content = out;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compress;
    use flate2::Compression;
    use flate2::FlushCompress;

    fn pack(compress: &mut Compress, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len().saturating_add(1000));
        compress.compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
        out
    }

    #[test]
    fn records_are_unpacked_one_after_the_other_and_a_bomb_is_not() {
        let (mut compress, mut inflate) = (Compress::new(Compression::best(), true), Inflate::new());
        for text in ["hello, hello, hello", "hello again"] {
            let mut record = pack(&mut compress, text.as_bytes());
            assert_eq!(inflate.unpack(&mut record), Some(()));
            assert_eq!(record, text.as_bytes());
        }
        let mut bomb = pack(&mut compress, &vec![0; 1 << 20]);
        assert!(bomb.len() < 2048);
        assert_eq!(inflate.unpack(&mut bomb), None);
        assert_eq!(inflate.unpack(&mut b"no zlib".to_vec()), None);
    }
}
