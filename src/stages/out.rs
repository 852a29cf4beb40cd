//! Where events go, behind the stages: they are counted, then written, until writing fails.

use crate::event::Event;
use crate::report::Sink;
use crate::report::Tally;
use crate::ship::Packets;
use std::io;

/// Where events go: counted first, then written, until writing fails.
pub(super) struct Out<'s> {
    pub(super) tally: Tally,
    pub(super) sink: &'s mut dyn Sink,
    pub(super) packets: Option<&'s mut Packets>,
    pub(super) failure: Option<io::Error>,
    /// Whether somebody looks at every connection and fact.
    pub(super) wants_connections: bool,
}

impl<'s> Out<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink, packets: Option<&'s mut Packets>) -> Self {
        let wants_connections = sink.wants_connections() || packets.is_some();
        Self { tally: Tally::default(), sink, packets, failure: None, wants_connections }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        self.tally.event(event);
        if self.failure.is_none() {
            self.failure = self.sink.event(event).err();
        }
        if let Some(packets) = &mut self.packets {
            packets.event(event);
        }
    }

    /// What was written may go to its reader.
    pub(super) fn flush(&mut self) {
        if self.failure.is_none() {
            self.failure = self.sink.flush().err();
        }
    }
}

/// To whom counts are owed.
#[derive(Clone, Copy, Default)]
pub(super) struct Owes {
    /// To all: a `stats` record.
    pub(super) stats: bool,
    /// To who asks for metrics.
    pub(super) board: bool,
    /// To an output that wants to see them: the screen.
    pub(super) screen: bool,
}
