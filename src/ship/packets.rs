//! The packets of decoded sessions, saved as they came: those of the opening wait until somebody claims their connection.

mod pcapng;
mod undecided;

use super::rolling::Rolling;
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::decode::Flags;
use crate::decode::Segment;
use crate::event::Closing;
use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::FlowKey;
use crate::protocol::PROTOCOLS;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use pcapng::Meta;
use pcapng::Pcapng;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use undecided::Undecided;

/// What is named but not decoded: most of a network's traffic. It is saved on the ports of the other protocols alone, where keys may open
/// it some day.
const TLS: &str = "tls";

/// Takes every frame with its segment, and writes those whose connection some dissector has claimed.
///
/// A connection is its two endpoints, as in `flow`; after its end it is still saved for [`Limits::closed_life`], or until the same
/// endpoints begin anew. Frames are written when their connection is claimed: of several connections they are not in the order of
/// their times.
pub struct Packets {
    out: Pcapng,
    /// Ports of the protocols that are decoded.
    ports: Vec<u16>,
    undecided: Undecided,
    /// Connections that are saved: since when each is over.
    claimed: HashMap<FlowKey, Option<Timestamp>, RandomState>,
    /// Connections that are over, the oldest first.
    ended: VecDeque<(Timestamp, FlowKey)>,
    closed_life: Duration,
    /// Fragments, which belong to a connection only when their datagram is whole. The newest of them.
    fragments: VecDeque<(Meta, Vec<u8>)>,
    fragment_bytes: usize,
    most_fragment_bytes: usize,
    failure: Option<io::Error>,
    said: bool,
}

impl Packets {
    /// Writes to this output, whose records are [`super::Cut::Blocks`]. `ports` are those the user named for a protocol, `names` those of
    /// the inputs, where they are interfaces.
    ///
    /// # Errors
    ///
    /// What the output says; only of one that does not last.
    pub fn new(out: Rolling, ports: &[u16], names: Vec<String>, limits: &Limits) -> io::Result<Self> {
        let known = PROTOCOLS.iter().filter(|protocol| protocol.id() != TLS).flat_map(|protocol| protocol.ports());
        Ok(Self {
            ports: known.chain(ports).copied().collect(),
            out: Pcapng::new(out, names)?,
            undecided: Undecided::new(limits.saved_flow_bytes, limits.saved_bytes),
            claimed: HashMap::default(),
            ended: VecDeque::new(),
            closed_life: limits.closed_life,
            fragments: VecDeque::new(),
            fragment_bytes: 0,
            most_fragment_bytes: limits.fragment_bytes,
            failure: None,
            said: false,
        })
    }

    /// Before the flow stage takes a segment: a connection that begins is kept an eye on.
    pub(crate) fn begin(&mut self, segment: &Segment<'_>) {
        if segment.flags.has(Flags::SYN) {
            let key = FlowKey::of(segment.source, segment.destination).0;
            let begins_anew = !segment.flags.has(Flags::ACK) && self.claimed.get(&key).is_some_and(Option::is_some);
            if begins_anew {
                self.claimed.remove(&key);
            }
            if !self.claimed.contains_key(&key) {
                self.undecided.watch(key);
            }
        }
    }

    /// Bytes of a connection came, and nobody has claimed it yet: it may have been joined midway. Or nobody will.
    pub(crate) fn decided(&mut self, flow: &Flow, wanted: bool) {
        let key = FlowKey::of(flow.client, flow.server).0;
        match (wanted, self.claimed.contains_key(&key)) {
            (_, true) => {}
            (true, false) => self.undecided.watch(key),
            (false, false) => self.undecided.forget(key),
        }
    }

    /// Hears of sessions and of ends.
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        match event.kind {
            EventKind::SessionIdentified(flow, session) if session.protocol != TLS || self.ports.contains(&flow.server.port) => {
                self.claim(FlowKey::of(flow.client, flow.server).0);
            }
            // Its successor begins with the frame at hand.
            EventKind::FlowClosed(flow, Closing::Reused) => {
                let key = FlowKey::of(flow.client, flow.server).0;
                self.claimed.remove(&key);
                self.undecided.forget(key);
                self.undecided.watch(key);
            }
            EventKind::FlowClosed(flow, _) => {
                let key = FlowKey::of(flow.client, flow.server).0;
                self.undecided.forget(key);
                if let Some(end) = self.claimed.get_mut(&key) {
                    *end = Some(event.at);
                    self.ended.push_back((event.at, key));
                }
            }
            _ => {}
        }
    }

    /// After the flow stage took a segment: its frames are written, kept or passed over.
    pub(crate) fn segment(&mut self, frame: &Frame<'_>, segment: &Segment<'_>) {
        self.expire(frame.at);
        let key = FlowKey::of(segment.source, segment.destination).0;
        let saved = self.claimed.contains_key(&key);
        if !saved && !self.undecided.watches(key) {
            return;
        }
        let earlier = self.fragments_of(&segment.frames, frame.id);
        let all = earlier.iter().map(|(meta, bytes)| (*meta, bytes.as_slice())).chain([(Meta::of(frame), frame.bytes)]);
        for (meta, bytes) in all {
            if saved {
                let written = self.out.write(&meta, bytes);
                self.note(written);
            } else {
                self.undecided.keep(key, meta, bytes);
            }
        }
    }

    /// A frame that is a fragment, and completes nothing.
    pub(crate) fn fragment(&mut self, frame: &Frame<'_>) {
        self.fragment_bytes = self.fragment_bytes.saturating_add(frame.bytes.len());
        self.fragments.push_back((Meta::of(frame), frame.bytes.to_vec()));
        while self.fragment_bytes > self.most_fragment_bytes {
            let Some((_, bytes)) = self.fragments.pop_front() else { break };
            self.fragment_bytes = self.fragment_bytes.saturating_sub(bytes.len());
        }
    }

    /// The limit that cut the opening of a session, to be said once.
    pub(crate) fn cut(&mut self) -> Option<Anomaly> {
        let (limit, value) = self.undecided.cut.take()?;
        let value = u64::try_from(value).unwrap_or(u64::MAX);
        let first = !std::mem::replace(&mut self.said, true);
        first.then_some(Anomaly::LimitReached { limit, value })
    }

    /// Writes what waits.
    ///
    /// # Errors
    ///
    /// What the output says; only of one that does not last.
    pub fn flush(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)?;
        self.out.flush()
    }

    /// What failed so far.
    pub(crate) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// A dissector reads this connection: what was kept of it is written.
    fn claim(&mut self, key: FlowKey) {
        self.claimed.insert(key, None);
        for (meta, bytes) in self.undecided.claim(key) {
            let written = self.out.write(&meta, &bytes);
            self.note(written);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failure.get_or_insert(error);
        }
    }

    /// Forgets connections that are over for long.
    fn expire(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.ended.front().copied().filter(|(at, _)| now.since(*at) > self.closed_life) {
            self.ended.pop_front();
            // The same endpoints may have begun anew, and ended anew.
            if self.claimed.get(&key) == Some(&Some(at)) {
                self.claimed.remove(&key);
            }
        }
    }

    /// The frames that came before the last one of a datagram in fragments.
    fn fragments_of(&mut self, frames: &Frames, last: FrameId) -> Vec<(Meta, Vec<u8>)> {
        let is_of = |id: FrameId| {
            let within = |span: &crate::evidence::FrameSpan| span.input == id.input && (span.first..=span.last).contains(&id.number);
            id != last && frames.spans().any(within)
        };
        if self.fragments.is_empty() || *frames == Frames::one(last) {
            return Vec::new();
        }
        let (of, others) = std::mem::take(&mut self.fragments).into_iter().partition(|(meta, _)| is_of(meta.id));
        self.fragments = others;
        let of: VecDeque<_> = of;
        let bytes: usize = of.iter().map(|(_, bytes)| bytes.len()).sum();
        self.fragment_bytes = self.fragment_bytes.saturating_sub(bytes);
        of.into()
    }
}
