//! Services no dissector reads, documented by inference: what their messages are, what they are made of, which follow which.
//!
//! ```text
//! streams, datagrams ──► Service ──► Unit ──► Language ──► Description, and the messages of every session
//!                        sessions    cut      text or      grammar, phases, pairs, states
//!                        of turns    apart    binary
//! ```

mod seen;

pub use seen::Language;
pub use seen::Seen;
pub use seen::Service;
pub use seen::Turn;
pub use seen::Typed;
pub use seen::Unit;
