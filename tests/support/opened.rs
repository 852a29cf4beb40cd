//! Runs captures up to the TLS layer, and keeps what comes out of it.

use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::files::search;
use ntp_sniff::capture::secrets::Inbox;
use ntp_sniff::decode::Checks;
use ntp_sniff::decode::Decoder;
use ntp_sniff::decode::Outcome;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::flow::Body;
use ntp_sniff::flow::Chunk;
use ntp_sniff::flow::Flows;
use ntp_sniff::flow::Handshake;
use ntp_sniff::flow::Interest;
use ntp_sniff::flow::Receiver;
use ntp_sniff::layer::Above;
use ntp_sniff::layer::Keys;
use ntp_sniff::layer::Layers;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;
use ntp_sniff::secured::Secured;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// A piece of one direction, as it came out.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Data { offset: u64, bytes: Vec<u8>, frames: Vec<(u64, u64)> },
    Gap { offset: u64, bytes: u64 },
}

/// What came out of one connection.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) client_port: u16,
    pub(crate) pieces: [Vec<Piece>; 2],
    pub(crate) facts: Option<Secured>,
    /// How often the session was told.
    pub(crate) told: usize,
}

impl Opened {
    /// All plaintext of a direction; gaps leave nothing.
    pub(crate) fn bytes(&self, from: Peer) -> Vec<u8> {
        let data = |piece: &Piece| if let Piece::Data { bytes, .. } = piece { bytes.clone() } else { Vec::new() };
        self.pieces[usize::from(from == Peer::Server)].iter().flat_map(data).collect()
    }
}

/// What stands behind the layer.
#[derive(Default)]
struct Kept(BTreeMap<u64, Opened>);

impl Above for Kept {
    fn event(&mut self, event: Event<'_>) {
        if let EventKind::SessionIdentified(flow, session) = event.kind {
            assert_eq!(session.protocol, "tls");
            assert!(!event.evidence.frames.is_empty(), "a session rests on frames");
            self.0.entry(flow.id.0).or_default().told += 1;
        }
    }

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        let opened = self.0.entry(flow.id.0).or_default();
        let frames = chunk.frames.spans().map(|span| (span.first, span.last)).collect();
        let pieces = &mut opened.pieces[usize::from(from == Peer::Server)];
        let end = pieces.last().map_or(0, |piece| match piece {
            Piece::Data { offset, bytes, .. } => offset + u64::try_from(bytes.len()).unwrap(),
            Piece::Gap { offset, bytes } => offset + bytes,
        });
        assert_eq!(chunk.offset, end, "chunks follow each other");
        pieces.push(match chunk.body {
            Body::Data(bytes) => Piece::Data { offset: chunk.offset, bytes: bytes.to_vec(), frames },
            Body::Gap(bytes, _) => Piece::Gap { offset: chunk.offset, bytes },
        });
        Interest::Keep
    }
}

/// The layer behind the flow stage.
struct Stage {
    layers: Layers,
    kept: Kept,
}

impl Receiver for Stage {
    fn event(&mut self, _event: Event<'_>) {}

    fn handshake(&mut self, _facts_at: &mut [u32; 3], _handshake: &Handshake) {}

    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest {
        self.layers.chunk(flow, from, chunk, &mut self.kept)
    }

    fn closed(&mut self, flow: &mut Flow) {
        self.layers.closed(flow, &mut self.kept);
        if flow.from_client.bytes > 0 || flow.from_server.bytes > 0 {
            let opened = self.kept.0.entry(flow.id.0).or_default();
            opened.client_port = flow.client.port;
            opened.facts = flow.tls.as_deref().cloned();
        }
    }
}

/// Secrets of these files, and of the captures.
pub(crate) fn keys(captures: &[PathBuf], logs: &[PathBuf], rsa: &[PathBuf]) -> Keys {
    let limits = Limits::default();
    let (keys, _) = Keys::open(logs, rsa, false, &limits).unwrap();
    let captures = captures.to_vec();
    let find = move || search(&captures, &Limits::default());
    keys.from_capture(&limits, &Inbox::default(), Some(Box::new(find)))
}

/// Runs a source, and gives what came out of each connection with payload, in order of their numbers.
pub(crate) fn run(source: &mut dyn Source, keys: Keys) -> Vec<Opened> {
    // A table for SYNs of a few connections: the usual one costs more than a small capture.
    let limits = Limits { pending_syns: 64, ..Limits::default() };
    let mut decoder = Decoder::new(&limits, Checks::default());
    let mut flows = Flows::new(&limits, &[1241, 8834]);
    let mut stage = Stage { layers: Layers::new(&limits, keys, vec![1241, 8834]), kept: Kept::default() };
    loop {
        match source.next() {
            Ok(Next::Frame(frame)) => {
                if let Outcome::Segment(segment) = decoder.frame(&frame, &mut |_, _, _| ()) {
                    flows.push(&segment, &mut stage);
                }
            }
            Ok(Next::End) | Err(_) => break,
            Ok(_) => {}
        }
    }
    flows.finish(&mut stage);
    stage.kept.0.into_values().collect()
}

/// A source that ends behind so many frames.
pub(crate) struct Cut<S>(pub(crate) S, pub(crate) u64);

impl<S: Source> Source for Cut<S> {
    fn next(&mut self) -> Result<Next<'_>, ntp_sniff::error::Error> {
        if self.1 == 0 {
            return Ok(Next::End);
        }
        self.1 -= 1;
        self.0.next()
    }
}

/// A source that does something when it comes to a frame.
pub(crate) struct At<S, F>(pub(crate) S, pub(crate) u64, pub(crate) F);

impl<S: Source, F: FnMut()> Source for At<S, F> {
    fn next(&mut self) -> Result<Next<'_>, ntp_sniff::error::Error> {
        self.1 = self.1.wrapping_sub(1);
        if self.1 == 0 {
            (self.2)();
        }
        self.0.next()
    }
}

/// The same for a file, with key logs and private keys.
pub(crate) fn opened(capture: &Path, logs: &[PathBuf], rsa: &[PathBuf]) -> Vec<Opened> {
    let captures = [capture.to_path_buf()];
    run(&mut Files::new(captures.to_vec(), &Limits::default()), keys(&captures, logs, rsa))
}
