//! What was lost: packets before they came here, and what could not be handed on.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// What the kernel counted on one interface since it was opened; wrap-arounds of its 32 bits are undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Which interface.
    pub interface: String,
    /// Packets that passed the kernel's filter, those it then dropped included.
    pub packets: u64,
    /// Of these, packets dropped because the buffer was full.
    pub dropped_by_kernel: u64,
    /// Packets dropped by the interface or its driver; not among `packets`.
    pub dropped_by_interface: u64,
}

/// What an output could not hand on, and how much waits in it: one part of the program counts, another one reads.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    lost: AtomicU64,
    waiting: AtomicU64,
}

impl Counter {
    /// So many more were lost.
    pub fn add(&self, more: u64) {
        // There is no saturating addition of atomics; 2⁶⁴ things are never lost.
        self.0.lost.fetch_add(more, Ordering::Relaxed);
    }

    /// How many were lost so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// So much waits now, in the unit of the output: bytes, or messages.
    pub fn wait(&self, waiting: usize) {
        self.0.waiting.store(u64::try_from(waiting).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How much waits.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

/// What the outputs could not hand on. Each part is counted by the output it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Unwritten {
    /// Records (lines of the table) that the output did not take.
    pub records: Counter,
    /// Packets that the capture file of `--write` did not take.
    pub packets: Counter,
    /// Syslog messages that were dropped.
    pub syslog: Counter,
}

/// The same as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Records (lines of the table) that the output did not take.
    pub records: u64,
    /// Packets that the capture file of `--write` did not take.
    pub packets: u64,
    /// Syslog messages that were dropped.
    pub syslog: u64,
}

impl Unwritten {
    /// The counts so far.
    #[must_use]
    pub fn lost(&self) -> Lost {
        Lost { records: self.records.get(), packets: self.packets.get(), syslog: self.syslog.get() }
    }
}
