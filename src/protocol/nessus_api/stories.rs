//! What exchanges come to over all connections: the life of each scan, the life of each login, retries, tokens of exports.

use super::draft::Draft;
use super::gather::text_of;
use super::rules::is_retried;
use crate::annotation::Value;
use crate::anomaly::Anomaly;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::exchange::Auth;
use crate::exchange::Exchange;
use crate::exchange::ExchangeId;
use crate::exchange::SessionStory;
use crate::limits::API_RETRIES;
use crate::limits::API_STORIES;
use crate::limits::HTTP_DECODERS;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::protocol::Notes;
use crate::protocol::notes::Shared;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

mod scans;

/// Takes events out.
pub(super) type Emit<'e> = dyn FnMut(Event<'_>) + 'e;

/// All stories. Bounded: the oldest is told as it is and gives way.
pub(in crate::protocol) struct Stories {
    /// Counts the bodies that are unpacked now.
    places: Arc<()>,
    /// Tokens are kept as seeded hashes: to compare, not to be read.
    hasher: RandomState,
    scans: scans::Scans,
    sessions: HashMap<u64, Session, RandomState>,
    /// Sessions in the order of their first sight.
    order: VecDeque<u64>,
    logins: HashMap<(IpAddr, Endpoint), Logins, RandomState>,
    /// Requests that failed and may be tried again, by fingerprint.
    failures: VecDeque<(u64, ExchangeId)>,
    full_said: bool,
}

struct Session {
    story: SessionStory,
    frames: Frames,
    /// Whether it was told. Its token stays known: who goes on with it has no new session.
    told: bool,
}

#[derive(Default)]
struct Logins {
    accepted: u64,
    /// Whether a session of this client was refused since.
    expired: bool,
}

/// Links an exchange to others, tells it, and goes on with the stories it belongs to.
pub(super) fn tell(mut exchange: Exchange, draft: &Draft, notes: &mut Notes<'_>) {
    let Notes { shared: Shared { stories, .. }, flow, emit, .. } = notes;
    // What may be a mistake is no part of a story.
    let is_guessed = exchange.notes.contains(&"order_unknown");
    if !is_guessed {
        stories.link(&mut exchange, draft, flow);
    }
    let evidence = Evidence::of(draft.frames.clone());
    emit(Event { at: draft.at, flow: Some(flow.id), evidence, kind: EventKind::ExchangeDecoded(&exchange) });
    if is_guessed {
        return;
    }
    stories.session(&exchange, draft, flow, emit);
    stories.scans.take(&exchange, draft, flow, &stories.hasher, emit);
    stories.give_way(draft, emit);
}

impl Stories {
    pub(in crate::protocol) fn new() -> Self {
        Self {
            places: Arc::default(),
            hasher: RandomState::default(),
            scans: scans::Scans::default(),
            sessions: HashMap::default(),
            order: VecDeque::new(),
            logins: HashMap::default(),
            failures: VecDeque::new(),
            full_said: false,
        }
    }

    /// A place among the bodies that are unpacked at once, where one is wanted and free; it is free again when it is dropped.
    pub(super) fn place(&self, wanted: bool) -> Option<Arc<()>> {
        (wanted && Arc::strong_count(&self.places) <= HTTP_DECODERS).then(|| self.places.clone())
    }

    /// The end: what is not told yet is told.
    pub(in crate::protocol) fn finish(&mut self, emit: &mut Emit<'_>) {
        self.scans.finish(emit);
        for key in std::mem::take(&mut self.order) {
            if let Some(mut session) = self.sessions.remove(&key) {
                session.tell(emit);
            }
        }
    }

    fn hash(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    /// What other exchanges say about this one.
    fn link(&mut self, exchange: &mut Exchange, draft: &Draft, flow: &Flow) {
        if let Some(token) = &draft.operation.token {
            exchange.scan_id = self.scans.of_token(self.hasher.hash_one((flow.server, token.as_bytes())), flow.server);
        }
        if exchange.operation == "session.login" {
            let expired = self.logins.get_mut(&(flow.client.ip, flow.server)).is_some_and(|logins| std::mem::take(&mut logins.expired));
            if expired {
                exchange.notes.push("re_login");
            }
            return;
        }
        let fingerprint = self.hash((flow.client.ip, flow.server, &draft.method, &draft.target));
        if let Some(place) = self.failures.iter().rposition(|(known, _)| *known == fingerprint) {
            exchange.retry_of = self.failures.remove(place).map(|(_, id)| id);
        }
        if is_retried(exchange.status) && exchange.request.is_some() {
            if self.failures.len() >= API_RETRIES {
                self.failures.pop_front();
            }
            self.failures.push_back((fingerprint, ExchangeId { flow: flow.id, number: exchange.number }));
        }
    }

    /// Goes on with the session an exchange belongs to.
    fn session(&mut self, exchange: &Exchange, draft: &Draft, flow: &Flow, emit: &mut Emit<'_>) {
        let pair = (flow.client.ip, flow.server);
        if exchange.operation == "session.login" {
            if let (true, Some(token)) = (exchange.succeeded(), &draft.token) {
                if self.logins.len() >= API_STORIES && !self.logins.contains_key(&pair) {
                    self.logins.clear();
                }
                let logins = self.logins.entry(pair).or_default();
                logins.accepted = logins.accepted.saturating_add(1);
                let login = logins.accepted;
                let user = exchange.fields.iter().find(|field| field.name == "user").map(|field| text_of(field.value.clone()).into_owned());
                let key = self.hash((flow.server, token.as_slice()));
                self.open(key, flow, (user, Some(draft.at), login), &draft.frames);
            }
            return;
        }
        let (Auth::Session, Some(token), Some(status)) = (exchange.auth, &draft.session, exchange.status) else { return };
        let key = self.hash((flow.server, token.as_slice()));
        if !self.sessions.contains_key(&key) {
            self.open(key, flow, (None, None, 0), &Frames::default());
        }
        let Some(session) = self.sessions.get_mut(&key) else { return };
        if session.told {
            return;
        }
        session.frames.join(&draft.frames);
        session.story.last_at = Some(draft.last_at);
        let ended = match (status, &*exchange.operation) {
            (401, _) => Some("unauthorized"),
            (200..=299, "session.logout") => Some("logout"),
            _ => None,
        };
        if status != 401 {
            session.story.requests = session.story.requests.saturating_add(1);
        } else if let Some(logins) = self.logins.get_mut(&pair) {
            logins.expired = true;
        }
        if let Some(ended) = ended {
            (session.story.ended, session.story.ended_at) = (ended, Some(draft.last_at));
            session.tell(emit);
        }
    }

    fn open(&mut self, key: u64, flow: &Flow, (user, login_at, login): (Option<Vec<u8>>, Option<Timestamp>, u64), frames: &Frames) {
        let story = SessionStory {
            client: flow.client.ip,
            server: flow.server,
            user,
            login_at,
            login,
            requests: 0,
            last_at: login_at,
            ended: "open",
            ended_at: None,
        };
        self.order.push_back(key);
        self.sessions.insert(key, Session { story, frames: frames.clone(), told: false });
    }

    /// Where there are too many stories, the oldest are told as they are.
    fn give_way(&mut self, draft: &Draft, emit: &mut Emit<'_>) {
        let mut full = self.scans.give_way(emit);
        while self.order.len() > API_STORIES
            && let Some(key) = self.order.pop_front()
        {
            if let Some(mut session) = self.sessions.remove(&key) {
                full |= !session.told;
                session.tell(emit);
            }
        }
        if full && !std::mem::replace(&mut self.full_said, true) {
            let value = u64::try_from(API_STORIES).unwrap_or(u64::MAX);
            let kind = EventKind::AnomalyFound(Anomaly::LimitReached { limit: "api_stories", value });
            emit(Event { at: draft.last_at, flow: None, evidence: Evidence::of(draft.frames.clone()), kind });
        }
    }
}

impl Session {
    fn tell(&mut self, emit: &mut Emit<'_>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let at = self.story.last_at.unwrap_or_default();
        emit(Event {
            at,
            flow: None,
            evidence: Evidence::of(std::mem::take(&mut self.frames)),
            kind: EventKind::SessionStory(&self.story),
        });
    }
}

/// The number a field holds.
fn number(exchange: &Exchange, name: &str) -> Option<u64> {
    let field = exchange.fields.iter().find(|field| field.name == name)?;
    if let Value::Count(count) = field.value { Some(count) } else { None }
}

/// The text of a field.
fn text(exchange: &Exchange, name: &str) -> Option<Vec<u8>> {
    exchange.fields.iter().find(|field| field.name == name).map(|field| text_of(field.value.clone()).into_owned())
}
