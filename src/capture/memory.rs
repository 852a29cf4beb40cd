//! A scripted source in memory, so that tests and benchmarks need neither files nor interfaces.

use super::Frame;
use super::Next;
use super::Source;
use crate::error::Error;
use crate::evidence::FrameId;
use crate::time::Timestamp;

/// One answer of the script.
#[derive(Debug)]
enum Step {
    Frame {
        id: FrameId,
        at: Timestamp,
        link_type: u32,
        wire_len: u32,
        from: usize,
        len: usize,
    },
    Idle(Timestamp),
    /// Given away once; nothing when the script is played again.
    Fail(Option<Error>),
}

/// Frames and other happenings, played in the order they were added. Owns all bytes, in one piece.
///
/// ```
/// use ntp_sniff::capture::Next;
/// use ntp_sniff::capture::Source;
/// use ntp_sniff::capture::memory::Memory;
/// use ntp_sniff::time::Timestamp;
///
/// let at = Timestamp::from_parts(1_105_000_000, 0, false);
/// let mut source = Memory::new().frame(at, 1, 60, b"first").next_input().frame(at, 1, 60, b"second");
/// let Ok(Next::Frame(frame)) = source.next() else { panic!() };
/// assert_eq!((frame.id.input, frame.id.number, frame.bytes), (0, 1, &b"first"[..]));
/// let Ok(Next::Frame(frame)) = source.next() else { panic!() };
/// assert_eq!((frame.id.input, frame.id.number, frame.bytes), (1, 1, &b"second"[..]));
/// assert!(matches!(source.next(), Ok(Next::End)));
/// ```
#[derive(Debug, Default)]
pub struct Memory {
    steps: Vec<Step>,
    bytes: Vec<u8>,
    /// Of the newest frame.
    newest: FrameId,
    /// Index of the step to be played next.
    upcoming: usize,
}

impl Memory {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a frame, copied; `wire_len` is its length on the wire in bytes.
    #[must_use]
    pub fn frame(mut self, at: Timestamp, link_type: u32, wire_len: u32, bytes: &[u8]) -> Self {
        self.push(at, link_type, wire_len, bytes);
        self
    }

    /// As [`Self::frame`], for loops.
    pub fn push(&mut self, at: Timestamp, link_type: u32, wire_len: u32, bytes: &[u8]) {
        self.newest.number = self.newest.number.saturating_add(1);
        self.steps.push(Step::Frame { id: self.newest, at, link_type, wire_len, from: self.bytes.len(), len: bytes.len() });
        self.bytes.extend_from_slice(bytes);
    }

    /// What follows is of the next input, its frames numbered from 1.
    #[must_use]
    pub fn next_input(mut self) -> Self {
        self.newest = FrameId { input: self.newest.input.saturating_add(1), number: 0 };
        self
    }

    /// Adds a moment in which nothing came.
    #[must_use]
    pub fn idle(mut self, at: Timestamp) -> Self {
        self.steps.push(Step::Idle(at));
        self
    }

    /// Adds an error; the script goes on behind it.
    #[must_use]
    pub fn fail(mut self, error: Error) -> Self {
        self.steps.push(Step::Fail(Some(error)));
        self
    }

    /// Begins anew, but errors are played once only.
    pub fn rewind(&mut self) {
        self.upcoming = 0;
    }
}

impl Source for Memory {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        while let Some(step) = self.steps.get_mut(self.upcoming) {
            self.upcoming = self.upcoming.saturating_add(1);
            match step {
                &mut Step::Frame { id, at, link_type, wire_len, from, len } => {
                    let bytes = self.bytes.get(from..from.saturating_add(len)).unwrap_or_default();
                    return Ok(Next::Frame(Frame { id, at, link_type, wire_len, bytes }));
                }
                Step::Idle(at) => return Ok(Next::Idle(*at)),
                Step::Fail(error) => {
                    if let Some(error) = error.take() {
                        return Err(error);
                    }
                }
            }
        }
        Ok(Next::End)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plays_idle_moments_and_errors_in_order() {
        let at = Timestamp::from_nanos(7, true);
        let failure = Error::NotACapture { input: "b".to_owned(), found: "text".to_owned() };
        let mut source = Memory::new().idle(at).fail(failure).frame(at, 101, 4, &[1, 2]);
        assert!(matches!(source.next(), Ok(Next::Idle(now)) if now == at));
        assert!(source.next().is_err_and(|error| error.spares_other_inputs()));
        assert!(matches!(source.next(), Ok(Next::Frame(frame)) if (frame.id.number, frame.wire_len, frame.bytes) == (1, 4, &[1, 2][..])));
        assert!(matches!(source.next(), Ok(Next::End)));
        assert!(matches!(source.next(), Ok(Next::End)));
        source.rewind();
        assert!(matches!(source.next(), Ok(Next::Idle(_))));
        assert!(matches!(source.next(), Ok(Next::Frame(_))));
    }
}
