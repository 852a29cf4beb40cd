//! The checksum of a capture file, for documents and those who ask whether one was made of it: the file is read once more, since what is
//! read of it first need not be all of it.

use sha2::Digest as _;
use sha2::Sha256;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;

/// Bytes read at once.
const BLOCK_BYTES: usize = 64 << 10;

/// Length and SHA-256 of a file.
///
/// # Errors
///
/// It cannot be read any more.
pub fn digest(path: &Path) -> io::Result<(u64, [u8; 32])> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    loop {
        let read = match file.read(&mut block) {
            Ok(0) => return Ok((bytes, hash.finalize().into())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(block.get(..read).unwrap_or_default());
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(0));
    }
}
