//! Bytes to messages: a Nessus session framed and split into its fields.

use crate::flow;
use crate::forged;
use criterion::Criterion;
use criterion::Throughput;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::evidence::Frames;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Handshake;
use ntp_sniff::flow::Interest;
use ntp_sniff::flow::Receiver;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;
use ntp_sniff::protocol::Conversations;
use ntp_sniff::time::Timestamp;

/// A session's bytes in order, as reassembly gave them.
#[derive(Default)]
pub(crate) struct Recorded {
    flow: Option<Flow>,
    chunks: Vec<(Peer, u64, Timestamp, Frames, Vec<u8>)>,
}

impl Receiver for Recorded {
    fn event(&mut self, _: Event<'_>) {}
    fn handshake(&mut self, _: &mut [u32; 3], _: &Handshake) {}
    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        self.flow.get_or_insert_with(|| flow.clone());
        let Body::Data(data) = chunk.body else { panic!("the forged session has a hole") };
        self.chunks.push((from, chunk.offset, chunk.at, chunk.frames.clone(), data.to_vec()));
        Interest::Keep
    }
    fn closed(&mut self, _: &mut Flow) {}
}

impl Recorded {
    /// The forged session.
    pub(crate) fn session() -> Self {
        let frames = forged::frames(forged::session());
        let mut recorded = Self::default();
        flow::push(&flow::segments(&frames), &mut recorded);
        recorded
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(|(.., data)| data.len()).sum()
    }

    /// Plays it to the dissectors.
    pub(crate) fn play(&self, emit: &mut dyn FnMut(Event<'_>)) {
        let mut conversations = Conversations::new(&Limits::default(), Vec::new(), false, true);
        let mut flow = self.flow.clone().unwrap();
        for (from, offset, at, frames, data) in &self.chunks {
            let chunk = Chunk { offset: *offset, at: *at, frames, frame_offset: None, body: Body::Data(data) };
            conversations.chunk(&mut flow, *from, chunk, emit);
        }
        conversations.closed(&mut flow, emit);
    }
}

/// Messages of a session, none of them written.
pub(crate) fn framing(criterion: &mut Criterion) {
    let recorded = Recorded::session();
    let mut messages = 0;
    recorded.play(&mut |event| messages += u64::from(matches!(event.kind, EventKind::MessageDecoded(_))));
    assert!(messages > 2000, "the session is read: {messages}");
    let mut group = criterion.benchmark_group("protocol");
    for (name, throughput) in [("bytes", Throughput::Bytes(recorded.bytes() as u64)), ("messages", Throughput::Elements(messages))] {
        group.throughput(throughput);
        group.bench_function(format!("NTP {name}"), |bencher| bencher.iter(|| recorded.play(&mut |_| ())));
    }
    group.finish();
}
