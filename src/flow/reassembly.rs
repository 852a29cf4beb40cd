//! One direction of a connection: segments in any order in, bytes in order out, each byte once.

use super::Body;
use super::Chunk;
use super::Interest;
use super::history::History;
use super::history::to_u64;
use super::hold::Hold;
use super::outlet::Outlet;
use super::seq;
use crate::annotation::ByteSpan;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Gaps that are remembered to notice their late data.
const GAPS_REMEMBERED: usize = 16;

/// The state of one direction.
///
/// ```text
///   delivered      hole          held        hole   held
///  ─────────────┼─────────────╳═════════════╳──────╳═════╳─────► offset
///  0           next         front                        end
/// ```
///
/// Invariants: nothing is held at or before `next`; `order` exists only from the first payload of a flow somebody reads.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) start: Option<u32>,
    /// Whether the start is but what the other side's first acknowledgement says.
    pub(super) start_guessed: bool,
    pub(super) next: u64,
    pub(super) acked: u64,
    /// Whether `acked` grew by one when it grew last.
    pub(super) acked_one: bool,
    pub(super) fin: Option<u64>,
    pub(super) window: Option<u32>,
    /// Segments, and acknowledgements, too far ahead: where the next one is expected, and how many there were. Rare.
    pub(super) stray: Option<Box<(u32, u8)>>,
    pub(super) stray_ack: Option<Box<(u32, u8)>>,
    pub(super) order: Option<Box<Order>>,
}

#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) hold: Hold,
    history: History,
    /// The newest gaps that were given up, to know data that comes too late for them.
    gaps: VecDeque<ByteSpan>,
}

/// The part of a segment that reassembly works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) seq: u32,
    pub(super) data: &'a [u8],
    /// Bytes behind `data` that the snap length cut away.
    pub(super) cut: u64,
    pub(super) at: Timestamp,
    pub(super) frames: &'a Frames,
    /// Where `data` begins in its frame, where that is known.
    pub(super) frame_offset: Option<u32>,
}

/// A place in a frame, so many bytes on.
pub(super) fn moved(frame_offset: Option<u32>, bytes: u64) -> Option<u32> {
    frame_offset?.checked_add(u32::try_from(bytes).ok()?)
}

impl Stream {
    /// Fixes where offset 0 is, unless that is known.
    pub(super) fn begin(&mut self, seq: u32) {
        self.start.get_or_insert(seq);
    }

    /// The sequence number of offset 0.
    pub(super) fn start(&self) -> Option<u32> {
        self.start
    }

    /// Lets go of what is held, because the stream is over; its numbers stay.
    pub(super) fn forget(&mut self) {
        self.order = None;
    }

    /// Lets go of what was delivered, where nothing else is kept.
    pub(super) fn forget_history(&mut self) {
        self.order.take_if(|order| order.hold.is_empty() && order.gaps.is_empty());
    }

    /// Bytes held.
    pub(super) fn held_bytes(&self) -> usize {
        self.order.as_ref().map_or(0, |order| order.hold.bytes())
    }

    /// Counts a segment of a flow nobody reads: only where the stream ends matters.
    pub(super) fn skip(&mut self, seq: u32, len: u64) {
        self.begin(seq);
        self.order = None;
        let end = seq::offset(self.start.unwrap_or(seq), self.next, seq).saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        self.next = self.next.max(u64::try_from(end).unwrap_or(0));
    }

    /// Takes a segment with payload: the one function that decides which bytes of the stream it covers.
    pub(super) fn accept(&mut self, part: Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) {
        self.begin(part.seq);
        self.confirm_start(&part, limits);
        let offset = seq::offset(self.start.unwrap_or(part.seq), self.next, part.seq);
        if !self.is_plausible(offset, &part, limits, outlet) {
            return;
        }
        let skipped = u64::try_from(i64::try_from(self.next).unwrap_or(i64::MAX).saturating_sub(offset)).unwrap_or(0);
        let (repeated, data) = part.data.split_at(usize::try_from(skipped).unwrap_or(usize::MAX).min(part.data.len()));
        if !repeated.is_empty() {
            self.compare(offset, repeated, &part, outlet);
        }
        let part = Part { frame_offset: moved(part.frame_offset, to_u64(repeated.len())), ..part };
        let cut = part.cut.saturating_sub(skipped.saturating_sub(to_u64(repeated.len())));
        let place = u64::try_from(offset).unwrap_or(0).max(self.next);
        let (data, cut) = self.clip_to_fin(place, data, cut, &part, outlet);
        let idle = self.order.as_ref().is_none_or(|order| order.hold.is_empty());
        if place == self.next && idle {
            self.deliver(data, part.at, (part.frames, part.frame_offset), limits, outlet);
            self.gap(cut, GapReason::SnapLength, part.at, part.frames, outlet);
        } else {
            self.hold(place, data, cut, &part, limits, outlet);
        }
    }

    /// Looks at bytes whose turn is over: they may differ from what is remembered of them, or come too late for a gap that was
    /// given up, or lie before the first byte that was seen. A keep-alive's one byte is garbage by design (RFC 9293 3.8.4).
    fn compare(&mut self, offset: i64, repeated: &[u8], part: &Part<'_>, outlet: &mut Outlet<'_>) {
        let end = offset.saturating_add(i64::try_from(repeated.len()).unwrap_or(i64::MAX));
        if part.data.len() == 1 && u64::try_from(end) == Ok(self.next) {
            return;
        }
        let before = repeated.len().min(usize::try_from(offset.saturating_neg()).unwrap_or(0));
        let late = self.too_late(offset, end).saturating_add(to_u64(before));
        if late > 0 {
            outlet.anomaly(part.at, part.frames.clone(), None, Anomaly::DataTooLate { from: outlet.from(), bytes: late });
        }
        let (Ok(offset), Some(order)) = (u64::try_from(offset), &self.order) else { return };
        if let Some(difference) = order.history.compare(offset, repeated) {
            let mut frames = part.frames.clone();
            difference.first_copy.into_iter().for_each(|frame| frames.add(frame));
            let span = ByteSpan { start: offset, end: offset.saturating_add(to_u64(repeated.len())) };
            let anomaly = Anomaly::OverlapDiffers { from: outlet.from(), bytes: difference.bytes };
            outlet.anomaly(part.at, frames, Some(span), anomaly);
        }
    }

    /// How many bytes of a repetition are those of gaps that were given up. Each gap counts once.
    fn too_late(&mut self, start: i64, end: i64) -> u64 {
        let Some(order) = &mut self.order else { return 0 };
        let (start, end) = (u64::try_from(start).unwrap_or(0), u64::try_from(end).unwrap_or(0));
        let mut late = 0_u64;
        order.gaps.retain(|gap| {
            let shared = gap.end.min(end).saturating_sub(gap.start.max(start));
            late = late.saturating_add(shared);
            shared == 0
        });
        late
    }

    /// Leaves out what lies behind the FIN.
    fn clip_to_fin<'d>(&self, place: u64, data: &'d [u8], cut: u64, part: &Part<'_>, outlet: &mut Outlet<'_>) -> (&'d [u8], u64) {
        let Some(fin) = self.fin else { return (data, cut) };
        let room = fin.saturating_sub(place);
        let beyond = to_u64(data.len()).saturating_add(cut).saturating_sub(room);
        if beyond == 0 {
            return (data, cut);
        }
        outlet.anomaly(part.at, part.frames.clone(), None, Anomaly::DataAfterFin { from: outlet.from(), bytes: beyond });
        let kept = data.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(data);
        (kept, room.saturating_sub(to_u64(kept.len())).min(cut))
    }

    fn deliver(
        &mut self,
        data: &[u8],
        at: Timestamp,
        (frames, frame_offset): (&Frames, Option<u32>),
        limits: &Limits,
        outlet: &mut Outlet<'_>,
    ) {
        if data.is_empty() {
            return;
        }
        let offset = self.next;
        self.next = offset.saturating_add(to_u64(data.len()));
        outlet.chunk(Chunk { offset, at, frames, frame_offset, body: Body::Data(data) });
        if *outlet.interest == Interest::Keep {
            self.order.get_or_insert_default().history.record(offset, data, frames, limits.history_bytes);
        } else {
            self.order = None;
        }
    }

    fn gap(&mut self, len: u64, reason: GapReason, at: Timestamp, frames: &Frames, outlet: &mut Outlet<'_>) {
        if len == 0 || *outlet.interest == Interest::Ignore {
            self.next = self.next.saturating_add(len);
            return;
        }
        let offset = self.next;
        self.next = offset.saturating_add(len);
        let span = ByteSpan { start: offset, end: self.next };
        outlet.anomaly(at, frames.clone(), Some(span), Anomaly::Gap { from: outlet.from(), bytes: len, reason });
        let gaps = &mut self.order.get_or_insert_default().gaps;
        if gaps.len() >= GAPS_REMEMBERED {
            gaps.pop_front();
        }
        gaps.push_back(span);
        outlet.chunk(Chunk { offset, at, frames, frame_offset: None, body: Body::Gap(len, reason) });
    }

    fn hold(&mut self, place: u64, data: &[u8], cut: u64, part: &Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) {
        let hold = &mut self.order.get_or_insert_default().hold;
        let different = hold.insert(place, data, part.at, (part.frames, part.frame_offset));
        hold.insert_cut(place.saturating_add(to_u64(data.len())), cut, part.at, part.frames);
        if let Some((bytes, first_copy)) = different {
            let mut frames = part.frames.clone();
            frames.add(first_copy);
            outlet.anomaly(part.at, frames, None, Anomaly::OverlapDiffers { from: outlet.from(), bytes });
        }
        self.drain(limits, outlet);
        while let Some((limit, value)) = self.over_bound(limits) {
            outlet.anomaly(part.at, part.frames.clone(), None, Anomaly::LimitReached { limit, value });
            self.close_hole(GapReason::Bound, part.at, limits, outlet);
        }
    }

    fn over_bound(&self, limits: &Limits) -> Option<(&'static str, u64)> {
        let hold = &self.order.as_ref()?.hold;
        if hold.bytes() > limits.held_bytes {
            return Some(("held_bytes", to_u64(limits.held_bytes)));
        }
        (hold.segments() > limits.held_segments).then_some(("held_segments", to_u64(limits.held_segments)))
    }

    /// Delivers what is held and has its turn.
    fn drain(&mut self, limits: &Limits, outlet: &mut Outlet<'_>) {
        while let Some(piece) = self.order.as_mut().and_then(|order| order.hold.take_at(self.next)) {
            match &piece.data {
                Some(data) => self.deliver(data, piece.at, (&piece.frames, piece.frame_offset), limits, outlet),
                None => self.gap(piece.len, GapReason::SnapLength, piece.at, &piece.frames, outlet),
            }
        }
    }

    /// Gives up the hole before the first held piece.
    fn close_hole(&mut self, reason: GapReason, at: Timestamp, limits: &Limits, outlet: &mut Outlet<'_>) {
        let front = self.order.as_ref().and_then(|order| order.hold.front()).map(|(offset, piece)| (offset, piece.frames.clone()));
        if let Some((offset, frames)) = front {
            self.gap(offset.saturating_sub(self.next), reason, at, &frames, outlet);
            self.drain(limits, outlet);
        }
    }

    /// Whether bytes are held behind a hole.
    pub(super) fn has_hole(&self) -> bool {
        self.order.as_ref().is_some_and(|order| !order.hold.is_empty())
    }

    /// When the bytes behind the first hole came, if the other side acknowledged what is missing before them.
    pub(super) fn hole_acknowledged(&self) -> Option<Timestamp> {
        let (offset, piece) = self.order.as_ref()?.hold.front()?;
        (self.acked >= offset).then_some(piece.at)
    }

    /// Gives up a hole that the other side acknowledged and that stayed open for its life: the capture missed it.
    pub(super) fn check_hole(&mut self, now: Timestamp, limits: &Limits, outlet: &mut Outlet<'_>) {
        while let Some((offset, since)) = self.order.as_ref().and_then(|order| order.hold.front()).map(|(offset, piece)| (offset, piece.at))
        {
            if self.acked < offset || now.since(since) < limits.hole_life {
                return;
            }
            self.close_hole(GapReason::NotCaptured, now, limits, outlet);
        }
    }

    /// Gives up all holes, because a bound asks for it.
    pub(super) fn give_up_holes(&mut self, at: Timestamp, limits: &Limits, outlet: &mut Outlet<'_>) {
        while self.has_hole() {
            self.close_hole(GapReason::Bound, at, limits, outlet);
        }
    }

    /// The end: gives up all holes, and the bytes that were acknowledged or promised but never came.
    pub(super) fn end(&mut self, at: Timestamp, last: &Frames, limits: &Limits, outlet: &mut Outlet<'_>) {
        while self.has_hole() {
            self.close_hole(GapReason::End, at, limits, outlet);
        }
        // A FIN takes a sequence number. Where it was not captured, a last step of one byte was most likely for it.
        let of_fin = u64::from(self.acked_one || self.acked == self.next.saturating_add(1));
        let promised = self.fin.unwrap_or_else(|| self.acked.saturating_sub(of_fin));
        self.gap(promised.saturating_sub(self.next), GapReason::End, at, last, outlet);
        self.order = None;
    }
}
