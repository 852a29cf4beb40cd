//! Cost is linear in bytes, also for those who would have it otherwise: time grows as the input does, and memory does not.

use crate::model::segment;
use crate::model::shake;
use ntp_sniff::decode::Flags;
use ntp_sniff::decode::Segment;
use ntp_sniff::event::Event;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Flows;
use ntp_sniff::flow::Handshake;
use ntp_sniff::flow::Interest;
use ntp_sniff::flow::Receiver;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Endpoint;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;
use ntp_sniff::protocol::Conversations;
use ntp_sniff::time::Timestamp;
use std::net::IpAddr;
use std::time::Duration;

/// What an adversary sends: the next byte or bytes, by number.
type Adversary = fn(u32) -> (u32, &'static [u8]);

/// Flow stage and dissectors, without outputs.
struct Reader {
    conversations: Conversations,
    events: u64,
    spans: usize,
}

impl Receiver for Reader {
    fn event(&mut self, event: Event<'_>) {
        self.events += 1;
        self.spans = self.spans.max(event.evidence.frames.spans().count());
    }

    fn handshake(&mut self, _facts_at: &mut [u32; 3], _handshake: &Handshake) {}

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        let Self { conversations, events, spans } = self;
        conversations.chunk(flow, from, chunk, &mut |event| {
            *events += 1;
            *spans = (*spans).max(event.evidence.frames.spans().count());
        })
    }

    fn closed(&mut self, flow: &mut Flow) {
        let events = &mut self.events;
        self.conversations.closed(flow, &mut |_| *events += 1);
    }
}

/// Time this thread was on a processor: what others do does not count.
fn spent() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// How long an adversary with so many segments keeps the program busy; what takes longer than `most` is not waited for.
fn cost(adversary: Adversary, segments: u32, most: Duration) -> Duration {
    const OPENING: &[u8] = b"< NTP/1.2 >\nanna\nsecret\n";
    let limits = Limits::default();
    let mut reader = Reader { conversations: Conversations::new(&limits, Vec::new(), false, true), events: 0, spans: 0 };
    let mut flows = Flows::new(&limits, &[1241]);
    let isn = u32::MAX - 1000;
    let first = shake(&mut flows, [isn, 9], &mut reader);
    let base = isn.wrapping_add(1);
    let begun = spent();
    flows.push(&segment(first, Peer::Client, base, Flags::ACK, OPENING), &mut reader);
    let behind = base.wrapping_add(u32::try_from(OPENING.len()).unwrap());
    for index in 0..segments {
        let (offset, bytes) = adversary(index);
        // Every second frame belongs to somebody else, so that neighbours do not join.
        let number = first + 1 + 2 * u64::from(index);
        flows.push(&segment(number, Peer::Client, behind.wrapping_add(offset), Flags::ACK, bytes), &mut reader);
        // The other side acknowledges nothing, but keeps its window open.
        if index % 512 == 0 {
            if spent().saturating_sub(begun) > most {
                return most;
            }
            let open = segment(number, Peer::Server, 10, Flags::ACK, &[]);
            flows.push(&Segment { ack: behind, ..open }, &mut reader);
        }
    }
    flows.finish(&mut reader);
    let spent = spent().saturating_sub(begun);
    assert!(reader.events > 3, "somebody read it");
    assert!(reader.spans <= 257, "{} spans of evidence", reader.spans);
    spent
}

/// How long so many connections keep the program busy that each have a hole, and then as many frames of nobody, with a clock that makes
/// such steps in turn.
fn cost_of_holes(count: u32, most: Duration, steps: [i64; 2]) -> Duration {
    let limits = Limits::default();
    let mut reader = Reader { conversations: Conversations::new(&limits, Vec::new(), false, true), events: 0, spans: 0 };
    let mut flows = Flows::new(&limits, &[1241]);
    let (begun, mut nanos) = (spent(), 0);
    for number in 1..=count {
        let of = |seq, flags, payload: &'static [u8]| {
            let one = segment(number.into(), Peer::Client, seq, flags, payload);
            let source = Endpoint { ip: IpAddr::from(number.to_be_bytes()), port: 40_000 };
            Segment { source, at: Timestamp::from_nanos(0, false), ..one }
        };
        flows.push(&of(1000, Flags::SYN, &[]), &mut reader);
        flows.push(&of(1011, Flags::ACK, b"x"), &mut reader);
    }
    for (number, step) in (1..=count).zip(steps.into_iter().cycle()) {
        nanos += step * 1_000_000;
        let one = segment((count + number).into(), Peer::Client, 1, Flags::ACK, &[]);
        flows.push(&Segment { at: Timestamp::from_nanos(nanos, false), ..one }, &mut reader);
        if number % 512 == 0 && spent().saturating_sub(begun) > most {
            return most;
        }
    }
    flows.finish(&mut reader);
    assert!(reader.events > u64::from(count), "all of them had a gap");
    spent().saturating_sub(begun)
}

fn assert_linear(name: &str, adversary: Adversary) {
    assert_grows_as(name, |count, most| cost(adversary, count, most), 16 << 10);
}

/// Eight times the input takes less than twelve times as long. Three chances, and small times do not count: a busy machine is no bug.
fn assert_grows_as(name: &str, cost: impl Fn(u32, Duration) -> Duration, count: u32) {
    let ratio = || {
        let small = cost(count, Duration::from_secs(60)).max(Duration::from_millis(20));
        cost(8 * count, small * 12).as_secs_f64() / small.as_secs_f64()
    };
    let ratios: Vec<f64> = std::iter::repeat_with(ratio)
        .take(3)
        .scan(false, |done, ratio| {
            let before = std::mem::replace(done, ratio < 11.99);
            (!before).then_some(ratio)
        })
        .collect();
    assert!(ratios.last().is_some_and(|ratio| *ratio < 11.99), "{name}: eight times the bytes took {ratios:?} times as long");
}

#[test]
fn a_line_that_never_ends() {
    assert_linear("an endless line", |index| (index, b"x"));
}

#[test]
fn a_hole_that_never_fills() {
    assert_linear("a hole", |index| (1 + index, b"x"));
}

#[test]
fn a_line_that_comes_backwards() {
    // Blocks of 64 bytes, the last byte of each first.
    assert_linear("a line backwards", |index| (index / 64 * 64 + 63 - index % 64, b"y"));
}

#[test]
fn holes_everywhere() {
    assert_linear("every second byte", |index| (2 * index + 1, b"z"));
}

#[test]
fn the_head_of_an_attack_that_never_comes() {
    assert_linear("an endless head", |index| match index {
        0 => (0, b"CLIENT <|> LONG_ATTACK <|>\n"),
        _ => (26 + index, b"1"),
    });
}

#[test]
fn the_same_bytes_again_and_again() {
    assert_linear("repetitions", |index| (index / 2, b"q"));
}

#[test]
fn holes_that_wait_while_the_clock_goes_on() {
    assert_grows_as("holes, a second later", |count, most| cost_of_holes(count, most, [1001, 1001]), 1 << 9);
}

#[test]
fn holes_that_wait_while_the_clock_goes_back_and_forth() {
    assert_grows_as("holes, back and forth", |count, most| cost_of_holes(count, most, [11_000, -11_000]), 1 << 9);
}
