//! Where the chunks and anomalies of one direction go.

use super::Chunk;
use super::Interest;
use super::Receiver;
use crate::annotation::ByteSpan;
use crate::anomaly::Anomaly;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::Peer;
use crate::time::Timestamp;

/// Where a stream's chunks and anomalies go.
pub(super) struct Outlet<'a> {
    pub(super) receiver: &'a mut dyn Receiver,
    pub(super) flow: &'a mut Flow,
    pub(super) interest: &'a mut Interest,
    pub(super) source: Endpoint,
}

impl Outlet<'_> {
    /// Which part the sender has; it may change until the flow is announced.
    pub(super) fn from(&self) -> Peer {
        if self.flow.client == self.source { Peer::Client } else { Peer::Server }
    }

    /// Announces the flow unless that was done.
    pub(super) fn announce(&mut self) {
        if !self.flow.announced {
            self.flow.announced = true;
            let flow = &*self.flow;
            self.receiver.event(Event::flow_opened(flow));
        }
    }

    pub(super) fn chunk(&mut self, chunk: Chunk<'_>) {
        if *self.interest == Interest::Keep {
            *self.interest = self.receiver.chunk(self.flow, self.from(), chunk);
        }
    }

    pub(super) fn anomaly(&mut self, at: Timestamp, frames: Frames, bytes: Option<ByteSpan>, anomaly: Anomaly) {
        self.announce();
        let evidence = Evidence { frames, bytes };
        self.receiver.event(Event { at, flow: Some(self.flow.id), evidence, kind: EventKind::AnomalyFound(anomaly) });
    }
}
