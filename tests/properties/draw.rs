//! What the laws draw at random: sequence numbers near the wrap, cuts, orders, losses and conversations.

use crate::support::dialogues;
use crate::support::talk::Step;
use crate::support::wire::Packet;
use ntp_sniff::peer::Peer;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// So many cases, the same ones in every run; `LAWS_SEED=N` draws others.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    let seed = std::env::var("LAWS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1241);
    let rng_seed = RngSeed::Fixed(seed);
    ProptestConfig { failure_persistence: None, rng_seed, max_shrink_iters: 2000, ..ProptestConfig::with_cases(count) }
}

/// An initial sequence number, half the time within 64 of the wrap.
pub(crate) fn isn() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (0_u32..64).prop_map(|before| u32::MAX - before)]
}

pub(crate) fn isns() -> impl Strategy<Value = [u32; 2]> {
    [isn(), isn()]
}

/// Lengths of segments: tiny ones, usual ones, or both in turn.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    let length = prop_oneof![Just(1_usize), 1_usize..8, 1_usize..100, Just(1460)];
    proptest::collection::vec(length, 1..6)
}

/// Numbers by which packets are moved back, and whether each is repeated: an order within a window.
pub(crate) fn order(window: usize) -> impl Strategy<Value = Vec<(usize, bool)>> {
    proptest::collection::vec((0..=window, proptest::bool::weighted(0.2)), 64)
}

/// Brings packets behind the handshake into an order: each goes back by its number of places, repeated ones come again at the end of
/// the window.
pub(crate) fn shuffled(packets: &[Packet], order: &[(usize, bool)], window: usize) -> Vec<Packet> {
    let (opening, rest) = packets.split_at(3);
    let mut placed: Vec<(usize, usize, &Packet)> = Vec::new();
    for (index, (packet, (back, twice))) in rest.iter().zip(order.iter().cycle()).enumerate() {
        placed.push((index + back, index, packet));
        if *twice {
            placed.push((index + back + window, index, packet));
        }
    }
    placed.sort_by_key(|(place, index, _)| (*place, *index));
    opening.iter().chain(placed.into_iter().map(|(.., packet)| packet)).cloned().collect()
}

/// One of the conversations of the support, or one of random lines.
pub(crate) fn conversation() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![2 => proptest::sample::select(dialogues::all()), 3 => random_lines()]
}

/// Lines, halves of lines and random bytes from both sides in any order, mostly behind a version line.
pub(crate) fn random_lines() -> impl Strategy<Value = Vec<Step>> {
    let known = proptest::sample::select(dialogues::all().concat());
    let lines: Vec<Vec<u8>> =
        dialogues::all().concat().iter().flat_map(|step| step.bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec)).collect();
    let line = proptest::sample::select(lines);
    let peer = || prop_oneof![Just(Peer::Client), Just(Peer::Server)];
    let odd = proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"<|> \n\0:SERVCLIENT".to_vec())], 1..60);
    let step = prop_oneof![
        3 => known,
        3 => (peer(), line).prop_map(|(from, bytes)| Step { from, bytes }),
        1 => (peer(), odd).prop_map(|(from, bytes)| Step { from, bytes }),
    ];
    let steps = proptest::collection::vec(step, 1..24);
    (steps, proptest::bool::weighted(0.8)).prop_map(|(mut steps, greeted)| {
        if greeted {
            steps.insert(0, Step { from: Peer::Client, bytes: b"< NTP/1.2 >< plugins_version >\n".to_vec() });
        }
        steps
    })
}
