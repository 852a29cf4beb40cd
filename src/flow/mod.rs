//! Segments to connections, and connections to bytes in order, each byte once.
//!
//! ```text
//!            ┌ handshake: SYN and SYN-ACK ──────────────► Receiver::handshake
//! Segment ──►│ table:     which connection, who is who ──► Receiver::event (flow_opened, flow_closed)
//!            └ reassembly: one direction, any order in ──► Receiver::chunk  (data or gap, in order)
//! ```
//!
//! Reassembly keeps bytes only for flows that somebody reads: the receiver says so with every chunk.

mod belief;
mod clock;
mod compact;
mod connection;
mod forms;
mod handshake;
mod history;
mod hold;
mod holes;
#[cfg(test)]
mod hostile;
mod opening;
mod outlet;
mod over;
mod pending;
mod pool;
mod reassembly;
pub mod seq;
mod short;
mod slots;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use table::Flows;

use crate::anomaly::GapReason;
use crate::event::Event;
use crate::evidence::Frames;
use crate::fact::Grade;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::RolesFrom;
use crate::peer::VlanStack;
use crate::time::Timestamp;

/// A piece of one direction of a stream. The chunks of a direction follow each other without overlap and without
/// unsaid holes; nothing is promised about their sizes.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Time of the frame that brought it; for a gap the time it was given up.
    pub at: Timestamp,
    /// The frames that brought it; for a gap the frame behind the hole, or the newest one.
    pub frames: &'a Frames,
    /// Where its first byte is in the frame, where that was asked for and is known: not of bytes that were joined or decrypted.
    pub frame_offset: Option<u32>,
    /// What it holds.
    pub body: Body<'a>,
}

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Bytes, lent for the call.
    Data(&'a [u8]),
    /// So many bytes are missing.
    Gap(u64, GapReason),
}

/// Whether the receiver wants more of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Send what comes.
    Keep,
    /// No dissector reads it: only count.
    Ignore,
}

/// A SYN-ACK that made a connection, with its SYN where that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// Time of the SYN-ACK.
    pub at: Timestamp,
    /// The SYN, where seen, and the SYN-ACK.
    pub frames: Frames,
    /// Whether the SYN was seen.
    pub syn_seen: bool,
    /// Whether the client took part. It did not when all it said to a SYN-ACK that nobody was seen to ask for was RST: somebody
    /// else used its address (backscatter).
    pub client_proven: bool,
    /// VLAN tags of the SYN, where seen, and of the SYN-ACK.
    pub vlans: [VlanStack; 2],
}

/// A connection as far as its progress is told. Borrowed from where it is kept, in full or in short.
pub struct Known<'a> {
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// Why these are the roles.
    pub roles: RolesFrom,
    /// VLAN tags of the first frame.
    pub vlans: VlanStack,
    /// Where the inventory keeps its facts: see [`Flow::facts_at`].
    pub facts_at: &'a mut [u32; 3],
    /// The frames of the opening. Put together only when asked for: most steps need no frame of it.
    pub opening: &'a dyn Fn() -> Frames,
}

impl Known<'_> {
    /// Lends what is known of a connection that is kept in full.
    pub fn of<R>(flow: &mut Flow, take: impl FnOnce(Known<'_>) -> R) -> R {
        let Flow { client, server, roles, vlans, ref mut facts_at, ref opening, .. } = *flow;
        take(Known { client, server, roles, vlans, facts_at, opening: &|| opening.clone() })
    }
}

/// A connection at its end, as most need to know it. Borrowed from where it is kept, in full or in short.
pub struct Ended<'a> {
    /// Its number.
    pub id: FlowId,
    /// Who asked.
    pub client: Endpoint,
    /// Who answered.
    pub server: Endpoint,
    /// Why these are the roles.
    pub roles: RolesFrom,
    /// VLAN tags of the first frame.
    pub vlans: VlanStack,
    /// Time of the first frame.
    pub first_at: Timestamp,
    /// Time of the newest frame.
    pub last_at: Timestamp,
    /// Payload bytes of both sides.
    pub bytes: u64,
    /// Whether it was announced.
    pub announced: bool,
    /// How far it came, as [`Flow::came_to`].
    pub came_to: Option<Grade>,
    /// Where the inventory keeps its facts: see [`Flow::facts_at`].
    pub facts_at: &'a mut [u32; 3],
    /// The frames of the opening, and those that closed it. Put together only when asked for.
    pub frames: &'a dyn Fn() -> [Frames; 2],
}

impl Ended<'_> {
    /// Lends what is known of a connection that is kept in full.
    pub fn of<R>(flow: &mut Flow, take: impl FnOnce(Ended<'_>) -> R) -> R {
        let bytes = flow.from_client.bytes.saturating_add(flow.from_server.bytes);
        let Flow { id, client, server, roles, vlans, first_at, last_at, announced, came_to, .. } = *flow;
        let Flow { ref mut facts_at, ref opening, ref closing, .. } = *flow;
        let frames = || [opening.clone(), closing.clone()];
        take(Ended { id, client, server, roles, vlans, first_at, last_at, bytes, announced, came_to, facts_at, frames: &frames })
    }
}

/// How far a connection came, beyond its SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The client refused what it had asked for, before any data: a probe.
    Probe,
    /// The client acknowledged the SYN-ACK.
    Established,
    /// Both sides sent payload.
    Data,
}

/// Takes what the flow stage finds, in the order it is known.
///
/// Order per flow: `handshake` (if any), then `flow_opened` before the first event that names the flow, chunks,
/// `closed`, and last `flow_closed`.
pub trait Receiver {
    /// Something to report.
    fn event(&mut self, event: Event<'_>);

    /// A SYN-ACK came. Each connection once; repetitions of the same SYN-ACK are left out. One without its SYN is held for a
    /// moment, in case the SYN was but captured later.
    ///
    /// `facts_at` is the receiver's own: see [`Flow::facts_at`].
    fn handshake(&mut self, facts_at: &mut [u32; 3], handshake: &Handshake);

    /// A connection whose SYN-ACK was told came further. Each step once, at the frames that show it.
    fn step(&mut self, _known: Known<'_>, _step: Step, _at: Timestamp, _frames: &Frames) {}

    /// A copy of the SYN-ACK with other VLAN tags: the capture shows the connection before and behind a router.
    fn copied(&mut self, _ends: (Endpoint, Endpoint), _facts_at: &mut [u32; 3], _vlans: VlanStack, _at: Timestamp) {}

    /// A connection is announced, before anything of its streams is told. Who wants to know more than that has it made.
    fn opened(&mut self, make: &mut dyn FnMut() -> Flow) {
        self.event(Event::flow_opened(&make()));
    }

    /// The next piece of a stream. The receiver may settle who is the client as long as the flow is not announced.
    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest;

    /// A flow that had to give way to the one whose chunk was taken last, by its place and number: nobody waits for more of it.
    fn gave_way(&mut self) -> Option<(u32, FlowId)> {
        None
    }

    /// A connection that is kept in short is over. Whether that was all there is to say of it: else, and then nothing was done,
    /// `closed` and `flow_closed` follow as of any other.
    fn ended(&mut self, _ended: Ended<'_>) -> bool {
        false
    }

    /// No more chunks will come.
    fn closed(&mut self, flow: &mut Flow);
}
