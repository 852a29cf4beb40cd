//! The checksum of a capture file, for documents and those who ask whether one was made of it: the file is read once more, since what is
//! read of it first need not be all of it.

use sha2::Digest as _;
use sha2::Sha256;
use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes read at once.
const BLOCK_BYTES: usize = 64 << 10;

/// Which file it is, and in which state: another one under its name has another, and so has this one when it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino(), bytes: found.len(), modified: (found.mtime(), found.mtime_nsec()) }
    }

    /// Of what is there under this name; nothing where there is nothing.
    pub(super) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self::of(&found))
    }
}

/// Length and SHA-256 of a file, as it is now.
///
/// # Errors
///
/// It cannot be read.
pub fn digest(path: &Path) -> io::Result<(u64, [u8; 32])> {
    hashed(&mut File::open(path)?)
}

/// Length and SHA-256 of a file; nothing where it is not the one of that identity, before or behind.
///
/// # Errors
///
/// It cannot be read any more.
pub(super) fn digest_of(path: &Path, identity: Identity) -> io::Result<Option<(u64, [u8; 32])>> {
    let mut file = File::open(path)?;
    if Identity::of(&file.metadata()?) != identity {
        return Ok(None);
    }
    let found = hashed(&mut file)?;
    Ok((Identity::of(&file.metadata()?) == identity).then_some(found))
}

/// Length and SHA-256 of what can be read.
fn hashed(file: &mut File) -> io::Result<(u64, [u8; 32])> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_that_is_another_one_by_now_has_no_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcap");
        fs::write(&path, b"abc").unwrap();
        let identity = Identity::at(&path).unwrap();
        let (bytes, hash) = digest_of(&path, identity).unwrap().unwrap();
        assert_eq!((bytes, hash[..4].to_vec()), (3, vec![0xba, 0x78, 0x16, 0xbf]));
        File::options().append(true).open(&path).unwrap().write_all(b"d").unwrap();
        assert_eq!(digest_of(&path, identity).unwrap(), None);
        let grown = Identity::at(&path).unwrap();
        assert!(digest_of(&path, grown).unwrap().is_some());
        fs::write(folder.path().join("b.pcap"), b"abcd").unwrap();
        fs::rename(folder.path().join("b.pcap"), &path).unwrap();
        assert_eq!(digest_of(&path, grown).unwrap(), None);
        assert_eq!(Identity::at(&folder.path().join("none")), None);
    }
}
