//! Which sides of a connection were seen, and in which VLANs: a sample of connections in a table of fixed size.

use super::Sample;
use crate::decode::Flags;
use crate::decode::Headers;
use crate::decode::Segment;
use crate::peer::FlowKey;
use crate::peer::VlanStack;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::net::IpAddr;

/// Connections remembered at once.
const MOST: usize = 1 << 12;

/// The least part that is looked at: one of so many connections.
const LEAST: u64 = 1 << 10;

/// Segments of one side, acknowledging and without any of the other, that prove that side to be missing even where nothing else does:
/// no stack sends so many unanswered, with offloading every 45th full one is acknowledged.
const UNANSWERED: u8 = 200;

/// What was seen of one side.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Whether it sent anything.
    seen: bool,
    /// Whether its SYN or SYN-ACK was seen.
    began: bool,
    /// Whether it acknowledged what the other side must have sent.
    proves_other: bool,
    /// Segments with ACK and without SYN.
    acking: u8,
    /// What it acknowledged first.
    ack: u32,
    /// Its first two different VLAN stacks: of a routed copy each side has both.
    vlans: [Option<VlanStack>; 2],
}

impl Side {
    fn look(&mut self, segment: &Segment<'_>) {
        self.seen = true;
        if segment.flags.has(Flags::RST) {
            // Whoever sent it: devices in between do, with what tags they like.
            return;
        }
        if segment.flags.has(Flags::SYN) {
            self.began = true;
        } else if segment.flags.has(Flags::ACK) {
            // Behind its own SYN or SYN-ACK a side acknowledges only when the other one answered.
            let moved = self.acking > 0 && self.ack != segment.ack;
            self.ack = if self.acking == 0 { segment.ack } else { self.ack };
            self.acking = self.acking.saturating_add(1);
            self.proves_other |= self.began || moved || self.acking >= UNANSWERED;
        }
        let [first, second] = &mut self.vlans;
        if first.is_none() {
            *first = Some(segment.vlans);
        } else if second.is_none() && *first != Some(segment.vlans) {
            *second = Some(segment.vlans);
        }
    }

    fn stacks(&self) -> impl Iterator<Item = VlanStack> {
        self.vlans.into_iter().flatten()
    }
}

/// Connections by what they show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) both: u64,
    pub(super) one_way: u64,
    pub(super) vlan_differs: u64,
}

impl Tally {
    /// Adds a connection; whether it shows anything. A SYN nobody answers does not, nor does an answer nobody was seen to ask for:
    /// scans and floods have many of these.
    fn add(&mut self, [low, high]: &[Side; 2]) -> bool {
        if low.seen && high.seen {
            let tagged = low.vlans != [None; 2] && high.vlans != [None; 2];
            let differs = tagged && !low.stacks().any(|stack| high.stacks().any(|other| other == stack));
            self.both = self.both.saturating_add(1);
            self.vlan_differs = self.vlan_differs.saturating_add(u64::from(differs));
        } else if low.proves_other || high.proves_other {
            self.one_way = self.one_way.saturating_add(1);
        } else {
            return false;
        }
        true
    }
}

/// The connections that are looked at.
#[derive(Debug)]
pub(super) struct Connections {
    sample: Sample,
    seen: HashMap<FlowKey, [Side; 2], RandomState>,
    /// Those that left the table.
    settled: Tally,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self { sample: Sample::new(LEAST), seen: HashMap::default(), settled: Tally::default() }
    }

    /// Looks at a segment, if its connection is in the sample.
    pub(super) fn look(&mut self, segment: &Segment<'_>) {
        if self.sample.has(number(segment)) {
            self.note(segment);
        }
    }

    /// Whether the connection of a usual packet is in the sample.
    pub(super) fn samples(&self, headers: &Headers<'_>) -> bool {
        let (from, to) = (headers.source, headers.destination);
        self.sample.has(mixed(u64::from(from.ip()), u64::from(to.ip()), from.port() ^ to.port()))
    }

    fn note(&mut self, segment: &Segment<'_>) {
        let (key, from_low) = FlowKey::of(segment.source, segment.destination);
        if self.seen.len() >= MOST && !self.seen.contains_key(&key) {
            self.make_room();
        }
        let [low, high] = self.seen.entry(key).or_default();
        let side = if from_low { low } else { high };
        side.look(segment);
        if self.sample.looked() {
            self.thin_out();
        }
    }

    /// Lets go of what shows nothing: SYNs without an answer, above all. Where that is not half of the table, the sample has to be.
    fn make_room(&mut self) {
        self.seen.retain(|_, sides| Tally::default().add(sides));
        while self.seen.len() > MOST / 2 {
            if self.sample.halve() {
                self.thin_out();
            } else {
                self.seen.drain().for_each(|(_, sides)| _ = self.settled.add(&sides));
            }
        }
    }

    /// Settles the connections that are no longer in the sample.
    fn thin_out(&mut self) {
        let Self { sample, seen, settled } = self;
        seen.retain(|key, sides| {
            let stays = sample.has(of_ends(key.low.ip, key.high.ip, key.low.port ^ key.high.port));
            if !stays {
                settled.add(sides);
            }
            stays
        });
    }

    /// Connections in the table.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// What the connections show by now.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.settled;
        self.seen.values().for_each(|sides| _ = tally.add(sides));
        tally
    }
}

/// The number of a segment's connection in the sample, the same both ways.
fn number(segment: &Segment<'_>) -> u64 {
    of_ends(segment.source.ip, segment.destination.ip, segment.source.port ^ segment.destination.port)
}

fn of_ends(one: IpAddr, other: IpAddr, ports: u16) -> u64 {
    mixed(folded(one), folded(other), ports)
}

fn mixed(one: u64, other: u64, ports: u16) -> u64 {
    one ^ other ^ (u64::from(ports) << 32)
}

/// An address in 64 bits: an IPv4 address is itself.
pub(super) fn folded(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => {
            let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
            half(ip.to_bits() >> 64) ^ half(ip.to_bits())
        }
    }
}
