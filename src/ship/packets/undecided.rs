//! Frames of connections that nobody has claimed yet: bounded for each and for all, the oldest connection gives way.

use super::pcapng::Meta;
use crate::peer::FlowKey;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Bytes that a frame costs besides its own.
const FRAME: usize = 64;
/// Bytes that a connection costs besides its frames.
const FLOW: usize = 256;

/// The connections and their frames.
pub(super) struct Undecided {
    flows: HashMap<FlowKey, Opening, RandomState>,
    /// In the order in which they came; of those gone since, too.
    order: VecDeque<(FlowKey, u64)>,
    bytes: usize,
    next: u64,
    most_of_one: usize,
    most: usize,
    /// Whether a connection gave way, so that one that is not known may have had frames.
    gave_way: bool,
    /// The limit that took frames from a connection which was claimed afterwards.
    pub(super) cut: Option<(&'static str, usize)>,
}

#[derive(Default)]
struct Opening {
    number: u64,
    frames: Vec<(Meta, Vec<u8>)>,
    bytes: usize,
    /// Whether not all of its frames are there.
    cut: bool,
}

impl Undecided {
    pub(super) fn new(most_of_one: usize, most: usize) -> Self {
        let (flows, order) = (HashMap::default(), VecDeque::new());
        Self { flows, order, bytes: 0, next: 0, most_of_one, most, gave_way: false, cut: None }
    }

    /// Keeps the frames of this connection from now on.
    pub(super) fn watch(&mut self, key: FlowKey) {
        if self.flows.contains_key(&key) {
            return;
        }
        self.next = self.next.saturating_add(1);
        self.flows.insert(key, Opening { number: self.next, ..Opening::default() });
        self.order.push_back((key, self.next));
        self.bytes = self.bytes.saturating_add(FLOW);
        self.make_room();
        // Most of those in the list were decided long ago: seldom, and all at once, they are taken off it.
        if self.order.len() > self.flows.len().saturating_mul(2).max(1024) {
            let Self { order, flows, .. } = self;
            order.retain(|(key, number)| flows.get(key).is_some_and(|opening| opening.number == *number));
        }
    }

    pub(super) fn watches(&self, key: FlowKey) -> bool {
        self.flows.contains_key(&key)
    }

    /// Keeps a frame of a connection that is watched; not beyond its bound, so that of each the beginning is there.
    pub(super) fn keep(&mut self, key: FlowKey, meta: Meta, bytes: &[u8]) {
        let Some(opening) = self.flows.get_mut(&key) else { return };
        let cost = bytes.len().saturating_add(FRAME);
        if opening.bytes.saturating_add(cost) > self.most_of_one {
            opening.cut = true;
            return;
        }
        opening.bytes = opening.bytes.saturating_add(cost);
        opening.frames.push((meta, bytes.to_vec()));
        self.bytes = self.bytes.saturating_add(cost);
        self.make_room();
    }

    /// Nobody will claim it.
    pub(super) fn forget(&mut self, key: FlowKey) {
        if let Some(opening) = self.flows.remove(&key) {
            self.bytes = self.bytes.saturating_sub(opening.bytes).saturating_sub(FLOW);
        }
    }

    /// Somebody claimed it: its frames.
    pub(super) fn claim(&mut self, key: FlowKey) -> Vec<(Meta, Vec<u8>)> {
        let Some(opening) = self.flows.remove(&key) else {
            if self.gave_way {
                self.cut = Some(("saved_bytes", self.most));
            }
            return Vec::new();
        };
        if opening.cut {
            self.cut = Some(("saved_flow_bytes", self.most_of_one));
        }
        self.bytes = self.bytes.saturating_sub(opening.bytes).saturating_sub(FLOW);
        opening.frames
    }

    /// The oldest connections give way.
    fn make_room(&mut self) {
        while self.bytes > self.most {
            let Some((key, number)) = self.order.pop_front() else { return };
            if self.flows.get(&key).is_some_and(|opening| opening.number == number) {
                self.gave_way = true;
                self.forget(key);
            }
        }
    }
}
