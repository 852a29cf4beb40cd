//! What a usual packet changes of a connection in short: a few numbers, now and then a step, at last the first half of its end.

use super::ANNOUNCED;
use super::ANSWERED;
use super::ASKED;
use super::AWAITS;
use super::CLIENT_IS_LOW;
use super::COUNTED;
use super::Compact;
use super::DATA;
use super::FIN;
use super::IGNORED;
use super::later;
use super::sides;
use crate::decode::Flags;
use crate::decode::Headers;
use crate::evidence::Frames;
use crate::flow::Receiver;
use crate::flow::Step;
use crate::flow::history::to_u64;
use crate::limits::Limits;
use crate::time::Timestamp;

impl Compact {
    /// Takes a packet that changes but numbers, as [`super::Connection::segment`] would; false, and nothing done, where it may be more.
    /// `last_at` is when the connection was heard of last.
    pub(in crate::flow) fn pass(
        &mut self,
        headers: &Headers<'_>,
        last_at: &mut Timestamp,
        limits: &Limits,
        receiver: &mut dyn Receiver,
    ) -> bool {
        let from_low = headers.source == self.key.low;
        let len = to_u64(headers.payload.len());
        let ends = headers.flags.has(Flags::FIN);
        if headers.flags.0 & (Flags::SYN | Flags::RST | Flags::ACK) != Flags::ACK
            || self.marks & (AWAITS | ASKED | COUNTED) != 0
            || headers.id.input != self.input
            || (len > 0 && self.marks & (IGNORED | ANNOUNCED) != IGNORED | ANNOUNCED)
            || !self.may_close(from_low, len, ends)
        {
            return false;
        }
        let Some(behind) = headers.id.number.checked_sub(self.opening).and_then(|behind| u32::try_from(behind).ok()) else { return false };
        let from_client = from_low == self.has(CLIENT_IS_LOW);
        let ([sender, other], scale) = sides(&mut self.sides, self.scales, from_low);
        let Some(acknowledged) = other.acknowledged(headers.ack, u32::from(headers.window) << scale, limits) else { return false };
        let Some(skipped) = (if len > 0 { sender.skip(headers.seq, len) } else { Some(*sender) }) else { return false };
        // An end elsewhere than behind the last byte has to be believed first.
        if ends && !skipped.ends_at(headers.seq, len) {
            return false;
        }
        let place = usize::from(!from_client);
        let (Some(bytes), Some(packets)) = (self.bytes.get_mut(place), self.packets.get_mut(place)) else { return false };
        let Some(more) = packets.checked_add(1) else { return false };
        (*sender, *other) = (skipped, acknowledged);
        (*bytes, *packets, self.last) = (bytes.saturating_add(len), more, behind);
        *last_at = later(*last_at, headers.at);
        if self.marks & (ANSWERED | DATA) == ANSWERED && self.bytes.iter().all(|bytes| *bytes > 0) {
            self.marks |= DATA;
            self.tell(Step::Data, headers.at, &Frames::one(headers.id), receiver);
        }
        if ends || (len == 0 && self.marks & (FIN[0] | FIN[1]) != 0) {
            let [first, second] = &mut self.closing;
            *if *first == 0 { first } else { second } = behind;
            let [low_fin, high_fin] = FIN;
            let fin = if from_low { low_fin } else { high_fin };
            self.marks |= if ends { fin } else { 0 };
        }
        true
    }

    /// Whether a packet leaves it open, and there is room to note its frame where that belongs to the end.
    fn may_close(&self, from_low: bool, len: u64, ends: bool) -> bool {
        let fins = self.marks & (FIN[0] | FIN[1]);
        if fins == 0 {
            // A packet of the end comes behind the first of the opening.
            return !ends || self.closing == [0; 2];
        }
        let own = if from_low { FIN[0] } else { FIN[1] };
        // With the second FIN, and behind it, the connection may be over. What stands behind its own end is no data.
        fins != FIN[0] | FIN[1] && !ends && (len > 0 && fins != own || len == 0 && self.closing[1] == 0)
    }
}
