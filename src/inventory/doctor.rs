//! The SPAN doctor: whether the capture shows both directions, each packet once and whole, as a verdict with its reasons.
//!
//! It only counts, in memory of fixed size, and looks closely at a part of a large capture:
//!
//! ```text
//! every segment ─► counters: data, cut                                          a few ns
//!               ├► sides:  of each connection looked at, who was seen           all of the first 8,192 segments, then of
//!               └► copies: was the same segment here within 10 ms               half as many after 8,192 more, and so on
//! ```

mod copies;
mod judge;
mod sides;
#[cfg(test)]
mod tests;

use crate::decode::Flags;
use crate::decode::Headers;
use crate::decode::Segment;
use crate::flow::Handshake;
use crate::span::SpanCounts;
use crate::span::SpanVerdict;
use crate::time::Timestamp;
use copies::Copies;
use sides::Connections;
use std::time::Duration;

/// When the first verdict is told, on the capture clock from the first segment on.
const FIRST_VERDICT: Duration = Duration::from_secs(10);

/// Closer looks before every second one is left out; again and again.
const LOOKS: u32 = 1 << 13;

/// Watches the whole run.
#[derive(Debug)]
pub struct Doctor {
    counts: SpanCounts,
    connections: Connections,
    copies: Copies,
    /// When the first verdict is due; nothing before the first segment and after the verdict.
    due: Option<Timestamp>,
    /// The verdict that was told.
    told: Option<SpanVerdict>,
}

impl Default for Doctor {
    fn default() -> Self {
        Self::new()
    }
}

impl Doctor {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: SpanCounts::default(), connections: Connections::new(), copies: Copies::new(), due: None, told: None }
    }

    /// Takes a segment. The verdict on those before it, once, at the first segment that comes 10 s or more after the first one.
    pub fn segment(&mut self, segment: &Segment<'_>) -> Option<&SpanVerdict> {
        if self.counts.segments == 0 {
            self.due = Some(segment.at.after(FIRST_VERDICT));
        }
        let is_due = self.is_due(segment.at);
        if is_due {
            self.due = None;
            self.told = Some(self.verdict(false));
        }
        let counts = &mut self.counts;
        counts.segments = counts.segments.saturating_add(1);
        let carries = !segment.payload.is_empty() || segment.uncaptured > 0;
        counts.data_segments = counts.data_segments.saturating_add(u64::from(carries));
        counts.cut_short = counts.cut_short.saturating_add(u64::from(segment.uncaptured > 0));
        self.connections.look(segment);
        // Segments without any of these may truly be repeated word for word: three equal acknowledgements ask for a retransmission.
        if carries || segment.flags.0 & (Flags::SYN | Flags::FIN) != 0 {
            self.copies.look(segment);
        }
        if is_due { self.told.as_ref() } else { None }
    }

    /// Whether [`Self::segment`] has to look at a usual packet closely: it is in a sample, or the first of all.
    #[inline]
    pub(crate) fn samples(&self, headers: &Headers<'_>) -> bool {
        let told = !headers.payload.is_empty() || headers.flags.0 & (Flags::SYN | Flags::FIN) != 0;
        self.counts.segments == 0 || self.connections.samples(headers) || (told && self.copies.samples(headers))
    }

    /// Counts a usual packet that is in no sample.
    #[inline]
    pub(crate) fn passed(&mut self, headers: &Headers<'_>) {
        let carries = !headers.payload.is_empty();
        self.counts.segments = self.counts.segments.saturating_add(1);
        self.counts.data_segments = self.counts.data_segments.saturating_add(u64::from(carries));
    }

    /// Whether the clock has come to the first verdict.
    #[inline]
    pub(crate) fn is_due(&self, at: Timestamp) -> bool {
        self.due.is_some_and(|due| at >= due)
    }

    /// A connection has a SYN-ACK; told by the flow stage, which waits for SYNs that come late.
    pub fn handshake(&mut self, handshake: &Handshake) {
        let lone = !handshake.syn_seen && handshake.client_proven;
        self.counts.syn_acks = self.counts.syn_acks.saturating_add(1);
        self.counts.lone_syn_acks = self.counts.lone_syn_acks.saturating_add(u64::from(lone));
    }

    /// A frame ended before its headers did, because it was cut when it was captured.
    pub fn header_cut(&mut self) {
        self.counts.headers_cut = self.counts.headers_cut.saturating_add(1);
    }

    /// The verdict on the whole run, and whether it is to be told: none was, or it found something else.
    #[must_use]
    pub fn finish(self) -> (SpanVerdict, bool) {
        let verdict = self.verdict(true);
        let news = self.told.is_none_or(|told| told.findings != verdict.findings);
        (verdict, news)
    }

    fn verdict(&self, at_end: bool) -> SpanVerdict {
        let tally = self.connections.tally();
        let counts = SpanCounts {
            connections: tally.both.saturating_add(tally.one_way),
            both_directions: tally.both,
            one_direction: tally.one_way,
            vlan_differs: tally.vlan_differs,
            compared: self.copies.compared,
            duplicates_exact: self.copies.exact,
            duplicates_routed: self.copies.routed,
            ..self.counts
        };
        SpanVerdict { findings: judge::findings(&counts), counts, at_end }
    }
}

/// Which part of the capture is looked at closely: less and less, so that the cost of a long run goes to nothing.
///
/// What is looked at depends on the packets alone and not on a random seed, for the same capture is to give the same record. Who knows
/// that can only hide from a sample, or be all of it.
#[derive(Debug)]
struct Sample {
    mask: u64,
    most: u64,
    looks: u32,
}

/// An odd number without a pattern (the golden ratio), which mixes all bits of a factor into the high ones of the product.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Sample {
    /// All at first, at last one of `most`, which is a power of two.
    fn new(most: u64) -> Self {
        Self { mask: 0, most: most.saturating_sub(1), looks: 0 }
    }

    /// Whether what has this number is in it.
    fn has(&self, number: u64) -> bool {
        (number.wrapping_mul(MIX) >> 44) & self.mask == 0
    }

    /// Counts a look; whether half of it has left the sample now.
    fn looked(&mut self) -> bool {
        self.looks = self.looks.saturating_add(1);
        self.looks >= LOOKS && self.halve()
    }

    /// Leaves out every second one from now on, unless so few are left that it does not matter.
    fn halve(&mut self) -> bool {
        self.looks = 0;
        let less = self.mask < self.most;
        if less {
            self.mask = (self.mask << 1) | 1;
        }
        less
    }
}
