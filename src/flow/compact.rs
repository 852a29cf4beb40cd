//! A connection as nearly all of a busy table are: nothing is held or odd, and nobody reads it or it said nothing yet. It takes a quarter
//! of the memory, and the usual packet changes a few numbers of it.

mod brief;
mod opening;
mod passing;

pub(super) use brief::Brief;

use super::Ended;
use super::Interest;
use super::Receiver;
use super::connection::Connection;
use super::connection::LATE;
use super::connection::Told;
use super::connection::UNKNOWN_SCALE;
use super::history::to_u64;
use super::reassembly::Stream;
use super::seq;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::packed::PackedKey;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::RolesFrom;
use crate::peer::Traffic;
use crate::peer::VlanStack;
use crate::secured::Secured;
use crate::time::Timestamp;

/// Stands for no window scale.
const NO_SCALE: u8 = u8::MAX;

/// All that a [`Connection`] knows, where that is so little; it becomes one again without loss.
#[derive(Debug, Default)]
pub(super) struct Compact {
    key: PackedKey,
    id: u32,
    first_at: Timestamp,
    /// The first frame of the opening, and how far behind it the others are; zero where there is none.
    opening: u64,
    opening_more: [u32; 2],
    /// How far behind it those of the end are, which is begun where there are any.
    closing: [u32; 2],
    /// Of the low and the high endpoint.
    sides: [Side; 2],
    /// Payload bytes of the client and of the server.
    bytes: [u64; 2],
    packets: [u32; 2],
    /// How far the newest frame is behind the first one.
    last: u32,
    /// The input of all frames.
    input: u32,
    facts_at: [u32; 3],
    awaited_ack: u32,
    marks: u16,
    scales: [u8; 2],
    /// What is known of its TLS.
    tls: Option<Box<Secured>>,
}

/// What is left of a [`Stream`] that holds nothing.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(4))]
struct Side {
    next: u64,
    /// How far behind the next byte is acknowledged; negative before it.
    acked: i32,
    start: u32,
    /// The window, which never has more than 30 bits, behind two marks.
    window: u32,
}

/// Marks of a connection.
const IGNORED: u16 = 1;
const CLIENT_IS_LOW: u16 = 1 << 1;
const ANSWERED: u16 = 1 << 2;
const ESTABLISHED: u16 = 1 << 3;
const DATA: u16 = 1 << 4;
const COUNTED: u16 = 1 << 5;
const ANNOUNCED: u16 = 1 << 6;
const ASKED: u16 = 1 << 7;
const AWAITS: u16 = 1 << 8;
/// The low, and the high, endpoint has ended its stream, which is all there.
const FIN: [u16; 2] = [1 << 9, 1 << 10];

/// From this mark on stands why these are the roles: its place in [`ROLES`].
const ROLES_AT: u32 = 11;
const ROLES: [RolesFrom; 6] =
    [RolesFrom::Handshake, RolesFrom::SynAck, RolesFrom::Syn, RolesFrom::Content, RolesFrom::KnownPort, RolesFrom::LowerPort];

/// Marks of a side.
const ACKED_ONE: u32 = 1 << 31;
const WINDOW: u32 = 1 << 30;

impl Side {
    /// Nothing where the stream holds more, or does not know where it starts. What a start was guessed from matters to who reads it.
    fn of(stream: &Stream, ignored: bool) -> Option<Self> {
        let holds = stream.order.is_some()
            || stream.fin.is_some_and(|fin| fin != stream.next)
            || stream.stray.is_some()
            || stream.stray_ack.is_some();
        let window = stream.window.unwrap_or(0);
        if holds || (stream.start_guessed && !ignored) || window >= WINDOW {
            return None;
        }
        let window = if stream.window.is_some() { window | WINDOW } else { 0 };
        let window = if stream.acked_one { window | ACKED_ONE } else { window };
        Some(Self { next: stream.next, acked: behind(stream.next, stream.acked)?, start: stream.start?, window })
    }

    fn window(self) -> Option<u32> {
        (self.window & WINDOW != 0).then_some(self.window & (WINDOW - 1))
    }

    fn acked(self) -> u64 {
        self.next.saturating_add_signed(self.acked.into())
    }

    fn stream(self) -> Stream {
        Stream {
            start: Some(self.start),
            next: self.next,
            acked: self.acked(),
            acked_one: self.window & ACKED_ONE != 0,
            window: self.window(),
            ..Stream::default()
        }
    }

    /// Takes an acknowledgement and a window as [`Stream::acknowledged`] does; nothing where that is not usual.
    fn acknowledged(mut self, ack: u32, window: u32, limits: &Limits) -> Option<Self> {
        let before = self.acked();
        let seen = self.next.max(before);
        let acked = u64::try_from(seq::offset(self.start, seen, ack)).unwrap_or(0);
        let offered = self.window().map_or(u64::MAX, |window| u64::from(window.max(0xffff)).saturating_mul(2));
        let reach = offered.min(limits.reach_bytes).min(to_u64(limits.held_bytes));
        if acked > seen.saturating_add(reach) || window >= WINDOW {
            return None;
        }
        let mut one = self.window & ACKED_ONE;
        if acked > before {
            one = if acked.saturating_sub(before) == 1 { ACKED_ONE } else { 0 };
            self.acked = behind(self.next, acked)?;
        }
        self.window = window | WINDOW | one;
        Some(self)
    }

    /// Whether the byte behind so many from `seq` on is the next one, of a stream whose start is known.
    fn ends_at(self, seq: u32, len: u64) -> bool {
        let end = seq::offset(self.start, self.next, seq).saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        u64::try_from(end) == Ok(self.next)
    }

    /// Passes over payload as [`Stream::skip`] does, of a stream whose start is known; nothing where too much of it is not acknowledged.
    fn skip(mut self, seq: u32, len: u64) -> Option<Self> {
        let end = seq::offset(self.start, self.next, seq).saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        let acked = self.acked();
        self.next = self.next.max(u64::try_from(end).unwrap_or(0));
        self.acked = behind(self.next, acked)?;
        Some(self)
    }
}

/// How far an offset lies behind another one, where that is not far.
fn behind(next: u64, offset: u64) -> Option<i32> {
    i32::try_from(i64::try_from(offset).ok()?.checked_sub(i64::try_from(next).ok()?)?).ok()
}

impl Compact {
    /// A connection in short; nothing, and nothing taken of it, where there is more to know of it.
    pub(super) fn of(connection: &mut Connection) -> Option<Self> {
        let Connection { flow, streams: [low, high], told, anew, .. } = &*connection;
        // Who reads TLS changes what is known of it.
        let usual = (flow.tls.is_none() || connection.interest == Interest::Ignore)
            && !connection.closed
            && (!connection.young || connection.interest == Interest::Ignore)
            && low.order.is_none()
            && high.order.is_none()
            && connection.lone.is_none()
            && anew.challenger.is_none()
            && !connection.watched
            && connection.hole.is_none()
            && flow.tunnels.is_empty()
            && flow.vlans == VlanStack::default();
        if !usual {
            return None;
        }
        let (input, [first, second, third]) = flow.opening.few()?;
        let behind = |number: u64| if number == 0 { Some(0) } else { u32::try_from(number.checked_sub(first)?).ok() };
        let (of, [fourth, fifth, none]) = if flow.closing.is_empty() { (input, [0; 3]) } else { flow.closing.few()? };
        if of != input || none != 0 || (fourth != 0 && fourth <= first) {
            return None;
        }
        let last = connection.last.single().filter(|last| last.input == input)?;
        let key = PackedKey::of_key(&connection.key()).filter(|key| key.low != key.high)?;
        let ignored = connection.interest == Interest::Ignore;
        let marks = [
            (IGNORED, ignored),
            (CLIENT_IS_LOW, connection.client_is_low()),
            (ANSWERED, told.answered),
            (ESTABLISHED, told.established),
            (DATA, told.data),
            (COUNTED, connection.counted),
            (ANNOUNCED, flow.announced),
            (ASKED, anew.asked),
            (AWAITS, connection.awaited_ack.is_some()),
            (FIN[0], low.fin.is_some()),
            (FIN[1], high.fin.is_some()),
        ];
        let roles = ROLES.iter().position(|roles| *roles == flow.roles).and_then(|place| u16::try_from(place).ok())?;
        Some(Self {
            key,
            id: u32::try_from(flow.id.0).ok()?,
            first_at: flow.first_at,
            opening: first,
            opening_more: [behind(second)?, behind(third)?],
            closing: [behind(fourth)?, behind(fifth)?],
            sides: [Side::of(low, ignored)?, Side::of(high, ignored)?],
            bytes: [flow.from_client.bytes, flow.from_server.bytes],
            packets: [u32::try_from(flow.from_client.packets).ok()?, u32::try_from(flow.from_server.packets).ok()?],
            last: u32::try_from(last.number.checked_sub(first)?).ok()?,
            input,
            facts_at: flow.facts_at,
            awaited_ack: connection.awaited_ack.unwrap_or(0),
            marks: marks.into_iter().filter(|(_, set)| *set).fold(roles << ROLES_AT, |all, (mark, _)| all | mark),
            scales: connection.scales.map(|scale| scale.unwrap_or(NO_SCALE)),
            tls: connection.flow.tls.take(),
        })
    }

    /// What the world knows of it, taken out of this one; `last_at` is when it was heard of last.
    fn flow(&mut self, last_at: Timestamp) -> Flow {
        let (client, server) = self.ends();
        let [from_client, from_server] = self.bytes;
        let [client_packets, server_packets] = self.packets.map(u64::from);
        Flow {
            last_at,
            opening: self.frames(self.opening, self.opening_more),
            closing: self.frames(0, self.closing),
            from_client: Traffic { packets: client_packets, bytes: from_client },
            from_server: Traffic { packets: server_packets, bytes: from_server },
            announced: self.has(ANNOUNCED),
            facts_at: self.facts_at,
            tls: self.tls.take(),
            ..Flow::new(self.id(), client, server, self.roles(), self.first_at)
        }
    }

    /// Its newest frame.
    fn last(&self) -> Frames {
        Frames::one(FrameId { input: self.input, number: self.opening.saturating_add(self.last.into()) })
    }

    /// The connection at length, taken out of this one.
    pub(super) fn connection(&mut self, last_at: Timestamp) -> Connection {
        let flow = self.flow(last_at);
        let mut connection = Connection::new(flow);
        connection.streams = self.sides.map(Side::stream);
        for (stream, _) in connection.streams.iter_mut().zip(FIN).filter(|(_, fin)| self.has(*fin)) {
            stream.fin = Some(stream.next);
        }
        connection.scales = self.scales.map(|scale| (scale != NO_SCALE).then_some(scale));
        connection.interest = if self.has(IGNORED) { Interest::Ignore } else { Interest::Keep };
        connection.awaited_ack = self.has(AWAITS).then_some(self.awaited_ack);
        connection.last = self.last();
        connection.counted = self.has(COUNTED);
        connection.anew.asked = self.has(ASKED);
        connection.told = self.told();
        connection
    }

    /// Ends it as [`Connection::close`] does, where nothing but that is to be told; false, and nothing done, where there may be more.
    /// `place` is its own in the table.
    pub(super) fn close(&mut self, (place, last_at): (u32, Timestamp), closing: Closing, receiver: &mut dyn Receiver) -> bool {
        // Of a stream somebody reads, what the other side acknowledged and nobody saw is missing; one step may be that of a FIN.
        let (is_read, fins) = (!self.has(IGNORED), self.marks & (FIN[0] | FIN[1]));
        if is_read && self.sides.iter().zip(FIN).any(|(side, fin)| fins & fin == 0 && side.acked > 1) {
            return false;
        }
        if self.tls.is_none() && self.tell_end(last_at, receiver) {
            return true;
        }
        let ended_both = fins == FIN[0] | FIN[1] && closing != Closing::Reused;
        let closing = if ended_both { Closing::Fin } else { closing };
        let mut flow = Flow { place, ended: Some(closing), came_to: self.told().came_to(), ..self.flow(last_at) };
        receiver.closed(&mut flow);
        if flow.announced {
            let frames = if flow.closing.is_empty() { self.last() } else { flow.closing.clone() };
            let kind = EventKind::FlowClosed(&flow, closing);
            receiver.event(Event { at: flow.last_at, flow: Some(flow.id), evidence: Evidence::of(frames), kind });
        }
        true
    }

    /// Tells that it is over; whether that was enough.
    fn tell_end(&mut self, last_at: Timestamp, receiver: &mut dyn Receiver) -> bool {
        let ((client, server), roles, [from_client, from_server]) = (self.ends(), self.roles(), self.bytes);
        let mut facts_at = self.facts_at;
        let frames = || [self.frames(self.opening, self.opening_more), self.frames(0, self.closing)];
        let done = receiver.ended(Ended {
            id: self.id(),
            client,
            server,
            roles,
            vlans: VlanStack::default(),
            first_at: self.first_at,
            last_at,
            bytes: from_client.saturating_add(from_server),
            announced: self.has(ANNOUNCED),
            came_to: self.told().came_to(),
            facts_at: &mut facts_at,
            frames: &frames,
        });
        self.facts_at = facts_at;
        done
    }

    /// The client and the server.
    fn ends(&self) -> (Endpoint, Endpoint) {
        let (low, high) = (self.key.low.endpoint(), self.key.high.endpoint());
        if self.has(CLIENT_IS_LOW) { (low, high) } else { (high, low) }
    }

    fn told(&self) -> Told {
        Told { answered: self.has(ANSWERED), established: self.has(ESTABLISHED), data: self.has(DATA) }
    }

    fn has(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }

    fn roles(&self) -> RolesFrom {
        ROLES.get(usize::from(self.marks >> ROLES_AT)).copied().unwrap_or(RolesFrom::LowerPort)
    }

    pub(super) fn id(&self) -> FlowId {
        FlowId(self.id.into())
    }

    /// What names it.
    pub(super) fn key(&self) -> PackedKey {
        self.key
    }

    /// Whether a SYN was seen that may begin another connection of the same ends.
    pub(super) fn was_asked(&self) -> bool {
        self.has(ASKED)
    }

    /// Whether the table counts it among those that have but a SYN-ACK.
    pub(super) fn is_counted(&self) -> bool {
        self.has(COUNTED)
    }

    /// Notes where the inventory keeps its facts.
    pub(super) fn keep_facts_at(&mut self, facts_at: [u32; 3]) {
        self.facts_at = facts_at;
    }

    /// The first of these frames, if it is one, and those so far behind the first of the opening.
    fn frames(&self, first: u64, more: [u32; 2]) -> Frames {
        let (input, mut frames) = (self.input, Frames::default());
        if first > 0 {
            frames = Frames::one(FrameId { input, number: first });
        }
        for behind in more {
            if behind > 0 {
                frames.add(FrameId { input, number: self.opening.saturating_add(behind.into()) });
            }
        }
        frames
    }
}

/// The later of two times of a connection, unless the clock was set in between.
fn later(last_at: Timestamp, at: Timestamp) -> Timestamp {
    let back = last_at.since(at) > LATE;
    if back { at } else { at.max(last_at) }
}

/// The sender's side and the other one, and the scale of the sender's windows.
fn sides(sides: &mut [Side; 2], scales: [u8; 2], from_low: bool) -> ([&mut Side; 2], u8) {
    let ([low, high], [low_scale, high_scale]) = (sides, scales);
    // No scale is known as the largest, too.
    if from_low { ([low, high], low_scale.min(UNKNOWN_SCALE)) } else { ([high, low], high_scale.min(UNKNOWN_SCALE)) }
}

#[cfg(test)]
mod tests;
