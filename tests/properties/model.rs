//! A slow, obvious model of reassembly agrees with the flow stage: whoever comes first to a byte has written it.

use crate::draw::cases;
use crate::draw::isns;
use ntp_sniff::decode::Flags;
use ntp_sniff::decode::Segment;
use ntp_sniff::event::Event;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Frames;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Flows;
use ntp_sniff::flow::Handshake;
use ntp_sniff::flow::Interest;
use ntp_sniff::flow::Receiver;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Endpoint;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::VlanStack;
use ntp_sniff::time::Timestamp;
use ntp_sniff::tunnel::TunnelStack;
use proptest::prelude::*;

/// Bytes of the stream.
const LENGTH: usize = 96;

/// Keeps what is delivered, and insists that chunks follow each other.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) bytes: Vec<Option<u8>>,
    pub(crate) in_order: bool,
}

impl Receiver for Delivered {
    fn event(&mut self, _event: Event<'_>) {}

    fn handshake(&mut self, _facts_at: &mut [u32; 3], _handshake: &Handshake) {}

    fn chunk(&mut self, _flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        if from == Peer::Client {
            self.in_order &= chunk.offset == self.bytes.len() as u64;
            match chunk.body {
                Body::Data(data) => self.bytes.extend(data.iter().copied().map(Some)),
                Body::Gap(missing, _) => self.bytes.extend((0..missing).map(|_| None)),
            }
        }
        Interest::Keep
    }

    fn closed(&mut self, _flow: &mut Flow) {}
}

/// A segment between two fixed endpoints.
pub(crate) fn segment(number: u64, from: Peer, seq: u32, flags: u8, payload: &[u8]) -> Segment<'_> {
    let client = Endpoint { ip: [10, 0, 0, 1].into(), port: 40_000 };
    let server = Endpoint { ip: [10, 0, 0, 2].into(), port: 1241 };
    let (source, destination) = if from == Peer::Client { (client, server) } else { (server, client) };
    Segment {
        at: Timestamp::from_nanos(i64::try_from(number).unwrap() * 1000, false),
        frames: Frames::one(FrameId { input: 0, number }),
        source,
        destination,
        seq,
        ack: 0,
        flags: Flags(flags),
        window: 65_535,
        window_scale: None,
        payload,
        payload_at: None,
        uncaptured: 0,
        ttl: 64,
        ip_id: None,
        vlans: VlanStack::default(),
        tunnels: TunnelStack::default(),
    }
}

/// SYN, SYN-ACK, ACK, and the number of the frame after them.
pub(crate) fn shake(flows: &mut Flows, isns: [u32; 2], receiver: &mut dyn Receiver) -> u64 {
    let [client, server] = isns;
    flows.push(&segment(1, Peer::Client, client, Flags::SYN, &[]), receiver);
    let answer = segment(2, Peer::Server, server, Flags::SYN | Flags::ACK, &[]);
    flows.push(&Segment { ack: client.wrapping_add(1), ..answer }, receiver);
    let last = segment(3, Peer::Client, client.wrapping_add(1), Flags::ACK, &[]);
    flows.push(&Segment { ack: server.wrapping_add(1), ..last }, receiver);
    4
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn the_first_copy_of_every_byte_wins(
        isns in isns(),
        pieces in proptest::collection::vec((0..LENGTH, proptest::collection::vec(any::<u8>(), 1..24)), 1..40),
    ) {
        let mut model: [Option<u8>; LENGTH] = [None; LENGTH];
        let mut delivered = Delivered { in_order: true, ..Delivered::default() };
        let mut flows = Flows::new(&Limits::default(), &[]);
        let first = shake(&mut flows, isns, &mut delivered);
        let mut end = 0;
        for (number, (offset, bytes)) in (first..).zip(&pieces) {
            let bytes = &bytes[..bytes.len().min(LENGTH - offset)];
            end = end.max(offset + bytes.len());
            for (place, byte) in model[*offset..].iter_mut().zip(bytes) {
                place.get_or_insert(*byte);
            }
            let seq = isns[0].wrapping_add(1).wrapping_add(u32::try_from(*offset).unwrap());
            flows.push(&segment(number, Peer::Client, seq, Flags::ACK, bytes), &mut delivered);
        }
        flows.finish(&mut delivered);
        prop_assert!(delivered.in_order, "chunks follow each other");
        prop_assert_eq!(&delivered.bytes[..], &model[..end]);
    }

    #[test]
    fn a_set_of_frames_stays_small_and_covers_all(numbers in proptest::collection::vec(1_u64..3000, 1..700), down: bool) {
        let mut numbers = numbers;
        if down {
            numbers.sort_unstable();
            numbers.reverse();
        }
        let mut set = Frames::default();
        for number in &numbers {
            set.add(FrameId { input: 0, number: *number });
        }
        let spans: Vec<_> = set.spans().map(|span| (span.first, span.last)).collect();
        prop_assert!(spans.len() <= 257, "{} spans", spans.len());
        prop_assert!(spans.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ascending, apart");
        prop_assert!(numbers.iter().all(|number| spans.iter().any(|(first, last)| first <= number && number <= last)));
    }
}
