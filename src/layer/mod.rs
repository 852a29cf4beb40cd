//! Streams in, streams out: what is wrapped around a connection's bytes is taken off, and dissectors never know that it was there.
//!
//! ```text
//! flow ──► Chunk ──► Layers ──► no TLS: the same chunk ─────────────────────► Above::chunk (protocol)
//!                      └──────► TLS: records ──► keys ──► plaintext, as Chunk ──► Above::chunk
//!                                       └──────► what is known of the session ──► Above::event
//! ```

#[cfg(not(feature = "tls"))]
mod clear;
pub mod recognise;
#[cfg(feature = "tls")]
mod tls;

#[cfg(not(feature = "tls"))]
pub use clear::Keys;
#[cfg(not(feature = "tls"))]
pub use clear::Layers;
#[cfg(feature = "tls")]
pub use tls::Keys;
#[cfg(feature = "tls")]
pub use tls::Layers;

use crate::capture::secrets::Secrets;
use crate::event::Event;
use crate::flow::Chunk;
use crate::flow::Interest;
use crate::peer::Flow;
use crate::peer::Peer;

/// Looks through the inputs for secrets, wherever they stand; once.
pub type Search = Box<dyn FnOnce() -> Vec<Secrets>>;

/// Takes what a layer finds, in order.
pub trait Above {
    /// Something to report.
    fn event(&mut self, event: Event<'_>);

    /// The next piece of a stream, as the sender's program wrote it.
    fn chunk(&mut self, flow: &mut Flow, from: Peer, chunk: Chunk<'_>) -> Interest;
}
