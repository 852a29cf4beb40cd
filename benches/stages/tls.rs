//! Records of TLS 1.3 to plaintext: one session of AES-GCM, cut into segments, its secret in a key log.

use aes_gcm::Aes128Gcm;
use aes_gcm::KeyInit;
use aes_gcm::aead::AeadInOut;
use criterion::BatchSize;
use criterion::Criterion;
use criterion::Throughput;
use hmac::Hmac;
use hmac::Mac;
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
use ntp_sniff::time::Timestamp;
use sha2::Sha256;

/// Records, each of the most bytes it may have.
const RECORDS: usize = 256;
const RECORD_BYTES: usize = 16_384;
/// Bytes of a segment.
const SEGMENT_BYTES: usize = 1448;
/// The traffic secret of both directions.
const SECRET: [u8; 32] = [7; 32];

/// Counts what comes out.
struct Count(usize);

impl Above for Count {
    fn event(&mut self, _event: Event<'_>) {}

    fn chunk(&mut self, _flow: &mut Flow, _from: Peer, chunk: Chunk<'_>) -> Interest {
        if let Body::Data(bytes) = chunk.body {
            self.0 += bytes.len();
        }
        Interest::Keep
    }
}

/// RFC 8446 7.1, for up to a hash.
fn expand(label: &[u8], len: usize) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&SECRET).unwrap();
    mac.update(&[0, len as u8, label.len() as u8 + 6]);
    mac.update(b"tls13 ");
    mac.update(label);
    mac.update(&[0, 1]);
    mac.finalize().into_bytes()[..len].to_vec()
}

/// A record of the handshake that holds one message.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let (len, whole) = (body.len() as u16, body.len() as u16 + 4);
    [&[22, 3, 1], &whole.to_be_bytes()[..], &[kind, 0], &len.to_be_bytes(), body].concat()
}

/// What the server sends behind its hello.
fn sealed() -> Vec<u8> {
    let cipher = Aes128Gcm::new_from_slice(&expand(b"key", 16)).unwrap();
    let iv: [u8; 12] = expand(b"iv", 12).try_into().unwrap();
    let mut stream = Vec::new();
    for seq in 0..RECORDS as u64 {
        let header = [&[23, 3, 3][..], &(RECORD_BYTES as u16 + 17).to_be_bytes()].concat();
        let mut nonce = iv;
        nonce[4..].iter_mut().zip(seq.to_be_bytes()).for_each(|(to, from)| *to ^= from);
        let mut inner = vec![b'x'; RECORD_BYTES];
        inner.push(23);
        let tag = cipher.encrypt_inout_detached(&nonce.into(), &header, inner.as_mut_slice().into()).unwrap();
        stream.extend([header, inner, tag.to_vec()].concat());
    }
    stream
}

fn flow() -> Flow {
    let end = |last, port| Endpoint { ip: [10, 0, 0, last].into(), port };
    let flow = Flow::new(FlowId(1), end(1, 40_000), end(2, 8834), RolesFrom::Handshake, Timestamp::default());
    Flow { opening: Frames::one(FrameId { input: 0, number: 1 }), ..flow }
}

pub(crate) fn opening(criterion: &mut Criterion) {
    let random = [9_u8; 32];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let log = std::env::temp_dir().join(format!("ntp-sniff-bench-{}.keys", std::process::id()));
    std::fs::write(&log, format!("SERVER_TRAFFIC_SECRET_0 {} {}\n", hex(&random), hex(&SECRET))).unwrap();
    let extension = |body: &[u8]| [&(body.len() as u16).to_be_bytes()[..], body].concat();
    let hello = |kind, rest: &[u8], versions: &[u8]| message(kind, &[&[3, 3][..], &random, rest, &extension(versions)].concat());
    let client = hello(1, &[0, 0, 2, 0x13, 1, 1, 0], &[0, 43, 0, 3, 2, 3, 4]);
    let server = [hello(2, &[0, 0x13, 1, 0], &[0, 43, 0, 2, 3, 4]), sealed()].concat();
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("layer");
    group.throughput(Throughput::Bytes((RECORDS * RECORD_BYTES) as u64));
    let fresh = || Layers::new(&limits, Keys::open(std::slice::from_ref(&log), &[], false, &limits).unwrap().0, vec![8834]);
    group.bench_function("TLS 1.3 AES-128-GCM", |bencher| {
        bencher.iter_batched(
            fresh,
            |mut layers| {
                let (mut flow, mut count) = (flow(), Count(0));
                let mut number = 1;
                for (from, stream) in [(Peer::Client, &client), (Peer::Server, &server)] {
                    let mut offset = 0;
                    for segment in stream.chunks(SEGMENT_BYTES) {
                        let frames = Frames::one(FrameId { input: 0, number });
                        number += 1;
                        let chunk =
                            Chunk { offset, at: Timestamp::default(), frames: &frames, frame_offset: None, body: Body::Data(segment) };
                        layers.chunk(&mut flow, from, chunk, &mut count);
                        offset += segment.len() as u64;
                    }
                }
                assert_eq!(count.0, RECORDS * RECORD_BYTES);
            },
            BatchSize::LargeInput,
        );
    });
    // What a connection that is not TLS pays for the layer.
    let text = vec![b'<'; SEGMENT_BYTES];
    let frames = Frames::one(FrameId { input: 0, number: 1 });
    group.throughput(Throughput::Elements(1));
    let (mut layers, mut plain, mut count, mut offset) = (fresh(), flow(), Count(0), 0);
    group.bench_function("a chunk of no TLS", |bencher| {
        bencher.iter(|| {
            let chunk = Chunk { offset, at: Timestamp::default(), frames: &frames, frame_offset: None, body: Body::Data(&text) };
            offset += SEGMENT_BYTES as u64;
            layers.chunk(&mut plain, Peer::Client, chunk, &mut count)
        });
    });
    group.finish();
    std::fs::remove_file(&log).unwrap();
}
