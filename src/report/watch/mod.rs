//! The screen of `--watch`: an output that keeps the newest of the timeline for somebody who looks at it.
//!
//! The run hands what it has to an inbox and goes on; a thread of its own draws, so that no packet ever waits for a terminal. What was not
//! drawn when the inbox is full leaves it, oldest first, and the screen says how much.

mod account;
mod app;
mod bytes;
mod detail;
mod draw;
mod entry;
mod inbox;
mod keys;
mod listing;
mod message;
mod query;
mod ring;
mod screen;
mod services;
mod shelf;
mod sink;
pub mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod timeline;

pub use screen::Screen;
pub use sink::open;

use crate::limits::Limits;

/// What the screen is told by the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Whether to use colour; else bytes are marked by signs.
    pub color: bool,
    /// Whether long blocks are shown whole.
    pub verbose: bool,
    /// Whether packets come from interfaces: the newest is looked at from the beginning, and rates fall while nothing comes.
    pub live: bool,
    /// Where the packets come from, for the title.
    pub input: String,
    /// How much of the timeline is kept.
    pub most: Most,
}

/// The bounds of what the screen keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Lines of the timeline; as many messages may be folded.
    pub entries: usize,
    /// Bytes of them; the folded ones may have as many.
    pub bytes: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Services.
    pub services: usize,
}

impl Most {
    /// Those of the program.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self {
            entries: limits.watch_entries,
            bytes: limits.watch_bytes,
            message_bytes: limits.watch_message_bytes,
            services: limits.watch_services,
        }
    }
}
