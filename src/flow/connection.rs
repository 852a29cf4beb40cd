//! One connection: what a segment means for it once its place in the table is known.

use super::Handshake;
use super::Interest;
use super::Known;
use super::Receiver;
use super::Step;
use super::history::to_u64;
use super::outlet::Outlet;
use super::over::Anew;
use super::reassembly::Part;
use super::reassembly::Stream;
use crate::anomaly::Anomaly;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::fact::Grade;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowKey;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use std::time::Duration;

/// How far a segment's time may lie before the newest one's without the clock having been set.
pub(super) const LATE: Duration = Duration::from_secs(10);

/// Bytes a frame can have lost to the snap length, however long it says it was: offloaded segments have up to 256 KiB.
const MOST_CUT: u32 = 1 << 18;

/// The scale of a window whose handshake was not seen: the largest there is, so that nothing true is refused.
pub(super) const UNKNOWN_SCALE: u8 = 14;

/// A connection in the table.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Connection {
    pub(super) flow: Flow,
    /// The endpoint that stands before the other: asked for with every packet.
    low: Endpoint,
    /// What the low and the high endpoint sent.
    pub(super) streams: [Stream; 2],
    /// Window scales the low and the high endpoint announced.
    pub(super) scales: [Option<u8>; 2],
    pub(super) interest: Interest,
    /// The sequence number of the client's ACK that completes the handshake, until it came.
    pub(super) awaited_ack: Option<u32>,
    pub(super) last: Frames,
    /// Whether it ended, and was told.
    pub(super) closed: bool,
    /// Whether the table is to look at a hole of it at some time.
    pub(super) watched: bool,
    /// Its place among all that have a hole.
    pub(super) hole: Option<u64>,
    /// Whether the table counts it among those that have but a SYN-ACK.
    pub(super) counted: bool,
    /// Whether it began a moment ago: much is still to come of it, so it stays at length.
    pub(super) young: bool,
    pub(super) anew: Anew,
    /// A SYN-ACK without its SYN, until it is told.
    pub(super) lone: Option<Box<Handshake>>,
    /// Which steps were told.
    pub(super) told: Told,
}

/// What was told of a connection's progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Whether a SYN-ACK made it: only then its progress is told.
    pub(super) answered: bool,
    pub(super) established: bool,
    pub(super) data: bool,
}

impl Told {
    /// How far it came, as far as that was told.
    pub(super) fn came_to(self) -> Option<Grade> {
        match self {
            Self { data: true, .. } => Some(Grade::Data),
            Self { established: true, .. } => Some(Grade::Established),
            _ => None,
        }
    }
}

impl Connection {
    pub(super) fn new(flow: Flow) -> Self {
        Self {
            low: FlowKey::of(flow.client, flow.server).0.low,
            flow,
            streams: [Stream::default(), Stream::default()],
            scales: [None, None],
            interest: Interest::Keep,
            awaited_ack: None,
            last: Frames::default(),
            closed: false,
            watched: false,
            hole: None,
            counted: false,
            young: false,
            anew: Anew::default(),
            lone: None,
            told: Told::default(),
        }
    }

    /// What names it.
    pub(super) fn key(&self) -> FlowKey {
        FlowKey { low: self.low, high: if self.flow.client == self.low { self.flow.server } else { self.flow.client } }
    }

    /// Whether the client is the low endpoint.
    pub(super) fn client_is_low(&self) -> bool {
        self.flow.client == self.low
    }

    fn side(&self, endpoint: Endpoint) -> usize {
        usize::from(endpoint != self.low)
    }

    /// The stream an endpoint sends.
    pub(super) fn stream(&mut self, endpoint: Endpoint) -> Option<&mut Stream> {
        let side = self.side(endpoint);
        self.streams.get_mut(side)
    }

    /// Fixes where an endpoint's stream starts, and its window scale (`None`: its SYN had none, so no scaling).
    pub(super) fn synchronize(&mut self, endpoint: Endpoint, isn: u32, window_scale: Option<u8>) {
        let side = self.side(endpoint);
        if let Some(stream) = self.streams.get_mut(side) {
            stream.begin(isn.wrapping_add(1));
        }
        if let Some(scale) = self.scales.get_mut(side) {
            *scale = Some(window_scale.unwrap_or(0));
        }
    }

    /// Says that the handshake is complete when the client acknowledges this number.
    pub(super) fn await_ack(&mut self, ack: u32) {
        self.awaited_ack = Some(ack);
        self.told.answered = true;
    }

    /// Whether nobody has confirmed its SYN-ACK nor sent anything yet.
    pub(super) fn is_half_open(&self) -> bool {
        self.awaited_ack.is_some() && !self.closed && !self.flow.announced
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether the initial sequence number of this endpoint is known to be this one.
    pub(super) fn is_isn(&self, endpoint: Endpoint, isn: u32) -> bool {
        self.start(endpoint) == Some(isn.wrapping_add(1))
    }

    /// The sequence number of this endpoint's first byte, once that is known.
    pub(super) fn start(&self, endpoint: Endpoint) -> Option<u32> {
        self.streams.get(self.side(endpoint)).and_then(Stream::start)
    }

    /// How far this endpoint's stream was seen without holes.
    pub(super) fn next(&self, endpoint: Endpoint) -> u64 {
        self.streams.get(self.side(endpoint)).map_or(0, |stream| stream.next)
    }

    /// Bytes held in both directions.
    pub(super) fn held_bytes(&self) -> usize {
        self.streams.iter().map(Stream::held_bytes).sum()
    }

    pub(super) fn has_hole(&self) -> bool {
        self.streams.iter().any(Stream::has_hole)
    }

    /// Since when there are bytes behind a hole that the other side acknowledged: it is lost to the capture, and the clock decides.
    pub(super) fn hole_acknowledged(&self) -> Option<Timestamp> {
        self.streams.iter().filter_map(Stream::hole_acknowledged).min()
    }

    /// Lets go of what repetitions would be compared with: nobody waits for what comes.
    pub(super) fn forget_history(&mut self) {
        self.streams.iter_mut().for_each(Stream::forget_history);
    }

    /// Takes a segment of this connection.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, limits: &Limits, receiver: &mut dyn Receiver) {
        self.count(segment);
        if segment.flags.has(Flags::ACK) && !segment.flags.has(Flags::RST) {
            self.acknowledge(segment, limits, receiver);
        }
        self.client_answers(segment, receiver);
        let len = to_u64(segment.payload.len()).saturating_add(u64::from(segment.uncaptured));
        // The SYN itself takes a sequence number: payload begins one behind it.
        let seq = if segment.flags.has(Flags::SYN) { segment.seq.wrapping_add(1) } else { segment.seq };
        if len > 0 {
            self.payload(seq, segment, limits, receiver);
        }
        if segment.flags.has(Flags::FIN) {
            if self.stream(segment.source).is_some_and(|stream| stream.fin(seq, len, limits)) {
                self.flow.closing.join(&segment.frames);
            } else {
                self.implausible(segment, receiver);
            }
        } else if len == 0 && self.streams.iter().any(Stream::fin_seen) {
            self.flow.closing.join(&segment.frames);
        }
        self.check_holes(segment.at, limits, receiver);
        if segment.flags.has(Flags::RST) {
            if self.stream(segment.source).is_some_and(|stream| stream.may_reset_at(segment.seq)) {
                self.flow.closing.join(&segment.frames);
                let from = if segment.source == self.flow.client { Peer::Client } else { Peer::Server };
                let untouched = self.flow.from_client.bytes == 0 && self.flow.from_server.bytes == 0;
                if from == Peer::Client && untouched && !self.told.established {
                    self.step(Step::Probe, segment, receiver);
                }
                self.close(Closing::Reset(from), segment.at, limits, receiver);
            } else {
                self.implausible(segment, receiver);
            }
        } else if self.streams.iter().all(Stream::finished) {
            self.close(Closing::Fin, segment.at, limits, receiver);
        }
    }

    /// What the client does shows whether a SYN-ACK without SYN was its own; and payload of both sides is the last step.
    fn client_answers(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let from_client = segment.source == self.flow.client;
        if from_client && self.lone.is_some() {
            let refuses = segment.flags.has(Flags::RST) && self.flow.from_client.bytes == 0;
            if let Some(lone) = self.lone.as_mut().filter(|_| refuses) {
                lone.client_proven = false;
                lone.frames.join(&segment.frames);
            }
            self.tell_handshake(receiver);
        }
        if self.told.answered
            && !self.told.data
            && self.awaited_ack.is_none()
            && self.flow.from_client.bytes > 0
            && self.flow.from_server.bytes > 0
        {
            self.told.data = true;
            self.step(Step::Data, segment, receiver);
        }
    }

    /// Tells the SYN-ACK that was held.
    pub(super) fn tell_handshake(&mut self, receiver: &mut dyn Receiver) {
        if let Some(handshake) = self.lone.take() {
            receiver.handshake(&mut self.flow.facts_at, &handshake);
        }
    }

    /// Tells how far a segment brought it.
    fn step(&mut self, step: Step, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        Known::of(&mut self.flow, |known| receiver.step(known, step, segment.at, &segment.frames));
    }

    /// The SYN of a SYN-ACK that was captured before it.
    pub(super) fn syn_came_late(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        if let Some(lone) = self.lone.as_mut().filter(|lone| lone.client == segment.source) {
            lone.syn_seen = true;
            lone.vlans = [segment.vlans, lone.vlans[1]];
            lone.frames.join(&segment.frames);
            self.flow.opening.join(&segment.frames);
            self.flow.roles = RolesFrom::Handshake;
            self.tell_handshake(receiver);
        }
    }

    /// Says that a segment cannot belong to the connection.
    pub(super) fn implausible(&mut self, segment: &Segment<'_>, receiver: &mut dyn Receiver) {
        let distance = self.stream(segment.source).map_or(0, |stream| stream.distance_of(segment.seq));
        let mut outlet = self.outlet(segment.source, receiver);
        let anomaly = Anomaly::SegmentImplausible { from: outlet.from(), distance };
        outlet.anomaly(segment.at, segment.frames.clone(), None, anomaly);
    }

    fn count(&mut self, segment: &Segment<'_>) {
        let from = if segment.source == self.flow.client { Peer::Client } else { Peer::Server };
        let traffic = self.flow.traffic_mut(from);
        traffic.packets = traffic.packets.saturating_add(1);
        let bytes = to_u64(segment.payload.len()).saturating_add(u64::from(segment.uncaptured));
        traffic.bytes = traffic.bytes.saturating_add(bytes);
        // A clock that went back far was set: the later stamp was wrong, or is of another time.
        let back = self.flow.last_at.since(segment.at) > LATE;
        self.flow.last_at = if back { segment.at } else { self.flow.last_at.max(segment.at) };
        self.last = segment.frames.clone();
    }

    fn acknowledge(&mut self, segment: &Segment<'_>, limits: &Limits, receiver: &mut dyn Receiver) {
        let scale = self.scales.get(self.side(segment.source)).copied().flatten().unwrap_or(UNKNOWN_SCALE);
        let scale = if segment.flags.has(Flags::SYN) { 0 } else { scale.min(UNKNOWN_SCALE) };
        let window = u32::from(segment.window) << scale;
        if let Some(stream) = self.stream(segment.destination) {
            stream.acknowledged(segment.ack, window, limits);
        }
        let completes =
            |awaited: u32| !segment.flags.has(Flags::SYN) && !segment.flags.has(Flags::RST) && segment.ack.wrapping_sub(awaited) < 1 << 31;
        if segment.source == self.flow.client && self.awaited_ack.is_some_and(completes) {
            self.awaited_ack = None;
            self.flow.opening.join(&segment.frames);
            self.tell_handshake(receiver);
            self.told.established = true;
            self.step(Step::Established, segment, receiver);
            self.outlet(segment.source, receiver).announce();
        }
    }

    fn outlet<'a>(&'a mut self, source: Endpoint, receiver: &'a mut dyn Receiver) -> Outlet<'a> {
        Outlet { receiver, flow: &mut self.flow, interest: &mut self.interest, source }
    }

    fn payload(&mut self, seq: u32, segment: &Segment<'_>, limits: &Limits, receiver: &mut dyn Receiver) {
        let side = self.side(segment.source);
        let mut outlet = Outlet { receiver, flow: &mut self.flow, interest: &mut self.interest, source: segment.source };
        if matches!(outlet.flow.roles, RolesFrom::Handshake | RolesFrom::SynAck | RolesFrom::Syn) {
            outlet.announce();
        }
        let Some(stream) = self.streams.get_mut(side) else { return };
        if *outlet.interest == Interest::Keep {
            let cut = u64::from(segment.uncaptured.min(MOST_CUT));
            let part = Part { seq, data: segment.payload, cut, at: segment.at, frames: &segment.frames, frame_offset: segment.payload_at };
            stream.accept(part, limits, &mut outlet);
            if *outlet.interest == Interest::Ignore {
                outlet.announce();
                // Most connections are nobody's, and many say no more: what was kept to compare repetitions with must not stay.
                self.streams.iter_mut().for_each(Stream::forget);
            }
        } else {
            stream.skip(seq, to_u64(segment.payload.len()).saturating_add(u64::from(segment.uncaptured)));
        }
    }

    /// Gives up holes that are due.
    pub(super) fn check_holes(&mut self, now: Timestamp, limits: &Limits, receiver: &mut dyn Receiver) {
        if !self.has_hole() {
            return;
        }
        let FlowKey { low, high } = self.key();
        for (stream, source) in self.streams.iter_mut().zip([low, high]) {
            if stream.has_hole() {
                let outlet = &mut Outlet { receiver: &mut *receiver, flow: &mut self.flow, interest: &mut self.interest, source };
                stream.check_hole(now, limits, outlet);
            }
        }
    }

    /// Gives up all holes at once, because others need the room.
    pub(super) fn give_up_holes(&mut self, now: Timestamp, limits: &Limits, receiver: &mut dyn Receiver) {
        let FlowKey { low, high } = self.key();
        for (stream, source) in self.streams.iter_mut().zip([low, high]) {
            let outlet = &mut Outlet { receiver: &mut *receiver, flow: &mut self.flow, interest: &mut self.interest, source };
            stream.give_up_holes(now, limits, outlet);
        }
    }

    /// Ends it, once: what is held goes out, then the receiver is told, then the world.
    pub(super) fn close(&mut self, closing: Closing, at: Timestamp, limits: &Limits, receiver: &mut dyn Receiver) {
        if self.closed {
            return;
        }
        let both_fin = self.streams.iter().all(Stream::fin_seen);
        let closing = if both_fin && closing != Closing::Reused && !matches!(closing, Closing::Reset(_)) { Closing::Fin } else { closing };
        self.closed = true;
        (self.flow.ended, self.flow.came_to) = (Some(closing), self.told.came_to());
        self.tell_handshake(receiver);
        let clients_first = [self.flow.client, self.flow.server];
        for source in clients_first {
            let side = self.side(source);
            let mut outlet = Outlet { receiver: &mut *receiver, flow: &mut self.flow, interest: &mut self.interest, source };
            if let (Some(stream), Interest::Keep) = (self.streams.get_mut(side), *outlet.interest) {
                stream.end(at, &self.last, limits, &mut outlet);
            }
        }
        receiver.closed(&mut self.flow);
        if self.flow.announced {
            let frames = if self.flow.closing.is_empty() { self.last.clone() } else { self.flow.closing.clone() };
            let (at, flow) = (self.flow.last_at, &self.flow);
            let kind = EventKind::FlowClosed(flow, closing);
            receiver.event(Event { at, flow: Some(flow.id), evidence: Evidence::of(frames), kind });
        }
        self.streams.iter_mut().for_each(Stream::forget);
    }
}
