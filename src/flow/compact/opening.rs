//! How a usual connection begins, in short from its SYN-ACK on: most of a network's connections are asked for, answered, and say nothing.

use super::ANNOUNCED;
use super::ANSWERED;
use super::ASKED;
use super::AWAITS;
use super::CLIENT_IS_LOW;
use super::COUNTED;
use super::Compact;
use super::ESTABLISHED;
use super::FIN;
use super::Side;
use super::sides;
use crate::decode::Flags;
use crate::decode::Headers;
use crate::evidence::Frames;
use crate::flow::Handshake;
use crate::flow::Known;
use crate::flow::Receiver;
use crate::flow::Step;
use crate::flow::handshake::UsualSyn;
use crate::limits::Limits;
use crate::packed::PackedKey;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::VlanStack;
use crate::time::Timestamp;

impl Compact {
    /// The connection that a usual SYN-ACK makes of the SYN it answers: as [`super::Connection`] is behind both. Nothing where it is not
    /// so usual after all.
    pub(in crate::flow) fn answered(id: FlowId, syn: &UsualSyn, headers: &Headers<'_>, limits: &Limits) -> Option<Self> {
        let (client, server) = (headers.destination, headers.source);
        let key = PackedKey::of(client, server);
        let behind = u32::try_from(headers.id.number.checked_sub(syn.number)?).ok().filter(|behind| *behind > 0)?;
        let begun = |isn: u32| Side { next: 0, acked: 0, start: isn.wrapping_add(1), window: 0 };
        // A window in a SYN or SYN-ACK is never scaled.
        let asked = begun(syn.seq).acknowledged(headers.ack, headers.window.into(), limits)?;
        let answered = begun(headers.seq);
        let scale = |scale: Option<u8>| scale.unwrap_or(0);
        let (own, other) = (scale(syn.window_scale), scale(headers.window_scale()));
        let client_is_low = key.low == client;
        (key.low != key.high).then_some(Self {
            key,
            id: u32::try_from(id.0).ok()?,
            first_at: syn.at,
            opening: syn.number,
            opening_more: [behind, 0],
            closing: [0; 2],
            sides: if client_is_low { [asked, answered] } else { [answered, asked] },
            bytes: [0; 2],
            packets: [1; 2],
            last: behind,
            input: syn.input,
            facts_at: [u32::MAX; 3],
            awaited_ack: answered.start,
            // The roles are those of a handshake: the first ones, of no mark.
            marks: ANSWERED | AWAITS | COUNTED | if client_is_low { CLIENT_IS_LOW } else { 0 },
            scales: if client_is_low { [own, other] } else { [other, own] },
            tls: None,
        })
    }

    /// The handshake that made it, which ended at this moment.
    pub(in crate::flow) fn handshake(&self, at: Timestamp) -> Handshake {
        let (client, server) = self.ends();
        let frames = self.frames(self.opening, self.opening_more);
        let vlans = [VlanStack::default(); 2];
        Handshake { client, server, at, frames, syn_seen: true, client_proven: true, vlans }
    }

    /// Takes the packet that completes the handshake, as [`super::Connection::segment`] would; false, and nothing done, where it is another
    /// one, or tells more. `place` is its own in the table.
    pub(in crate::flow) fn confirm(
        &mut self,
        headers: &Headers<'_>,
        (place, last_at): (u32, &mut Timestamp),
        limits: &Limits,
        receiver: &mut dyn Receiver,
    ) -> bool {
        let other = headers.flags.0 & (Flags::SYN | Flags::FIN | Flags::RST) != 0
            || !headers.flags.has(Flags::ACK)
            || !headers.payload.is_empty()
            || self.marks & (ANSWERED | AWAITS | COUNTED) != ANSWERED | AWAITS | COUNTED
            || self.marks & (ASKED | ANNOUNCED | ESTABLISHED | FIN[0] | FIN[1]) != 0
            || (headers.source == self.key.low) != self.has(CLIENT_IS_LOW)
            || headers.ack.wrapping_sub(self.awaited_ack) >= 1 << 31
            || headers.id.input != self.input
            || self.bytes != [0; 2];
        let [second, third] = &mut self.opening_more;
        let free = if *second == 0 { second } else { third };
        let behind = headers.id.number.checked_sub(self.opening).and_then(|behind| u32::try_from(behind).ok());
        let Some(behind) = behind.filter(|behind| !other && *free == 0 && *behind > self.last) else { return false };
        let ([_, server], scale) = sides(&mut self.sides, self.scales, headers.source == self.key.low);
        let Some(acknowledged) = server.acknowledged(headers.ack, u32::from(headers.window) << scale, limits) else { return false };
        let [packets, _] = &mut self.packets;
        let Some(more) = packets.checked_add(1) else { return false };
        (*server, *packets, *free, self.last) = (acknowledged, more, behind, behind);
        *last_at = super::later(*last_at, headers.at);
        self.marks = (self.marks & !(AWAITS | COUNTED)) | ESTABLISHED | ANNOUNCED;
        self.tell(Step::Established, headers.at, &Frames::one(headers.id), receiver);
        receiver.opened(&mut || Flow { place, ..self.flow(*last_at) });
        true
    }

    /// Tells how far these frames brought it.
    pub(super) fn tell(&mut self, step: Step, at: Timestamp, frames: &Frames, receiver: &mut dyn Receiver) {
        let ((client, server), roles, mut facts_at) = (self.ends(), self.roles(), self.facts_at);
        let opening = || self.frames(self.opening, self.opening_more);
        let known = Known { client, server, roles, vlans: VlanStack::default(), facts_at: &mut facts_at, opening: &opening };
        receiver.step(known, step, at, frames);
        self.facts_at = facts_at;
    }
}
