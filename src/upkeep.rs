//! What is due now and then while frames pass: facts made safe, and the focus network read again.

use crate::decode::Segment;
use crate::event::EventKind;
use crate::event::SegmentSeen;
use crate::inventory::FocusSource;
use crate::peer::Endpoint;
use crate::peer::Peer;
use crate::report::held::HeldBytes;
use crate::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// Frames between two looks at what is due: a look costs a clock reading. Where frames come seldom, their own times ask for one.
const FRAMES_PER_LOOK: u32 = 256;
/// What a killed run may lose.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// Output held back beyond this is made safe and let go earlier.
const MOST_HELD: usize = 4 << 20;

/// What the user may ask for while the program runs. The default asks for nothing.
#[derive(Debug, Default)]
pub struct Orders {
    /// Becomes true when the focus network is to be read again.
    pub reload: Arc<AtomicBool>,
    /// What to read then.
    pub focus: FocusSource,
    /// The client and the service whose segments the output is to see.
    pub explain: Option<(IpAddr, Endpoint)>,
    /// The output that is held back until facts are safe, where they are kept in a file.
    pub held: Option<HeldBytes>,
}

/// Knows what is due. It reads a clock of its own, since a killed run is measured by that of its user; no output shows it.
#[derive(Debug)]
pub(crate) struct Upkeep {
    orders: Orders,
    settled_at: Instant,
    frames: u32,
    /// The time of the frame that asked for the last look.
    looked_at: Timestamp,
}

impl Upkeep {
    pub(crate) fn new(orders: Orders) -> Self {
        Self { orders, settled_at: Instant::now(), frames: 0, looked_at: Timestamp::default() }
    }

    /// Whether to look, seldom: a frame passed.
    pub(crate) fn frame(&mut self, at: Timestamp) -> bool {
        self.frames = self.frames.saturating_add(1);
        let look = self.frames >= FRAMES_PER_LOOK || at.since(self.looked_at) >= SETTLE_EVERY || at < self.looked_at;
        if look {
            self.frames = 0;
            self.looked_at = at;
        }
        look
    }

    /// The source of the focus network, when it is to be read again.
    pub(crate) fn reload(&self) -> Option<&FocusSource> {
        self.orders.reload.swap(false, Ordering::Relaxed).then_some(&self.orders.focus)
    }

    /// A segment of the pair that is to be explained, as an output sees it.
    pub(crate) fn explained<'a>(&self, segment: &'a Segment<'_>) -> Option<EventKind<'a>> {
        let (client, server) = self.orders.explain?;
        let (source, destination) = (segment.source, segment.destination);
        let (from, client_port) = match (source.ip == client && destination == server, destination.ip == client && source == server) {
            (true, _) => (Peer::Client, source.port),
            (_, true) => (Peer::Server, destination.port),
            _ => return None,
        };
        let captured = u64::try_from(segment.payload.len()).unwrap_or(u64::MAX);
        Some(EventKind::SegmentSeen(SegmentSeen {
            frames: &segment.frames,
            from,
            client_port,
            flags: segment.flags.0,
            seq: segment.seq,
            ack: segment.ack,
            payload_bytes: captured.saturating_add(segment.uncaptured.into()),
            vlans: segment.vlans,
        }))
    }

    /// Whether output is held back until facts are safe.
    pub(crate) fn holds(&self) -> bool {
        self.orders.held.is_some()
    }

    /// Whether facts are to be made safe, and the output let go.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(held) = &self.orders.held else { return false };
        let due = held.get() >= MOST_HELD || self.settled_at.elapsed() >= SETTLE_EVERY;
        if due {
            self.settled_at = Instant::now();
        }
        due
    }
}
