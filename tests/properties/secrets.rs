//! Secrets stay secret: whichever segments are lost, reordered or cut short, no output shows a part of one.

use crate::draw::cases;
use crate::draw::cuts;
use crate::draw::isns;
use crate::draw::order;
use crate::draw::shuffled;
use crate::support::capture::Captured;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::capture::snapped;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::dialogues;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ntp_sniff::report::FORMATS;
use proptest::prelude::*;
use proptest::sample::Index;

/// Bytes of a secret that follow each other and may not be seen.
const TELLING: usize = 4;

/// Every way in which this many bytes of a secret could stand in an output: as text, in hex with and without blanks, and in base64.
fn traces() -> Vec<String> {
    let mut traces = Vec::new();
    for secret in dialogues::SECRETS {
        for part in secret.as_bytes().windows(TELLING) {
            let hex = hex_of(part);
            traces.extend([String::from_utf8(part.to_vec()).unwrap(), hex.concat(), hex.join(" ")]);
        }
        for part in secret.as_bytes().windows(6) {
            traces.push(STANDARD.encode(part));
        }
    }
    traces
}

/// Every byte in two digits.
fn hex_of(bytes: &[u8]) -> Vec<String> {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an output shows of the secrets.
fn found(text: &str, traces: &[String]) -> Option<String> {
    let lower = text.to_lowercase();
    traces.iter().find(|trace| text.contains(*trace) || (trace.contains(' ') && lower.contains(*trace))).cloned()
}

/// All formats, as loud as they can be.
fn outputs(frames: &[Captured], reveal: bool) -> Vec<String> {
    FORMATS.iter().map(|format| text(&mut memory(frames), format.name, &loud(), reveal)).collect()
}

fn assert_silent(frames: &[Captured]) -> Result<(), TestCaseError> {
    let traces = traces();
    for output in outputs(frames, false) {
        if let Some(trace) = found(&output, &traces) {
            let lines: Vec<_> = output.lines().filter(|line| line.contains(&trace)).collect();
            return Err(TestCaseError::fail(format!("{trace} in {lines:#?}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn no_loss_shows_a_secret(
        dialogue in 0_usize..dialogues::all().len(),
        isns in isns(),
        cuts in cuts(),
        order in order(3),
        lost in proptest::collection::vec(any::<Index>(), 0..16),
        with_handshake in proptest::bool::weighted(0.7),
        snap_len in prop_oneof![3 => Just(65_535_usize), 2 => 54_usize..140],
    ) {
        let steps = dialogues::all().remove(dialogue);
        let mut packets = shuffled(&Talk::whole(isns, &steps, &cuts).packets, &order, 3);
        for index in &lost {
            packets.remove(index.index(packets.len()));
            if packets.len() < 2 {
                break;
            }
        }
        if !with_handshake {
            packets.drain(..packets.len().min(3));
        }
        let frames = captured(Net::v4(1241).frames(&packets), 300_000);
        assert_silent(&snapped(frames, snap_len))?;
    }

    #[test]
    fn no_run_of_lost_bytes_shows_a_secret(
        dialogue in 0_usize..dialogues::all().len(),
        length in 1_usize..7,
        start in any::<Index>(),
        run in 1_usize..30,
    ) {
        let steps = dialogues::all().remove(dialogue);
        let mut packets = Talk::whole([u32::MAX - 20, 7], &steps, &[length]).packets;
        let start = 3 + start.index(packets.len() - 3);
        let end = (start + run).min(packets.len());
        packets.drain(start..end);
        assert_silent(&captured(Net::v4(1241).frames(&packets), 300_000))?;
    }
}

#[test]
fn without_loss_a_secret_is_shown_only_on_demand() {
    let shown = |text: &str| {
        let frames = captured(Net::v4(1241).frames(&Talk::whole([1, 2], &talk(text), &[1460]).packets), 100);
        assert_silent(&frames).unwrap();
        outputs(&frames, true)
    };
    for (text, secrets) in [
        (dialogues::FULL, &dialogues::SECRETS[..]),
        (dialogues::BLOCKS, &dialogues::SECRETS[..]),
        (dialogues::AHEAD, &dialogues::SECRETS[..1]),
        (dialogues::ODD, &dialogues::SECRETS[..4]),
        (dialogues::OTP, &dialogues::SECRETS[1..2]),
    ] {
        let [table, records, document, ..] = &shown(text)[..] else { panic!("four formats") };
        for secret in secrets {
            let hex = hex_of(secret.as_bytes()).concat();
            assert!(records.contains(&hex), "{secret} is not in the payload of the records, although it was asked for");
            assert!(document.contains(&hex), "{secret} is not in the payload of the document, although it was asked for");
            let dump = hex_of(&secret.as_bytes()[..3]);
            assert!(table.contains(secret) || table.contains(&dump.join(" ")), "{secret} is not in the table, although it was asked for");
        }
    }
}
