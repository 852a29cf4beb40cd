//! Floods of connections that are none, with one real one in the middle.

use crate::frame::Capture;
use crate::frame::Random;
use crate::frame::Segment;

/// The service under attack.
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 10], 443);
/// Its one real client.
const CLIENT: ([u8; 4], u16) = ([192, 0, 2, 20], 51_000);
/// Half a million clients a second would be a strong flood; this is one in ten.
const MICROS_BETWEEN: u64 = 20;

/// Spoofed SYNs that nobody answers.
pub(crate) fn unanswered(capture: &mut Capture, count: u64) {
    flood(capture, count, false);
}

/// Spoofed SYNs, and the server's answers that go nowhere.
pub(crate) fn answered(capture: &mut Capture, count: u64) {
    flood(capture, count, true);
}

fn flood(capture: &mut Capture, count: u64, answer: bool) {
    let mut random = Random::new(7);
    for number in 0..count {
        if number == count / 2 {
            real(capture);
        }
        let dice = random.next();
        // Any address of 11.0.0.0/8 to 126.0.0.0/8: none of them is that of the real two.
        let [net, b, c, d, port @ ..] = dice.to_le_bytes();
        let spoofed = ([11 + net % 116, b, c, d], 1024 + u16::from_le_bytes([port[0], port[1]]) % 60_000);
        let seq = (random.next() >> 32) as u32;
        capture.pause(MICROS_BETWEEN);
        let syn = Segment { from: spoofed, to: SERVER, seq, syn: true, ..Segment::default() };
        capture.send(syn);
        if answer {
            capture.send(Segment { from: SERVER, to: spoofed, seq: !seq, ack: Some(seq.wrapping_add(1)), ..syn });
        }
    }
}

/// A connection with data both ways.
fn real(capture: &mut Capture) {
    let syn = Segment { from: CLIENT, to: SERVER, seq: 1000, syn: true, ..Segment::default() };
    let client = Segment { syn: false, seq: 1001, ack: Some(5001), ..syn };
    let server = Segment { from: SERVER, to: CLIENT, seq: 5001, ..client };
    let all = [
        syn,
        Segment { syn: true, seq: 5000, ack: Some(1001), ..server },
        client,
        Segment { payload: b"hello", ..client },
        Segment { payload: b"world", ack: Some(1006), ..server },
        Segment { fin: true, seq: 1006, ack: Some(5006), ..client },
        Segment { fin: true, seq: 5006, ack: Some(1007), ..server },
        Segment { seq: 1007, ack: Some(5007), ..client },
    ];
    for segment in all {
        capture.pause(MICROS_BETWEEN);
        capture.send(segment);
    }
}
