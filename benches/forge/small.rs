//! Small frames of a busy and hostile network: scans, refusals, short connections, and a million pairs of client and service.

use crate::frame::Capture;
use crate::frame::End;
use crate::frame::Random;
use crate::frame::Segment;

/// How many pairs are offered for twelve million frames.
const PAIRS_IN_TWELVE_MILLION: u64 = 1_050_000;

/// What a Linux host puts into a SYN, and then into each segment.
const SYN_OPTIONS: [u8; 20] = [2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7];
const OPTIONS: [u8; 12] = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];

/// Ports of services, the usual ones first.
const PORTS: [u16; 20] = [443, 80, 22, 445, 3389, 25, 53, 1241, 8080, 3306, 5432, 8834, 8443, 21, 23, 139, 135, 9390, 993, 5900];

/// So many frames, and a few more.
pub(crate) fn frames(capture: &mut Capture, count: u64) {
    let mut random = Random::new(7);
    let offered = (count * PAIRS_IN_TWELVE_MILLION).div_ceil(12_000_000);
    let mut met = 0;
    while capture.frames() < count {
        // Half of all connections are of a new pair as long as there are some; of the old ones the first come most often.
        let number = if met < offered && random.below(2) == 0 {
            met += 1;
            met - 1
        } else {
            // The third power of a fraction: mostly small.
            let fraction = random.below(1 << 20);
            (0..3).fold(met, |number, _| (number * fraction) >> 20)
        };
        capture.pause(random.below(60));
        connection(capture, &mut random, number);
    }
}

/// The client and the service of a pair; the same number gives the same pair.
fn pair(number: u64) -> (End, End) {
    let mut random = Random::new(number);
    let (client, server) = (random.between(1, 100_000) as u32, random.between(1, 20_000) as u32);
    let port = PORTS[(random.below(20) * random.below(20) / 20) as usize];
    (((0x0a00_0000 | client).to_be_bytes(), 0), ((0xac10_0000 | server).to_be_bytes(), port))
}

/// One happening between the two of a pair.
fn connection(capture: &mut Capture, random: &mut Random, number: u64) {
    let ((ip, _), server) = pair(number);
    let client = (ip, random.between(32_768, 60_000) as u16);
    let [seq, answer] = [random.next() as u32, random.next() as u32];
    let mut send = |segment| {
        capture.send(segment);
        capture.pause(40);
    };
    let syn = Segment { from: client, to: server, seq, syn: true, options: &SYN_OPTIONS, ..Segment::default() };
    let back = Segment { from: server, to: client, seq: answer, ack: Some(seq.wrapping_add(1)), ..Segment::default() };
    match random.below(20) {
        0..=5 => send(syn),
        6..=9 => [syn, Segment { seq: 0, rst: true, ..back }].into_iter().for_each(send),
        10..=15 => {
            let (seq, answer) = (seq.wrapping_add(1), answer.wrapping_add(1));
            let ack = Segment { seq, ack: Some(answer), syn: false, options: &OPTIONS, ..syn };
            [syn, Segment { syn: true, options: &SYN_OPTIONS, ..back }, ack].into_iter().for_each(&mut send);
            if random.below(3) == 0 {
                let payload = b"ping 0123456789 ok\n";
                let behind = seq.wrapping_add(payload.len() as u32);
                let answer = Segment { seq: answer, ack: Some(behind), options: &OPTIONS, ..back };
                [Segment { payload, push: true, ..ack }, answer, Segment { seq: behind, fin: true, ..ack }].into_iter().for_each(send);
            }
        }
        16..=17 => (0..3).for_each(|_| send(Segment { ack: Some(answer), syn: false, options: &OPTIONS, ..syn })),
        18 => capture.send_udp(client, (server.0, 53), &[7; 50][..random.between(20, 50) as usize]),
        _ => capture.send_arp(client.0, server.0),
    }
}
