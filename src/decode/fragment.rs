//! Joins IP fragments to datagrams, within bounds, on the capture clock.

mod parts;
mod pieces;

pub use self::parts::{Datagram, Fragment, Joined};

use self::parts::Key;
use self::pieces::{Added, Pieces};
use crate::anomaly::Anomaly;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::time::Timestamp;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::time::Duration;

/// A datagram in the making.
#[derive(Debug)]
struct Waiting {
    key: Key,
    first_at: Timestamp,
    frames: Frames,
    /// What the fragment with offset zero says; in IPv6 the others may say anything.
    protocol: u8,
    pieces: Pieces,
    /// Given up: remembered only so that its late fragments do not begin it anew.
    dropped: bool,
}

/// The datagram that became whole last. Its bytes are what [`Datagram`] borrows, and they tell a copy of its fragments
/// (a mirror port sends each twice) from a new datagram.
#[derive(Debug, Default)]
struct Finished {
    key: Option<Key>,
    at: Timestamp,
    bytes: Vec<u8>,
    frames: Frames,
}

/// Where anomalies go: when, which frames, what.
pub(super) type Report<'r> = &'r mut dyn FnMut(Timestamp, Frames, Anomaly);

/// All datagrams in the making. Never holds more than the limits allow; the oldest gives way.
#[derive(Debug)]
pub struct Fragments {
    datagrams: usize,
    bytes: usize,
    per_datagram: usize,
    life: Duration,
    /// By age: the number grows with each new datagram.
    waiting: BTreeMap<u64, Waiting>,
    by_key: HashMap<Key, u64>,
    next: u64,
    held: usize,
    finished: Finished,
}

impl Fragments {
    /// Nothing yet; takes from the limits those of fragments.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            datagrams: limits.datagrams,
            bytes: limits.fragment_bytes,
            per_datagram: limits.fragments_per_datagram,
            life: limits.fragment_life,
            waiting: BTreeMap::new(),
            by_key: HashMap::new(),
            next: 0,
            held: 0,
            finished: Finished::default(),
        }
    }

    /// Takes a fragment; lends the datagram if that made it whole.
    ///
    /// In IPv4 the first copy of a byte counts, and an overlap that differs is reported; in IPv6 any overlap other than
    /// an exact repetition ends the datagram (RFC 5722 section 4). Datagrams given up for a bound are reported with the bound.
    pub fn push(&mut self, fragment: &Fragment<'_>, report: Report<'_>) -> Joined<'_> {
        if self.repeats_finished(fragment) {
            return Joined::Pending;
        }
        let number = self.number_of(fragment, report);
        let Some(datagram) = self.waiting.get_mut(&number) else { return Joined::Pending };
        if datagram.dropped {
            return Joined::Pending;
        }
        let before = datagram.pieces.bytes();
        let added = datagram.pieces.add(fragment);
        if added != Added::Repeated {
            datagram.frames.join(&fragment.frames);
        }
        if fragment.offset == 0 && added == Added::New {
            datagram.protocol = fragment.protocol;
        }
        self.held = self.held.saturating_add(datagram.pieces.bytes().saturating_sub(before));
        match added {
            Added::Conflict if fragment.source.is_ipv6() => {
                report(fragment.at, datagram.frames.clone(), Anomaly::FragmentOverlap { dropped: true });
                self.drop_bytes(number);
                return Joined::Pending;
            }
            Added::Conflict => report(fragment.at, datagram.frames.clone(), Anomaly::FragmentOverlap { dropped: false }),
            Added::New | Added::Repeated => {}
        }
        if datagram.pieces.is_whole() {
            return self.finish_one(number, fragment);
        }
        if datagram.pieces.count() >= self.per_datagram {
            self.give_up_crowded(number, fragment, report);
        }
        self.shed_bytes(fragment, report);
        Joined::Pending
    }

    /// Gives up the datagrams that have waited too long at this moment of the capture.
    #[inline]
    pub fn expire(&mut self, now: Timestamp, report: Report<'_>) {
        // Every frame asks, and nearly always nothing waits.
        if !self.waiting.is_empty() {
            self.expire_waiting(now, report);
        }
    }

    fn expire_waiting(&mut self, now: Timestamp, report: Report<'_>) {
        while let Some(oldest) = self.waiting.first_entry() {
            if now.since(oldest.get().first_at) <= self.life {
                return;
            }
            let number = *oldest.key();
            self.give_up(number, now, report);
        }
    }

    /// Gives up all that wait: no more frames will come.
    pub fn finish(&mut self, now: Timestamp, report: Report<'_>) {
        while let Some(oldest) = self.waiting.first_entry() {
            let number = *oldest.key();
            self.give_up(number, now, report);
        }
    }

    /// Whether these bytes were part of the datagram finished last, which was not long ago: identifications come again.
    fn repeats_finished(&self, fragment: &Fragment<'_>) -> bool {
        let start = usize::from(fragment.offset);
        self.finished.key == Some(Key::of(fragment))
            && fragment.at.since(self.finished.at) <= self.life
            && self.finished.bytes.get(start..start.saturating_add(fragment.payload.len())) == Some(fragment.payload)
    }

    /// The number of the fragment's datagram, which may be a new one.
    fn number_of(&mut self, fragment: &Fragment<'_>, report: Report<'_>) -> u64 {
        let key = Key::of(fragment);
        if let Some(number) = self.by_key.get(&key) {
            return *number;
        }
        self.make_room(fragment, report);
        let number = self.next;
        self.next = self.next.saturating_add(1);
        let datagram = Waiting {
            key,
            first_at: fragment.at,
            frames: Frames::default(),
            protocol: fragment.protocol,
            pieces: Pieces::default(),
            dropped: false,
        };
        self.waiting.insert(number, datagram);
        self.by_key.insert(key, number);
        number
    }

    /// Joins the pieces and lends the result.
    fn finish_one(&mut self, number: u64, last: &Fragment<'_>) -> Joined<'_> {
        let Some(datagram) = self.remove(number) else { return Joined::Pending };
        datagram.pieces.join_into(&mut self.finished.bytes);
        self.finished.key = Some(datagram.key);
        self.finished.at = last.at;
        self.finished.frames = datagram.frames;
        Joined::Whole(Datagram {
            at: last.at,
            frames: &self.finished.frames,
            source: last.source,
            destination: last.destination,
            protocol: datagram.protocol,
            bytes: &self.finished.bytes,
            vlans: last.vlans,
            tunnels: last.tunnels.clone(),
        })
    }

    /// Makes room for one more datagram. One that was given up before goes without a word.
    fn make_room(&mut self, cause: &Fragment<'_>, report: Report<'_>) {
        while self.waiting.len() >= self.datagrams.max(1) {
            let Some((&number, oldest)) = self.waiting.first_key_value() else { return };
            if !oldest.dropped {
                report(cause.at, cause.frames.clone(), reached("datagrams", self.datagrams));
            }
            self.give_up(number, cause.at, report);
        }
    }

    /// Gives up the oldest datagrams that hold bytes until the rest is within the bound.
    fn shed_bytes(&mut self, cause: &Fragment<'_>, report: Report<'_>) {
        while self.held > self.bytes {
            let Some((&number, _)) = self.waiting.iter().find(|(_, datagram)| !datagram.dropped) else { return };
            report(cause.at, cause.frames.clone(), reached("fragment_bytes", self.bytes));
            self.give_up(number, cause.at, report);
        }
    }

    /// Gives up a datagram of too many fragments, but remembers that it did.
    fn give_up_crowded(&mut self, number: u64, cause: &Fragment<'_>, report: Report<'_>) {
        report(cause.at, cause.frames.clone(), reached("fragments_per_datagram", self.per_datagram));
        if let Some(datagram) = self.waiting.get(&number) {
            report(cause.at, datagram.frames.clone(), datagram.incomplete());
        }
        self.drop_bytes(number);
    }

    /// Forgets a datagram and says so, unless that was said before.
    fn give_up(&mut self, number: u64, now: Timestamp, report: Report<'_>) {
        if let Some(datagram) = self.remove(number).filter(|datagram| !datagram.dropped) {
            let incomplete = datagram.incomplete();
            report(now, datagram.frames, incomplete);
        }
    }

    /// Forgets the bytes of a datagram, but not that it was.
    fn drop_bytes(&mut self, number: u64) {
        if let Some(datagram) = self.waiting.get_mut(&number) {
            self.held = self.held.saturating_sub(datagram.pieces.bytes());
            datagram.pieces = Pieces::default();
            datagram.frames = Frames::default();
            datagram.dropped = true;
        }
    }

    /// Takes a datagram out.
    fn remove(&mut self, number: u64) -> Option<Waiting> {
        let datagram = self.waiting.remove(&number)?;
        self.by_key.remove(&datagram.key);
        self.held = self.held.saturating_sub(datagram.pieces.bytes());
        Some(datagram)
    }
}

impl Waiting {
    /// The anomaly of never having become whole.
    fn incomplete(&self) -> Anomaly {
        Anomaly::FragmentsIncomplete { bytes: u64::try_from(self.pieces.bytes()).unwrap_or(u64::MAX) }
    }
}

/// The anomaly of a bound.
fn reached(limit: &'static str, value: usize) -> Anomaly {
    Anomaly::LimitReached { limit, value: u64::try_from(value).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests;
