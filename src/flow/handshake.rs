//! A SYN that waits for its answer: what there is to know of it, in few bytes where it is usual.

use crate::decode::Headers;
use crate::decode::Segment;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::packed::PackedEnd;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;

/// A SYN that was seen.
#[derive(Clone, Debug)]
pub(super) struct Syn {
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    pub(super) seq: u32,
    /// Payload bytes it carried (TCP Fast Open).
    pub(super) len: u32,
    pub(super) at: Timestamp,
    pub(super) frames: Frames,
    pub(super) window_scale: Option<u8>,
    pub(super) vlans: VlanStack,
    tunnels: TunnelStack,
    /// Its place in the order of all SYNs: who asked first is the client.
    pub(super) order: u64,
}

impl Syn {
    /// Of a segment with SYN; what comes of it decides about its order.
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            client: segment.source,
            server: segment.destination,
            seq: segment.seq,
            len: u32::try_from(segment.payload.len()).unwrap_or(0).saturating_add(segment.uncaptured),
            at: segment.at,
            frames: segment.frames.clone(),
            window_scale: segment.window_scale,
            vlans: segment.vlans,
            tunnels: segment.tunnels.clone(),
            order: 0,
        }
    }

    /// Whether `ack` acknowledges this SYN and no more than what it carried.
    pub(super) fn is_acknowledged_by(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.seq).wrapping_sub(1) <= self.len
    }

    /// Makes this the first frame of a connection that a later one opened.
    pub(super) fn begin(&self, flow: &mut Flow) {
        flow.first_at = self.at;
        flow.vlans = self.vlans;
        flow.tunnels.clone_from(&self.tunnels);
    }
}

/// What there is to know of a usual SYN, beside its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsualSyn {
    pub(super) at: Timestamp,
    /// Its frame.
    pub(super) number: u64,
    pub(super) input: u32,
    pub(super) seq: u32,
    pub(super) window_scale: Option<u8>,
}

/// A SYN as it is kept: nearly all are of IPv4, without payload and without anything around them.
#[derive(Debug)]
pub(super) enum Kept {
    Nothing,
    Usual { client: PackedEnd, server: PackedEnd, syn: UsualSyn },
    Other(Box<Syn>),
}

impl Kept {
    pub(super) fn of(syn: Syn) -> Self {
        let bare = syn.len == 0 && syn.vlans == VlanStack::default() && syn.tunnels.is_empty();
        match (PackedEnd::of(syn.client), PackedEnd::of(syn.server), syn.frames.single()) {
            (Some(client), Some(server), Some(FrameId { input, number })) if bare => {
                let Syn { at, seq, window_scale, .. } = syn;
                Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale } }
            }
            _ => Self::Other(Box::new(syn)),
        }
    }

    pub(super) fn of_headers(headers: &Headers<'_>) -> Self {
        let FrameId { input, number } = headers.id;
        let Headers { source: client, destination: server, at, seq, .. } = *headers;
        Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale: headers.window_scale() } }
    }

    pub(super) fn syn(&self, order: u64) -> Option<Syn> {
        match *self {
            Self::Nothing => None,
            Self::Usual { client, server, syn: UsualSyn { at, number, input, seq, window_scale } } => Some(Syn {
                client: client.endpoint(),
                server: server.endpoint(),
                seq,
                len: 0,
                at,
                frames: Frames::one(FrameId { input, number }),
                window_scale,
                vlans: VlanStack::default(),
                tunnels: TunnelStack::default(),
                order,
            }),
            Self::Other(ref syn) => Some(Syn { order, ..Syn::clone(syn) }),
        }
    }

    pub(super) fn is_of(&self, ends: Ends) -> bool {
        match (self, ends) {
            (Self::Usual { client, server, .. }, Ends::Packed(from, to)) => *client == from && *server == to,
            (Self::Usual { client, server, .. }, Ends::Any(from, to)) => client.endpoint() == from && server.endpoint() == to,
            (Self::Other(syn), Ends::Any(from, to)) => syn.client == from && syn.server == to,
            (Self::Other(syn), Ends::Packed(from, to)) => syn.client == from.endpoint() && syn.server == to.endpoint(),
            (Self::Nothing, _) => false,
        }
    }

    /// Its time and its sequence number.
    pub(super) fn seen(&self) -> Option<(Timestamp, u32)> {
        match self {
            Self::Nothing => None,
            Self::Usual { syn, .. } => Some((syn.at, syn.seq)),
            Self::Other(syn) => Some((syn.at, syn.seq)),
        }
    }
}

/// Who asked whom.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    Any(Endpoint, Endpoint),
    Packed(PackedEnd, PackedEnd),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_one_is_small() {
        assert_eq!(size_of::<Kept>(), 48);
    }
}
