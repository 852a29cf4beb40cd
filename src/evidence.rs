//! What an event rests on: frames of the capture, and bytes of a stream.

use crate::annotation::ByteSpan;
use crate::time::Timestamp;
use thin_vec::ThinVec;

/// Names a frame: which input, and its number there, from 1 as Wireshark counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId {
    /// Which input, from 0 in the order given.
    pub input: u32,
    /// Frame number in that input, from 1.
    pub number: u64,
}

/// Bytes of a message that one frame brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The frame.
    pub frame: FrameId,
    /// Its time.
    pub at: Timestamp,
    /// Offset of the first of these bytes, from the start of the message.
    pub start: u64,
    /// Offset behind the last.
    pub end: u64,
    /// Where the first of them is in the frame as captured; nothing where they were put together from fragments or decrypted.
    pub frame_offset: Option<u32>,
}

/// Frames that follow each other in one input, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameSpan {
    /// Which input.
    pub input: u32,
    /// The first frame.
    pub first: u64,
    /// The last frame.
    pub last: u64,
}

impl FrameSpan {
    /// One frame.
    fn one(frame: FrameId) -> Self {
        Self { input: frame.input, first: frame.number, last: frame.number }
    }
}

/// The most spans an evidence keeps apart; beyond, the newest span is stretched.
const MOST_SPANS: usize = 256;

/// A set of frames, ascending, neighbours joined. One span costs no allocation, and an empty rest one word: every
/// connection keeps three sets.
///
/// Frames count from 1: a frame of the number 0 is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The first span; of the number 0 when the set is empty.
    head: FrameSpan,
    /// All others.
    rest: ThinVec<FrameSpan>,
}

impl Frames {
    /// One frame.
    #[must_use]
    pub fn one(frame: FrameId) -> Self {
        Self { head: FrameSpan::one(frame), rest: ThinVec::new() }
    }

    /// Adds a frame; one already in the set changes nothing.
    pub fn add(&mut self, frame: FrameId) {
        if self.is_empty() {
            *self = Self::one(frame);
            return;
        }
        let newest = self.rest.last_mut().unwrap_or(&mut self.head);
        if newest.input == frame.input && newest.first <= frame.number && frame.number <= newest.last.saturating_add(1) {
            newest.last = newest.last.max(frame.number);
        } else if (newest.input, newest.last) < (frame.input, frame.number) {
            let full = self.rest.len() >= MOST_SPANS;
            match self.rest.last_mut() {
                Some(newest) if full && newest.input == frame.input => newest.last = frame.number,
                _ => self.rest.push(FrameSpan::one(frame)),
            }
        } else {
            // Not the newest: rare, so the set is simply made anew.
            *self = Self::of_spans(self.spans().copied().chain([FrameSpan::one(frame)]).collect());
        }
    }

    /// Adds all frames of another set.
    pub fn join(&mut self, other: &Self) {
        let span = other.head;
        if other.rest.is_empty() && span.first == span.last {
            if !other.is_empty() {
                self.add(FrameId { input: span.input, number: span.first });
            }
        } else {
            *self = Self::of_spans(self.spans().chain(other.spans()).copied().collect());
        }
    }

    /// The set of all these spans, in any order.
    #[must_use]
    pub fn of_spans(mut spans: Vec<FrameSpan>) -> Self {
        spans.sort_unstable();
        let mut joined: Vec<FrameSpan> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if last.input == span.input && span.first <= last.last.saturating_add(1) => last.last = last.last.max(span.last),
                _ => joined.push(span),
            }
        }
        while joined.len() > MOST_SPANS.saturating_add(1) && stretch(&mut joined) {}
        let mut joined = joined.into_iter();
        let head = joined.next().unwrap_or_default();
        Self { head, rest: joined.collect() }
    }

    /// The spans, ascending.
    pub fn spans(&self) -> impl Iterator<Item = &FrameSpan> {
        let head = if self.is_empty() { None } else { Some(&self.head) };
        head.into_iter().chain(&self.rest)
    }

    /// The frame, where it names just one.
    #[must_use]
    pub fn single(&self) -> Option<FrameId> {
        let FrameSpan { input, first, last } = self.head;
        (first == last && first > 0 && self.rest.is_empty()).then_some(FrameId { input, number: first })
    }

    /// The frames, where there are one to three of one input; no frame has the number 0.
    #[must_use]
    pub fn few(&self) -> Option<(u32, [u64; 3])> {
        let input = self.head.input;
        let mut few = [0; 3];
        let mut places = few.iter_mut();
        for span in self.spans().filter(|span| span.input == input) {
            // Longer ones end at the first place that is missing.
            for number in span.first..=span.last {
                *places.next()? = number;
            }
        }
        (!self.is_empty() && self.rest.iter().all(|span| span.input == input)).then_some((input, few))
    }

    /// Whether it names no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.head.first == 0
    }
}

/// Makes one span of the two newest that are of one input; false when no two are.
fn stretch(spans: &mut Vec<FrameSpan>) -> bool {
    let pair = spans.windows(2).rposition(|pair| matches!(pair, [older, newer] if older.input == newer.input));
    let Some(index) = pair else { return false };
    let newer = spans.remove(index.saturating_add(1));
    if let Some(older) = spans.get_mut(index) {
        older.last = newer.last;
    }
    true
}

/// What an event rests on: frames, and bytes of the stream where it is about payload.
///
/// Only the summary and statistics have an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The frames.
    pub frames: Frames,
    /// The bytes, in the stream of the peer that sent them.
    pub bytes: Option<ByteSpan>,
}

impl Evidence {
    /// Frames only.
    #[must_use]
    pub fn of(frames: Frames) -> Self {
        Self { frames, bytes: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(numbers: &[u64]) -> Vec<(u64, u64)> {
        let mut set = Frames::default();
        for &number in numbers {
            set.add(FrameId { input: 0, number });
        }
        set.spans().map(|span| (span.first, span.last)).collect()
    }

    #[test]
    fn neighbours_join_and_order_does_not_matter() {
        assert_eq!(frames(&[9, 11]), [(9, 9), (11, 11)]);
        assert_eq!(frames(&[9, 10, 11]), [(9, 11)]);
        assert_eq!(frames(&[11, 9, 10]), [(9, 11)]);
        assert_eq!(frames(&[5, 5, 3, 5]), [(3, 3), (5, 5)]);
    }

    #[test]
    fn few_frames_are_told_one_by_one() {
        let few = |numbers: &[u64]| {
            let mut set = Frames::default();
            for number in numbers {
                set.add(FrameId { input: 3, number: *number });
            }
            (set.few(), set.single().map(|frame| frame.number))
        };
        assert_eq!(few(&[]), (None, None));
        assert_eq!(few(&[7]), (Some((3, [7, 0, 0])), Some(7)));
        assert_eq!(few(&[9, 7, 8]), (Some((3, [7, 8, 9])), None));
        assert_eq!(few(&[1, 5, 9]), (Some((3, [1, 5, 9])), None));
        assert_eq!(few(&[1, 2, 5, 9]), (None, None));
        let mut two_inputs = Frames::one(FrameId { input: 0, number: 1 });
        two_inputs.add(FrameId { input: 1, number: 1 });
        assert_eq!(two_inputs.few(), None);
    }

    #[test]
    fn sets_join() {
        let mut left = Frames::one(FrameId { input: 0, number: 4 });
        let mut right = Frames::one(FrameId { input: 0, number: 1 });
        right.add(FrameId { input: 0, number: 2 });
        left.join(&right);
        assert_eq!(left.spans().map(|span| (span.first, span.last)).collect::<Vec<_>>(), [(1, 2), (4, 4)]);
    }
}
