//! What is due now and then while frames pass: facts made safe, output let go, counts told, and the focus network read again.

use crate::decode::Segment;
use crate::event::EventKind;
use crate::event::SegmentSeen;
use crate::event::Summary;
use crate::inventory::FocusSource;
use crate::loss::Lost;
use crate::loss::Unwritten;
use crate::peer::Endpoint;
use crate::peer::Peer;
use crate::report::held::HeldBytes;
use crate::ship::Board;
use crate::ship::Waiting;
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
/// How long output may wait for more on a busy link; on a quiet one it goes at once.
const LET_GO_EVERY: Duration = Duration::from_millis(50);
/// How old the account on the board may be.
const SHOW_EVERY: Duration = Duration::from_secs(1);
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
    /// Whether the run is to last, as on an interface: what cannot be kept now is tried again, and output never waits for long.
    pub lasting: bool,
    /// How often counts are told.
    pub stats_every: Option<Duration>,
    /// Becomes true when counts are to be told now.
    pub stats: Arc<AtomicBool>,
    /// How often a supervisor wants to hear that the run goes on.
    pub alive_every: Option<Duration>,
    /// Where the account is laid down for those who ask for it.
    pub board: Option<Board>,
    /// What the outputs could not hand on.
    pub unwritten: Unwritten,
}

impl Orders {
    /// Whether nothing is asked of facts before the end, but by a user now and then.
    pub(crate) fn leave_facts_alone(&self) -> bool {
        self.focus.files().is_empty() && self.stats_every.is_none() && self.board.is_none()
    }
}

/// Knows what is due. It reads a clock of its own, since a killed run is measured by that of its user; no output shows it.
#[derive(Debug)]
pub(crate) struct Upkeep {
    orders: Orders,
    settled_at: Instant,
    let_go_at: Instant,
    told_at: Instant,
    shown_at: Instant,
    alive_at: Instant,
    frames: u32,
    /// The time of the frame that asked for the last look.
    looked_at: Timestamp,
    /// The time from which on a frame asks for the next one.
    look_at: Timestamp,
    /// Whether facts could not be made safe the last time.
    in_vain: bool,
}

impl Upkeep {
    pub(crate) fn new(orders: Orders) -> Self {
        let now = Instant::now();
        Self {
            orders,
            settled_at: now,
            let_go_at: now,
            told_at: now,
            shown_at: now,
            alive_at: now,
            frames: 0,
            looked_at: Timestamp::default(),
            look_at: Timestamp::default().after(SETTLE_EVERY),
            in_vain: false,
        }
    }

    /// Whether to look, seldom: a frame passed.
    pub(crate) fn frame(&mut self, at: Timestamp) -> bool {
        self.frames = self.frames.saturating_add(1);
        let look = self.frames >= FRAMES_PER_LOOK || at >= self.look_at || at < self.looked_at;
        if look {
            self.frames = 0;
            (self.looked_at, self.look_at) = (at, at.after(SETTLE_EVERY));
        }
        look
    }

    /// The source of the focus network, when it is to be read again.
    pub(crate) fn reload(&self) -> Option<&FocusSource> {
        self.orders.reload.swap(false, Ordering::Relaxed).then_some(&self.orders.focus)
    }

    /// Whether a pair is to be explained.
    pub(crate) fn explains(&self) -> bool {
        self.orders.explain.is_some()
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

    /// Whether counts are to be told: asked for, or due.
    pub(crate) fn stats(&mut self) -> bool {
        self.orders.stats.swap(false, Ordering::Relaxed) || self.orders.stats_every.is_some_and(|every| is_due(&mut self.told_at, every))
    }

    /// Whether the account is to be laid down for those who ask for it; at once where nothing may come for long.
    pub(crate) fn shows(&mut self, at_once: bool) -> bool {
        self.orders.board.is_some() && (is_due(&mut self.shown_at, SHOW_EVERY) || at_once)
    }

    /// Lays down the account.
    pub(crate) fn show(&self, account: &Summary) {
        let Some(board) = &self.orders.board else { return };
        let Unwritten { records, packets, syslog } = &self.orders.unwritten;
        let held = self.orders.held.as_ref().map_or(0, HeldBytes::get);
        let waiting = Waiting {
            held_bytes: u64::try_from(held).unwrap_or(u64::MAX),
            record_bytes: records.waiting(),
            packet_bytes: packets.waiting(),
            syslog_messages: syslog.waiting(),
        };
        board.show(account.clone(), waiting);
    }

    /// Tells the supervisor, where there is one, that the run goes on.
    pub(crate) fn be_alive(&mut self) {
        if self.orders.alive_every.is_some_and(|every| is_due(&mut self.alive_at, every)) {
            // Who does not listen will act on it.
            _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    /// What the outputs could not hand on so far.
    pub(crate) fn lost(&self) -> Lost {
        self.orders.unwritten.lost()
    }

    /// Whether the run is to last.
    pub(crate) fn lasts(&self) -> bool {
        self.orders.lasting
    }

    /// Whether output may go that waits for nothing but more of its kind.
    pub(crate) fn let_go(&mut self) -> bool {
        self.orders.lasting && !self.holds() && is_due(&mut self.let_go_at, LET_GO_EVERY)
    }

    /// Whether output is held back until facts are safe.
    pub(crate) fn holds(&self) -> bool {
        self.orders.held.is_some()
    }

    /// Whether facts are to be made safe, and the output let go.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(held) = &self.orders.held else { return false };
        if held.get() >= MOST_HELD && !self.in_vain {
            self.settled_at = Instant::now();
            return true;
        }
        is_due(&mut self.settled_at, SETTLE_EVERY)
    }

    /// Takes note whether facts were made safe; says whether that is news.
    pub(crate) fn settled(&mut self, safe: bool) -> bool {
        std::mem::replace(&mut self.in_vain, !safe) == safe
    }
}

/// Whether so much time passed since a moment; which is then now.
fn is_due(last: &mut Instant, every: Duration) -> bool {
    let due = last.elapsed() >= every;
    if due {
        *last = Instant::now();
    }
    due
}
