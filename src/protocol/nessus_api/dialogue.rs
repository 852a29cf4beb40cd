//! The dialogue: which message comes next in each direction, and which exchange it belongs to.

use super::draft::Draft;
use super::order::Order;
use super::side::METHODS;
use super::side::MOST_FAILURES;
use super::side::Making;
use super::side::Resync;
use super::side::Side;
use super::side::State;
use crate::annotation::ByteSpan;
use crate::anomaly::Anomaly;
use crate::event::Session;
use crate::limits::HTTP_HEAD_BYTES;
use crate::limits::HTTP_PART_BYTES;
use crate::peer::Peer;
use crate::protocol::Dissector;
use crate::protocol::Notes;
use crate::protocol::Progress;
use crate::protocol::View;
use crate::protocol::http;
use crate::protocol::http::Found;
use crate::protocol::http::Head;
use crate::protocol::http::Start;
use std::collections::VecDeque;

/// One connection.
pub(super) struct Dialogue {
    pub(super) client: Side,
    pub(super) server: Side,
    /// Exchanges that are not told yet, in the order of their requests.
    pub(super) open: VecDeque<Draft>,
    /// About how many bytes these keep.
    pub(super) weight: usize,
    /// Exchanges so far.
    pub(super) exchanges: u64,
    /// The phase of the last request.
    pub(super) phase: u16,
    /// What is known of which response is to which request.
    pub(super) order: Order,
    /// Whether the session was told.
    known: bool,
    /// Another protocol goes on from here.
    pub(super) left: bool,
    /// The frames of both directions, where HTTP/2 is spoken.
    pub(super) http2: Option<Box<[http::Http2; 2]>>,
}

impl Dissector for Dialogue {
    fn data(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress {
        let done = self.read(from, view, view.full, notes);
        if self.left { Progress::Finished } else { Progress::Consumed(done) }
    }

    fn gap(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>) {
        // Whatever was waited for, it is not waited for any longer.
        let done = self.read(from, View { full: false, ..rest }, true, notes);
        if let Some(frames) = &mut self.http2 {
            let [client, server] = &mut **frames;
            let frames = if from == Peer::Client { client } else { server };
            frames.gap(missing);
        } else if !self.left {
            let left = View { offset: at(&rest, done), bytes: rest.bytes.get(done..).unwrap_or_default(), ..rest };
            self.torn(from, left, missing, notes);
        }
        if missing == 0 && from == Peer::Server {
            self.end(notes);
        }
    }
}

/// The stream offset of an index in a view.
pub(super) fn at(view: &View<'_>, index: usize) -> u64 {
    view.offset.saturating_add(to_u64(index))
}

/// Whether a request has a method of HTTP. Anything else may be the end of a body that is longer than its head says.
fn has_method(head: &Head<'_>) -> bool {
    let Start::Request { method, .. } = head.start else { return false };
    METHODS.iter().any(|known| known.trim_ascii_end() == method)
}

pub(super) fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Dialogue {
    pub(super) fn new(whole: bool) -> Self {
        let mut dialogue = Self {
            client: Side::default(),
            server: Side::default(),
            open: VecDeque::new(),
            weight: 0,
            exchanges: 0,
            phase: 0,
            order: Order::default(),
            known: false,
            left: false,
            http2: None,
        };
        if !whole {
            (dialogue.client.state, dialogue.server.state) = (State::Lost, State::Lost);
            dialogue.misses(Peer::Client);
        }
        dialogue
    }

    pub(super) fn side(&mut self, from: Peer) -> &mut Side {
        match from {
            Peer::Client => &mut self.client,
            Peer::Server => &mut self.server,
        }
    }

    /// Says, once and first, that it is this protocol.
    pub(super) fn session(&mut self, version: &'static [u8], notes: &mut Notes<'_>) {
        if !std::mem::replace(&mut self.known, true) {
            let preface = "the preface of HTTP/2 on a port of the Nessus API";
            let matched = if version == b"HTTP/2" { preface } else { "headers and paths of the Nessus API" };
            notes.session(&Session {
                protocol: "nessus_api",
                version: Some(version.into()),
                options: Vec::new(),
                matched,
                description: None,
                contrasts: &[],
            });
        }
    }

    /// Reads all there is to read: how many bytes are done with. `impatient`: what is not read now will not be shown again.
    fn read(&mut self, from: Peer, view: View<'_>, impatient: bool, notes: &mut Notes<'_>) -> usize {
        let mut done = 0_usize;
        while !self.left
            && let Some(bytes) = view.bytes.get(done..).filter(|bytes| !bytes.is_empty())
        {
            let rest = View { offset: at(&view, done), bytes, ..view };
            let Some(used) = self.step(from, rest, impatient, notes) else { break };
            done = done.saturating_add(used);
        }
        done
    }

    /// One step: how many bytes it is done with; none when more must come.
    fn step(&mut self, from: Peer, rest: View<'_>, impatient: bool, notes: &mut Notes<'_>) -> Option<usize> {
        if self.speaks_http2(from, rest, notes) {
            return Some(rest.bytes.len());
        }
        match self.side(from).state {
            State::Body(_) => self.body(from, rest, notes),
            State::Lost => self.lost(from, rest, notes),
            State::Head => self.head(from, rest, impatient, notes),
        }
    }

    /// Whether this connection speaks HTTP/2, whose frames are only counted.
    fn speaks_http2(&mut self, from: Peer, rest: View<'_>, notes: &mut Notes<'_>) -> bool {
        if self.http2.is_none() && from == Peer::Client && rest.offset == 0 && rest.bytes.starts_with(http::PREFACE) {
            self.session(b"HTTP/2", notes);
            self.http2 = Some(Box::new([http::Http2::of_client(), http::Http2::default()]));
        }
        let Some(frames) = &mut self.http2 else { return false };
        let [client, server] = &mut **frames;
        let frames = if from == Peer::Client { client } else { server };
        frames.take(rest.bytes);
        true
    }

    fn head(&mut self, from: Peer, rest: View<'_>, impatient: bool, notes: &mut Notes<'_>) -> Option<usize> {
        // A response before its request: the capture shows the directions one after the other. It waits.
        if from == Peer::Server && !impatient && self.is_too_early() {
            return None;
        }
        if from == Peer::Client && http::PREFACE.starts_with(rest.bytes) && rest.offset == 0 && !impatient {
            return None;
        }
        match self.side(from).find_head(rest.bytes) {
            Found::Open => None,
            Found::TooLong => {
                self.session(b"HTTP/1.1", notes);
                let span = ByteSpan { start: rest.offset, end: at(&rest, rest.bytes.len()) };
                notes.anomaly(span, Anomaly::LimitReached { limit: "http_head_bytes", value: to_u64(HTTP_HEAD_BYTES) });
                Some(self.lose(from, rest.bytes.len()))
            }
            Found::End(length) => {
                let bytes = rest.bytes.get(..length)?;
                let head = if from == Peer::Client { Head::request(bytes).filter(has_method) } else { Head::response(bytes) };
                let Some(head) = head else {
                    self.session(b"HTTP/1.1", notes);
                    let side = self.side(from);
                    side.failures = side.failures.saturating_add(1);
                    let given_up = if side.failures > MOST_FAILURES { length } else { 1 };
                    return Some(self.lose(from, given_up));
                };
                self.side(from).failures = 0;
                self.session(if head.minor == 0 { b"HTTP/1.0" } else { b"HTTP/1.1" }, notes);
                self.side(from).skipped_told(from, rest.offset, notes);
                match head.start {
                    Start::Request { .. } => self.request(&head, length, rest.offset, notes),
                    Start::Response { status, .. } => self.response(&head, status, length, rest.offset, notes),
                }
                // Its body may be empty: told at once.
                self.body(from, rest, notes)
            }
        }
    }

    /// The place in the stream is lost, with so many bytes that are certainly no message.
    pub(super) fn lose(&mut self, from: Peer, bytes: usize) -> usize {
        let side = self.side(from);
        side.state = State::Lost;
        side.searched = 0;
        side.skipped = side.skipped.saturating_add(to_u64(bytes));
        self.misses(from);
        bytes
    }

    fn lost(&mut self, from: Peer, rest: View<'_>, notes: &mut Notes<'_>) -> Option<usize> {
        self.session(b"HTTP/1.1", notes);
        let side = self.side(from);
        let bytes = match side.resync(from, rest.bytes) {
            // Of no bytes, too: a head is looked for there next.
            Resync::Head(bytes) => {
                side.state = State::Head;
                bytes
            }
            Resync::None(0) => return None,
            Resync::None(bytes) => bytes,
        };
        side.skipped = side.skipped.saturating_add(to_u64(bytes));
        Some(bytes)
    }

    /// The next bytes of a body, and of what stands before it in its message.
    pub(super) fn body(&mut self, from: Peer, rest: View<'_>, notes: &mut Notes<'_>) -> Option<usize> {
        let State::Body(making) = &mut self.side(from).state else { return None };
        let Making { body, marks, ran, .. } = &mut **making;
        let most = HTTP_PART_BYTES.max(*ran).min(rest.bytes.len());
        let used = body.take(rest.bytes.get(*ran..most).unwrap_or_default(), marks);
        *ran = ran.saturating_add(used);
        let (length, done, broken) = (*ran, body.is_done(), body.is_broken());
        if done {
            self.whole(from, length, rest.offset, notes);
            return Some(length);
        }
        if broken {
            self.cut(from, length, rest.offset, notes);
            self.lose(from, 0);
            return Some(length);
        }
        if length < HTTP_PART_BYTES && !rest.full {
            return None;
        }
        self.part(from, length, rest.offset, notes);
        Some(length)
    }

    /// Bytes are missing behind these, or, with none missing, the stream ends.
    fn torn(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>) {
        match &mut self.side(from).state {
            State::Body(making) => {
                let ran = making.ran;
                let goes_on = missing > 0 && making.body.skip(missing);
                if goes_on && !making.body.is_done() {
                    if ran > 0 {
                        self.part(from, ran, rest.offset, notes);
                    }
                    return;
                }
                self.cut(from, ran, rest.offset, notes);
                let is_lost = !goes_on && missing > 0;
                self.side(from).state = if is_lost { State::Lost } else { State::Head };
                if is_lost {
                    self.misses(from);
                }
            }
            State::Head | State::Lost => {
                let side = self.side(from);
                side.skipped = side.skipped.saturating_add(to_u64(rest.bytes.len()));
                side.searched = 0;
                if missing > 0 {
                    side.state = State::Lost;
                    self.misses(from);
                } else if side.skipped > 0 {
                    self.session(b"HTTP/1.1", notes);
                    self.side(from).skipped_told(from, at(&rest, rest.bytes.len()), notes);
                }
            }
        }
    }
}

impl Side {
    /// Says how many bytes were stepped over before this place, once.
    fn skipped_told(&mut self, from: Peer, offset: u64, notes: &mut Notes<'_>) {
        let bytes = std::mem::take(&mut self.skipped);
        if bytes > 0 {
            let problem = "not an HTTP message, or the rest of one whose beginning is missing";
            let span = ByteSpan { start: offset.saturating_sub(1), end: offset };
            notes.anomaly(span, Anomaly::Undecodable { from, bytes, problem });
        }
    }
}
