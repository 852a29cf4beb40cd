//! What is finished to where others read it: files that rotate, the packets of sessions, syslog and metrics beside the main output.
//!
//! A line format is one file, its `mod` line and an entry in [`LINES`]. Which events are told, and what is said of them, is decided
//! once for all formats in `notice.rs`: a new kind is one arm there.

mod cef;
mod courier;
mod link;
mod metrics;
mod nnm;
mod notice;
mod packets;
mod queue;
mod rfc5424;
mod rolling;
mod syslog;
mod target;
mod tee;
#[cfg(test)]
mod tests;

pub use metrics::Board;
pub use metrics::Metrics;
pub use metrics::Waiting;
pub use notice::Notice;
pub use packets::Packets;
pub use rolling::Cut;
pub use rolling::Manner;
pub use rolling::Rolling;
pub use rolling::Rotation;
pub use syslog::Syslog;
pub use target::Target;
pub use target::parse_target;
pub use tee::Tee;

use crate::event::Event;

/// A format of syslog messages: what `--syslog-format` offers.
#[derive(Debug)]
pub struct LineFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Whether messages on TCP are counted (RFC 6587, 3.4.1); else each ends with a line feed (3.4.2).
    pub counted: bool,
    /// The messages of an event, without framing: whole, on one line, header included.
    pub lines: fn(&Notice, &Event<'_>) -> Vec<Vec<u8>>,
}

/// All formats of messages; the first is the default.
pub const LINES: &[LineFormat] = &[
    LineFormat { name: "nnm", about: "the line of Nessus Network Monitor, fields separated by |", counted: false, lines: nnm::lines },
    LineFormat { name: "cef", about: "Common Event Format", counted: false, lines: cef::lines },
    LineFormat { name: "rfc5424-json", about: "RFC 5424 with the JSON Lines record as message", counted: true, lines: rfc5424::lines },
];
