//! A connection as most compact ones are: it said little, and its opening took few frames. Nearly all its numbers are small, and so is what
//! they take.

use super::AWAITS;
use super::CLIENT_IS_LOW;
use super::COUNTED;
use super::Compact;
use super::Side;
use crate::packed::PackedKey;
use crate::packed::ThinKey;
use crate::peer::FlowId;
use crate::time::Timestamp;

/// All that a [`Compact`] knows, where its numbers are so small and no payload was repeated or missed; it becomes one again without loss.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(4))]
pub(in crate::flow) struct Brief {
    first_at: Timestamp,
    key: ThinKey,
    id: u32,
    facts_at: [u32; 3],
    /// Of the low and the high endpoint, as all pairs behind it.
    starts: [u32; 2],
    windows: [u32; 2],
    nexts: [u16; 2],
    acked: [i16; 2],
    /// The first frame of the opening.
    opening: [u16; 3],
    opening_more: [u16; 2],
    /// Counted over the whole capture: on a busy link thousands of frames go by in no time.
    closing: [u32; 2],
    last: u32,
    input: u16,
    marks: u16,
    packets: [u8; 2],
    scales: [u8; 2],
}

/// The lower bits of a number that has no others.
fn low(number: u64) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or(0)
}

/// The same of a number that may be negative.
fn near(distance: i32) -> i16 {
    i16::try_from(distance).unwrap_or(0)
}

/// A count that is small.
fn few(packets: u32) -> u8 {
    u8::try_from(packets).unwrap_or(u8::MAX)
}

impl Brief {
    /// Whether a connection has no number that is too large, nor one that does not follow from another.
    fn fits(compact: &Compact) -> bool {
        let Compact { opening, opening_more, sides: [one, two], bytes, packets, input, awaited_ack, marks, ref tls, .. } = *compact;
        let ([second, third], [client_packets, server_packets]) = (opening_more, packets);
        let [from_client, from_server] = if marks & CLIENT_IS_LOW == 0 { [two, one] } else { [one, two] };
        u64::from(second | third | input) | one.next | two.next <= 0xffff
            && client_packets | server_packets <= 0xff
            && [one, two].iter().all(|side| i16::try_from(side.acked).is_ok())
            && opening >> 48 == 0
            && bytes == [from_client.next, from_server.next]
            && (marks & AWAITS == 0 || awaited_ack == from_server.start)
            && tls.is_none()
    }

    /// A connection in fewest bytes; nothing where one of its numbers is too large, or tells more than another one.
    pub(in crate::flow) fn of(compact: &Compact) -> Option<Self> {
        let Compact { key, id, first_at, opening, sides: [one, two], input, scales, .. } = *compact;
        let mut brief = Self {
            first_at,
            key: ThinKey::of(key),
            id,
            starts: [one.start, two.start],
            opening: [low(opening), low(opening >> 16), low(opening >> 32)],
            input: low(input.into()),
            scales,
            ..Self::default()
        };
        brief.follow(compact).then_some(brief)
    }

    /// Becomes what it was changed to, as far as a connection changes, if that is brief, too.
    pub(in crate::flow) fn follow(&mut self, compact: &Compact) -> bool {
        if !Self::fits(compact) {
            return false;
        }
        let Compact { opening_more: [second, third], closing, sides: [one, two], packets, last, facts_at, marks, .. } = *compact;
        let [client_packets, server_packets] = packets;
        self.facts_at = facts_at;
        self.windows = [one.window, two.window];
        self.nexts = [low(one.next), low(two.next)];
        self.acked = [near(one.acked), near(two.acked)];
        self.opening_more = [low(second.into()), low(third.into())];
        self.closing = closing;
        self.last = last;
        self.marks = marks;
        self.packets = [few(client_packets), few(server_packets)];
        true
    }

    /// The connection, with room for larger numbers.
    pub(in crate::flow) fn compact(&self) -> Compact {
        let Self { first_at, key, id, facts_at, starts: [start_one, start_two], windows: [window_one, window_two], .. } = *self;
        let Self { nexts: [one, two], acked: [acked_one, acked_two], opening: [low, middle, high], .. } = *self;
        let Self { opening_more: [second, third], packets: [client_packets, server_packets], .. } = *self;
        let Self { closing, last, input, marks, scales, .. } = *self;
        let (one, two) = (u64::from(one), u64::from(two));
        let client_is_low = marks & CLIENT_IS_LOW != 0;
        Compact {
            key: key.key(),
            id,
            first_at,
            opening: u64::from(low) | u64::from(middle) << 16 | u64::from(high) << 32,
            opening_more: [second.into(), third.into()],
            closing,
            sides: [
                Side { next: one, acked: acked_one.into(), start: start_one, window: window_one },
                Side { next: two, acked: acked_two.into(), start: start_two, window: window_two },
            ],
            bytes: if client_is_low { [one, two] } else { [two, one] },
            packets: [client_packets.into(), server_packets.into()],
            last,
            input: input.into(),
            facts_at,
            awaited_ack: if client_is_low { start_two } else { start_one },
            marks,
            scales,
            tls: None,
        }
    }

    #[inline]
    pub(in crate::flow) fn id(&self) -> FlowId {
        FlowId(self.id.into())
    }

    /// What names it.
    #[inline]
    pub(in crate::flow) fn thin_key(&self) -> ThinKey {
        self.key
    }

    /// The same, not as thin.
    #[inline]
    pub(in crate::flow) fn key(&self) -> PackedKey {
        self.thin_key().key()
    }

    /// Whether a SYN was seen that may begin another connection of the same ends.
    #[inline]
    pub(in crate::flow) fn was_asked(&self) -> bool {
        self.marks & super::ASKED != 0
    }

    /// Whether the table counts it among those that have but a SYN-ACK.
    #[inline]
    pub(in crate::flow) fn is_counted(&self) -> bool {
        self.marks & COUNTED != 0
    }

    /// Notes where the inventory keeps its facts.
    #[inline]
    pub(in crate::flow) fn keep_facts_at(&mut self, facts_at: [u32; 3]) {
        self.facts_at = facts_at;
    }
}
