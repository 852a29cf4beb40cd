//! The law: where nobody looks before the end, the facts are the same as where each was told as it came to be.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "small numbers of a test, where a panic is how it fails")]

use super::flow;
use super::handshake;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::fact::Fact;
use crate::fact::Facts as _;
use crate::fact::Grade;
use crate::flow::Ended;
use crate::flow::Handshake;
use crate::flow::Known;
use crate::flow::Step;
use crate::inventory::Focus;
use crate::inventory::Inventory;
use crate::inventory::Wanted;
use crate::inventory::parse_range;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use proptest::prelude::*;

/// Something happens to a connection: a new one, or one that is open.
#[derive(Clone, Debug)]
enum Happens {
    Begin {
        client: u8,
        server: u8,
        port: u8,
        syn_seen: bool,
        client_proven: bool,
        vlan: u16,
    },
    /// To the open connection of this number, counted round: one step further, a copy with a VLAN tag, a probe's end, the end.
    Step(usize),
    Copy(usize, u16),
    Probe(usize),
    Close(usize),
    /// Somebody asks for the counts.
    Count,
}

/// Things that happen, each so many tenths of a second behind the one before, or before it. Few are rare: tags, and questions. Where
/// clients scan, hardly a connection comes any further.
fn script((rare, scan): (bool, bool)) -> impl Strategy<Value = Vec<(Happens, i64)>> {
    let tag = if rare { prop_oneof![40 => Just(0), 1 => 1..4_u16].boxed() } else { Just(0).boxed() };
    // Some services are reached again and again, and some only once: who reaches for many is a scanner.
    let server = prop_oneof![0..4_u8, any::<u8>()];
    let begin = (0..if scan { 1_u8 } else { 3 }, server, 0..2_u8, any::<bool>(), prop::bool::weighted(0.9), tag.clone()).prop_map(
        |(client, server, port, syn_seen, client_proven, vlan)| Happens::Begin { client, server, port, syn_seen, client_proven, vlan },
    );
    let happens = prop_oneof![
        20 => begin,
        if scan { 1 } else { 12 } => any::<usize>().prop_map(Happens::Step),
        1 => (any::<usize>(), tag).prop_map(|(flow, tag)| Happens::Copy(flow, tag)),
        2 => any::<usize>().prop_map(Happens::Probe),
        4 => any::<usize>().prop_map(Happens::Close),
        u32::from(rare) => Just(Happens::Count),
    ];
    prop::collection::vec((happens, -3..6_i64), 0..800)
}

/// A connection that is open, and how far it came.
struct Open {
    flow: Flow,
    steps: u8,
}

/// The facts, in order, and the counts, whenever they were asked for, of an inventory to which all this happened, and then the end.
fn after(mut inventory: Inventory, script: &[(Happens, i64)]) -> (Vec<Fact>, Vec<[u64; 3]>) {
    let mut counts = Vec::new();
    let (mut open, mut clock): (Vec<Open>, i64) = (Vec::new(), 1_000_000);
    for (number, (happens, tenths)) in (1..).zip(script) {
        clock += tenths * 100_000_000;
        let (at, frames) = (Timestamp::from_nanos(clock, false), Frames::one(FrameId { input: 0, number }));
        let which = |flow: usize| flow.checked_rem(open.len());
        match *happens {
            Happens::Begin { client, server, port, syn_seen, client_proven, vlan } => {
                let (client, server) = (format!("10.0.0.{client}"), format!("10.0.{}.{server}", 1 + server % 2));
                let pair = handshake(&client, &server, 80 + u16::from(port));
                let handshake = Handshake { at, frames, syn_seen, client_proven, vlans: [tag(vlan); 2], ..pair };
                let mut flow = Flow { vlans: tag(vlan), announced: false, ..flow(&handshake) };
                inventory.handshake(&mut flow.facts_at, &handshake, &mut |_| ());
                open.push(Open { flow, steps: 0 });
            }
            Happens::Step(flow) => {
                let Some(open) = which(flow).and_then(|flow| open.get_mut(flow)).filter(|open| open.steps < 2) else { continue };
                open.steps += 1;
                let step = if open.steps == 1 { Step::Established } else { Step::Data };
                (open.flow.announced, open.flow.last_at) = (true, open.flow.last_at.max(at));
                open.flow.came_to = Some(if open.steps == 1 { Grade::Established } else { Grade::Data });
                Known::of(&mut open.flow, |known| inventory.step(known, step, at, &frames, &mut |_| ()));
            }
            Happens::Copy(flow, vlan) => {
                let Some(Open { flow, .. }) = which(flow).and_then(|flow| open.get_mut(flow)) else { continue };
                inventory.copied((flow.client, flow.server), &mut flow.facts_at, tag(vlan), at);
            }
            Happens::Probe(flow) => {
                let Some(flow) = which(flow).filter(|flow| open[*flow].steps == 0) else { continue };
                let mut open = open.swap_remove(flow);
                open.flow.last_at = open.flow.last_at.max(at);
                Known::of(&mut open.flow, |known| inventory.step(known, Step::Probe, at, &frames, &mut |_| ()));
                close(&mut inventory, open);
            }
            Happens::Close(flow) => {
                let Some(flow) = which(flow) else { continue };
                let mut open = open.swap_remove(flow);
                open.flow.last_at = open.flow.last_at.max(at);
                close(&mut inventory, open);
            }
            Happens::Count => counts.push(inventory.counts()),
        }
    }
    for open in open {
        close(&mut inventory, open);
    }
    let (ended, mut facts) = (inventory.end(), Vec::new());
    ended.each(&mut |fact| facts.push(fact.clone()));
    facts.sort_by_key(|fact| fact.relation);
    counts.push(ended.counts());
    (facts, counts)
}

fn close(inventory: &mut Inventory, mut open: Open) {
    Ended::of(&mut open.flow, |ended| inventory.closed(ended, &mut |_| ()));
}

fn tag(vlan: u16) -> VlanStack {
    let mut stack = VlanStack::default();
    assert!(vlan == 0 || stack.push(vlan));
    stack
}

fn inventory(focus: &Focus) -> Inventory {
    Inventory::new(Wanted { focus: focus.clone(), ..Wanted::default() }, &Limits::default())
}

proptest! {
    #[test]
    fn facts_at_the_end_are_those_told_on_the_way(script in any::<(bool, bool)>().prop_flat_map(script), focused in any::<bool>()) {
        let inside: Vec<_> = focused.then(|| parse_range("10.0.1.0/24").unwrap()).into_iter().collect();
        let focus = Focus::new(&inside, &[]);
        let told = after(inventory(&focus), &script);
        let known = after(inventory(&focus).quiet(true, true), &script);
        prop_assert_eq!(&told.0, &known.0);
        prop_assert_eq!(told.1, known.1);
    }
}
