//! The life of each scan: created, launched, asked about, exported, thrown away.

use super::Emit;
use super::number;
use super::text;
use crate::annotation::Value;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::exchange::Exchange;
use crate::exchange::Export;
use crate::exchange::ScanStory;
use crate::limits::API_STORIES;
use crate::limits::API_WORD_BYTES;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::protocol::nessus_api::draft::Draft;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// States kept of one scan, and exports of it.
const MOST_OF_ONE: usize = 64;

/// Which scan: ids are those of one server.
type Key = (Endpoint, String);

/// The stories of all scans that are not told yet.
#[derive(Default)]
pub(super) struct Scans {
    open: BTreeMap<Key, Kept>,
    /// By the number of their first sight.
    order: BTreeMap<u64, Key>,
    next: u64,
    /// Scans by the hash of an export's token.
    tokens: BTreeMap<u64, String>,
}

/// A story, and what it takes to go on with it.
struct Kept {
    number: u64,
    story: ScanStory,
    frames: Frames,
    last_at: Timestamp,
    /// File numbers and hashed tokens of the exports.
    names: Vec<(Option<Vec<u8>>, Option<u64>)>,
}

impl Scans {
    /// The scan whose export has this token.
    pub(super) fn of_token(&self, token: u64, _server: Endpoint) -> Option<String> {
        self.tokens.get(&token).cloned()
    }

    /// Goes on with the stories an exchange belongs to.
    pub(super) fn take(&mut self, exchange: &Exchange, draft: &Draft, flow: &Flow, hasher: &RandomState, emit: &mut Emit<'_>) {
        if exchange.status.is_none() {
            return;
        }
        for id in ids(exchange) {
            let key = (flow.server, id);
            if !self.open.contains_key(&key) {
                if !exchange.succeeded() {
                    continue;
                }
                self.begin(key.clone(), draft);
            }
            let Some(kept) = self.open.get_mut(&key) else { continue };
            kept.frames.join(&draft.frames);
            kept.last_at = kept.last_at.max(draft.last_at);
            let token = draft.operation.token.as_ref().or(None).map(|token| hasher.hash_one((flow.server, token.as_bytes())));
            let named = if exchange.operation == "export.request" {
                draft.token.as_ref().map(|token| hasher.hash_one((flow.server, token.as_slice())))
            } else {
                token
            };
            kept.go_on(exchange, draft, named);
            if let (Some(token), "export.request", true) = (named, &*exchange.operation, exchange.succeeded()) {
                if self.tokens.len() >= API_STORIES {
                    self.tokens.clear();
                }
                self.tokens.insert(token, key.1.clone());
            }
            if kept.story.deleted_at.is_some() {
                self.end(&key, emit);
            }
        }
    }

    fn begin(&mut self, key: Key, draft: &Draft) {
        self.next = self.next.saturating_add(1);
        self.order.insert(self.next, key.clone());
        let story = ScanStory {
            server: key.0,
            scan_id: key.1.clone(),
            name: None,
            targets: None,
            created_at: None,
            launched_at: None,
            launches: 0,
            polls: 0,
            polled: None,
            progress: None,
            statuses: Vec::new(),
            stopped_at: None,
            exports: Vec::new(),
            trashed_at: None,
            deleted_at: None,
            errors: 0,
            exchanges: 0,
        };
        let kept = Kept { number: self.next, story, frames: Frames::default(), last_at: draft.last_at, names: Vec::new() };
        self.open.insert(key, kept);
    }

    /// A story is over.
    fn end(&mut self, key: &Key, emit: &mut Emit<'_>) {
        if let Some(kept) = self.open.remove(key) {
            self.order.remove(&kept.number);
            let kind = EventKind::ScanStory(&kept.story);
            emit(Event { at: kept.last_at, flow: None, evidence: Evidence::of(kept.frames), kind });
        }
    }

    /// Where there are too many, the oldest is told; whether there were.
    pub(super) fn give_way(&mut self, emit: &mut Emit<'_>) -> bool {
        let full = self.open.len() > API_STORIES;
        if full && let Some((_, key)) = self.order.pop_first() {
            self.end(&key, emit);
        }
        full
    }

    /// Tells all that are left, in the order of their first sight.
    pub(super) fn finish(&mut self, emit: &mut Emit<'_>) {
        while let Some((_, key)) = self.order.pop_first() {
            self.end(&key, emit);
        }
    }
}

/// The scans an exchange is about.
fn ids(exchange: &Exchange) -> Vec<String> {
    if exchange.operation == "scan.delete_bulk" {
        let list = exchange.fields.iter().find(|field| field.name == "ids").map(|field| &field.value);
        let ids = list.into_iter().flat_map(Value::items);
        return ids.map(|id| String::from_utf8_lossy(id).into_owned()).collect();
    }
    exchange.scan_id.iter().cloned().collect()
}

impl Kept {
    fn go_on(&mut self, exchange: &Exchange, draft: &Draft, token: Option<u64>) {
        let story = &mut self.story;
        story.exchanges = story.exchanges.saturating_add(1);
        if !exchange.succeeded() {
            story.errors = story.errors.saturating_add(1);
            return;
        }
        let at = Some(draft.at);
        match &*exchange.operation {
            "scan.create" | "scan.import" => {
                story.created_at = at;
                (story.name, story.targets) = (text(exchange, "name"), text(exchange, "targets"));
                story.status(text(exchange, "status"));
            }
            "scan.launch" => {
                story.launched_at = at;
                story.launches = story.launches.saturating_add(1);
            }
            "scan.status" => story.polled_at(draft.at, exchange),
            "scan.stop" => story.stopped_at = at,
            "scan.trash" => story.trashed_at = at,
            "scan.delete" | "scan.delete_bulk" => story.deleted_at = at,
            "export.request" if story.exports.len() < MOST_OF_ONE => {
                story.exports.push(Export { requested_at: at, format: text(exchange, "format").map(short), ..Export::default() });
                self.names.push((text(exchange, "file").map(short), token));
            }
            "export.status" => {
                if let Some(export) = self.export(exchange, token) {
                    export.polls = export.polls.saturating_add(1);
                }
            }
            "export.download" => {
                if let Some(export) = self.export(exchange, token) {
                    export.downloaded_at = Some(draft.last_at);
                    export.duration = export.requested_at.map(|asked| draft.last_at.since(asked));
                    export.body = exchange.response_body.clone();
                    export.findings = findings(exchange);
                }
            }
            _ => {}
        }
    }

    /// The export that a request is about: by its file or its token; one whose request was not seen is a new one.
    fn export(&mut self, exchange: &Exchange, token: Option<u64>) -> Option<&mut Export> {
        let file = text(exchange, "file").map(short);
        let is_same = |(known, of): &(Option<Vec<u8>>, Option<u64>)| {
            if token.is_some() { *of == token } else { file.is_some() && *known == file }
        };
        let place = self.names.iter().rposition(is_same).or_else(|| {
            let room = self.names.len() < MOST_OF_ONE;
            room.then(|| {
                self.names.push((file.clone(), token));
                self.story.exports.push(Export::default());
                self.names.len().saturating_sub(1)
            })
        })?;
        let export = self.story.exports.get_mut(place)?;
        export.route = Some(if token.is_some() { "token" } else { "file" });
        Some(export)
    }
}

impl ScanStory {
    /// The scan was asked how it is doing.
    fn polled_at(&mut self, at: Timestamp, exchange: &Exchange) {
        self.polls = self.polls.saturating_add(1);
        self.polled = Some(self.polled.map_or((at, at), |(first, _)| (first, at)));
        if let Some(progress) = number(exchange, "progress") {
            self.progress = Some(self.progress.map_or((progress, progress), |(first, _)| (first, progress)));
        }
        self.name = text(exchange, "name").or(self.name.take());
        self.targets = text(exchange, "targets").or(self.targets.take());
        self.status(text(exchange, "status"));
    }

    fn status(&mut self, status: Option<Vec<u8>>) {
        if let Some(status) = status.map(short)
            && self.statuses.last() != Some(&status)
            && self.statuses.len() < MOST_OF_ONE
        {
            self.statuses.push(status);
        }
    }
}

/// A word of the wire that is kept.
fn short(mut text: Vec<u8>) -> Vec<u8> {
    text.truncate(API_WORD_BYTES);
    text
}

/// Hosts and findings of an export that could be read.
fn findings(exchange: &Exchange) -> Option<(u64, [u64; 5])> {
    let hosts = number(exchange, "report_hosts")?;
    let count = |name| number(exchange, name).unwrap_or(0);
    Some((hosts, [count("info"), count("low"), count("medium"), count("high"), count("critical")]))
}
