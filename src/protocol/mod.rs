//! Bytes to annotated messages: who reads a stream is decided by its content, then one dissector reads it.
//!
//! # Adding a protocol
//!
//! One new file with a unit struct that implements [`Protocol`], a struct that implements [`Dissector`], the file's `mod`
//! line here, and its entry in [`PROTOCOLS`]. Nothing else changes; `tests/registry.rs` holds it to the contract at once.
//!
//! ```
//! use ntp_sniff::protocol::{Dissector, Notes, Opening, Probe, Progress, Protocol, View};
//! use ntp_sniff::annotation::{Annotation, ByteSpan, Role, Token};
//! use ntp_sniff::event::Session;
//! use ntp_sniff::peer::Peer;
//!
//! /// A protocol whose only message is `hi` and a line end.
//! struct Greeting;
//! struct Greeter { known: bool }
//!
//! impl Protocol for Greeting {
//!     fn id(&self) -> &'static str { "greeting" }
//!     fn title(&self) -> &'static str { "a friendly line" }
//!     fn ports(&self) -> &'static [u16] { &[7777] }
//!     fn probe(&self, opening: &Opening<'_>) -> Probe {
//!         match opening.client {
//!             [b'h', b'i', b'\n', ..] => Probe::Match { server: Some(Peer::Server) },
//!             [] | [b'h'] | [b'h', b'i'] => Probe::NeedMore,
//!             _ => Probe::NoMatch,
//!         }
//!     }
//!     fn dissector(&self, _whole: bool) -> Box<dyn Dissector> { Box::new(Greeter { known: false }) }
//! }
//!
//! impl Dissector for Greeter {
//!     fn data(&mut self, _from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress {
//!         if !self.known {
//!             self.known = true;
//!             notes.session(&Session { protocol: "greeting", version: None, options: vec![], matched: "its greeting", description: None, contrasts: &[] });
//!         }
//!         let Some(end) = view.bytes.iter().position(|byte| *byte == b'\n') else { return Progress::Consumed(0) };
//!         let token = |start, end, role, kind| Token { start, end, role, kind, secret: false };
//!         notes.message(Annotation {
//!             name: "hi".into(),
//!             span: ByteSpan { start: view.offset, end: view.offset + end as u64 + 1 },
//!             phase: 1,
//!             response_to: None,
//!             sentence: "The client says hi.",
//!             fields: vec![],
//!             tokens: vec![token(0, end, Role::Keyword, "greeting"), token(end, end + 1, Role::Control, "line_end")],
//!             bulk: false,
//!         });
//!         Progress::Consumed(end + 1)
//!     }
//!     fn gap(&mut self, _from: Peer, _rest: View<'_>, _missing: u64, _notes: &mut Notes<'_>) {}
//! }
//! assert_eq!(Greeting.probe(&Opening { client: b"GET /", server: b"", whole: true, hinted: false }), Probe::NoMatch);
//! ```

mod conversation;
mod http;
mod logins;
pub mod nessus_api;
mod notes;
pub mod ntp;
mod probing;
mod spare;
mod telling;
pub mod tls;
pub mod unknown;
mod window;

pub use conversation::Conversations;
pub use notes::Notes;

use crate::peer::Peer;

/// A protocol: how to recognise it, and how to read it.
pub trait Protocol: Sync {
    /// Its id in outputs: public, stable, `snake_case`.
    fn id(&self) -> &'static str;

    /// What it is, for `--help`.
    fn title(&self) -> &'static str;

    /// Ports it usually serves on. A hint for roles and for weak evidence: content decides.
    fn ports(&self) -> &'static [u16];

    /// Looks at the first bytes of both directions. Pure; more bytes of the same streams never change a yes or a no.
    fn probe(&self, opening: &Opening<'_>) -> Probe;

    /// A new dissector for one connection; `whole` when both streams are shown from their first byte.
    fn dissector(&self, whole: bool) -> Box<dyn Dissector>;
}

/// The first bytes of a connection, as far as they came.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// What the client, or who is taken for it, sent first.
    pub client: &'a [u8],
    /// What the server, or who is taken for it, sent first.
    pub server: &'a [u8],
    /// Whether these are the first bytes of the streams: the handshake was seen and nothing is missing.
    pub whole: bool,
    /// Whether the server's port is one of this protocol's, its own or one the user named.
    pub hinted: bool,
}

/// What a protocol says of an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It is this protocol.
    Match {
        /// Who of the two is the server, if the bytes say so; in the terms of the opening.
        server: Option<Peer>,
    },
    /// It is not, whatever may follow.
    NoMatch,
    /// It could be.
    NeedMore,
}

/// Unread bytes of one direction.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Stream offset of the first byte.
    pub offset: u64,
    /// Everything unread.
    pub bytes: &'a [u8],
    /// Index of the first byte not shown before: a search that starts here keeps an endless line linear.
    pub fresh: usize,
    /// Whether the window is full: what is not consumed now is lost.
    pub full: bool,
}

/// What a dissector made of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes are done with; the rest will be shown again with more.
    Consumed(usize),
    /// It has said all it can; the flow is not read any further.
    Finished,
}

/// Reads one connection. Holds the state of the dialogue, never bytes: buffering and provenance are done for it.
pub trait Dissector {
    /// Unread bytes of one direction. Every message goes to `notes`; the first note is the session.
    fn data(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress;

    /// `missing` bytes are lost behind `rest`, which will not be shown again. Zero missing bytes: the stream ends here.
    fn gap(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>);
}

/// All protocols; the first that matches reads the flow. A new one is a new file, its `mod` line and its entry here.
pub const PROTOCOLS: &[&dyn Protocol] = &[&ntp::Ntp, &nessus_api::NessusApi, &tls::Tls];
