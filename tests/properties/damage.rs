//! Whatever is lost, cut short or flipped: nothing panics, every event cites frames that exist, and no byte goes unmentioned.

use crate::draw::cases;
use crate::draw::conversation;
use crate::draw::cuts;
use crate::draw::isns;
use crate::draw::order;
use crate::draw::shuffled;
use crate::support::capture::Captured;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::Collector;
use crate::support::collect::collect;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::wire::Net;
use crate::support::wire::SYN;
use crate::support::wire::Talk;
use ntp_sniff::peer::Peer;
use proptest::prelude::*;
use proptest::sample::Index;

/// A damage to a capture.
#[derive(Clone, Debug)]
enum Damage {
    Lose(Index),
    Flip(Index, Index, u8),
    Truncate(Index, Index),
    Swap(Index, Index),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        4 => index().prop_map(Damage::Lose),
        2 => (index(), index(), any::<u8>()).prop_map(|(frame, byte, bits)| Damage::Flip(frame, byte, bits)),
        2 => (index(), index()).prop_map(|(frame, length)| Damage::Truncate(frame, length)),
        1 => (index(), index()).prop_map(|(one, other)| Damage::Swap(one, other)),
        1 => (index(), index()).prop_map(|(one, other)| Damage::Repeat(one, other)),
    ]
}

fn damaged(mut frames: Vec<Captured>, damages: &[Damage]) -> Vec<Captured> {
    for damage in damages {
        let count = frames.len();
        if count < 2 {
            break;
        }
        match damage {
            Damage::Lose(frame) => {
                frames.remove(frame.index(count));
            }
            Damage::Flip(frame, byte, bits) => {
                let bytes = &mut frames[frame.index(count)].bytes;
                if !bytes.is_empty() {
                    let place = byte.index(bytes.len());
                    bytes[place] ^= bits;
                }
            }
            Damage::Truncate(frame, length) => {
                let bytes = &mut frames[frame.index(count)].bytes;
                bytes.truncate(length.index(bytes.len() + 1));
            }
            Damage::Swap(one, other) => frames.swap(one.index(count), other.index(count)),
            Damage::Repeat(one, other) => {
                let again = frames[one.index(count)].clone();
                frames.insert(other.index(count), again);
            }
        }
    }
    frames
}

/// Every event but those of counters, and the sum of all facts, names frames, and only ones that were read.
fn assert_frames_exist(found: &Collector, count: usize) -> Result<(), TestCaseError> {
    for seen in &found.seen {
        prop_assert!(["facts_known", "span_verdict", "summary"].contains(&seen.kind) || !seen.frames.is_empty(), "no frames: {:?}", seen);
        for (input, first, last) in &seen.frames {
            prop_assert!(*input == 0 && 1 <= *first && first <= last && *last <= count as u64, "frames that do not exist: {:?}", seen);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn damage_is_survived(
        steps in conversation(),
        isns in isns(),
        cuts in cuts(),
        damages in proptest::collection::vec(damage(), 1..40),
        slow: bool,
    ) {
        let net = if slow { Net::v6(1241) } else { Net::v4(1241) };
        let frames = captured(net.frames(&Talk::whole(isns, &steps, &cuts).packets), if slow { 300_000 } else { 100 });
        let frames = damaged(frames, &damages);
        let found = collect(&mut memory(&frames));
        assert_frames_exist(&found, frames.len())?;
        for said in found.messages() {
            prop_assert!(said.is_tiled(), "tokens of {:?}", said);
        }
        text(&mut memory(&frames), "table", &loud(), false);
    }

    #[test]
    fn what_is_lost_is_named(
        steps in conversation(),
        isns in isns(),
        cuts in cuts(),
        order in order(3),
        lost in proptest::collection::vec(any::<Index>(), 0..12),
        snapped in proptest::collection::vec((any::<Index>(), any::<Index>()), 0..4),
        slow: bool,
    ) {
        let mut packets = shuffled(&Talk::whole(isns, &steps, &cuts).packets, &order, 3);
        for index in &lost {
            let place = 3 + index.index(packets.len() - 3);
            packets.remove(place);
            if packets.len() < 5 {
                break;
            }
        }
        let mut frames = captured(Net::v4(1241).frames(&packets), if slow { 300_000 } else { 100 });
        for (index, length) in &snapped {
            let place = 3 + index.index(frames.len() - 3);
            let bytes = &mut frames[place].bytes;
            bytes.truncate(54 + length.index(bytes.len() - 53));
        }
        let found = collect(&mut memory(&frames));
        assert_frames_exist(&found, frames.len())?;
        let read = found.seen.iter().any(|seen| seen.protocol == Some("nessus_ntp") || seen.protocol == Some("nessus_otp"));
        prop_assume!(read);
        for (from, isn) in [(Peer::Client, isns[0]), (Peer::Server, isns[1])] {
            let ends = packets.iter().filter(|packet| packet.from == from && packet.flags & SYN == 0 && !packet.payload.is_empty());
            let ends = ends.map(|packet| u64::from(packet.seq.wrapping_sub(isn).wrapping_sub(1)) + packet.payload.len() as u64);
            let seen = ends.max().unwrap_or(0);
            let mut spans: Vec<_> = found.messages_of(from).into_iter().map(|said| said.span).chain(found.gaps(from)).collect();
            spans.sort_unstable();
            let mut end = 0;
            for (start, stop) in spans {
                prop_assert_eq!(start, end, "bytes of the {} without a word, or twice", from.name());
                end = stop;
            }
            prop_assert!(end >= seen, "the {} was seen up to {}, and only {} of it is named", from.name(), seen, end);
        }
    }
}
