//! What a packet was wrapped in: the tunnels around the innermost IP packet.

use std::net::IpAddr;
use thin_vec::ThinVec;

/// The most tunnels a frame may have.
const MOST_TUNNELS: usize = 4;

/// What wraps one packet in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// A stack of labels.
    Mpls,
    /// A session of PPP over Ethernet.
    Pppoe,
    /// Generic routing encapsulation.
    Gre,
    /// The GRE of PPTP, around PPP.
    Pptp,
    /// A mirrored frame, type I: no header of its own.
    Erspan1,
    /// A mirrored frame, type II.
    Erspan2,
    /// A mirrored frame, type III.
    Erspan3,
    /// An IP packet in an IP packet, of any two versions.
    IpInIp,
    /// An Ethernet frame in UDP.
    Vxlan,
    /// A packet of any kind in UDP, by the generic extension of VXLAN.
    VxlanGpe,
    /// A packet of any kind in UDP, with options.
    Geneve,
}

impl TunnelKind {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoe",
            Self::Gre => "gre",
            Self::Pptp => "pptp",
            Self::Erspan1 => "erspan1",
            Self::Erspan2 => "erspan2",
            Self::Erspan3 => "erspan3",
            Self::IpInIp => "ip_in_ip",
            Self::Vxlan => "vxlan",
            Self::VxlanGpe => "vxlan_gpe",
            Self::Geneve => "geneve",
        }
    }
}

/// One tunnel around a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tunnel {
    /// What it is.
    pub kind: TunnelKind,
    /// Source and destination of the IP packet that carries it; none of MPLS and `PPPoE`, which no IP packet carries itself.
    pub ends: Option<(IpAddr, IpAddr)>,
    /// What tells it from others of its kind between the same ends: the VXLAN or GENEVE network, the session of `PPPoE`
    /// and ERSPAN, the key of GRE, the call of PPTP, the bottom label of MPLS.
    pub id: Option<u32>,
}

/// The tunnels around a packet from the outermost inwards, at most four. Most packets have none: that takes one word and no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TunnelStack {
    tunnels: ThinVec<Tunnel>,
}

impl TunnelStack {
    /// Adds an inner tunnel; false when the stack is full.
    pub fn push(&mut self, tunnel: Tunnel) -> bool {
        let room = self.tunnels.len() < MOST_TUNNELS;
        if room {
            self.tunnels.push(tunnel);
        }
        room
    }

    /// The tunnels, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Tunnel> {
        self.tunnels.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tunnels.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_stop_at_four() {
        let mut stack = TunnelStack::default();
        assert!(stack.is_empty());
        let tunnel = |id| Tunnel { kind: TunnelKind::Gre, ends: None, id: Some(id) };
        assert!((1..=4).all(|id| stack.push(tunnel(id))));
        assert!(!stack.push(tunnel(5)));
        assert!(!stack.is_empty());
        assert_eq!(stack.iter().filter_map(|tunnel| tunnel.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
}
