//! The law of compact connections: nobody can tell that there are any.
#![allow(clippy::arithmetic_side_effects, reason = "sequence numbers are written out as sums")]

use crate::decode::Flags;
use crate::decode::Headers;
use crate::decode::Segment;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::FrameId;
use crate::flow::Chunk;
use crate::flow::Ended;
use crate::flow::Flows;
use crate::flow::Handshake;
use crate::flow::Interest;
use crate::flow::Known;
use crate::flow::Receiver;
use crate::flow::Step;
use crate::limits::Limits;
use crate::packed::PackedEnd;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::VlanStack;
use crate::time::Timestamp;
use proptest::prelude::*;

/// Writes down all that it is told, to the last number.
struct Log {
    lines: Vec<String>,
    /// Chunks of a flow until nobody reads on.
    patience: u64,
    chunks: usize,
    /// The flow of the last chunk.
    last: Option<(u32, FlowId)>,
    /// Whether it wants no more of a connection that is over than [`Ended`].
    brief: bool,
}

impl Log {
    fn end(&mut self, ended: &Ended<'_>) {
        let Ended { id, client, server, roles, vlans, first_at, last_at, bytes, announced, came_to, ref facts_at, frames } = *ended;
        let ends = format!("{id:?} {client} {server} {roles:?} {vlans:?} {announced} {came_to:?}");
        self.lines.push(format!("{ends} {first_at} {last_at} {bytes} {facts_at:?} {:?}", frames()));
    }
}

impl Receiver for Log {
    fn event(&mut self, event: Event<'_>) {
        if !self.brief || !matches!(event.kind, EventKind::FlowClosed(..)) {
            self.lines.push(format!("{event:?}"));
        }
    }

    fn handshake(&mut self, facts_at: &mut [u32; 3], handshake: &Handshake) {
        self.lines.push(format!("{facts_at:?} {handshake:?}"));
        *facts_at = [7, 8, 9];
    }

    fn step(&mut self, known: Known<'_>, step: Step, at: Timestamp, frames: &crate::evidence::Frames) {
        let Known { client, server, roles, vlans, facts_at, opening } = known;
        facts_at[0] += 1;
        self.lines.push(format!("{client} {server} {roles:?} {vlans:?} {facts_at:?} {:?} {step:?} {at} {frames:?}", opening()));
    }

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        self.lines.push(format!("{flow:?} {from:?} {chunk:?}"));
        self.chunks += 1;
        self.last = Some((flow.place, flow.id));
        if flow.from_server.packets > 2 {
            flow.tls.get_or_insert_default().suite = Some(4711);
        }
        if flow.from_client.packets + flow.from_server.packets > self.patience { Interest::Ignore } else { Interest::Keep }
    }

    fn gave_way(&mut self) -> Option<(u32, FlowId)> {
        self.last.take().filter(|_| self.chunks.is_multiple_of(3))
    }

    fn ended(&mut self, ended: Ended<'_>) -> bool {
        if self.brief {
            self.end(&ended);
        }
        self.brief
    }

    fn closed(&mut self, flow: &mut Flow) {
        if self.brief {
            Ended::of(flow, |ended| self.end(&ended));
        } else {
            self.lines.push(format!("{flow:?}"));
        }
    }
}

/// What is sent: by which client or to it, with which flags, how far in its stream, what it acknowledges, payload, milliseconds later,
/// window.
type Sent = ((bool, u16), u8, i32, i32, usize, i64, u16);

/// How a packet differs from the usual one: it goes the long way though it need not, it has a VLAN tag and must, it is of another input, or
/// many others came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Odd {
    #[default]
    No,
    Long,
    Tagged,
    Elsewhere,
    Far,
}

const SYN: u8 = Flags::SYN;
const ACK: u8 = Flags::ACK;

fn sent() -> impl Strategy<Value = Sent> {
    let flags = prop_oneof![
        2 => Just(SYN), 2 => Just(SYN | ACK), 20 => Just(ACK), 6 => Just(ACK | 8), 4 => Just(ACK | Flags::FIN), 1 => Just(Flags::RST),
        1 => Just(Flags::RST | ACK), 1 => Just(0), 1 => Just(SYN | Flags::FIN), 1 => Just(SYN | Flags::RST)
    ];
    let offset = prop_oneof![8 => 0..40_i32, 1 => -5..200_000_i32, 1 => any::<i32>()];
    let pause = prop_oneof![20 => 0..50_i64, 1 => 0..90_000_i64, 1 => -90_000..0_i64];
    let window = prop_oneof![4 => Just(512), 1 => any::<u16>(), 1 => Just(0)];
    let end = (any::<bool>(), prop_oneof![6 => Just(0), 1 => Just(1_u16), 1 => Just(2)]);
    // Handshakes do not come about by chance.
    let offset = prop_oneof![9 => offset, 1 => Just(-1)];
    (end, flags, offset.clone(), offset, prop_oneof![Just(0), 0..30_usize], pause, window)
}

/// What is told of some packets; `quick` lets them go the short way and be kept in short, however young they are. Each end announces
/// the window scale, where there is one. So many connections have room, and may be half open.
fn told(packets: &[Sent], begin: u32, (patience, scale, room): (u64, Option<u8>, usize), quick: bool) -> (Vec<String>, usize) {
    told_oddly(packets, &[], begin, (patience, scale, (room, room, 0)), quick)
}

/// The same of packets that are odd; beside the connections there is a bound on the half-open ones, and on the young ones that are kept.
fn told_oddly(
    packets: &[Sent],
    odd: &[Odd],
    begin: u32,
    (patience, scale, (room, half_open, young)): (u64, Option<u8>, (usize, usize, usize)),
    quick: bool,
) -> (Vec<String>, usize) {
    let limits = Limits { connections: room, half_open, held_bytes_in_all: 200, held_segments: 6, ..Limits::default() };
    let mut flows = Flows::new(&limits, &[1241]);
    (flows.compacts, flows.most_young) = (quick, young);
    // As good as any other chance.
    let brief = begin % 2 == 1;
    let mut log = Log { lines: Vec::new(), patience, chunks: 0, last: None, brief };
    let scaled = [3, 3, scale.unwrap_or(0), 0];
    let mut milliseconds = 0;
    let (mut number, mut passed) = (0, 0);
    let shake: [Sent; 3] =
        [((true, 0), SYN, -1, 0, 0, 1, 512), ((false, 0), SYN | ACK, -1, 0, 0, 1, 512), ((true, 0), ACK, 0, 0, 0, 1, 512)];
    for (index, sent) in shake.into_iter().chain(packets.iter().copied()).enumerate() {
        let ((from_client, port), flags, seq, ack, len, pause, window) = sent;
        milliseconds += pause;
        let at = Timestamp::from_nanos(milliseconds * 1_000_000, false);
        let odd = odd.get(index).copied().unwrap_or_default();
        number += if odd == Odd::Far { 66_000 } else { 1 };
        let ends = [PackedEnd::new(0x0a00_0001, 40_000 + port), PackedEnd::new(0x0a00_0002, 1241)];
        let [source, destination] = if from_client { ends } else { [ends[1], ends[0]] };
        let base = |client: bool| if client { begin } else { begin.wrapping_add(77_000) };
        let headers = Headers {
            id: FrameId { input: u32::from(odd == Odd::Elsewhere), number },
            at,
            source,
            destination,
            seq: base(from_client).wrapping_add_signed(seq),
            ack: base(!from_client).wrapping_add_signed(ack),
            flags: Flags(flags),
            window,
            options: if scale.is_some() && flags & SYN != 0 { &scaled } else { &[] },
            // Repetitions may say something else.
            payload: if number % 5 == 0 { &[8; 30][..len] } else { &[7; 30][..len] },
            ttl: 64,
            ip_id: 0,
        };
        if quick && !matches!(odd, Odd::Long | Odd::Tagged) && flows.pass(&headers, false, &mut log) {
            passed += 1;
        } else {
            let mut vlans = VlanStack::default();
            assert!(odd != Odd::Tagged || vlans.push(7));
            flows.push(&Segment { vlans, ..headers.segment() }, &mut log);
        }
    }
    flows.finish(&mut log);
    log.lines.push(format!("{} {} {}", flows.opened(), flows.lone_syns(), flows.evicted()));
    (log.lines, passed)
}

/// A handshake of some client, with more or less of it.
fn shake() -> impl Strategy<Value = Vec<Sent>> {
    let more = prop_oneof![4 => Just(0), 1 => Just(Flags::FIN)];
    (0..6_u16, more.clone(), more, 1..=3_usize).prop_map(|(port, answer, last, cut)| {
        let whole: [Sent; 3] = [
            ((true, port), SYN, -1, 0, 0, 1, 512),
            ((false, port), SYN | ACK | answer, -1, 0, 0, 1, 512),
            ((true, port), ACK | last, 0, 0, 0, 1, 512),
        ];
        whole[..cut].to_vec()
    })
}

fn odd() -> impl Strategy<Value = Odd> {
    prop_oneof![12 => Just(Odd::No), 2 => Just(Odd::Long), 1 => Just(Odd::Tagged), 1 => Just(Odd::Elsewhere), 1 => Just(Odd::Far)]
}

fn some() -> impl Strategy<Value = Vec<Sent>> {
    let one = sent().prop_map(|sent| vec![sent]);
    prop::collection::vec(prop_oneof![9 => one, 3 => shake()], 0..40).prop_map(|groups| groups.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn short_and_long_tell_the_same(
        packets in some(),
        begin in prop_oneof![any::<u32>(), (u32::MAX - 64)..=u32::MAX],
        patience in prop_oneof![Just(0_u64), 0..20_u64, Just(u64::MAX)],
        scale in prop::option::of(0..16_u8),
        rooms in (1..4_usize, 1..4_usize, 0..3_usize),
        odd in prop::collection::vec(odd(), 0..60),
    ) {
        let (short, _) = told_oddly(&packets, &odd, begin, (patience, scale, rooms), true);
        let (long, _) = told_oddly(&packets, &odd, begin, (patience, scale, rooms), false);
        for (short, long) in short.iter().zip(&long) {
            prop_assert_eq!(short, long);
        }
        prop_assert_eq!(short.len(), long.len());
    }
}

#[test]
fn what_nobody_reads_passes() {
    let packets: Vec<Sent> = (0..100).map(|number| ((number % 2 == 0, 0), ACK, number / 2 * 10, number / 2 * 10, 10, 1, 512)).collect();
    let (_, passed) = told(&packets, 5, (0, Some(7), 9), true);
    assert!(passed > 90, "{passed}");
    let packets: Vec<Sent> = (0..100).map(|number| ((number % 2 == 0, 0), ACK, 0, 0, 0, 1, 512)).collect();
    let (_, passed) = told(&packets, 5, (u64::MAX, None, 9), true);
    assert!(passed > 90, "of a connection that is read, too: {passed}");
    assert_eq!((size_of::<super::Compact>(), size_of::<super::Brief>()), (152, 92));
}

#[test]
fn what_grows_too_large_to_be_brief_passes() {
    // More packets than a byte counts, and more bytes than two bytes count.
    let packets: Vec<Sent> = (0..3000).map(|number| ((true, 0), ACK, number * 30, 0, 30, 1, 512)).collect();
    let (short, passed) = told(&packets, 5, (0, Some(7), 9), true);
    assert!(passed > 2990, "{passed}");
    assert_eq!(short, told(&packets, 5, (0, Some(7), 9), false).0);
}

#[test]
fn a_handshake_passes() {
    // The very first packet sets the clock.
    let (_, passed) = told(&[], 5, (u64::MAX, Some(7), 9), true);
    assert_eq!(passed, 2);
    let shake = |port: u16| {
        [((true, port), SYN, -1, 0, 0, 1, 512), ((false, port), SYN | ACK, -1, 0, 0, 1, 512), ((true, port), ACK, 0, 0, 0, 1, 512)]
    };
    let packets: Vec<Sent> = (1..20).flat_map(shake).collect();
    let (short, passed) = told(&packets, 5, (u64::MAX, Some(7), 9), true);
    assert_eq!(passed, 2 + 19 * 3, "also where others have to give way");
    assert_eq!(short, told(&packets, 5, (u64::MAX, Some(7), 9), false).0);
}

#[test]
fn all_of_a_known_connection_passes() {
    // Both sides said something nobody reads; then the client has no more to say, the server takes note of that, and ends, too.
    let packets: [Sent; 6] = [
        ((true, 0), ACK, 0, 0, 10, 1, 512),
        ((false, 0), ACK, 0, 10, 10, 1, 512),
        ((true, 0), ACK | Flags::FIN, 10, 10, 0, 1, 512),
        ((false, 0), ACK, 10, 11, 0, 1, 512),
        ((false, 0), ACK | Flags::FIN, 10, 11, 0, 1, 512),
        ((true, 0), ACK, 11, 11, 0, 1, 512),
    ];
    for patience in [0, u64::MAX] {
        let (short, passed) = told(&packets, 5, (patience, None, 9), true);
        assert_eq!(passed, 2 + packets.len());
        assert_eq!(short, told(&packets, 5, (patience, None, 9), false).0);
    }
    let (_, passed) = told(&[packets[0], ((true, 0), SYN, 500, 0, 0, 1, 512), packets[1]], 5, (0, None, 9), true);
    assert_eq!(passed, 2 + 1, "but for a SYN that may begin another one, and what comes behind it");
}
