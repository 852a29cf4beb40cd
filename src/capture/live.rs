//! Packets from interfaces, through libpcap; the only place of the program that reads a clock for the times of events.
//!
//! ```text
//! card (eth1) ──► ring ─┐
//! card (eth2) ──► ring ─┴► the earliest first ──► Source      idle: the clock goes on while nothing comes
//! ```

mod card;
mod counts;
mod list;
mod needed;
mod waiting;

pub use list::Interface;
pub use list::interfaces;
pub use needed::needed;

use super::Next;
use super::Source;
use crate::error::Error;
use crate::loss::Received;
use crate::origin::Origin;
use crate::time::Timestamp;
use card::Card;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;
use waiting::Waiting;

/// One wait for packets, and so how often a quiet link says that it is idle, and how long a stop may take.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 150_000_000 };
/// One wait for the packets that another interface may have captured earlier.
const SHORT_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
/// Packets may still wait in the kernel's block when the link seems quiet: idle time stays behind by more than a block's life, so that
/// it never runs ahead of the packets.
const IDLE_LAG: Duration = Duration::from_millis(500);
/// Packets between two looks at the clock for the end of `--duration`.
const PACKETS_PER_LOOK: u32 = 1024;

/// How to open interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// Longest part of a packet to capture, in bytes.
    pub snap_len: u32,
    /// Whether to see traffic that is not for this machine: a SPAN port needs it.
    pub promiscuous: bool,
    /// The kernel's buffer of each interface, in bytes.
    pub buffer_bytes: u32,
    /// Which packets the kernel hands over, in pcap-filter syntax; it neither shows nor counts the others.
    pub kernel_filter: Option<String>,
    /// When to end.
    pub duration: Option<Duration>,
}

impl Default for LiveOptions {
    /// All of every packet, promiscuous, and a buffer of 64 MiB: with libpcap's own 2 MiB the kernel dropped packets at 800,000 a second.
    fn default() -> Self {
        Self { snap_len: 262_144, promiscuous: true, buffer_bytes: 64 << 20, kernel_filter: None, duration: None }
    }
}

/// Interfaces being captured from, as one timeline.
///
/// Frames of one interface are lent from libpcap's ring. Those of several are copied once, and come in the order of their times: a frame
/// waits until the others surely have no earlier one, at most a tenth of a second.
pub struct Live {
    /// The interfaces, by their number.
    names: Vec<String>,
    cards: Vec<Card>,
    /// Counts of interfaces that are gone.
    gone: Vec<Received>,
    waiting: Waiting,
    stop: Arc<AtomicBool>,
    end: Option<Instant>,
    since_look: u32,
    last_at: Timestamp,
    /// No ring had anything more.
    dry: bool,
    /// The interface that failed with the last call.
    failed: Option<usize>,
}

impl Live {
    /// Opens interfaces; their frames get `input` 0, 1 … in this order. When `stop` becomes true, the source ends within 150 ms.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`]; [`Error::Interface`] when there is none of a name, or it is down; [`Error::Filter`].
    pub fn open(interfaces: &[String], options: &LiveOptions, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        let mut cards = Vec::new();
        for (input, interface) in interfaces.iter().enumerate() {
            let mut card = Card::open(interface, u32::try_from(input).unwrap_or(u32::MAX), options)?;
            if let Some(expression) = &options.kernel_filter {
                card.restrict(expression)?;
            }
            cards.push(card);
        }
        let end = options.duration.and_then(|duration| Instant::now().checked_add(duration));
        let waiting = Waiting::new(cards.len());
        let (gone, last_at) = (Vec::new(), Timestamp::default());
        Ok(Self { names: interfaces.to_vec(), cards, gone, waiting, stop, end, since_look: 0, last_at, dry: false, failed: None })
    }

    /// Whether the time of `--duration` is up; looks at the clock now and then.
    fn is_over(&mut self) -> bool {
        let Some(end) = self.end else { return false };
        self.since_look = self.since_look.saturating_add(1);
        let look = self.dry || self.since_look >= PACKETS_PER_LOOK;
        if look {
            self.since_look = 0;
        }
        look && Instant::now() >= end
    }

    /// Waits until there is something to read on an interface whose next frame is not here yet, but not for ever. Whether there is.
    fn wait(&self, most: &Timespec) -> bool {
        // A blocking read would not come back from a link without any packet: the ring's timeout starts with the first.
        let lacking = self.cards.iter().enumerate().filter(|(index, _)| self.waiting.lacks(*index));
        let mut rings: Vec<PollFd<'_>> = lacking.map(|(_, card)| PollFd::new(&card.capture, PollFlags::IN)).collect();
        // An error of the wait is a signal that came; what else may be wrong shows in the next read.
        rustix::event::poll(&mut rings, Some(most)).is_ok_and(|ready| ready > 0)
    }

    /// Nothing to read: the clock goes on.
    fn idle(&mut self) -> Next<'static> {
        let fine = self.cards.iter().all(|card| card.fine);
        Next::Idle(idle_since(&mut self.last_at, fine))
    }

    /// Says which interface is gone, if one is.
    fn miss(&mut self) -> Result<(), Error> {
        for (index, card) in self.cards.iter().enumerate() {
            if let Err(error) = card.exists() {
                self.failed = Some(index);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes an interface out that failed with the last call; the others go on.
    fn lose(&mut self) {
        let Some(index) = self.failed.take().filter(|index| *index < self.cards.len()) else { return };
        let mut card = self.cards.remove(index);
        self.gone.push(card.received());
        self.waiting.lose(index);
    }

    /// The next frame of the only interface.
    fn next_of_one(&mut self) -> Result<Next<'_>, Error> {
        let Self { cards, last_at, dry, failed, .. } = self;
        let Some(card) = cards.first_mut() else { return Ok(Next::End) };
        let fine = card.fine;
        match card.read() {
            Ok(Some(frame)) => {
                *last_at = frame.at;
                Ok(Next::Frame(frame))
            }
            Ok(None) => {
                *dry = true;
                Ok(Next::Idle(idle_since(last_at, fine)))
            }
            Err(error) => {
                *failed = Some(0);
                Err(error)
            }
        }
    }

    /// The earliest frame of several interfaces.
    fn next_of_many(&mut self) -> Result<Next<'_>, Error> {
        let place = loop {
            if let Err((index, error)) = self.waiting.fill(&mut self.cards, clock) {
                self.failed = Some(index);
                return Err(error);
            }
            match self.waiting.earliest() {
                Some(place) if self.waiting.is_due(place) => break place,
                Some(_) if self.stop.load(Ordering::Relaxed) => return Ok(Next::End),
                Some(_) => _ = self.wait(&SHORT_WAIT),
                None => {
                    self.dry = true;
                    return Ok(self.idle());
                }
            }
        };
        let Some(frame) = self.waiting.take(place) else { return Ok(Next::End) };
        self.last_at = frame.at;
        Ok(Next::Frame(frame))
    }
}

impl Source for Live {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        self.lose();
        if self.stop.load(Ordering::Relaxed) || self.cards.is_empty() || self.is_over() {
            return Ok(Next::End);
        }
        if self.dry {
            self.dry = !self.wait(&WAIT);
            if self.dry {
                self.miss()?;
                return Ok(self.idle());
            }
        }
        if self.cards.len() == 1 && self.waiting.is_empty() { self.next_of_one() } else { self.next_of_many() }
    }

    fn received(&mut self) -> Vec<Received> {
        let open = self.cards.iter_mut().map(Card::received);
        self.gone.iter().cloned().chain(open).collect()
    }

    fn origins(&mut self) -> Vec<Origin> {
        let origin = |name: &String| Origin { kind: "interface", name: name.clone(), format: Some("live"), ..Origin::default() };
        self.names.iter().map(origin).collect()
    }
}

/// The time of this machine's clock, since 1970.
fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The moment up to which surely all packets were seen; it does not go back behind the last packet or the last such moment.
fn idle_since(last_at: &mut Timestamp, fine: bool) -> Timestamp {
    let nanos = i64::try_from(clock().saturating_sub(IDLE_LAG).as_nanos()).unwrap_or(i64::MAX);
    *last_at = (*last_at).max(Timestamp::from_nanos(nanos, fine));
    *last_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_never_goes_back() {
        let future = Timestamp::from_nanos(i64::MAX, true);
        assert_eq!(idle_since(&mut future.clone(), true), future);
        let mut last_at = Timestamp::default();
        let first = idle_since(&mut last_at, true);
        assert!(first > Timestamp::default() && idle_since(&mut last_at, true) >= first);
    }
}
