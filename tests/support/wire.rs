//! Conversations to TCP segments and Ethernet frames: handshake, cuts, acknowledgements and FIN as real stacks send them.

use super::talk::Step;
use etherparse::PacketBuilder;
use etherparse::TcpOptionElement;
use etherparse::VlanId;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Frames;
use ntp_sniff::peer::Endpoint;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::FlowId;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::time::Timestamp;
use std::net::IpAddr;
use std::net::SocketAddr;

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

/// A TCP segment on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) from: Peer,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
}

/// A connection being written: knows what each side has sent.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    isns: [u32; 2],
    sent: [u32; 2],
    pub(crate) packets: Vec<Packet>,
}

impl Talk {
    /// With these initial sequence numbers, the client's first.
    pub(crate) fn new(isns: [u32; 2]) -> Self {
        Self { isns, sent: [0, 0], packets: Vec::new() }
    }

    /// The whole conversation, from SYN to the last ACK; `cuts` are the lengths of segments, used in turn.
    pub(crate) fn whole(isns: [u32; 2], steps: &[Step], cuts: &[usize]) -> Self {
        let mut talk = Self::new(isns);
        talk.handshake();
        talk.say_all(steps, cuts);
        talk.close();
        talk
    }

    pub(crate) fn handshake(&mut self) {
        self.send(Peer::Client, SYN, &[]);
        self.send(Peer::Server, SYN | ACK, &[]);
        self.send(Peer::Client, ACK, &[]);
    }

    pub(crate) fn say_all(&mut self, steps: &[Step], cuts: &[usize]) {
        let mut cuts = cuts.iter().copied().cycle();
        for step in steps {
            let mut rest = &step.bytes[..];
            while !rest.is_empty() {
                let (part, after) = rest.split_at(cuts.next().unwrap_or(1460).clamp(1, rest.len()));
                self.send(step.from, ACK, part);
                rest = after;
            }
            self.send(step.from.other(), ACK, &[]);
        }
    }

    /// Both sides say FIN, the server first.
    pub(crate) fn close(&mut self) {
        self.send(Peer::Server, FIN | ACK, &[]);
        self.send(Peer::Client, FIN | ACK, &[]);
        self.send(Peer::Server, ACK, &[]);
    }

    /// Sends one segment: sequence numbers and acknowledgement follow from what was sent before.
    pub(crate) fn send(&mut self, from: Peer, flags: u8, payload: &[u8]) {
        let me = usize::from(from == Peer::Server);
        let seq = self.isns[me].wrapping_add(self.sent[me]);
        let ack = if flags & ACK == 0 { 0 } else { self.isns[1 - me].wrapping_add(self.sent[1 - me]) };
        let length = u32::try_from(payload.len()).unwrap() + u32::from(flags & (SYN | FIN) != 0);
        self.sent[me] = self.sent[me].wrapping_add(length);
        self.packets.push(Packet { from, seq, ack, flags, payload: payload.to_vec() });
    }

    /// A segment of bytes at this place of a side's stream, whatever was sent there before or after; acknowledges what was sent.
    pub(crate) fn send_at(&mut self, from: Peer, offset: u32, payload: &[u8]) {
        let me = usize::from(from == Peer::Server);
        let seq = self.isns[me].wrapping_add(1).wrapping_add(offset);
        let ack = self.isns[1 - me].wrapping_add(self.sent[1 - me]);
        self.packets.push(Packet { from, seq, ack, flags: ACK, payload: payload.to_vec() });
    }

    /// Bytes that are sent but that no packet here carries.
    pub(crate) fn lose(&mut self, from: Peer, bytes: u32) {
        let me = usize::from(from == Peer::Server);
        self.sent[me] = self.sent[me].wrapping_add(bytes);
    }
}

/// What is around the segments.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    /// None, one or two tags, the outer one first.
    pub(crate) vlans: Vec<u16>,
    /// Bytes behind the IP packet that are none of it, as network cards and switches leave them.
    pub(crate) trailer: usize,
}

impl Net {
    /// IPv4, without tags.
    pub(crate) fn v4(server_port: u16) -> Self {
        let client = SocketAddr::from(([10, 0, 0, 1], 40_001));
        Self { client, server: SocketAddr::from(([10, 0, 0, 2], server_port)), vlans: Vec::new(), trailer: 0 }
    }

    /// IPv6, without tags.
    pub(crate) fn v6(server_port: u16) -> Self {
        let client = "[2001:db8::1]:40001".parse().unwrap();
        Self { client, server: SocketAddr::new("2001:db8::2".parse().unwrap(), server_port), vlans: Vec::new(), trailer: 0 }
    }

    /// The frame of a segment, checksums right.
    pub(crate) fn frame(&self, packet: &Packet) -> Vec<u8> {
        let (source, destination) = match packet.from {
            Peer::Client => (self.client, self.server),
            Peer::Server => (self.server, self.client),
        };
        let macs = |address: SocketAddr| if address == self.client { [2, 0, 0, 0, 0, 1] } else { [2, 0, 0, 0, 0, 2] };
        let ethernet = PacketBuilder::ethernet2(macs(source), macs(destination));
        let vlan = |index: usize| VlanId::try_new(self.vlans[index]).unwrap();
        let ip = match (source.ip(), destination.ip(), self.vlans.len()) {
            (IpAddr::V4(from), IpAddr::V4(to), 0) => ethernet.ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V4(from), IpAddr::V4(to), 1) => ethernet.single_vlan(vlan(0)).ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V4(from), IpAddr::V4(to), _) => ethernet.double_vlan(vlan(0), vlan(1)).ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to), 0) => ethernet.ipv6(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to), 1) => ethernet.single_vlan(vlan(0)).ipv6(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to), _) => ethernet.double_vlan(vlan(0), vlan(1)).ipv6(from.octets(), to.octets(), 64),
            _ => panic!("addresses of two kinds"),
        };
        let mut tcp = ip.tcp(source.port(), destination.port(), packet.seq, 64_240);
        let has = |flag: u8| packet.flags & flag != 0;
        if has(SYN) {
            tcp = tcp.syn().options(&[TcpOptionElement::MaximumSegmentSize(1460), TcpOptionElement::WindowScale(7)]).unwrap();
        }
        if has(FIN) {
            tcp = tcp.fin();
        }
        if has(RST) {
            tcp = tcp.rst();
        }
        if has(ACK) {
            tcp = tcp.ack(packet.ack);
        }
        if !packet.payload.is_empty() {
            tcp = tcp.psh();
        }
        let mut frame = Vec::new();
        tcp.write(&mut frame, &packet.payload).unwrap();
        frame.resize(frame.len() + self.trailer, 0xaa);
        frame
    }

    /// The frames of all segments.
    pub(crate) fn frames(&self, packets: &[Packet]) -> Vec<Vec<u8>> {
        packets.iter().map(|packet| self.frame(packet)).collect()
    }
}

/// A connection whose port tells nothing, without a packet yet.
pub(crate) fn nobodys_flow(roles: RolesFrom) -> Flow {
    let end = |last, port| Endpoint { ip: [10, 0, 0, last].into(), port };
    let flow = Flow::new(FlowId(1), end(1, 40_000), end(2, 9999), roles, Timestamp::default());
    Flow { opening: Frames::one(FrameId { input: 0, number: 1 }), announced: true, ..flow }
}
