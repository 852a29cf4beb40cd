//! Services no dissector reads, documented by inference: what their messages are, what they are made of, which follow which.
//!
//! ```text
//! streams, datagrams ──► Service ──► Unit ──► Language ──► Description, and the messages of every session
//!                        sessions    cut      text or      grammar, phases, pairs, states
//!                        of turns    apart    binary
//! ```
//!
//! Everything here is deterministic: shares are whole numbers, sets are sorted, and what is equal is decided by place.

mod binary;
#[cfg(test)]
mod bounds;
mod class;
mod collect;
mod conceal;
#[cfg(test)]
mod concealed;
mod contrast;
mod describe;
mod framing;
#[cfg(test)]
mod hostile;
mod join;
mod limits;
mod login;
mod machine;
mod pairing;
mod phases;
mod sealed;
mod seen;
mod tell;
#[cfg(test)]
mod testing;
mod text;
mod words;

pub use collect::Collected;
pub use collect::Collector;
pub use collect::Kept;
pub use collect::LeftOut;
pub use describe::Inference;
pub use describe::infer;
pub use seen::Language;
pub use seen::Seen;
pub use seen::Service;
pub use seen::Turn;
pub use seen::Typed;
pub use seen::Unit;
pub use tell::Told;

/// What is to be documented. The default: nothing, and all dissectors read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documenting {
    /// Services on every port.
    pub all: bool,
    /// Services on these ports.
    pub ports: Vec<u16>,
    /// No dissector reads anything, and no layer is taken off.
    pub no_dissectors: bool,
}

impl Documenting {
    /// Whether anything is to be documented.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.all || !self.ports.is_empty()
    }

    /// Whether services on this port are.
    #[must_use]
    pub fn wants(&self, port: u16) -> bool {
        self.all || self.ports.contains(&port)
    }
}
