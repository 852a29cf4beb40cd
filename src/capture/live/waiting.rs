//! Frames of several interfaces on their way to one timeline: of each the next one, copied, until the others surely have none earlier.

use super::card::BLOCK_LIFE;
use super::card::Card;
use crate::capture::Frame;
use crate::error::Error;
use crate::evidence::FrameId;
use crate::time::Timestamp;
use std::time::Duration;

/// How long after its time a packet may still be in a block that the kernel has not handed over: twice a block's life.
const LAG: Duration = BLOCK_LIFE.saturating_mul(2);

/// The next frame of each interface, where there is one.
#[derive(Debug)]
pub(super) struct Waiting {
    places: Vec<Place>,
}

/// What is known of one interface.
#[derive(Debug, Default)]
struct Place {
    /// Its next frame, but for the bytes.
    head: Option<Head>,
    bytes: Vec<u8>,
    /// The machine's clock when its ring was found empty last.
    empty_at: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    id: FrameId,
    at: Timestamp,
    link_type: u32,
    wire_len: u32,
}

impl Waiting {
    /// Nothing waits, of so many interfaces.
    pub(super) fn new(interfaces: usize) -> Self {
        Self { places: (0..interfaces).map(|_| Place::default()).collect() }
    }

    /// Whether no frame waits.
    pub(super) fn is_empty(&self) -> bool {
        self.places.iter().all(|place| place.head.is_none())
    }

    /// Whether no frame of this interface waits.
    pub(super) fn lacks(&self, index: usize) -> bool {
        self.places.get(index).is_none_or(|place| place.head.is_none())
    }

    /// Forgets an interface; those after it move up.
    pub(super) fn lose(&mut self, index: usize) {
        if index < self.places.len() {
            self.places.remove(index);
        }
    }

    /// Reads from each interface that has no frame waiting, and of which more must be known before the earliest frame may go.
    ///
    /// # Errors
    ///
    /// The index of an interface that fails, and why.
    pub(super) fn fill(&mut self, cards: &mut [Card], clock: fn() -> Duration) -> Result<(), (usize, Error)> {
        let known_until = self.earliest().map(|place| self.time_of(place).saturating_add(LAG));
        for (index, (place, card)) in self.places.iter_mut().zip(cards).enumerate() {
            if place.head.is_some() || known_until.is_some_and(|until| place.empty_at >= until) {
                continue;
            }
            // Read before the ring is: what came in between is not in it.
            let now = clock();
            match card.read().map_err(|error| (index, error))? {
                Some(Frame { id, at, link_type, wire_len, bytes }) => {
                    place.bytes.clear();
                    place.bytes.extend_from_slice(bytes);
                    place.head = Some(Head { id, at, link_type, wire_len });
                }
                None => place.empty_at = now,
            }
        }
        Ok(())
    }

    /// Where the earliest of the waiting frames is; of two of one time, that of the first interface.
    pub(super) fn earliest(&self) -> Option<usize> {
        let heads = self.places.iter().enumerate().filter_map(|(index, place)| place.head.map(|head| (head.at.nanos(), index)));
        heads.min().map(|(_, index)| index)
    }

    /// Whether no interface can have an earlier frame than this one. A frame of the future, after the clock was set back, waits for
    /// nobody.
    pub(super) fn is_due(&self, place: usize) -> bool {
        let at = self.time_of(place);
        let others = self.places.iter().filter(|place| place.head.is_none());
        others
            .into_iter()
            .all(|other| other.empty_at >= at.saturating_add(LAG) || at > other.empty_at.saturating_add(Duration::from_secs(1)))
    }

    /// The time of the frame at a place, since 1970.
    fn time_of(&self, place: usize) -> Duration {
        let nanos = self.places.get(place).and_then(|place| place.head).map_or(0, |head| head.at.nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// Takes the frame at a place; its bytes are lent until the next call.
    pub(super) fn take(&mut self, place: usize) -> Option<Frame<'_>> {
        let Place { head, bytes, .. } = self.places.get_mut(place)?;
        let Head { id, at, link_type, wire_len } = head.take()?;
        Some(Frame { id, at, link_type, wire_len, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two interfaces: when the frame of the first came, and when, in milliseconds, the second was found empty.
    fn waiting(first_at: i64, second_empty_at: u64) -> Waiting {
        let mut waiting = Waiting::new(2);
        let at = Timestamp::from_nanos(first_at, true);
        waiting.places[0].head = Some(Head { id: FrameId { input: 0, number: 1 }, at, link_type: 1, wire_len: 0 });
        waiting.places[1].empty_at = Duration::from_millis(second_empty_at);
        waiting
    }

    #[test]
    fn a_frame_waits_until_the_others_have_none_earlier() {
        assert!(!waiting(1_000_000_000, 1000).is_due(0) && !waiting(1_000_000_000, 1079).is_due(0));
        assert!(waiting(1_000_000_000, 1080).is_due(0));
        assert!(waiting(9_000_000_000, 1000).is_due(0), "the clock was set back");
    }

    #[test]
    fn the_earliest_goes_first() {
        let mut two = waiting(1_000_000_000, 0);
        let at = Timestamp::from_nanos(999_000_000, true);
        two.places[1].head = Some(Head { id: FrameId { input: 1, number: 1 }, at, link_type: 1, wire_len: 0 });
        assert_eq!(two.earliest(), Some(1));
        assert!(two.is_due(1));
        assert_eq!(two.take(1).unwrap().id.input, 1);
        assert_eq!(two.earliest(), Some(0));
        two.lose(1);
        assert!(two.is_due(0) && !two.is_empty() && !two.lacks(0));
    }
}
