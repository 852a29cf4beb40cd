//! What inference is to work on: the sessions of services nobody claims, kept as they come, bounded in every way.

mod datagrams;
mod kept;

pub use kept::Collected;
pub use kept::Kept;
pub use kept::LeftOut;

use super::Documenting;
use crate::anomaly::Anomaly;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::limits::Limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::protocol::probing::Arrival;
use crate::time::Timestamp;
use datagrams::Pairs;
use foldhash::quality::RandomState;
use hashbrown::HashMap;

/// Keeps what services nobody claims say, by order of arrival, up to the bounds. Owns what it keeps.
pub struct Collector {
    pub(super) wanted: Documenting,
    limits: Limits,
    services: Vec<Collected>,
    places: HashMap<(Transport, Endpoint), usize, RandomState>,
    /// Open sessions: which service, and which of its sessions.
    open: HashMap<FlowId, (usize, usize), RandomState>,
    /// What connections brought that gave way while they were probed.
    waiting: HashMap<FlowId, Vec<Arrival>, RandomState>,
    pairs: Pairs,
    /// Bytes of all services, their keep included.
    bytes: usize,
    /// Times of the first and the last thing kept.
    window: Option<(Timestamp, Timestamp)>,
    /// Limits that were reached, each said once.
    said: Vec<&'static str>,
}

/// What became of something offered.
type Refused = Option<(&'static str, usize)>;

impl Collector {
    /// Keeps nothing yet.
    #[must_use]
    pub fn new(wanted: Documenting, limits: &Limits) -> Self {
        Self {
            wanted,
            limits: limits.clone(),
            services: Vec::new(),
            places: HashMap::default(),
            open: HashMap::default(),
            waiting: HashMap::default(),
            pairs: Pairs::default(),
            bytes: 0,
            window: None,
            said: Vec::new(),
        }
    }

    /// Whether this flow's service is to be documented.
    #[must_use]
    pub fn wants(&self, flow: &Flow) -> bool {
        self.wanted.wants(flow.server.port)
    }

    /// Whether anything is to be documented.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.wanted.is_on()
    }

    /// Ports the user named.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.wanted.ports.iter().copied()
    }

    /// Whether something of this flow is kept.
    #[must_use]
    pub fn keeps(&self, id: FlowId) -> bool {
        self.open.contains_key(&id)
    }

    /// Holds what a connection brought that gives way, until it is heard of again.
    pub(in crate::protocol) fn hold(&mut self, id: FlowId, arrivals: Vec<Arrival>) {
        if self.wanted.is_on() && self.waiting.len() < self.limits.probes {
            self.waiting.insert(id, arrivals);
        }
    }

    /// Begins a session with what came while it was probed.
    pub(in crate::protocol) fn begin(&mut self, flow: &Flow, whole: bool, arrivals: Vec<Arrival>, emit: &mut dyn FnMut(Event<'_>)) {
        let held = self.waiting.remove(&flow.id).unwrap_or_default();
        // What came while nobody had room for it is missing.
        let is_first = |from: Peer| held.iter().chain(&arrivals).find(|arrival| arrival.from == from).is_none_or(|first| first.offset == 0);
        let whole = whole && is_first(Peer::Client) && is_first(Peer::Server);
        self.open_session(flow, whole, emit);
        for arrival in held.into_iter().chain(arrivals) {
            let body = arrival.gap.map_or(Body::Data(&arrival.data), |(bytes, reason)| Body::Gap(bytes, reason));
            let (offset, at, frame_offset) = (arrival.offset, arrival.at, arrival.frame_offset);
            let chunk = Chunk { offset, at, frames: &arrival.frames, frame_offset, body };
            self.chunk(flow, arrival.from, chunk, emit);
        }
    }

    /// Takes the next piece of a stream whose session was begun.
    pub fn chunk(&mut self, flow: &Flow, from: Peer, chunk: Chunk<'_>, emit: &mut dyn FnMut(Event<'_>)) {
        let Some((service, session)) = self.open.get(&flow.id).copied() else { return };
        let in_all = self.limits.document_bytes_in_all;
        let most = (self.limits.document_bytes, (in_all, in_all.saturating_sub(self.bytes)), self.limits.document_turns);
        let Some(collected) = self.services.get_mut(service) else { return };
        let before = collected.bytes;
        let refused = collected.chunk(session, from, chunk, most);
        self.bytes = self.bytes.saturating_add(collected.bytes.saturating_sub(before));
        self.saw(chunk.at);
        self.complain(refused, chunk.at, chunk.frames, emit);
    }

    /// No more of this flow will come.
    pub fn closed(&mut self, flow: &Flow) {
        self.waiting.remove(&flow.id);
        if let Some((service, session)) = self.open.remove(&flow.id)
            && let Some(kept) = self.services.get_mut(service).and_then(|service| service.sessions.get_mut(session))
        {
            kept.flow = flow.clone();
        }
    }

    /// Whether the service was documented, and so is no undocumented one.
    #[must_use]
    pub fn knows(&self, transport: Transport, server: Endpoint) -> bool {
        self.places.contains_key(&(transport, server))
    }

    /// All services, in order of first sight, and the time they span. Nothing is kept any more.
    pub fn take(&mut self) -> (Vec<Collected>, (Timestamp, Timestamp)) {
        self.open.clear();
        let mut services = std::mem::take(&mut self.services);
        self.settle_datagrams(&mut services);
        for service in &mut services {
            service.sessions.retain(|kept| !kept.turns.is_empty());
            service.sessions.sort_by_key(|kept| kept.flow.id);
        }
        services.retain(|service| !service.sessions.is_empty());
        services.sort_by_key(|service| service.sessions.first().map(|kept| kept.flow.id));
        (services, self.window.unwrap_or_default())
    }

    /// Finds room for a session.
    fn open_session(&mut self, flow: &Flow, whole: bool, emit: &mut dyn FnMut(Event<'_>)) {
        let key = (flow.transport, flow.server);
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None if self.services.len() >= self.limits.document_services => {
                let refused = Some(("document_services", self.limits.document_services));
                return self.complain(refused, flow.last_at, &flow.opening, emit);
            }
            None => {
                self.services.push(Collected::new(flow.transport, flow.server));
                let place = self.services.len().saturating_sub(1);
                self.places.insert(key, place);
                place
            }
        };
        let most = self.limits.document_sessions;
        let Some(collected) = self.services.get_mut(place) else { return };
        if collected.sessions.len() >= most {
            collected.left_out.sessions = collected.left_out.sessions.saturating_add(1);
            return self.complain(Some(("document_sessions", most)), flow.last_at, &flow.opening, emit);
        }
        collected.sessions.push(Kept::new(flow.clone(), whole));
        self.open.insert(flow.id, (place, collected.sessions.len().saturating_sub(1)));
    }

    fn saw(&mut self, at: Timestamp) {
        self.window = Some(self.window.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }

    /// Says that a limit is reached, once.
    fn complain(&mut self, refused: Refused, at: Timestamp, frames: &Frames, emit: &mut dyn FnMut(Event<'_>)) {
        let Some((limit, value)) = refused.filter(|(limit, _)| !self.said.contains(limit)) else { return };
        self.said.push(limit);
        let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit, value: u64::try_from(value).unwrap_or(u64::MAX) });
        emit(Event { at, flow: None, evidence: Evidence::of(frames.clone()), kind });
    }
}
