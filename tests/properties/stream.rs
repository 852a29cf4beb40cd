//! Cuts, order, repetition, the way frames come in, and the border between two files do not show in the messages.

use crate::draw::cases;
use crate::draw::conversation;
use crate::draw::cuts;
use crate::draw::isns;
use crate::draw::order;
use crate::draw::shuffled;
use crate::support::capture::Captured;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::capture::on_disk;
use crate::support::capture::pcap;
use crate::support::collect::Collector;
use crate::support::collect::Seen;
use crate::support::collect::collect;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::dialogues;
use crate::support::talk::Step;
use crate::support::talk::stream;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use proptest::prelude::*;

/// Microseconds between frames: whole conversations fit into the life of a hole.
const STEP: i64 = 100;

fn frames_of(isns: [u32; 2], steps: &[Step], cuts: &[usize]) -> Vec<Captured> {
    captured(Net::v4(1241).frames(&Talk::whole(isns, steps, cuts).packets), STEP)
}

/// The usual way: few segments, no wrap.
fn plain(steps: &[Step]) -> Collector {
    collect(&mut memory(&frames_of([1000, 2000], steps, &[1460])))
}

/// Messages tile each direction, tokens tile each message, and the tokens' bytes are the stream's.
fn assert_tiled(found: &Collector, steps: &[Step]) -> Result<(), TestCaseError> {
    if found.seen.iter().all(|seen| seen.protocol.is_none()) {
        return Ok(());
    }
    for from in [Peer::Client, Peer::Server] {
        let wanted = stream(steps, from);
        let mut end = 0;
        for said in found.messages_of(from) {
            prop_assert_eq!(said.span.0, end, "a hole or an overlap before {:?}", said);
            prop_assert!(said.is_tiled(), "tokens of {:?}", said);
            end = said.span.1;
            for (start, stop, _, _, bytes) in &said.pieces {
                let place = usize::try_from(said.span.0).unwrap();
                if let Some(bytes) = bytes {
                    prop_assert_eq!(&bytes[..], &wanted[place + start..place + stop]);
                }
            }
        }
        prop_assert_eq!(end, wanted.len() as u64, "the end of what the {} said", from.name());
    }
    Ok(())
}

/// Records as sets: without the summary, and without the moment a gap was noticed, which an idle link brings forward.
fn records(text: &str) -> Vec<String> {
    let mut records: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|record| record["event"] != "summary")
        .map(|mut record| {
            if record["anomaly"] == "gap" {
                record["at"] = serde_json::Value::Null;
            }
            record.to_string()
        })
        .collect();
    records.sort_unstable();
    records
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn cuts_do_not_show(steps in conversation(), isns in isns(), cuts in cuts()) {
        let (want, found) = (plain(&steps), collect(&mut memory(&frames_of(isns, &steps, &cuts))));
        prop_assert_eq!(want.messages(), found.messages());
        let sessions = |found: &Collector| found.seen.iter().filter_map(|seen| seen.protocol).collect::<Vec<_>>();
        prop_assert_eq!(sessions(&want), sessions(&found));
        assert_tiled(&found, &steps)?;
    }

    #[test]
    fn order_and_repetition_do_not_show(steps in conversation(), isns in isns(), cuts in cuts(), order in order(4)) {
        let want = plain(&steps);
        let packets = shuffled(&Talk::whole(isns, &steps, &cuts).packets, &order, 4);
        let found = collect(&mut memory(&captured(Net::v4(1241).frames(&packets), STEP)));
        // What a server says out of turn may depend on what its client said first, and whether a line can be the user's on whether
        // the password was asked for; in a true dialogue it does not.
        let is_true = dialogues::all().contains(&steps);
        let asks = memchr::memmem::find(&stream(&steps, Peer::Server), b"Password : ").is_some();
        if is_true || !asks {
            prop_assert_eq!(want.messages_of(Peer::Client), found.messages_of(Peer::Client));
        }
        if is_true {
            prop_assert_eq!(want.messages_of(Peer::Server), found.messages_of(Peer::Server));
        }
        prop_assert_eq!(found.anomalies(), Vec::new());
        assert_tiled(&found, &steps)?;
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn live_and_file_are_one_path(
        steps in conversation(),
        isns in isns(),
        cuts in cuts(),
        order in order(3),
        lost in proptest::collection::vec(0_usize..200, 0..4),
        idle in proptest::collection::vec(0_usize..200, 0..6),
    ) {
        let mut packets = shuffled(&Talk::whole(isns, &steps, &cuts).packets, &order, 3);
        for index in lost {
            if index < packets.len() {
                packets.remove(index);
            }
        }
        // Slow, so that holes are given up on the way.
        let frames = captured(Net::v4(1241).frames(&packets), 400_000);
        let path = on_disk(&pcap(&frames));
        let from_file = text(&mut Files::new(vec![path.clone()], &Limits::default()), "jsonl", &loud(), false);
        let mut live = ntp_sniff::capture::memory::Memory::new();
        for (index, frame) in frames.iter().enumerate() {
            if idle.contains(&index) {
                live = live.idle(frame.at());
            }
            live.push(frame.at(), frame.link_type, frame.wire_len, &frame.bytes);
        }
        let from_wire = text(&mut live, "jsonl", &loud(), false);
        std::fs::remove_file(path).unwrap();
        prop_assert_eq!(records(&from_file), records(&from_wire));
    }

    #[test]
    fn connections_carry_over_to_the_next_file(steps in conversation(), isns in isns(), cuts in cuts(), at in any::<proptest::sample::Index>()) {
        let frames = frames_of(isns, &steps, &cuts);
        let (first, second) = frames.split_at(at.index(frames.len()));
        let paths = [on_disk(&pcap(first)), on_disk(&pcap(second))];
        let found = collect(&mut Files::new(paths.to_vec(), &Limits::default()));
        for path in &paths {
            std::fs::remove_file(path).unwrap();
        }
        let want = collect(&mut memory(&frames));
        prop_assert_eq!(want.messages(), found.messages());
        // The frames are the same ones, counted anew in the second file.
        let border = first.len() as u64;
        let renumbered = |seen: &Seen| {
            let frame = |input: u32, number: u64| if input == 0 { number } else { number + border };
            let numbers = seen.frames.iter().flat_map(|(input, first, last)| frame(*input, *first)..=frame(*input, *last)).collect::<Vec<_>>();
            (seen.kind, numbers)
        };
        prop_assert_eq!(want.seen.iter().map(renumbered).collect::<Vec<_>>(), found.seen.iter().map(renumbered).collect::<Vec<_>>());
    }
}

#[test]
fn a_full_conversation_has_its_messages() {
    let want = plain(&crate::support::talk::talk(dialogues::FULL));
    let names = want.names();
    for name in ["version", "user", "password", "plugin_record", "preference", "rule", "attached_file", "long_attack", "hole", "bye"] {
        assert!(names.iter().any(|found| found == name), "{name} is not among {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("partial") || name == "unplaced"), "{names:?}");
}
