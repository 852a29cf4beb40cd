//! A session of a document while it is open: its phases as they come, its messages in the spool.

use super::learned::Walk;
use super::model;
use super::model::FrameRange;
use super::spool::Kept;
use crate::event::Phase;
use crate::event::Session;
use crate::evidence::Evidence;
use crate::limits;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::report::escape::decoded;
use crate::report::record::community_id;
use crate::secured::KeySource;
use crate::secured::Secured;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// An open session.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) session: model::Session,
    pub(super) start: Timestamp,
    pub(super) messages: Kept,
    /// Where it is in its language; nothing of an inferred one.
    pub(super) walk: Walk,
    pub(super) inferred: bool,
    /// Whether a message had no room: all behind it are left out, so that those shown are the first ones.
    pub(super) full: bool,
    /// The newest phase of each ordinal.
    newest: BTreeMap<u16, usize>,
    /// Phases that had no room.
    pub(super) phases_left_out: u64,
}

impl Dialogue {
    /// A session begins.
    pub(super) fn new(flow: &Flow, session: &Session<'_>) -> Self {
        let model = model::Session {
            id: format!("s{}", flow.id.0),
            protocol: String::new(),
            version: None,
            community_id: community_id(flow),
            transport: flow.transport.name().to_owned(),
            client: endpoint(flow.client),
            server: endpoint(flow.server),
            roles_from: flow.roles.name().to_owned(),
            matched: String::new(),
            vlans: flow.vlans.ids().to_vec(),
            start: flow.first_at.to_string(),
            end: String::new(),
            closed_by: None,
            client_packets: 0,
            server_packets: 0,
            client_bytes: 0,
            server_bytes: 0,
            tls: None,
            phases: Vec::new(),
            messages_omitted: None,
            contrasts: Vec::new(),
            messages: Vec::new(),
        };
        let mut dialogue = Self {
            session: model,
            start: flow.first_at,
            messages: Kept::default(),
            walk: Walk::new(flow.id.0),
            inferred: false,
            full: false,
            newest: BTreeMap::new(),
            phases_left_out: 0,
        };
        dialogue.identify(session);
        dialogue.see(flow);
        dialogue
    }

    /// It is, or is within TLS, this protocol.
    pub(super) fn identify(&mut self, session: &Session<'_>) {
        session.description.as_deref().unwrap_or(session.protocol).clone_into(&mut self.session.protocol);
        self.inferred = session.description.is_some();
        self.session.version = session.version.as_deref().map(|version| decoded(version).into_owned());
        session.matched.clone_into(&mut self.session.matched);
        self.session.contrasts = session.contrasts.to_vec();
    }

    /// Takes over what is known of its connection by now.
    pub(super) fn see(&mut self, flow: &Flow) {
        let session = &mut self.session;
        session.end = flow.last_at.to_string();
        session.closed_by = flow.ended.map(|closing| closing.name().to_owned());
        (session.client_packets, session.client_bytes) = (flow.from_client.packets, flow.from_client.bytes);
        (session.server_packets, session.server_bytes) = (flow.from_server.packets, flow.from_server.bytes);
        session.tls = flow.tls.as_deref().map(tls);
    }

    /// The dialogue moved on.
    pub(super) fn enter(&mut self, phase: &Phase, evidence: &Evidence) {
        if self.session.phases.len() >= limits::DOCUMENT_PHASES {
            self.phases_left_out = self.phases_left_out.saturating_add(1);
            return;
        }
        self.newest.insert(phase.ordinal, self.session.phases.len());
        let number = self.session.phases.len().saturating_add(1);
        let mut frames = Vec::new();
        FrameRange::widen(&mut frames, &evidence.frames);
        self.session.phases.push(model::Phase {
            id: format!("p{}.{number}", self.session.id.trim_start_matches('s')),
            ordinal: phase.ordinal,
            title: phase.title.to_string(),
            sentence: phase.sentence.to_string(),
            first_message: None,
            last_message: None,
            frames,
        });
    }

    /// The phase that a message belongs to, which now has it.
    pub(super) fn place(&mut self, ordinal: u16, message: &str, evidence: &Evidence) -> Option<String> {
        let phase = self.session.phases.get_mut(*self.newest.get(&ordinal)?)?;
        phase.first_message.get_or_insert_with(|| message.to_owned());
        phase.last_message = Some(message.to_owned());
        FrameRange::widen(&mut phase.frames, &evidence.frames);
        Some(phase.id.clone())
    }
}

pub(super) fn endpoint(endpoint: Endpoint) -> model::Endpoint {
    model::Endpoint { ip: endpoint.ip.to_string(), port: endpoint.port }
}

/// What the handshake says.
fn tls(secured: &Secured) -> model::Tls {
    model::Tls {
        version: secured.version.map(str::to_owned),
        cipher: secured.suite.map(|id| secured.suite_name.map_or_else(|| format!("0x{id:04X}"), str::to_owned)),
        server_name: secured.server_name.as_deref().map(|name| decoded(name).into_owned()),
        opened_with: secured.opened_with.map(KeySource::name).map(str::to_owned),
    }
}
