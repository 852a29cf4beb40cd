//! Secrets that a capture carries for its own traffic, on their way to whoever opens it.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use zeroize::Zeroizing;

/// Secrets of a pcapng file. Never shown, and forgotten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Their type: `0x544c534b` is a TLS key log as text, others are in the pcapng specification.
    pub kind: u32,
    /// As they are in the file.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets {{ kind: {:#x}, {} bytes }}", self.kind, self.bytes.len())
    }
}

/// Where secrets are put as they are read from a pipe, whose end nobody can look at beforehand.
#[derive(Clone, Debug, Default)]
pub struct Inbox(Arc<Mutex<Vec<Secrets>>>);

impl Inbox {
    /// Puts secrets in.
    pub fn put(&self, secrets: &[Secrets]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(secrets);
    }

    /// Takes all there are.
    #[must_use]
    pub fn take(&self) -> Vec<Secrets> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
