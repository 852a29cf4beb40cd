//! A connection as nearly all compact ones are: it said little, and soon behind its first frame. All its numbers are small, and so is what
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
    closing: [u16; 2],
    last: u16,
    input: u16,
    marks: u16,
    packets: [u8; 2],
    scales: [u8; 2],
}

/// The lower bits of a number that has no others.
fn low(number: u64) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or(0)
}

impl Brief {
    /// A connection in fewest bytes; nothing where one of its numbers is too large, or tells more than another one.
    pub(in crate::flow) fn of(compact: &Compact) -> Option<Self> {
        let Compact { key, id, first_at, opening, opening_more, closing, sides, bytes, packets, last, input, .. } = *compact;
        let Compact { facts_at, awaited_ack, marks, scales, ref tls, .. } = *compact;
        let ([one, two], [second, third], [fourth, fifth]) = (sides, opening_more, closing);
        let [from_client, from_server] = if marks & CLIENT_IS_LOW == 0 { [two, one] } else { [one, two] };
        let small = second | third | fourth | fifth | last | input;
        let is_brief = u64::from(small) | one.next | two.next <= 0xffff
            && opening >> 48 == 0
            && bytes == [from_client.next, from_server.next]
            && (marks & AWAITS == 0 || awaited_ack == from_server.start)
            && tls.is_none();
        if !is_brief {
            return None;
        }
        let [client_packets, server_packets] = packets;
        Some(Self {
            first_at,
            key: ThinKey::of(key),
            id,
            facts_at,
            starts: [one.start, two.start],
            windows: [one.window, two.window],
            nexts: [low(one.next), low(two.next)],
            acked: [i16::try_from(one.acked).ok()?, i16::try_from(two.acked).ok()?],
            opening: [low(opening), low(opening >> 16), low(opening >> 32)],
            opening_more: [low(second.into()), low(third.into())],
            closing: [low(fourth.into()), low(fifth.into())],
            last: low(last.into()),
            input: low(input.into()),
            marks,
            packets: [u8::try_from(client_packets).ok()?, u8::try_from(server_packets).ok()?],
            scales,
        })
    }

    /// Becomes what it was changed to, if that is brief, too.
    pub(in crate::flow) fn follow(&mut self, compact: &Compact) -> bool {
        let brief = Self::of(compact);
        brief.into_iter().for_each(|brief| *self = brief);
        brief.is_some()
    }

    /// The connection, with room for larger numbers.
    pub(in crate::flow) fn compact(&self) -> Compact {
        let Self { first_at, key, id, facts_at, starts: [start_one, start_two], windows: [window_one, window_two], .. } = *self;
        let Self { nexts, acked: [acked_one, acked_two], opening: [low, middle, high], opening_more, closing, .. } = *self;
        let Self { last, input, marks, packets, scales, .. } = *self;
        let [one, two] = nexts.map(u64::from);
        let client_is_low = marks & CLIENT_IS_LOW != 0;
        Compact {
            key: key.key(),
            id,
            first_at,
            opening: u64::from(low) | u64::from(middle) << 16 | u64::from(high) << 32,
            opening_more: opening_more.map(u32::from),
            closing: closing.map(u32::from),
            sides: [
                Side { next: one, acked: acked_one.into(), start: start_one, window: window_one },
                Side { next: two, acked: acked_two.into(), start: start_two, window: window_two },
            ],
            bytes: if client_is_low { [one, two] } else { [two, one] },
            packets: packets.map(u32::from),
            last: last.into(),
            input: input.into(),
            facts_at,
            awaited_ack: if client_is_low { start_two } else { start_one },
            marks,
            scales,
            tls: None,
        }
    }

    pub(in crate::flow) fn id(&self) -> FlowId {
        FlowId(self.id.into())
    }

    /// What names it.
    pub(in crate::flow) fn key(&self) -> PackedKey {
        let key = self.key;
        key.key()
    }

    /// Whether a SYN was seen that may begin another connection of the same ends.
    pub(in crate::flow) fn was_asked(&self) -> bool {
        self.marks & super::ASKED != 0
    }

    /// Whether the table counts it among those that have but a SYN-ACK.
    pub(in crate::flow) fn is_counted(&self) -> bool {
        self.marks & COUNTED != 0
    }

    /// Notes where the inventory keeps its facts.
    pub(in crate::flow) fn keep_facts_at(&mut self, facts_at: [u32; 3]) {
        self.facts_at = facts_at;
    }
}
