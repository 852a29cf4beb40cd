//! Where the capture lays down its account, and the thread that answers picks it up.

use crate::event::Summary;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// How much waits in the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Bytes of records that are held back until facts are safe.
    pub held_bytes: u64,
    /// Bytes of records that are not written yet.
    pub record_bytes: u64,
    /// Bytes of saved packets that are not written yet.
    pub packet_bytes: u64,
    /// Syslog messages that are not sent yet.
    pub syslog_messages: u64,
}

/// The newest account. Cloned, it is the same board.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Arc<Shown>>>);

/// An account, and its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) number: u64,
    pub(super) account: Summary,
    pub(super) waiting: Waiting,
}

impl Board {
    /// Lays down an account. Waits for nobody: the other side holds the lock for as long as it takes to copy a pointer.
    pub fn show(&self, account: Summary, waiting: Waiting) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = place.number.saturating_add(1);
        *place = Arc::new(Shown { number, account, waiting });
    }

    /// Picks up the newest.
    pub(super) fn look(&self) -> Arc<Shown> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
