//! Who reads which connection: probes its opening, then feeds one dissector.

use super::Dissector;
use super::Notes;
use super::Opening;
use super::PROTOCOLS;
use super::Probe;
use super::Progress;
use super::Protocol;
use super::View;
use super::window::Window;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Undocumented;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::flow::Interest;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;

/// All connections that are being probed or read.
pub struct Conversations {
    limits: Limits,
    reveal: bool,
    hints: Vec<(&'static str, u16)>,
    talks: HashMap<FlowId, Talk, RandomState>,
    undocumented: HashMap<Endpoint, (u64, u64), RandomState>,
    full_said: bool,
    undocumented_full_said: bool,
}

/// One connection.
enum Talk {
    Probing(Box<Probing>),
    Reading(Box<Reading>),
    /// Its dissector has said all it can.
    Done,
}

/// A chunk that came before somebody claimed the flow.
struct Arrival {
    from: Peer,
    offset: u64,
    at: Timestamp,
    frames: Frames,
    data: Vec<u8>,
    gap: Option<(u64, GapReason)>,
}

/// A flow nobody has claimed yet. Bounded by `limits.probe_bytes` per direction.
struct Probing {
    arrivals: Vec<Arrival>,
    opening: [Vec<u8>; 2],
    /// Bytes kept of each direction, also those before a hole; a gap counts as one.
    kept: [usize; 2],
    whole: bool,
}

/// A flow that is read.
struct Reading {
    protocol: &'static str,
    dissector: Box<dyn Dissector>,
    windows: [Window; 2],
    /// Messages so far.
    messages: u64,
}

impl Conversations {
    /// No connections yet. `hints` are ports the user named for a protocol; `reveal` shows secrets.
    #[must_use]
    pub fn new(limits: &Limits, hints: Vec<(&'static str, u16)>, reveal: bool) -> Self {
        Self {
            limits: limits.clone(),
            reveal,
            hints,
            talks: HashMap::default(),
            undocumented: HashMap::default(),
            full_said: false,
            undocumented_full_said: false,
        }
    }

    /// All ports that some protocol, or the user for it, names.
    pub fn known_ports(&self) -> Vec<u16> {
        PROTOCOLS.iter().flat_map(|protocol| protocol.ports()).copied().chain(self.hints.iter().map(|(_, port)| *port)).collect()
    }

    /// Services with payload nobody read, most bytes first.
    #[must_use]
    pub fn undocumented(&self) -> Vec<Undocumented> {
        let mut list: Vec<_> = self
            .undocumented
            .iter()
            .map(|(server, (flows, bytes))| Undocumented { server: *server, flows: *flows, bytes: *bytes })
            .collect();
        list.sort_unstable_by_key(|service| (std::cmp::Reverse(service.bytes), service.server));
        list
    }

    /// Takes the next piece of a stream.
    pub fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        match self.talks.get_mut(&flow.id) {
            Some(Talk::Reading(reading)) => {
                if reading.feed(flow, from, chunk, &self.limits, self.reveal, emit) == Interest::Ignore {
                    self.talks.insert(flow.id, Talk::Done);
                    return Interest::Ignore;
                }
                Interest::Keep
            }
            Some(Talk::Done) => Interest::Ignore,
            Some(Talk::Probing(_)) | None => self.probe(flow, from, chunk, emit),
        }
    }

    /// Shows the opening, with the new chunk, to all protocols.
    fn probe(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        let mut probing = match self.talks.remove(&flow.id) {
            Some(Talk::Probing(probing)) => probing,
            _ => Box::new(Probing::new(starts_known(flow))),
        };
        probing.add(from, chunk);
        match probing.ask(flow, &self.hints) {
            (Probe::Match { server }, Some(protocol)) => self.claim(flow, *probing, protocol, server, emit),
            (Probe::NeedMore, _)
                if probing.kept.iter().all(|bytes| *bytes < self.limits.probe_bytes) && !self.is_full(flow, chunk, emit) =>
            {
                self.talks.insert(flow.id, Talk::Probing(probing));
                Interest::Keep
            }
            _ => Interest::Ignore,
        }
    }

    /// Whether no further flow may be probed or read; said once.
    fn is_full(&mut self, flow: &Flow, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) -> bool {
        let full = self.talks.len() >= self.limits.sessions;
        if full && !self.full_said {
            self.full_said = true;
            let value = u64::try_from(self.limits.sessions).unwrap_or(u64::MAX);
            let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "sessions", value });
            emit(Event { at: flow.last_at, flow: None, evidence: Evidence::of(chunk.frames.clone()), kind });
        }
        full
    }

    /// A protocol recognised the flow: roles are settled, the flow is announced, and what came so far is read.
    fn claim(
        &mut self,
        flow: &mut Flow,
        probing: Probing,
        protocol: &'static dyn Protocol,
        server: Option<Peer>,
        emit: &mut dyn FnMut(Event<'_>),
    ) -> Interest {
        let turned = server == Some(Peer::Client) && !flow.announced;
        if turned {
            flow.turn_round();
        }
        if !flow.announced {
            if server.is_some() {
                flow.roles = RolesFrom::Content;
            }
            flow.announced = true;
            emit(Event::flow_opened(flow));
        }
        let dissector = protocol.dissector(probing.whole);
        let mut reading = Reading { protocol: protocol.id(), dissector, windows: [Window::default(), Window::default()], messages: 0 };
        for arrival in probing.arrivals {
            let body = arrival.gap.map_or(Body::Data(&arrival.data), |(bytes, reason)| Body::Gap(bytes, reason));
            let chunk = Chunk { offset: arrival.offset, at: arrival.at, frames: &arrival.frames, body };
            let from = if turned { arrival.from.other() } else { arrival.from };
            if reading.feed(flow, from, chunk, &self.limits, self.reveal, emit) == Interest::Ignore {
                self.talks.insert(flow.id, Talk::Done);
                return Interest::Ignore;
            }
        }
        self.talks.insert(flow.id, Talk::Reading(Box::new(reading)));
        Interest::Keep
    }

    /// No more chunks will come: what is unread is given up, what nobody read is counted.
    pub fn closed(&mut self, flow: &mut Flow, emit: &mut dyn FnMut(Event<'_>)) {
        match self.talks.remove(&flow.id) {
            Some(Talk::Reading(mut reading)) => {
                for from in [Peer::Client, Peer::Server] {
                    reading.gap(flow, from, 0, self.reveal, emit);
                }
            }
            Some(Talk::Done) => {}
            Some(Talk::Probing(_)) | None => self.count_undocumented(flow, emit),
        }
    }

    /// Counts a flow for the list of undocumented services; that the list is full is said once.
    fn count_undocumented(&mut self, flow: &Flow, emit: &mut dyn FnMut(Event<'_>)) {
        let bytes = flow.from_client.bytes.saturating_add(flow.from_server.bytes);
        if bytes == 0 {
            return;
        }
        if self.undocumented.len() >= self.limits.undocumented && !self.undocumented.contains_key(&flow.server) {
            if !self.undocumented_full_said {
                self.undocumented_full_said = true;
                let value = u64::try_from(self.limits.undocumented).unwrap_or(u64::MAX);
                let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "undocumented", value });
                emit(Event { at: flow.last_at, flow: None, evidence: Evidence::of(flow.opening.clone()), kind });
            }
            return;
        }
        let (flows, sum) = self.undocumented.entry(flow.server).or_default();
        *flows = flows.saturating_add(1);
        *sum = sum.saturating_add(bytes);
    }
}

/// Whether the streams of this flow are known from their first byte.
fn starts_known(flow: &Flow) -> bool {
    matches!(flow.roles, RolesFrom::Handshake | RolesFrom::SynAck | RolesFrom::Syn)
}

/// Where a peer's things stand in a pair.
fn of<T>(pair: &mut [T; 2], peer: Peer) -> &mut T {
    let [client, server] = pair;
    match peer {
        Peer::Client => client,
        Peer::Server => server,
    }
}

impl Probing {
    fn new(whole: bool) -> Self {
        Self { arrivals: Vec::new(), opening: [Vec::new(), Vec::new()], kept: [0, 0], whole }
    }

    fn add(&mut self, from: Peer, chunk: Chunk<'_>) {
        let (data, gap) = match chunk.body {
            Body::Data(data) => (data, None),
            Body::Gap(bytes, reason) => (&[][..], Some((bytes, reason))),
        };
        let opening = of(&mut self.opening, from);
        if gap.is_some() {
            // What follows a hole is no opening any more.
            self.whole = false;
            opening.clear();
        }
        opening.extend_from_slice(data);
        let kept = of(&mut self.kept, from);
        *kept = kept.saturating_add(data.len().max(1));
        let frames = chunk.frames.clone();
        self.arrivals.push(Arrival { from, offset: chunk.offset, at: chunk.at, frames, data: data.to_vec(), gap });
    }

    /// The first match, or whether one is still possible.
    fn ask(&self, flow: &Flow, hints: &[(&'static str, u16)]) -> (Probe, Option<&'static dyn Protocol>) {
        let [client, server] = &self.opening;
        let mut answer = (Probe::NoMatch, None);
        for protocol in PROTOCOLS {
            let named = |port: u16| protocol.ports().contains(&port) || hints.contains(&(protocol.id(), port));
            let hinted = named(flow.server.port) || (!starts_known(flow) && named(flow.client.port));
            let opening = Opening { client, server, whole: self.whole, hinted };
            match protocol.probe(&opening) {
                found @ Probe::Match { .. } => return (found, Some(*protocol)),
                Probe::NeedMore => answer = (Probe::NeedMore, None),
                Probe::NoMatch => {}
            }
        }
        answer
    }
}

impl Reading {
    fn feed(
        &mut self,
        flow: &Flow,
        from: Peer,
        chunk: Chunk<'_>,
        limits: &Limits,
        reveal: bool,
        emit: &mut dyn FnMut(Event<'_>),
    ) -> Interest {
        let data = match chunk.body {
            Body::Data(data) => data,
            Body::Gap(bytes, _) => {
                self.gap(flow, from, bytes, reveal, emit);
                return Interest::Keep;
            }
        };
        let Self { protocol, dissector, windows, messages } = self;
        let window = of(windows, from);
        let full = window.len().saturating_add(data.len()) > limits.window_bytes;
        let frames = chunk.frames;
        let progress = window.show(&chunk, data, |offset, bytes, fresh, provenance| {
            let mut notes = Notes { flow, from, protocol, reveal, offset, bytes, provenance, messages: &mut *messages, emit: &mut *emit };
            let progress = dissector.data(from, View { offset, bytes, fresh, full }, &mut notes);
            match progress {
                Progress::Consumed(0) if full => (bytes.len(), progress),
                Progress::Consumed(consumed) => (consumed.min(bytes.len()), progress),
                Progress::Finished => (bytes.len(), progress),
            }
        });
        if full && progress == Progress::Consumed(0) {
            let value = u64::try_from(limits.window_bytes).unwrap_or(u64::MAX);
            let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "window_bytes", value });
            emit(Event { at: chunk.at, flow: Some(flow.id), evidence: Evidence::of(frames.clone()), kind });
        }
        if progress == Progress::Finished { Interest::Ignore } else { Interest::Keep }
    }

    /// Tells the dissector that `missing` bytes are lost behind what it has not read, or, with 0, that the stream ends.
    fn gap(&mut self, flow: &Flow, from: Peer, missing: u64, reveal: bool, emit: &mut dyn FnMut(Event<'_>)) {
        let Self { protocol, dissector, windows, messages } = self;
        let window = of(windows, from);
        let (offset, bytes) = window.take();
        let provenance = &window.provenance;
        let mut notes = Notes { flow, from, protocol, reveal, offset, bytes: &bytes, provenance, messages, emit };
        dissector.gap(from, View { offset, bytes: &bytes, fresh: bytes.len(), full: true }, missing, &mut notes);
    }
}
