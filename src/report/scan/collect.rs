//! Messages to scans: where a scan begins and ends, and what belongs to it.

use super::budget::Budget;
use super::story::Catalog;
use super::story::Entry;
use super::story::Item;
use super::story::Kind;
use super::story::Moment;
use super::story::Origin;
use super::story::Plugin;
use super::story::Scan;
use crate::annotation::Shown;
use crate::annotation::Value;
use crate::event::Message;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use std::collections::HashMap;
use std::collections::HashSet;

/// All scans seen so far, and the sessions they come from.
pub(super) struct Collector {
    /// In the order in which they began.
    pub(super) scans: Vec<Scan>,
    /// By session. Those of a session that is over hold only what its findings name.
    pub(super) catalogs: HashMap<FlowId, Catalog>,
    pub(super) budget: Budget,
    sessions: HashMap<FlowId, Session>,
    wants_plugins: bool,
}

/// A session that is going on.
struct Session {
    origin: Origin,
    /// Its scans so far.
    scans: Vec<usize>,
    /// The scan that is going on.
    current: Option<usize>,
    /// Targets of an order that came while a scan went on.
    pending: Option<Vec<u8>>,
    /// Whether the client asked for escapes; it stays so for the rest of the connection.
    escapes: bool,
}

/// The bytes of a text field, or none.
fn text<'m>(message: &'m Message<'_>, name: &str) -> &'m [u8] {
    match message.annotation.field(name) {
        Some(Value::Text(text)) => text,
        _ => b"",
    }
}

/// The values of a list field.
fn list(message: &Message<'_>, name: &str) -> Vec<Vec<u8>> {
    let values = message.annotation.field(name).into_iter().flat_map(Value::items);
    values.filter(|value| !value.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Whether a line is there to its end: only then it ends with the entity again.
fn is_complete(message: &Message<'_>) -> bool {
    let ends = |shown| matches!(shown, Shown::Bytes(bytes) if bytes.trim_ascii() == b"SERVER");
    message.payload.pieces().any(|(token, shown)| token.kind == "end" && ends(shown))
}

impl Collector {
    /// Nothing seen yet; plugins are only kept when an output shows them.
    pub(super) fn new(limits: &Limits, wants_plugins: bool) -> Self {
        Self { scans: Vec::new(), catalogs: HashMap::new(), budget: Budget::new(limits), sessions: HashMap::new(), wants_plugins }
    }

    /// A session was recognised.
    pub(super) fn session(&mut self, flow: &Flow) {
        let origin = Origin { flow: flow.id, client: flow.client, server: flow.server, user: Vec::new() };
        self.sessions.insert(flow.id, Session { origin, scans: Vec::new(), current: None, pending: None, escapes: false });
    }

    /// A message of a session.
    pub(super) fn message(&mut self, flow: FlowId, message: &Message<'_>) {
        let Some(session) = self.sessions.get_mut(&flow) else { return };
        match (message.from, &*message.annotation.name) {
            (Peer::Client, "user") => session.origin.user = text(message, "user").to_vec(),
            (Peer::Client, "preference") => session.escapes |= text(message, "name") == b"ntp_escape_crlf",
            (Peer::Client, "new_attack" | "long_attack" | "session_restore") => self.order(flow, text(message, "targets")),
            (Peer::Client, "targets_part") => self.more_targets(flow, text(message, "targets")),
            (Peer::Server, "plugin_record") if self.wants_plugins => self.plugin(flow, message),
            (Peer::Server, "time") if is_complete(message) => self.moment(flow, message),
            (Peer::Server, "bye") => self.end(flow),
            (Peer::Server, name) => {
                if let Some(kind) = Kind::of(name).filter(|_| is_complete(message)) {
                    let escaped = session.escapes;
                    self.item(flow, kind, escaped, message);
                }
            }
            (Peer::Client, _) => {}
        }
    }

    /// The connection is over, and so is its scan.
    pub(super) fn closed(&mut self, flow: FlowId) {
        self.end(flow);
        let session = self.sessions.remove(&flow);
        let (Some(session), Some(catalog)) = (session, self.catalogs.get_mut(&flow)) else { return };
        let scans = session.scans.iter().filter_map(|index| self.scans.get(*index));
        let named: HashSet<&[u8]> = scans
            .flat_map(|scan| &scan.entries)
            .filter_map(|entry| if let Entry::Item(item) = entry { Some(item.plugin_id.as_slice()) } else { None })
            .collect();
        let (mut plugins, mut bytes) = (0_usize, 0_usize);
        catalog.retain(|id, plugin| {
            let keep = named.contains(id.as_slice());
            if !keep {
                plugins = plugins.saturating_add(1);
                bytes = bytes.saturating_add(id.len()).saturating_add(plugin.len());
            }
            keep
        });
        catalog.shrink_to_fit();
        self.budget.give_back(plugins, bytes);
    }

    /// The client orders a scan. While one goes on an order starts nothing, unless the end of that one was not seen: the
    /// next `SCAN_START` tells.
    fn order(&mut self, flow: FlowId, targets: &[u8]) {
        if !self.budget.text(targets.len()) {
            return;
        }
        match self.sessions.get_mut(&flow) {
            Some(session) if session.current.is_some() => session.pending = Some(targets.to_vec()),
            Some(_) => _ = self.open(flow, Some(targets.to_vec())),
            None => {}
        }
    }

    /// A further part of a long list of targets.
    fn more_targets(&mut self, flow: FlowId, part: &[u8]) {
        let Some(session) = self.sessions.get_mut(&flow) else { return };
        let scan = session.current.and_then(|index| self.scans.get_mut(index));
        let Some(targets) = session.pending.as_mut().or(scan.map(|scan| &mut scan.targets)) else { return };
        if self.budget.text(part.len()) {
            targets.extend_from_slice(part);
        }
    }

    /// Begins a scan: its index.
    fn open(&mut self, flow: FlowId, targets: Option<Vec<u8>>) -> Option<usize> {
        let session = self.sessions.get_mut(&flow)?;
        let index = self.scans.len();
        if !self.budget.scan(index) {
            return None;
        }
        session.scans.push(index);
        session.current = Some(index);
        let (origin, number) = (session.origin.clone(), session.scans.len());
        let (ordered, targets) = (targets.is_some(), targets.unwrap_or_default());
        self.scans.push(Scan { origin, number, ordered, targets, entries: Vec::new() });
        Some(index)
    }

    /// Ends the scan that goes on. An order that came while a scan without an order went on was that scan's, seen late.
    fn end(&mut self, flow: FlowId) {
        let Some(session) = self.sessions.get_mut(&flow) else { return };
        let pending = session.pending.take();
        let scan = session.current.take().and_then(|index| self.scans.get_mut(index));
        if let (Some(targets), Some(scan)) = (pending, scan.filter(|scan| !scan.ordered)) {
            scan.targets = targets;
            scan.ordered = true;
        }
    }

    /// Puts a line into the scan that goes on; without one, the scan was joined midway and begins here.
    fn put(&mut self, flow: FlowId, bytes: usize, entry: Entry) {
        let current = self.sessions.get(&flow).and_then(|session| session.current);
        let Some(index) = current.or_else(|| self.open(flow, None)) else { return };
        if self.budget.item(bytes.saturating_add(size_of::<Entry>()))
            && let Some(scan) = self.scans.get_mut(index)
        {
            scan.entries.push(entry);
        }
    }

    fn moment(&mut self, flow: FlowId, message: &Message<'_>) {
        let [name, host, date] = ["moment", "host", "time"].map(|name| text(message, name).to_vec());
        if name == b"SCAN_START" {
            self.restart(flow);
        }
        let bytes = name.len().saturating_add(host.len()).saturating_add(date.len());
        self.put(flow, bytes, Entry::Moment(Moment { name, host, date }));
    }

    /// A scan starts while another one, of which something was reported, is not over: its end was not seen.
    fn restart(&mut self, flow: FlowId) {
        let Some(session) = self.sessions.get_mut(&flow) else { return };
        let begun = session.current.and_then(|index| self.scans.get(index)).is_some_and(|scan| !scan.entries.is_empty());
        if begun {
            let pending = session.pending.take();
            session.current = None;
            self.open(flow, pending);
        }
    }

    fn item(&mut self, flow: FlowId, kind: Kind, escaped: bool, message: &Message<'_>) {
        let names = ["host", "service_field", "service", "transport", "plugin_id", "text"];
        let parts = names.map(|name| text(message, name).to_vec());
        let bytes = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let [host, service_field, service, transport, plugin_id, text] = parts;
        let port = match message.annotation.field("port") {
            Some(Value::Count(port)) => Some(*port),
            Some(Value::Integer(port)) => u64::try_from(*port).ok(),
            _ => None,
        };
        let item = Item { kind, host, service_field, service, port, transport, plugin_id, text, escaped };
        self.put(flow, bytes, Entry::Item(item));
    }

    fn plugin(&mut self, flow: FlowId, message: &Message<'_>) {
        let [id, name, family] = ["plugin_id", "plugin_name", "family"].map(|name| text(message, name).to_vec());
        let [cve, bid, xref] = ["cve", "bid", "xref"].map(|name| list(message, name));
        let plugin = Plugin { name, family, cve, bid, xref };
        let catalog = self.catalogs.entry(flow).or_default();
        if !catalog.contains_key(&id) && self.budget.plugin(id.len().saturating_add(plugin.len())) {
            catalog.insert(id, plugin);
        }
    }
}
