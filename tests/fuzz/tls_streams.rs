//! Two streams of any bytes through the TLS layer: the first byte of each piece says whose it is, how long, and what is lost before it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ntp_sniff::anomaly::GapReason;
use ntp_sniff::event::Event;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Frames;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Interest;
use ntp_sniff::layer::Above;
use ntp_sniff::layer::Keys;
use ntp_sniff::layer::Layers;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Endpoint;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::FlowId;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::secured::KeySource;
use ntp_sniff::time::Timestamp;

/// Takes everything.
struct Nobody;

impl Above for Nobody {
    fn event(&mut self, _event: Event<'_>) {}

    fn chunk(&mut self, _flow: &mut Flow, _from: Peer, _chunk: Chunk<'_>) -> Interest {
        Interest::Keep
    }
}

fn flow() -> Flow {
    let end = |last, port| Endpoint { ip: [10, 0, 0, last].into(), port };
    let flow = Flow::new(FlowId(1), end(1, 40_000), end(2, 1241), RolesFrom::Handshake, Timestamp::default());
    Flow { opening: Frames::one(FrameId { input: 0, number: 1 }), ..flow }
}

fuzz_target!(|bytes: &[u8]| {
    let mut keys = Keys::default().from_capture(&Limits::default(), &Default::default(), None);
    // A corpus of sessions whose client random is 0x11… gets further.
    let line = |label: &str, len| format!("{label} {} {}\n", "11".repeat(32), "22".repeat(len));
    let labels =
        ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"];
    keys.add_log(line("CLIENT_RANDOM", 48).as_bytes(), KeySource::KeyLog);
    labels.iter().for_each(|label| _ = keys.add_log(line(label, 32).as_bytes(), KeySource::KeyLog));
    let (mut layers, mut flow, mut offsets) = (Layers::new(&Limits::default(), keys, vec![1241]), flow(), [0_u64; 2]);
    let (mut rest, mut number) = (bytes, 0);
    while let [head, tail @ ..] = rest {
        let from = if head & 1 == 0 { Peer::Client } else { Peer::Server };
        let (data, tail) = tail.split_at(usize::from(head >> 2).saturating_mul(8).min(tail.len()));
        rest = tail;
        number += 1;
        let frames = Frames::one(FrameId { input: 0, number });
        let offset = &mut offsets[usize::from(head & 1)];
        for body in [Body::Gap(u64::from(*head) << 4, GapReason::NotCaptured), Body::Data(data)] {
            let len = match body {
                Body::Gap(..) if head & 2 == 0 => continue,
                Body::Gap(len, _) => len,
                Body::Data(data) => data.len() as u64,
            };
            let chunk = Chunk { offset: *offset, at: Timestamp::default(), frames: &frames, frame_offset: None, body };
            if layers.chunk(&mut flow, from, chunk, &mut Nobody) == Interest::Ignore {
                return layers.closed(&mut flow, &mut Nobody);
            }
            *offset += len;
        }
    }
    layers.closed(&mut flow, &mut Nobody);
});
