//! All connections that carry TLS: tells them from others, reads them, and hands their plaintext on.

use super::session::Session;
use super::session::Step;
use super::session::Telling;
use super::side::Held;
use super::side::Waits;
use super::store::Keys;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Session as Identified;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::flow::Interest;
use crate::layer::Above;
use crate::layer::recognise::record;
use crate::layer::recognise::side;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::borrow::Cow;

/// Chunks of a connection that are kept until it is told whether it is TLS; their bytes are those of a record at most.
const MOST_WATCHED: usize = 256;

/// A connection that is TLS, or may be.
enum State {
    /// Not told yet: what came so far, and from whom.
    Watched(Vec<(Peer, Held)>),
    /// TLS.
    Read(Box<Session>),
}

/// Reads connections that carry TLS; others pass untouched.
pub struct Layers {
    keys: Keys,
    limits: Limits,
    /// Ports on which even closed sessions are counted to their end.
    ports: Vec<u16>,
    states: HashMap<FlowId, State, RandomState>,
    /// Bytes of all connections that wait for secrets.
    parked: usize,
    /// Limits that were reached, each said once.
    limits_said: Vec<&'static str>,
}

/// Whether the streams of this flow are known from their first byte.
fn starts_known(flow: &Flow) -> bool {
    matches!(flow.roles, RolesFrom::Handshake | RolesFrom::SynAck | RolesFrom::Syn)
}

/// Whether a stream that begins with this chunk may be TLS: most others are known by their first byte.
fn may_be(chunk: &Chunk<'_>) -> bool {
    match chunk.body {
        Body::Data([first, ..]) => chunk.offset == 0 && (matches!(first, 20..=23) || first & 0x80 != 0),
        _ => false,
    }
}

impl Layers {
    /// No connections yet. Sessions that stay closed are counted to their end where the server has one of these ports.
    #[must_use]
    pub fn new(limits: &Limits, keys: Keys, ports: Vec<u16>) -> Self {
        Self { keys, limits: limits.clone(), ports, states: HashMap::default(), parked: 0, limits_said: Vec::new() }
    }

    /// Takes the next piece of a stream.
    pub fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>, above: &mut dyn Above) -> Interest {
        // Nearly all chunks of nearly all connections end here.
        if flow.tls.is_none() && !may_be(&chunk) {
            return above.chunk(flow, from, chunk);
        }
        let full = self.states.len() >= self.limits.tls_sessions;
        match self.states.get_mut(&flow.id) {
            Some(State::Read(session)) => {
                let before = session.waiting();
                session.push(from, &chunk, flow.tls.get_or_insert_default());
                let after = session.waiting();
                self.parked = self.parked.saturating_sub(if session.parked_at.is_some() { before } else { 0 });
                self.parked = self.parked.saturating_add(if session.parked_at.is_some() { after } else { 0 });
                self.patience(flow, &chunk, above);
                self.advance(flow, chunk.at, above)
            }
            // Nobody wants more of it.
            None if flow.tls.is_some() => Interest::Ignore,
            None if full => {
                self.limit("tls_sessions", self.limits.tls_sessions, chunk.at, chunk.frames, above);
                above.chunk(flow, from, chunk)
            }
            Some(State::Watched(_)) | None => self.watch(flow, from, &chunk, above),
        }
    }

    /// Looks at the first bytes of a connection.
    fn watch(&mut self, flow: &mut Flow, from: Peer, chunk: &Chunk<'_>, above: &mut dyn Above) -> Interest {
        let mut held = match self.states.remove(&flow.id) {
            Some(State::Watched(held)) => held,
            // Most first chunks tell at once that they are none, and need not be kept.
            _ if matches!(chunk.body, Body::Data(data) if record(data, starts_known(flow)) == Some(false)) => {
                return above.chunk(flow, from, *chunk);
            }
            _ => Vec::new(),
        };
        held.push((from, Held::of(chunk)));
        let opening = |peer: Peer| -> Vec<u8> {
            held.iter().filter(|(whose, _)| *whose == peer).map(|(_, held)| held.data()).collect::<Vec<_>>().concat()
        };
        let (whole, openings) = (starts_known(flow), [opening(Peer::Client), opening(Peer::Server)]);
        let [client, server] = openings.each_ref().map(|opening| record(opening, whole));
        let full = held.len() >= MOST_WATCHED || openings.iter().any(|opening| opening.len() > (32 << 10));
        let said = [(Peer::Client, client), (Peer::Server, server)].into_iter().find(|(_, said)| *said == Some(true));
        if let Some((speaker, _)) = said {
            let [client, server] = &openings;
            let hello = side(if speaker == Peer::Client { client } else { server });
            return self.begin(flow, held, hello.map(|part| if part == Peer::Client { speaker } else { speaker.other() }), above);
        }
        let undecided = |said: Option<bool>, opening: &[u8]| said.is_none() && !opening.is_empty();
        let [client_bytes, server_bytes] = &openings;
        if !full && (undecided(client, client_bytes) || undecided(server, server_bytes)) {
            flow.tls.get_or_insert_default();
            self.states.insert(flow.id, State::Watched(held));
            return Interest::Keep;
        }
        flow.tls = None;
        release(flow, held, above)
    }

    /// A connection is TLS: `client` is who says hello, if the bytes tell.
    fn begin(&mut self, flow: &mut Flow, held: Vec<(Peer, Held)>, client: Option<Peer>, above: &mut dyn Above) -> Interest {
        let turned = client == Some(Peer::Server) && !flow.announced && !starts_known(flow);
        if turned {
            flow.turn_round();
        }
        if client.is_some() && !flow.announced && !starts_known(flow) {
            flow.roles = RolesFrom::Content;
        }
        let turn = |peer: Peer| if turned { peer.other() } else { peer };
        let mut session = Box::new(Session::new(client.map_or(Peer::Client, turn), &self.limits));
        let mut at = Timestamp::default();
        for (from, held) in held {
            at = held.at();
            held.lend(|chunk| session.push(turn(from), &chunk, flow.tls.get_or_insert_default()));
        }
        self.states.insert(flow.id, State::Read(session));
        self.advance(flow, at, above)
    }

    /// Gives up waiting where a bound is reached: for the other direction, or for secrets.
    fn patience(&mut self, flow: &Flow, chunk: &Chunk<'_>, above: &mut dyn Above) {
        let (bound, in_all, life) = (self.limits.tls_parked_bytes, self.limits.tls_parked_bytes_in_all, self.limits.tls_parked_life);
        let waiting_bound = self.limits.tls_waiting_bytes;
        let Some(State::Read(session)) = self.states.get_mut(&flow.id) else { return };
        let reached = match session.parked_at {
            Some(since) if chunk.at.since(since) > life => {
                session.impatient = true;
                return;
            }
            Some(_) if session.waiting() > bound => ("tls_parked_bytes", bound),
            Some(_) if self.parked > in_all => ("tls_parked_bytes_in_all", in_all),
            None if session.waiting() > waiting_bound => ("tls_waiting_bytes", waiting_bound),
            _ => return,
        };
        if session.parked_at.is_some() {
            session.impatient = true;
        } else {
            session.forced = true;
        }
        self.limit(reached.0, reached.1, chunk.at, chunk.frames, above);
    }

    /// Reads on, and hands on what there is.
    fn advance(&mut self, flow: &mut Flow, at: Timestamp, above: &mut dyn Above) -> Interest {
        let Some(State::Read(mut session)) = self.states.remove(&flow.id) else { return Interest::Ignore };
        let parked = if session.parked_at.is_some() { session.waiting() } else { 0 };
        self.parked = self.parked.saturating_sub(parked);
        let mut interest = Interest::Keep;
        loop {
            let step = session.step(&mut self.keys, flow.tls.get_or_insert_default());
            if session.telling == Telling::Due {
                tell(flow, &mut session, above);
            }
            let (from, offset, at, frames, body) = match &step {
                Step::Idle => break,
                Step::On => continue,
                Step::Data { from, offset, at, frames } => (*from, *offset, *at, frames, Body::Data(&session.plain)),
                Step::Gap { from, offset, at, frames, bytes } => (*from, *offset, *at, frames, Body::Gap(*bytes, GapReason::NotCaptured)),
            };
            if above.chunk(flow, from, Chunk { offset, at, frames, frame_offset: None, body }) == Interest::Ignore {
                interest = Interest::Ignore;
                break;
            }
        }
        if self.keys.full {
            self.limit("tls_secrets", self.limits.tls_secrets, at, &session.frames, above);
        }
        if session.is_shut() && !self.ports.contains(&flow.server.port) {
            interest = Interest::Ignore;
        }
        if interest == Interest::Keep {
            session.parked_at = if session.waits_for(Waits::Keys) { session.parked_at.or(Some(at)) } else { None };
            self.parked = self.parked.saturating_add(if session.parked_at.is_some() { session.waiting() } else { 0 });
            self.states.insert(flow.id, State::Read(session));
        }
        interest
    }

    /// No more chunks will come: what waits is read as far as it can be.
    pub fn closed(&mut self, flow: &mut Flow, above: &mut dyn Above) {
        match self.states.get_mut(&flow.id) {
            None => return,
            Some(State::Watched(_)) => {
                if let Some(State::Watched(held)) = self.states.remove(&flow.id) {
                    flow.tls = None;
                    release(flow, held, above);
                }
                return;
            }
            Some(State::Read(session)) => session.forced = true,
        }
        self.advance(flow, flow.last_at, above);
        if let Some(State::Read(mut session)) = self.states.remove(&flow.id) {
            if session.parked_at.is_some() {
                self.parked = self.parked.saturating_sub(session.waiting());
            }
            session.end(flow.tls.get_or_insert_default());
            tell(flow, &mut session, above);
        }
    }

    /// Says that a limit is reached, once.
    fn limit(&mut self, limit: &'static str, value: usize, at: Timestamp, frames: &Frames, above: &mut dyn Above) {
        if self.limits_said.contains(&limit) {
            return;
        }
        self.limits_said.push(limit);
        let value = u64::try_from(value).unwrap_or(u64::MAX);
        let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit, value });
        above.event(Event { at, flow: None, evidence: Evidence::of(frames.clone()), kind });
    }
}

/// Hands on what was kept of a connection that is not TLS.
fn release(flow: &mut Flow, held: Vec<(Peer, Held)>, above: &mut dyn Above) -> Interest {
    // Those above may let the peers change places; they turn what they were given themselves.
    let client = flow.client;
    for (from, held) in held {
        let from = if flow.client == client { from } else { from.other() };
        if held.lend(|chunk| above.chunk(flow, from, chunk)) == Interest::Ignore {
            return Interest::Ignore;
        }
    }
    Interest::Keep
}

/// Tells what is known of a session, once.
fn tell(flow: &mut Flow, session: &mut Session, above: &mut dyn Above) {
    if session.telling == Telling::Done {
        return;
    }
    session.telling = Telling::Done;
    if !flow.announced {
        flow.announced = true;
        above.event(Event::flow_opened(flow));
    }
    let facts = flow.tls.as_deref();
    let name = facts.and_then(|facts| facts.server_name.as_ref());
    let options = name.map(|name| Cow::Owned([b"sni=", name.as_slice()].concat())).into_iter().collect();
    let version = facts.and_then(|facts| facts.version).map(|version| Cow::Borrowed(version.as_bytes()));
    let matched = if session.run.client.is_some() { "hello" } else { "record header" };
    let identified = Identified { protocol: "tls", version, options, matched, description: None, contrasts: &[] };
    let frames = if session.frames.is_empty() { flow.opening.clone() } else { session.frames.clone() };
    let at = if session.frames.is_empty() { flow.first_at } else { session.first_at };
    let kind = EventKind::SessionIdentified(flow, &identified);
    above.event(Event { at, flow: Some(flow.id), evidence: Evidence::of(frames), kind });
}
