//! Where packets come from: files, standard input, interfaces. Lends frames one by one.
//!
//! ```text
//! files ──► input (magic) ──► packed ──► buffer ──► pcap, pcapng ──► file ─┐
//! live  ──► libpcap ──────────────────────────────────────────────────────┼──► Source ──► Frame
//! memory ─► a script, for tests and benchmarks ───────────────────────────┘       filter: BPF, asked frame by frame
//! ```
//!
//! Nothing is copied per packet but by the read itself: a frame borrows from the buffer it was read into.

mod ahead;
mod buffer;
pub mod digest;
pub mod file;
pub mod files;
pub mod filter;
mod input;
pub mod live;
pub mod memory;
mod packed;
mod pcap;
mod pcapng;
pub mod secrets;

#[cfg(test)]
mod forge;
#[cfg(test)]
mod tests;

use crate::error::Error;
use crate::evidence::FrameId;
use crate::loss::Received;
use crate::origin::Origin;
use crate::time::Timestamp;

/// What comes next from a source.
#[derive(Debug)]
pub enum Next<'a> {
    /// A frame, lent until the next call.
    Frame(Frame<'a>),
    /// Nothing for now, on a quiet link; the clock goes on.
    Idle(Timestamp),
    /// Nothing for a moment from a pipe; the clock stands still, as it does between any two frames of a file.
    Wait,
    /// No more frames will come.
    End,
}

/// A frame as captured: bytes from the link-layer header on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Which input, and its number there.
    pub id: FrameId,
    /// When it was captured.
    pub at: Timestamp,
    /// The LINKTYPE number of the interface it came from.
    pub link_type: u32,
    /// Its length on the wire; more than `bytes` holds when the snap length cut it.
    pub wire_len: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
}

impl Frame<'_> {
    /// Where these bytes begin in the frame; nothing when they are none of it.
    #[must_use]
    pub fn offset_of(&self, part: &[u8]) -> Option<u32> {
        // Only the places are compared: nothing is read through them.
        let offset = part.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        let within = offset.saturating_add(part.len()) <= self.bytes.len();
        u32::try_from(offset).ok().filter(|_| within)
    }
}

/// A source of frames. Frames come in the order of the capture, numbered from 1 per input.
pub trait Source {
    /// The next frame, lent until the next call.
    ///
    /// # Errors
    ///
    /// [`Error::spares_other_inputs`] tells whether calling again goes on with the next input; any other error is the end.
    fn next(&mut self) -> Result<Next<'_>, Error>;

    /// Lends frames that come next, as many as are at hand and at most so many, in order: a foretaste, which [`Self::next`] may belie.
    fn ahead(&self, _most: usize, _take: &mut dyn FnMut(&Frame<'_>)) {}

    /// What was counted before packets came here, interface by interface. Files do not know.
    fn received(&mut self) -> Vec<Received> {
        Vec::new()
    }

    /// The inputs, by their number, at the end. Files are read once more, for their checksums.
    fn origins(&mut self) -> Vec<Origin> {
        Vec::new()
    }
}
