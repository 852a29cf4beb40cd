//! A wire between two ports for the tests of this stage: segments in, words out.
#![allow(clippy::arithmetic_side_effects, reason = "sequence numbers are written out as sums")]

use super::Body;
use super::Chunk;
use super::Flows;
use super::Handshake;
use super::Interest;
use super::Receiver;
use crate::anomaly::Anomaly;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::Peer;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use crate::tunnel::TunnelStack;

/// Writes down what it is told, in words.
#[derive(Default)]
pub(super) struct Log {
    pub(super) lines: Vec<String>,
    pub(super) ignore: bool,
}

impl Receiver for Log {
    fn event(&mut self, event: Event<'_>) {
        self.lines.push(match event.kind {
            EventKind::FlowOpened(flow) => format!("open {} {}", flow.id.0, flow.roles.name()),
            EventKind::FlowClosed(flow, closing) => format!("close {} {}", flow.id.0, closing.name()),
            EventKind::AnomalyFound(Anomaly::Gap { from, bytes, reason }) => format!("gap {} {bytes} {}", from.name(), reason.name()),
            EventKind::AnomalyFound(anomaly) => anomaly.name().to_owned(),
            _ => "other".to_owned(),
        });
    }

    fn handshake(&mut self, _facts_at: &mut [u32; 3], handshake: &Handshake) {
        self.lines.push(format!("handshake {} {}", handshake.server.port, handshake.syn_seen));
    }

    fn chunk(&mut self, _flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        if let Body::Data(data) = chunk.body {
            self.lines.push(format!("{} {} {}", from.name(), chunk.offset, String::from_utf8_lossy(data)));
        }
        if self.ignore { Interest::Ignore } else { Interest::Keep }
    }

    fn closed(&mut self, _flow: &mut Flow) {
        self.lines.push("closed".to_owned());
    }
}

/// A connection between port 40,000 and port 1241, one segment a millisecond.
pub(super) struct Wire {
    pub(super) flows: Flows,
    pub(super) log: Log,
    pub(super) number: u64,
    pub(super) at: Timestamp,
}

pub(super) const CLIENT: u16 = 40_000;
pub(super) const SERVER: u16 = 1241;
pub(super) const SYN: u8 = Flags::SYN;
pub(super) const ACK: u8 = Flags::ACK;
pub(super) const FIN: u8 = Flags::FIN;
pub(super) const RST: u8 = Flags::RST;

impl Wire {
    pub(super) fn new() -> Self {
        Self::with(&Limits::default())
    }

    pub(super) fn with(limits: &Limits) -> Self {
        Self { flows: Flows::new(limits, &[1241]), log: Log::default(), number: 0, at: Timestamp::from_nanos(0, false) }
    }

    pub(super) fn wait(&mut self, milliseconds: u64) {
        self.at = self.at.after(std::time::Duration::from_millis(milliseconds));
    }

    pub(super) fn send(&mut self, from: u16, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let to = if from == CLIENT { SERVER } else { CLIENT };
        self.send_between((from, to), flags, seq, ack, payload);
    }

    /// The same between two ports of any numbers; only the server has an address of its own.
    pub(super) fn send_between(&mut self, (from, to): (u16, u16), flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        self.number += 1;
        self.wait(1);
        let endpoint = |port: u16| Endpoint { ip: std::net::Ipv4Addr::new(10, 0, 0, if port == SERVER { 2 } else { 1 }).into(), port };
        let segment = Segment {
            at: self.at,
            frames: Frames::one(FrameId { input: 0, number: self.number }),
            source: endpoint(from),
            destination: endpoint(to),
            seq,
            ack,
            flags: Flags(flags),
            window: 0xffff,
            window_scale: None,
            payload,
            payload_at: None,
            uncaptured: 0,
            ttl: 64,
            ip_id: None,
            vlans: VlanStack::default(),
            tunnels: TunnelStack::default(),
        };
        self.flows.push(&segment, &mut self.log);
    }

    /// The handshake: the client's data starts at 101, the server's at 501.
    pub(super) fn shake(&mut self) {
        self.send(CLIENT, SYN, 100, 0, b"");
        self.send(SERVER, SYN | ACK, 500, 101, b"");
        self.send(CLIENT, ACK, 101, 501, b"");
        assert_eq!(self.told(), ["handshake 1241 true", "open 1 handshake"]);
    }

    pub(super) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log.lines)
    }
}
