//! Connections nobody has claimed yet: what came of them, when the protocols are asked, and who gives way when there are too many.

use super::Opening;
use super::PROTOCOLS;
use super::Probe;
use super::Protocol;
use super::conversation::of;
use crate::anomaly::GapReason;
use crate::evidence::Frames;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::limits::Limits;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use foldhash::quality::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// Ports the user named for a protocol.
pub(super) type Hints = [(&'static str, u16)];

/// Who is asked, and the ports the user named.
pub(super) type Asked<'a> = (&'static [&'static dyn Protocol], &'a Hints);

/// A chunk that came before somebody claimed the flow.
pub(super) struct Arrival {
    pub(super) from: Peer,
    pub(super) offset: u64,
    pub(super) at: Timestamp,
    pub(super) frames: Frames,
    pub(super) frame_offset: Option<u32>,
    pub(super) data: Vec<u8>,
    pub(super) gap: Option<(u64, GapReason)>,
}

/// What all protocols together say of a flow.
pub(super) enum Verdict {
    /// This one reads it; who the server is, if the bytes say so.
    Claimed(&'static dyn Protocol, Option<Peer>),
    /// One of them may, when more has come.
    Open,
    /// None of them will.
    Nobody,
}

/// What came first of one direction, in a row: its first bytes, or those behind a hole.
enum Front {
    /// Nothing.
    Nothing,
    /// What came in this arrival, as nearly always: no second copy of it is kept.
    One(usize),
    /// What came in several.
    Several(Vec<u8>),
}

impl Front {
    fn bytes<'a>(&'a self, arrivals: &'a [Arrival]) -> &'a [u8] {
        match self {
            Self::Nothing => &[],
            Self::One(place) => arrivals.get(*place).map(|arrival| &*arrival.data).unwrap_or_default(),
            Self::Several(bytes) => bytes,
        }
    }

    /// Adds the arrival that comes next.
    fn add(&mut self, data: &[u8], arrivals: &[Arrival]) {
        match self {
            Self::Nothing => *self = Self::One(arrivals.len()),
            Self::One(_) => *self = Self::Several([self.bytes(arrivals), data].concat()),
            Self::Several(bytes) => bytes.extend_from_slice(data),
        }
    }
}

/// A flow nobody has claimed yet. Bounded by `probe_bytes` per direction and by `probe_pieces`.
pub(super) struct Probing {
    pub(super) arrivals: Vec<Arrival>,
    /// Whether both streams are kept from their first byte.
    pub(super) whole: bool,
    openings: [Front; 2],
    /// Bytes kept of each direction, also those before a hole.
    kept: [usize; 2],
    /// Bytes of both openings when the protocols were last asked.
    asked: usize,
    /// Where the flow stage keeps the flow, if it may be told that nobody reads it: not if TLS was taken off.
    pub(super) place: Option<u32>,
}

impl Probing {
    pub(super) fn new(whole: bool) -> Self {
        Self { arrivals: Vec::new(), openings: [Front::Nothing, Front::Nothing], kept: [0, 0], asked: 0, whole, place: None }
    }

    /// Keeps the next chunk, and asks the protocols when that is due; of a first chunk they may have said what they say already.
    pub(super) fn take_in(
        &mut self,
        (from, chunk, said): (Peer, Chunk<'_>, Option<Verdict>),
        flow: &Flow,
        asked: Asked<'_>,
        limits: &Limits,
    ) -> Verdict {
        // A hole ends an opening: what it told is asked for before it goes.
        let is_gap = matches!(chunk.body, Body::Gap(..));
        let before = if is_gap && self.shown() > self.asked { self.ask(flow, asked) } else { Verdict::Open };
        self.add(from, chunk);
        if !matches!(before, Verdict::Open) {
            return before;
        }
        let full = self.arrivals.len() >= limits.probe_pieces || self.kept.iter().any(|bytes| *bytes >= limits.probe_bytes);
        let verdict = match said {
            Some(said) => {
                self.asked = self.shown();
                said
            }
            None if full || self.is_due() => self.ask(flow, asked),
            None => Verdict::Open,
        };
        if full && matches!(verdict, Verdict::Open) { Verdict::Nobody } else { verdict }
    }

    pub(super) fn add(&mut self, from: Peer, chunk: Chunk<'_>) {
        let (data, gap) = match chunk.body {
            Body::Data(data) => (data, None),
            Body::Gap(bytes, reason) => (&[][..], Some((bytes, reason))),
        };
        let opening = of(&mut self.openings, from);
        if gap.is_some() {
            // What follows a hole is no opening any more.
            self.whole = false;
            *opening = Front::Nothing;
        } else {
            opening.add(data, &self.arrivals);
        }
        let kept = of(&mut self.kept, from);
        *kept = kept.saturating_add(data.len());
        let Chunk { offset, at, frame_offset, .. } = chunk;
        self.arrivals.push(Arrival { from, offset, at, frames: chunk.frames.clone(), frame_offset, data: data.to_vec(), gap });
        self.asked = self.asked.min(self.shown());
    }

    /// Bytes the protocols would be shown.
    fn shown(&self) -> usize {
        self.openings.iter().map(|opening| opening.bytes(&self.arrivals).len()).fold(0, usize::saturating_add)
    }

    /// Whether the openings grew by a sixteenth: so the cost of asking is linear in bytes, whatever the segments are. The first
    /// line of a whole stream, which is all there is to look at, is never waited for.
    fn is_due(&self) -> bool {
        let shown = self.shown();
        self.whole || shown.saturating_sub(self.asked).saturating_mul(16) >= shown
    }

    /// Shows the openings to all protocols. More bytes never change a yes, so it does not matter when they are asked.
    pub(super) fn ask(&mut self, flow: &Flow, asked: Asked<'_>) -> Verdict {
        self.asked = self.shown();
        let [client, server] = &self.openings;
        ask(client.bytes(&self.arrivals), server.bytes(&self.arrivals), self.whole, flow, asked)
    }
}

/// What all protocols say of the openings of a flow.
fn ask(client: &[u8], server: &[u8], whole: bool, flow: &Flow, (protocols, hints): Asked<'_>) -> Verdict {
    let mut verdict = Verdict::Nobody;
    for protocol in protocols {
        let opening = Opening { client, server, whole, hinted: is_hinted(*protocol, flow, hints) };
        match protocol.probe(&opening) {
            Probe::Match { server } => return Verdict::Claimed(*protocol, server),
            Probe::NeedMore => verdict = Verdict::Open,
            Probe::NoMatch => {}
        }
    }
    verdict
}

/// What all protocols say of a flow that begins with this chunk, if it does: most are nobody's, and nothing has to be kept of them.
pub(super) fn first_verdict(from: Peer, chunk: &Chunk<'_>, flow: &Flow, asked: Asked<'_>) -> Option<Verdict> {
    let Body::Data(data) = chunk.body else { return None };
    let so_far = flow.from_client.bytes.saturating_add(flow.from_server.bytes);
    let is_first = chunk.offset == 0 && u64::try_from(data.len()) == Ok(so_far) && flow.tls.is_none();
    let (client, server): (&[u8], &[u8]) = if from == Peer::Client { (data, &[]) } else { (&[], data) };
    (is_first && starts_known(flow)).then(|| ask(client, server, true, flow, asked))
}

/// Whether the streams of this flow are known from their first byte.
pub(super) fn starts_known(flow: &Flow) -> bool {
    matches!(flow.roles, RolesFrom::Handshake | RolesFrom::SynAck | RolesFrom::Syn)
}

/// Whether the server's port, or what may be it, is one of this protocol's.
fn is_hinted(protocol: &dyn Protocol, flow: &Flow, hints: &Hints) -> bool {
    // Not `contains`, which is made for lists that are long.
    let named = |port: u16| protocol.ports().contains(&port) || hints.iter().any(|(id, hint)| *hint == port && *id == protocol.id());
    named(flow.server.port) || (!starts_known(flow) && named(flow.client.port))
}

/// All flows that are being probed.
#[derive(Default)]
pub(super) struct Probes {
    flows: HashMap<FlowId, (bool, Box<Probing>), RandomState>,
    /// Who gives way first: flows on unknown ports, the oldest of them.
    queue: BTreeSet<(bool, FlowId)>,
}

impl Probes {
    /// Whether a flow is here.
    pub(super) fn has(&self, id: FlowId) -> bool {
        self.flows.contains_key(&id)
    }

    /// Takes a flow out.
    pub(super) fn take(&mut self, id: FlowId) -> Option<Box<Probing>> {
        let (hinted, probing) = self.flows.remove(&id)?;
        self.queue.remove(&(hinted, id));
        Some(probing)
    }

    /// Puts a flow in, or back.
    pub(super) fn put(&mut self, flow: &Flow, hints: &Hints, mut probing: Box<Probing>) {
        probing.place = flow.tls.is_none().then_some(flow.place);
        let hinted = PROTOCOLS.iter().any(|protocol| is_hinted(*protocol, flow, hints));
        self.queue.insert((hinted, flow.id));
        self.flows.insert(flow.id, (hinted, probing));
    }

    /// Takes the flow out that is to give way, when there are more than so many.
    pub(super) fn surplus(&mut self, most: usize) -> Option<(FlowId, Box<Probing>)> {
        if self.flows.len() <= most {
            return None;
        }
        let (_, id) = self.queue.pop_first()?;
        let (_, probing) = self.flows.remove(&id)?;
        Some((id, probing))
    }
}
