//! Bytes of any kind, and real dialogues with damage: nothing panics, and what is said still fits together.

use crate::hear::Heard;
use crate::hear::hear_source;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::into_sink;
use crate::support::talk::Step;
use crate::support::talk::stream;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use std::path::Path;
use std::sync::OnceLock;

/// Body lines of one block that are kept: a whole plugin list would only take time.
const MOST_ALIKE: usize = 6;

/// The bundled dialogues of a real server, a step for each message; those of a block's lines thinned out.
fn dialogues() -> &'static [Vec<Step>] {
    static DIALOGUES: OnceLock<Vec<Vec<Step>>> = OnceLock::new();
    DIALOGUES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("nessusd_"));
        paths.sort_unstable();
        paths.into_iter().flat_map(|path| steps_of(&path)).collect()
    })
}

fn steps_of(path: &Path) -> Vec<Vec<Step>> {
    let (mut heard, limits) = (Heard::default(), Limits::default());
    into_sink(&mut Files::new(vec![path.to_path_buf()], &limits), &limits, true, &mut heard);
    let mut flows: std::collections::BTreeMap<u64, (Vec<Step>, String, usize)> = std::collections::BTreeMap::new();
    for message in heard.messages {
        let (steps, last, alike) = flows.entry(message.flow).or_default();
        *alike = if *last == message.name { *alike + 1 } else { 0 };
        (*last).clone_from(&message.name);
        if *alike < MOST_ALIKE {
            steps.push(Step { from: message.from, bytes: message.tokens.into_iter().flat_map(|(.., bytes)| bytes.unwrap()).collect() });
        }
    }
    flows.into_values().map(|(steps, ..)| steps).filter(|steps| steps.len() > 4).collect()
}

/// One damage.
#[derive(Clone, Debug)]
enum Damage {
    /// A bit of a byte of a step turns.
    Flip(Index, Index, u8),
    /// A step ends early.
    Cut(Index, Index),
    /// A step comes again somewhere.
    Again(Index, Index),
    /// A step never comes.
    Drop(Index),
    /// Somebody says bytes in between.
    Noise(Index, bool, Vec<u8>),
    /// The other one says it.
    Turn(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), any::<Index>(), 0_u8..8).prop_map(|(step, byte, bit)| Damage::Flip(step, byte, bit)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(step, byte)| Damage::Cut(step, byte)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(step, to)| Damage::Again(step, to)),
        1 => any::<Index>().prop_map(Damage::Drop),
        1 => (any::<Index>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, side, bytes)| Damage::Noise(at, side, bytes)),
        1 => any::<Index>().prop_map(Damage::Turn),
    ]
}

fn damaged(mut steps: Vec<Step>, damages: &[Damage]) -> Vec<Step> {
    for damage in damages {
        let count = steps.len();
        match damage {
            Damage::Flip(step, byte, bit) => {
                let bytes = &mut steps[step.index(count)].bytes;
                let at = byte.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Damage::Cut(step, byte) => {
                let bytes = &mut steps[step.index(count)].bytes;
                bytes.truncate(byte.index(bytes.len()).max(1));
            }
            Damage::Again(step, to) => {
                let again = steps[step.index(count)].clone();
                steps.insert(to.index(count), again);
            }
            Damage::Drop(step) if count > 2 => {
                steps.remove(step.index(count));
            }
            Damage::Drop(_) => {}
            Damage::Noise(at, side, bytes) => {
                let from = if *side { Peer::Client } else { Peer::Server };
                steps.insert(at.index(count), Step { from, bytes: bytes.clone() });
            }
            Damage::Turn(step) => {
                let step = &mut steps[step.index(count)];
                step.from = step.from.other();
            }
        }
    }
    steps
}

/// Runs the steps; when somebody reads them, every byte of both sides is in a message.
fn assert_whole(steps: &[Step], cut: usize) {
    let heard = hear_source(memory(&captured(Net::v4(1241).frames(&Talk::whole([1, u32::MAX - 9], steps, &[cut]).packets), 10)));
    heard.assert_tiled();
    if !heard.sessions.iter().any(|(protocol, ..)| protocol.starts_with("nessus")) {
        return;
    }
    for from in [Peer::Client, Peer::Server] {
        let said: u64 = heard.messages.iter().filter(|message| message.from == from).map(|message| message.span.1 - message.span.0).sum();
        assert_eq!(said, stream(steps, from).len() as u64, "{}", from.name());
    }
}

fn cases(count: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(std::env::var("LAWS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1241));
    ProptestConfig { failure_persistence: None, rng_seed, max_shrink_iters: 500, ..ProptestConfig::with_cases(count) }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn real_dialogues_with_damage(
        which in any::<Index>(),
        damages in proptest::collection::vec(damage(), 1..8),
        cut in prop_oneof![Just(1460_usize), 1_usize..40],
    ) {
        let steps = dialogues()[which.index(dialogues().len())].clone();
        assert_whole(&damaged(steps, &damages), cut);
    }

    #[test]
    fn bytes_of_any_kind(
        sides in proptest::collection::vec((any::<bool>(), proptest::collection::vec(prop_oneof![3 => any::<u8>(), 2 => proptest::sample::select(b"<|> \n\0:SERVCLINT".to_vec())], 1..200)), 1..12),
        version in proptest::sample::select(vec!["NTP/1.0", "NTP/1.2", "OTP/1.0", "OTP/2.0", "OTP/9"]),
        cut in 1_usize..60,
    ) {
        let mut steps = vec![Step { from: Peer::Client, bytes: format!("< {version} >\n").into_bytes() }];
        steps.extend(sides.into_iter().map(|(side, bytes)| Step { from: if side { Peer::Client } else { Peer::Server }, bytes }));
        assert_whole(&steps, cut);
    }
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn real_dialogues_with_losses(
        which in any::<Index>(),
        damages in proptest::collection::vec(damage(), 0..4),
        lost in proptest::collection::vec(any::<Index>(), 1..8),
        midway in any::<bool>(),
        cut in 3_usize..200,
    ) {
        let steps = damaged(dialogues()[which.index(dialogues().len())].clone(), &damages);
        let mut packets = Talk::whole([1, u32::MAX - 9], &steps, &[cut]).packets;
        if midway {
            packets.drain(..packets.len() / 3);
        }
        for index in lost {
            packets.remove(index.index(packets.len()));
        }
        let heard = hear_source(memory(&captured(Net::v4(1241).frames(&packets), 100_000)));
        let mut ends = [0, 0];
        for message in &heard.messages {
            let end = &mut ends[usize::from(message.from == Peer::Server)];
            prop_assert!(*end <= message.span.0 && message.span.0 < message.span.1, "{}", message.line());
            *end = message.span.1;
        }
        prop_assert!(heard.messages.is_empty() || heard.sessions.first().is_some_and(|(.., before)| *before == 0));
    }
}

#[test]
fn there_are_dialogues_to_damage() {
    assert!(dialogues().len() >= 6, "{}", dialogues().len());
    for steps in dialogues() {
        assert_whole(steps, 1460);
    }
}
