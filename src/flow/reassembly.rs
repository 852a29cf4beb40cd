//! One direction of a connection: segments in any order in, bytes in order out, each byte once.

use super::Body;
use super::Chunk;
use super::Interest;
use super::Receiver;
use super::history::History;
use super::history::to_u64;
use super::hold::Hold;
use super::seq;
use crate::annotation::ByteSpan;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::Peer;
use crate::time::Timestamp;

/// Far segments that must follow each other before they are believed: a capture that lost more than a window goes on.
const STRAYS_BELIEVED: u8 = 3;

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
    start: Option<u32>,
    next: u64,
    acked: u64,
    /// By how much `acked` grew last.
    ack_step: u64,
    fin: Option<u64>,
    window: Option<u64>,
    stray: Option<(u32, u8)>,
    order: Option<Box<Order>>,
}

#[derive(Debug, Default)]
struct Order {
    hold: Hold,
    history: History,
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
}

/// Where a stream's chunks and anomalies go.
pub(super) struct Outlet<'a> {
    pub(super) receiver: &'a mut dyn Receiver,
    pub(super) flow: &'a mut Flow,
    pub(super) interest: &'a mut Interest,
    pub(super) source: Endpoint,
}

impl Outlet<'_> {
    /// Which part the sender has; it may change until the flow is announced.
    pub(super) fn from(&self) -> Peer {
        if self.flow.client == self.source { Peer::Client } else { Peer::Server }
    }

    /// Announces the flow unless that was done.
    pub(super) fn announce(&mut self) {
        if !self.flow.announced {
            self.flow.announced = true;
            let flow = &*self.flow;
            self.receiver.event(Event::flow_opened(flow));
        }
    }

    fn chunk(&mut self, chunk: Chunk<'_>) {
        if *self.interest == Interest::Keep {
            *self.interest = self.receiver.chunk(self.flow, self.from(), chunk);
        }
    }

    fn anomaly(&mut self, at: Timestamp, frames: Frames, bytes: Option<ByteSpan>, anomaly: Anomaly) {
        self.announce();
        let evidence = Evidence { frames, bytes };
        self.receiver.event(Event { at, flow: Some(self.flow.id), evidence, kind: EventKind::AnomalyFound(anomaly) });
    }
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

    /// Notes what the other side acknowledged and the window it offers, in bytes.
    pub(super) fn acknowledged(&mut self, ack: u32, window: u64) {
        self.begin(ack);
        let offset = seq::offset(self.start.unwrap_or(ack), self.next.max(self.acked), ack);
        let acked = u64::try_from(offset).unwrap_or(0);
        if acked > self.acked {
            self.ack_step = acked.saturating_sub(self.acked);
            self.acked = acked;
        }
        self.window = Some(window);
    }

    /// Whether the FIN of this direction was seen, everything before it delivered, and it was acknowledged.
    pub(super) fn finished(&self) -> bool {
        self.fin.is_some_and(|fin| self.next >= fin && self.acked > fin)
    }

    /// Whether a FIN was seen.
    pub(super) fn fin_seen(&self) -> bool {
        self.fin.is_some()
    }

    /// Notes a FIN behind `len` bytes from `seq` on.
    pub(super) fn fin(&mut self, seq: u32, len: u64) {
        self.begin(seq);
        let end = u64::try_from(seq::offset(self.start.unwrap_or(seq), self.next, seq)).unwrap_or(0).saturating_add(len);
        if self.fin.is_none() && end >= self.next {
            self.fin = Some(end);
        }
    }

    /// Whether `seq` is where a RST may stand: near the next byte, or in the window behind it.
    pub(super) fn is_near(&self, seq: u32, limits: &Limits) -> bool {
        let Some(start) = self.start else { return true };
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        seq::offset(start, self.next, seq).saturating_sub(next).unsigned_abs() <= self.reach(limits)
    }

    /// Counts a segment of a flow nobody reads: only where the stream ends matters.
    pub(super) fn skip(&mut self, seq: u32, len: u64) {
        self.begin(seq);
        self.order = None;
        let end = seq::offset(self.start.unwrap_or(seq), self.next, seq).saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        self.next = self.next.max(u64::try_from(end).unwrap_or(0));
    }

    /// How far ahead a segment is believed: twice what the other side's window allows.
    fn reach(&self, limits: &Limits) -> u64 {
        self.window.map_or(limits.reach_bytes, |window| window.max(0xffff).saturating_mul(2).min(limits.reach_bytes))
    }

    /// Takes a segment with payload: the one function that decides which bytes of the stream it covers.
    pub(super) fn accept(&mut self, part: Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) {
        self.begin(part.seq);
        let offset = seq::offset(self.start.unwrap_or(part.seq), self.next, part.seq);
        if !self.is_plausible(offset, &part, limits, outlet) {
            return;
        }
        let skipped = u64::try_from(i64::try_from(self.next).unwrap_or(i64::MAX).saturating_sub(offset)).unwrap_or(0);
        let (repeated, data) = part.data.split_at(usize::try_from(skipped).unwrap_or(usize::MAX).min(part.data.len()));
        if !repeated.is_empty() {
            self.compare(u64::try_from(offset), repeated, &part, outlet);
        }
        let cut = part.cut.saturating_sub(skipped.saturating_sub(to_u64(repeated.len())));
        let place = u64::try_from(offset).unwrap_or(0).max(self.next);
        let (data, cut) = self.clip_to_fin(place, data, cut, &part, outlet);
        let idle = self.order.as_ref().is_none_or(|order| order.hold.is_empty());
        if place == self.next && idle {
            self.deliver(data, part.at, part.frames, limits, outlet);
            self.gap(cut, GapReason::SnapLength, part.at, part.frames, outlet);
        } else {
            self.hold(place, data, cut, &part, limits, outlet);
        }
    }

    /// Says no to segments that cannot be part of the stream; believes them when they go on and on.
    fn is_plausible(&mut self, offset: i64, part: &Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) -> bool {
        let from = i64::try_from(self.next.max(self.acked)).unwrap_or(i64::MAX);
        let distance = offset.saturating_sub(from);
        let reach = if distance < 0 { limits.reach_bytes } else { self.reach(limits) };
        if distance.unsigned_abs() <= reach {
            self.stray = None;
            return true;
        }
        let end = seq::advance(part.seq, to_u64(part.data.len()).saturating_add(part.cut));
        let seen = match self.stray {
            Some((expected, count)) if expected == part.seq => count.saturating_add(1),
            _ => 1,
        };
        self.stray = Some((end, seen));
        let next = i64::try_from(self.next).unwrap_or(i64::MAX);
        if seen >= STRAYS_BELIEVED && offset > next {
            self.stray = None;
            return true;
        }
        let anomaly = Anomaly::SegmentImplausible { from: outlet.from(), distance: offset.saturating_sub(next) };
        outlet.anomaly(part.at, part.frames.clone(), None, anomaly);
        false
    }

    /// Compares bytes that were delivered before with what is remembered of them. A keep-alive's one byte is garbage by
    /// design (RFC 9293 3.8.4) and not compared.
    fn compare(&self, offset: Result<u64, std::num::TryFromIntError>, repeated: &[u8], part: &Part<'_>, outlet: &mut Outlet<'_>) {
        let (Ok(offset), Some(order)) = (offset, &self.order) else { return };
        if part.data.len() == 1 && offset.saturating_add(1) == self.next {
            return;
        }
        if let Some(difference) = order.history.compare(offset, repeated) {
            let mut frames = part.frames.clone();
            difference.first_copy.into_iter().for_each(|frame| frames.add(frame));
            let span = ByteSpan { start: offset, end: offset.saturating_add(to_u64(repeated.len())) };
            let anomaly = Anomaly::OverlapDiffers { from: outlet.from(), bytes: difference.bytes };
            outlet.anomaly(part.at, frames, Some(span), anomaly);
        }
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

    fn deliver(&mut self, data: &[u8], at: Timestamp, frames: &Frames, limits: &Limits, outlet: &mut Outlet<'_>) {
        if data.is_empty() {
            return;
        }
        let offset = self.next;
        self.next = offset.saturating_add(to_u64(data.len()));
        outlet.chunk(Chunk { offset, at, frames, body: Body::Data(data) });
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
        outlet.chunk(Chunk { offset, at, frames, body: Body::Gap(len, reason) });
    }

    fn hold(&mut self, place: u64, data: &[u8], cut: u64, part: &Part<'_>, limits: &Limits, outlet: &mut Outlet<'_>) {
        let hold = &mut self.order.get_or_insert_default().hold;
        let different = hold.insert(place, data, part.at, part.frames);
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
                Some(data) => self.deliver(data, piece.at, &piece.frames, limits, outlet),
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

    /// The end: gives up all holes, and the bytes that were acknowledged or promised but never came.
    pub(super) fn end(&mut self, at: Timestamp, last: &Frames, limits: &Limits, outlet: &mut Outlet<'_>) {
        while self.has_hole() {
            self.close_hole(GapReason::End, at, limits, outlet);
        }
        // A FIN takes a sequence number. Where it was not captured, a last step of one byte was most likely for it.
        let of_fin = u64::from(self.ack_step == 1 || self.acked == self.next.saturating_add(1));
        let promised = self.fin.unwrap_or_else(|| self.acked.saturating_sub(of_fin));
        self.gap(promised.saturating_sub(self.next), GapReason::End, at, last, outlet);
        self.order = None;
    }
}
