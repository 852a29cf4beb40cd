//! What the flow stage finds, handed on: to the inventory, to the layers and the conversations behind them, and to the sink.

use super::Stages;
use super::out::Out;
use crate::event::Event;
use crate::evidence::Frames;
use crate::flow::Chunk;
use crate::flow::Ended;
use crate::flow::Handshake;
use crate::flow::Interest;
use crate::flow::Known;
use crate::flow::Receiver;
use crate::flow::Step;
use crate::layer::Above;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::VlanStack;
use crate::protocol::Conversations;
use crate::time::Timestamp;

/// What stands behind the layers.
struct Next<'a, 's> {
    conversations: &'a mut Conversations,
    out: &'a mut Out<'s>,
}

impl Above for Next<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        self.out.event(&event);
    }

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        self.conversations.chunk(flow, from, chunk, &mut |event| self.out.event(&event))
    }
}

impl Receiver for Stages<'_> {
    fn event(&mut self, event: Event<'_>) {
        self.out.event(&event);
    }

    fn handshake(&mut self, facts_at: &mut [u32; 3], handshake: &Handshake) {
        if !handshake.syn_seen {
            self.out.tally.lone_syn_ack();
        }
        self.doctor.handshake(handshake);
        self.inventory.handshake(facts_at, handshake, &mut |event| self.out.event(&event));
    }

    fn step(&mut self, known: Known<'_>, step: Step, at: Timestamp, frames: &Frames) {
        self.inventory.step(known, step, at, frames, &mut |event| self.out.event(&event));
    }

    fn opened(&mut self, make: &mut dyn FnMut() -> Flow) {
        if self.out.wants_connections {
            self.out.event(&Event::flow_opened(&make()));
        } else {
            self.out.tally.opened();
        }
    }

    fn copied(&mut self, ends: (Endpoint, Endpoint), facts_at: &mut [u32; 3], vlans: VlanStack, at: Timestamp) {
        self.inventory.copied(ends, facts_at, vlans, at);
    }

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        if is_silent(flow) {
            self.silent = Some(flow.id);
        }
        let Self { layers, conversations, out, .. } = self;
        let mut next = Next { conversations, out };
        let interest = if self.bare { next.chunk(flow, from, chunk) } else { layers.chunk(flow, from, chunk, &mut next) };
        if let Some(packets) = &mut self.out.packets {
            packets.decided(flow, interest == Interest::Keep && !self.conversations.keeps(flow.id));
        }
        interest
    }

    fn gave_way(&mut self) -> Option<(u32, FlowId)> {
        // Its packets are kept until its next one is decided.
        if self.out.packets.is_some() { None } else { self.conversations.gave_way() }
    }

    fn ended(&mut self, ended: Ended<'_>) -> bool {
        let Self { inventory, conversations, out, .. } = self;
        // Of what nobody looks at, and nobody reads, an output has nothing to show.
        let is_enough = !out.wants_connections
            && if ended.bytes == 0 { self.silent != Some(ended.id) } else { conversations.ended(&ended, &mut |event| out.event(&event)) };
        if is_enough {
            inventory.closed(ended, &mut |event| out.event(&event));
        }
        is_enough
    }

    fn closed(&mut self, flow: &mut Flow) {
        Ended::of(flow, |ended| self.inventory.closed(ended, &mut |event| self.out.event(&event)));
        if is_silent(flow) && self.silent != Some(flow.id) {
            // Nobody was ever asked to read it.
            return;
        }
        let Self { layers, conversations, out, .. } = self;
        layers.closed(flow, &mut Next { conversations, out });
        conversations.closed(flow, &mut |event| out.event(&event));
    }
}

/// Whether no payload of it was seen.
fn is_silent(flow: &Flow) -> bool {
    flow.from_client.bytes == 0 && flow.from_server.bytes == 0
}
