//! What an event of the inventory says of itself: when it was, and which frames show it.

use crate::event::Event;
use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::evidence::Frames;
use crate::time::Timestamp;

/// Where and when something was seen, for its event.
pub(super) struct Sight<'a> {
    pub(super) at: Timestamp,
    pub(super) frames: &'a Frames,
}

impl Sight<'_> {
    pub(super) fn event<'e>(&self, kind: EventKind<'e>) -> Event<'e> {
        Event { at: self.at, flow: None, evidence: Evidence::of(self.frames.clone()), kind }
    }
}
