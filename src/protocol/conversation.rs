//! Who reads which connection: probes its opening, then feeds one dissector.

use super::Dissector;
use super::PROTOCOLS;
use super::Progress;
use super::Protocol;
use super::View;
use super::notes::Shared;
use super::probing::Probes;
use super::probing::Probing;
use super::probing::Verdict;
use super::probing::first_verdict;
use super::probing::starts_known;
use super::unknown::Collector;
use super::unknown::Documenting;
use super::unknown::Told;
use super::window::Window;
use crate::anomaly::Anomaly;
use crate::decode::UdpDatagram;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Undocumented;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::flow::Ended;
use crate::flow::Interest;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::Transport;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;

/// All connections that are being probed or read.
pub struct Conversations {
    shared: Shared,
    hints: Vec<(&'static str, u16)>,
    /// Who may read: all, or nobody.
    protocols: &'static [&'static dyn Protocol],
    collector: Collector,
    probes: Probes,
    readings: HashMap<FlowId, Box<Reading>, RandomState>,
    settled: HashMap<FlowId, Settled, RandomState>,
    undocumented: HashMap<Endpoint, (u64, u64), RandomState>,
    /// The connection that gave way last, until somebody asks.
    gave_way: Option<(u32, FlowId)>,
    /// Limits that were reached, each said once.
    limits_said: Vec<&'static str>,
}

/// Why no more of an open connection is wanted. It is kept until the connection ends, and costs nothing but its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// Its dissector has said all it can.
    Read,
    /// It gave way to others before somebody claimed it.
    GaveWay,
    /// Nobody reads it: it is kept, to be documented.
    Kept,
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
    /// No connections yet. `hints` are ports the user named for a protocol; `reveal` shows secrets; `details` says
    /// whether anybody looks at what messages say.
    #[must_use]
    pub fn new(limits: &Limits, hints: Vec<(&'static str, u16)>, reveal: bool, details: bool) -> Self {
        Self {
            shared: Shared::new(limits, reveal, details),
            hints,
            protocols: PROTOCOLS,
            collector: Collector::new(Documenting::default(), limits),
            probes: Probes::default(),
            readings: HashMap::default(),
            settled: HashMap::default(),
            undocumented: HashMap::default(),
            gave_way: None,
            limits_said: Vec::new(),
        }
    }

    /// What is to be documented, and whether dissectors read at all.
    #[must_use]
    pub fn with_documents(mut self, documents: Documenting) -> Self {
        self.protocols = if documents.no_dissectors { &[] } else { PROTOCOLS };
        self.collector = Collector::new(documents, &self.shared.limits);
        self
    }

    /// Whether somebody looks at where every byte came from, at how many tokens of a message, from its front, and whether it takes rows.
    #[must_use]
    pub fn with_looks(mut self, parts: bool, tokens: usize, rows: bool) -> Self {
        (self.shared.parts, self.shared.tokens, self.shared.rows) = (parts, tokens, rows);
        self
    }

    /// All ports that some protocol, or the user for it, names.
    pub fn known_ports(&self) -> Vec<u16> {
        let named = self.hints.iter().map(|(_, port)| *port).chain(self.collector.ports());
        PROTOCOLS.iter().flat_map(|protocol| protocol.ports()).copied().chain(named).collect()
    }

    /// Ports of the protocols whose dialogues are read, and those the user named for them: all but that of TLS itself.
    pub fn dialogue_ports(&self) -> Vec<u16> {
        let dialogues = PROTOCOLS.iter().filter(|protocol| protocol.id() != "tls");
        dialogues.flat_map(|protocol| protocol.ports()).copied().chain(self.hints.iter().map(|(_, port)| *port)).collect()
    }

    /// Services with payload nobody read, most bytes first.
    #[must_use]
    pub fn undocumented(&self) -> Vec<Undocumented> {
        let service = |(server, (flows, bytes)): (&Endpoint, &(u64, u64))| Undocumented { server: *server, flows: *flows, bytes: *bytes };
        let mut list: Vec<_> = self.undocumented.iter().map(service).collect();
        list.sort_unstable_by_key(|service| (std::cmp::Reverse(service.bytes), service.server));
        list
    }

    /// Takes the next piece of a stream.
    pub fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        if let Some(reading) = self.readings.get_mut(&flow.id) {
            let interest = reading.feed(flow, from, chunk, &mut self.shared, emit);
            if interest == Interest::Ignore {
                self.readings.remove(&flow.id);
                self.settled.insert(flow.id, Settled::Read);
            }
            return interest;
        }
        match self.settled.get(&flow.id) {
            None => self.probe(flow, from, chunk, emit),
            Some(Settled::Kept) => {
                self.collector.chunk(flow, from, chunk, emit);
                Interest::Keep
            }
            Some(Settled::GaveWay) if self.collector.wants(flow) => {
                let mut probing = Probing::new(starts_known(flow));
                probing.add(from, chunk);
                self.keep(flow, probing, emit)
            }
            Some(_) => Interest::Ignore,
        }
    }

    /// A connection nobody waits for any more, because it gave way to the one whose chunk was taken last: its place and its number.
    pub fn gave_way(&mut self) -> Option<(u32, FlowId)> {
        self.gave_way.take()
    }

    /// Lets one protocol read a flow from here on, whatever any probe says: so that all can be held to the same contract.
    pub fn assign(&mut self, flow: &mut Flow, protocol: &'static dyn Protocol, emit: &mut dyn FnMut(Event<'_>)) {
        self.claim(flow, Probing::new(starts_known(flow)), protocol, None, emit);
    }

    /// Shows the opening, with the new chunk, to all protocols.
    fn probe(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        let first = first_verdict(from, &chunk, flow, (self.protocols, &self.hints));
        if matches!(first, Some(Verdict::Nobody)) && !self.collector.wants(flow) {
            return Interest::Ignore;
        }
        let (mut probing, said) = match self.probes.take(flow.id) {
            Some(probing) => (probing, None),
            None => (Box::new(Probing::new(starts_known(flow))), first),
        };
        match probing.take_in((from, chunk, said), flow, (self.protocols, &self.hints), &self.shared.limits) {
            Verdict::Claimed(protocol, server) => self.claim(flow, *probing, protocol, server, emit),
            Verdict::Nobody => self.keep(flow, *probing, emit),
            Verdict::Open => {
                self.probes.put(flow, &self.hints, probing);
                let most = self.shared.limits.probes;
                let Some((id, probing)) = self.probes.surplus(most) else { return Interest::Keep };
                self.settled.insert(id, Settled::GaveWay);
                // What is to be documented is waited for all the same.
                self.gave_way = probing.place.filter(|_| !self.collector.is_on()).map(|place| (place, id));
                self.collector.hold(id, probing.arrivals);
                self.limit("probes", most, flow.last_at, chunk.frames, emit);
                Interest::Keep
            }
        }
    }

    /// Nobody reads the flow: what came so far is kept if its service is to be documented.
    fn keep(&mut self, flow: &Flow, probing: Probing, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        if !self.collector.wants(flow) {
            return Interest::Ignore;
        }
        self.settled.insert(flow.id, Settled::Kept);
        self.collector.begin(flow, probing.whole, probing.arrivals, emit);
        Interest::Keep
    }

    /// Whether a flow is but kept, to be documented.
    #[must_use]
    pub fn keeps(&self, id: FlowId) -> bool {
        self.collector.keeps(id)
    }

    /// Takes a datagram of UDP, for the services that are documented.
    pub fn datagram(&mut self, datagram: &UdpDatagram<'_>, number: &mut dyn FnMut() -> FlowId, emit: &mut dyn FnMut(Event<'_>)) {
        let Self { hints, collector, .. } = self;
        let is_known = |port| PROTOCOLS.iter().any(|protocol| protocol.ports().contains(&port)) || hints.iter().any(|hint| hint.1 == port);
        collector.datagram(datagram, &is_known, number, emit);
    }

    /// Says that a limit is reached, once.
    fn limit(&mut self, limit: &'static str, value: usize, at: Timestamp, frames: &Frames, emit: &mut dyn FnMut(Event<'_>)) {
        if self.limits_said.contains(&limit) {
            return;
        }
        self.limits_said.push(limit);
        let value = u64::try_from(value).unwrap_or(u64::MAX);
        let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit, value });
        emit(Event { at, flow: None, evidence: Evidence::of(frames.clone()), kind });
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
        let most = self.shared.limits.sessions;
        if self.readings.len() >= most {
            let frames = probing.arrivals.last().map_or(&flow.opening, |arrival| &arrival.frames);
            self.limit("sessions", most, flow.last_at, frames, emit);
            return Interest::Ignore;
        }
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
            let (offset, at, frame_offset) = (arrival.offset, arrival.at, arrival.frame_offset);
            let chunk = Chunk { offset, at, frames: &arrival.frames, frame_offset, body };
            let from = if turned { arrival.from.other() } else { arrival.from };
            if reading.feed(flow, from, chunk, &mut self.shared, emit) == Interest::Ignore {
                self.settled.insert(flow.id, Settled::Read);
                return Interest::Ignore;
            }
        }
        self.readings.insert(flow.id, Box::new(reading));
        Interest::Keep
    }

    /// No more chunks will come of a connection that carried payload, in the clear. Where nobody read it nor has anything to say of it,
    /// it is counted, and that is all; else nothing is done, and it has to be closed.
    pub fn ended(&mut self, ended: &Ended<'_>, emit: &mut dyn FnMut(Event<'_>)) -> bool {
        if self.collector.is_on() {
            return false;
        }
        match self.settled.get(&ended.id) {
            Some(Settled::GaveWay) => drop(self.settled.remove(&ended.id)),
            None if !self.probes.has(ended.id) && !self.readings.contains_key(&ended.id) => {}
            Some(_) | None => return false,
        }
        let opening = || {
            let [opening, _] = (ended.frames)();
            opening
        };
        self.count_undocumented((ended.server, ended.bytes), (ended.last_at, &opening), emit);
        true
    }

    /// No more chunks will come: what is unread is given up, what nobody read is counted.
    pub fn closed(&mut self, flow: &mut Flow, emit: &mut dyn FnMut(Event<'_>)) {
        if let Some(mut probing) = self.probes.take(flow.id) {
            if let Verdict::Claimed(protocol, server) = probing.ask(flow, (self.protocols, &self.hints)) {
                self.claim(flow, *probing, protocol, server, emit);
            } else {
                self.keep(flow, *probing, emit);
            }
        }
        if self.settled.get(&flow.id) == Some(&Settled::GaveWay) {
            self.keep(flow, Probing::new(starts_known(flow)), emit);
        }
        let settled = self.settled.remove(&flow.id);
        let kept = self.collector.keeps(flow.id);
        self.collector.closed(flow);
        if let Some(mut reading) = self.readings.remove(&flow.id) {
            for from in [Peer::Client, Peer::Server] {
                reading.gap(flow, from, 0, &mut self.shared, emit);
            }
        } else if !kept && settled != Some(Settled::Read) && flow.tls.as_ref().is_none_or(|tls| tls.opened_with.is_some()) {
            let bytes = flow.from_client.bytes.saturating_add(flow.from_server.bytes);
            self.count_undocumented((flow.server, bytes), (flow.last_at, &|| flow.opening.clone()), emit);
        }
    }

    /// The end, behind that of all connections: what is known only then.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Event<'_>)) {
        self.shared.stories.finish(emit);
        Told { reveal: self.shared.reveal, emit }.all(self.collector.take());
    }

    /// Counts a flow for the list of undocumented services; that the list is full is said once.
    fn count_undocumented(
        &mut self,
        (server, bytes): (Endpoint, u64),
        (at, opening): (Timestamp, &dyn Fn() -> Frames),
        emit: &mut dyn FnMut(Event<'_>),
    ) {
        if bytes == 0 || self.collector.knows(Transport::Tcp, server) {
            return;
        }
        let most = self.shared.limits.undocumented;
        if self.undocumented.len() >= most && !self.undocumented.contains_key(&server) {
            if !self.limits_said.contains(&"undocumented") {
                self.limit("undocumented", most, at, &opening(), emit);
            }
            return;
        }
        let (flows, sum) = self.undocumented.entry(server).or_default();
        *flows = flows.saturating_add(1);
        *sum = sum.saturating_add(bytes);
    }
}

/// Where a peer's things stand in a pair.
pub(super) fn of<T>(pair: &mut [T; 2], peer: Peer) -> &mut T {
    let [client, server] = pair;
    match peer {
        Peer::Client => client,
        Peer::Server => server,
    }
}

impl Reading {
    fn feed(&mut self, flow: &Flow, from: Peer, chunk: Chunk<'_>, shared: &mut Shared, emit: &mut dyn FnMut(Event<'_>)) -> Interest {
        let data = match chunk.body {
            Body::Data(data) => data,
            Body::Gap(bytes, _) => {
                self.gap(flow, from, bytes, shared, emit);
                return Interest::Keep;
            }
        };
        let Self { protocol, dissector, windows, messages } = self;
        let window = of(windows, from);
        let full = window.len().saturating_add(data.len()) > shared.limits.window_bytes;
        let frames = chunk.frames;
        let progress = window.show(&chunk, data, |offset, bytes, fresh, provenance| {
            let mut notes = shared.notes((flow, from, protocol), (offset, bytes), provenance, messages, emit);
            let progress = dissector.data(from, View { offset, bytes, fresh, full }, &mut notes);
            notes.settle();
            match progress {
                Progress::Consumed(0) if full => (bytes.len(), progress),
                Progress::Consumed(consumed) => (consumed.min(bytes.len()), progress),
                Progress::Finished => (bytes.len(), progress),
            }
        });
        if full && progress == Progress::Consumed(0) {
            let value = u64::try_from(shared.limits.window_bytes).unwrap_or(u64::MAX);
            let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "window_bytes", value });
            emit(Event { at: chunk.at, flow: Some(flow.id), evidence: Evidence::of(frames.clone()), kind });
        }
        if progress == Progress::Finished { Interest::Ignore } else { Interest::Keep }
    }

    /// Tells the dissector that `missing` bytes are lost behind what it has not read, or, with 0, that the stream ends.
    fn gap(&mut self, flow: &Flow, from: Peer, missing: u64, shared: &mut Shared, emit: &mut dyn FnMut(Event<'_>)) {
        let Self { protocol, dissector, windows, messages } = self;
        let window = of(windows, from);
        let (offset, bytes) = window.take();
        let provenance = &window.provenance;
        let mut notes = shared.notes((flow, from, protocol), (offset, &bytes), provenance, messages, emit);
        dissector.gap(from, View { offset, bytes: &bytes, fresh: bytes.len(), full: true }, missing, &mut notes);
        notes.settle();
    }
}
