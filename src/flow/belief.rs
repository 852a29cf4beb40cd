//! What can be believed of one direction's sequence numbers: where it starts, how far it is, where it ends.

use super::history::to_u64;
use super::outlet::Outlet;
use super::reassembly::Part;
use super::reassembly::Stream;
use super::seq;
use crate::anomaly::Anomaly;
use crate::limits::Limits;

/// Far segments that must follow each other before they are believed: a capture that lost more than a window goes on.
const STRAYS_BELIEVED: u8 = 3;

impl Stream {
    /// Notes what the other side acknowledged and the window it offers, in bytes. An acknowledgement far ahead of all that was
    /// seen is believed when it goes on.
    pub(super) fn acknowledged(&mut self, ack: u32, window: u32, limits: &Limits) {
        let Some(start) = self.start else {
            (self.start, self.start_guessed, self.window) = (Some(ack), true, Some(window));
            return;
        };
        let seen = self.seen();
        let acked = u64::try_from(seq::offset(start, seen, ack)).unwrap_or(0);
        if acked > seen.saturating_add(self.ack_reach(limits)) {
            let count = match self.stray_ack.as_deref() {
                Some((last, count)) if seq::distance(*last, ack) >= 0 => count.saturating_add(1),
                _ => 1,
            };
            self.stray_ack = Some(Box::new((ack, count)));
            if count < STRAYS_BELIEVED {
                return;
            }
        }
        self.stray_ack = None;
        if acked > self.acked {
            self.acked_one = acked.saturating_sub(self.acked) == 1;
            self.acked = acked;
        }
        self.window = Some(window);
    }

    /// How far an acknowledgement may run ahead of what was seen: what fits into the hold.
    pub(super) fn ack_reach(&self, limits: &Limits) -> u64 {
        self.reach(limits).min(to_u64(limits.held_bytes))
    }

    /// The furthest offset that was seen or acknowledged.
    pub(super) fn seen(&self) -> u64 {
        let held = self.order.as_ref().and_then(|order| order.hold.end()).unwrap_or(0);
        self.next.max(self.acked).max(held)
    }

    /// Whether the FIN of this direction was seen, everything before it delivered, and it was acknowledged.
    pub(super) fn finished(&self) -> bool {
        self.fin.is_some_and(|fin| self.next >= fin && self.acked > fin)
    }

    /// Whether a FIN was seen.
    pub(super) fn fin_seen(&self) -> bool {
        self.fin.is_some()
    }

    /// Notes a FIN behind `len` bytes from `seq` on; false when it lies where no end can be. A later FIN replaces one that was
    /// not reached.
    pub(super) fn fin(&mut self, seq: u32, len: u64, limits: &Limits) -> bool {
        self.begin(seq);
        let end = seq::offset(self.start.unwrap_or(seq), self.next, seq).saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        let Ok(end) = u64::try_from(end) else { return false };
        if end < self.next || end > self.seen().saturating_add(self.reach(limits)) {
            return self.fin == Some(end);
        }
        if self.fin.is_none_or(|fin| fin > self.next) {
            self.fin = Some(end);
        }
        true
    }

    /// Whether `seq` is where a RST may stand: at the next byte, or, where the capture has holes, up to what was seen or
    /// acknowledged (RFC 5961 3.2 asks for the next byte alone).
    pub(super) fn may_reset_at(&self, seq: u32) -> bool {
        let Some(start) = self.start else { return true };
        let offset = u64::try_from(seq::offset(start, self.next, seq));
        offset.is_ok_and(|offset| (self.next..=self.seen().max(self.fin.map_or(0, |fin| fin.saturating_add(1)))).contains(&offset))
    }

    /// How far ahead a segment is believed: twice what the other side's window allows.
    pub(super) fn reach(&self, limits: &Limits) -> u64 {
        self.window.map_or(limits.reach_bytes, |window| u64::from(window.max(0xffff)).saturating_mul(2).min(limits.reach_bytes))
    }

    /// A start that only an acknowledgement told must fit the first data; else the data tells it. A keep-alive does not count.
    pub(super) fn confirm_start(&mut self, part: &Part<'_>, limits: &Limits) {
        if !self.start_guessed {
            return;
        }
        let offset = seq::offset(self.start.unwrap_or(part.seq), 0, part.seq);
        let untouched = self.next == 0 && !self.has_hole();
        if offset < 0 && part.data.len() == 1 {
            return;
        }
        self.start_guessed = false;
        if untouched && (offset < 0 || offset.unsigned_abs() > self.ack_reach(limits)) {
            (self.start, self.acked, self.acked_one) = (Some(part.seq), 0, false);
        }
    }

    /// Says no to segments that cannot be part of the stream; believes them when they go on and on.
    pub(super) fn is_plausible(&mut self, offset: i64, part: &Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) -> bool {
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        let ahead = offset.saturating_sub(next.max(i64::try_from(self.acked).unwrap_or(i64::MAX)));
        let reach = if offset < next { limits.reach_bytes } else { self.reach(limits) };
        let far = if offset < next { next.saturating_sub(offset) } else { ahead };
        if far <= i64::try_from(reach).unwrap_or(i64::MAX) {
            self.stray = None;
            return true;
        }
        let end = seq::advance(part.seq, to_u64(part.data.len()).saturating_add(part.cut));
        let seen = match self.stray.as_deref() {
            Some((expected, count)) if *expected == part.seq => count.saturating_add(1),
            _ => 1,
        };
        self.stray = Some(Box::new((end, seen)));
        if seen >= STRAYS_BELIEVED && offset > next {
            self.stray = None;
            return true;
        }
        let anomaly = Anomaly::SegmentImplausible { from: outlet.from(), distance: offset.saturating_sub(next) };
        outlet.anomaly(part.at, part.frames.clone(), None, anomaly);
        false
    }

    /// How far a sequence number lies from the next expected byte; negative lies before it.
    pub(super) fn distance_of(&self, seq: u32) -> i64 {
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        self.start.map_or(0, |start| seq::offset(start, self.next, seq).saturating_sub(next))
    }
}
