//! Segments to connections, and connections to bytes in order.

use crate::forged;
use crate::forged::Owned;
use crate::frame::Random;
use criterion::Criterion;
use criterion::Throughput;
use ntp_sniff::decode::Checks;
use ntp_sniff::decode::Decoded;
use ntp_sniff::decode::Segment;
use ntp_sniff::decode::segment;
use ntp_sniff::event::Event;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Flows;
use ntp_sniff::flow::Handshake;
use ntp_sniff::flow::Interest;
use ntp_sniff::flow::Receiver;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;

/// Counts the bytes of those connections whose bytes it wants.
struct Count {
    interest: Interest,
    bytes: usize,
}

impl Receiver for Count {
    fn event(&mut self, _: Event<'_>) {}
    fn handshake(&mut self, _: &mut [u32; 3], _: &Handshake) {}
    fn chunk(&mut self, _: &mut Flow, _: Peer, chunk: Chunk<'_>) -> Interest {
        if let Body::Data(data) = chunk.body {
            self.bytes += data.len();
        }
        self.interest
    }
    fn closed(&mut self, _: &mut Flow) {}
}

/// All segments of some frames.
pub(crate) fn segments(frames: &[Owned]) -> Vec<Segment<'_>> {
    let decoded = frames.iter().filter_map(|frame| segment(&frame.frame(), Checks::default()).ok());
    decoded.filter_map(|decoded| if let Decoded::Segment(segment) = decoded { Some(segment) } else { None }).collect()
}

/// Pushes all through a new table of connections.
pub(crate) fn push(segments: &[Segment<'_>], receiver: &mut dyn Receiver) {
    let mut flows = Flows::new(&Limits::default(), &[1241]);
    for segment in segments {
        flows.push(segment, receiver);
    }
    flows.finish(receiver);
}

fn count(segments: &[Segment<'_>], interest: Interest) -> usize {
    let mut count = Count { interest, bytes: 0 };
    push(segments, &mut count);
    count.bytes
}

/// The table under scans and short connections.
pub(crate) fn connections(criterion: &mut Criterion) {
    let frames = forged::frames(forged::handshakes());
    let segments = segments(&frames);
    let mut group = criterion.benchmark_group("flow");
    group.throughput(Throughput::Elements(segments.len() as u64));
    group.bench_function("handshakes", |bencher| bencher.iter(|| count(&segments, Interest::Ignore)));
    group.finish();
}

/// Bytes in order, of segments in order and of those that overtook each other.
pub(crate) fn reassembly(criterion: &mut Criterion) {
    let mut frames = forged::frames(forged::session());
    let mut group = criterion.benchmark_group("flow");
    for name in ["in order", "shuffled"] {
        if name == "shuffled" {
            shuffle(&mut frames);
        }
        let segments = segments(&frames);
        group.throughput(Throughput::Bytes(count(&segments, Interest::Keep) as u64));
        group.bench_function(format!("reassembly {name}"), |bencher| bencher.iter(|| count(&segments, Interest::Keep)));
    }
    group.finish();
}

/// Each frame behind the handshake changes places with one of the next fifteen, the times stay.
fn shuffle(frames: &mut [Owned]) {
    let mut random = Random::new(5);
    for first in 3..frames.len() {
        let second = (first + random.below(16) as usize).min(frames.len() - 1);
        let (at, later) = (frames[first].at, frames[second].at);
        frames.swap(first, second);
        (frames[first].at, frames[second].at) = (at, later);
    }
}
