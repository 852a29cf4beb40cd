//! HTTP/1.0 and 1.1 as framing: where heads end, which bytes are body, and what a body is once it is unpacked.
//!
//! Nothing here knows what is said: `nessus_api` reads heads and bodies, this decides where they are.
//!
//! # Wire
//!
//! [spec] RFC 9112 for HTTP/1.1, RFC 9110 for what statuses and methods do to bodies, RFC 9113 for the frames of HTTP/2.
//!
//! ```text
//! start line⏎  name: value⏎ …  ⏎      head
//! body: so many bytes (Content-Length), chunks (Transfer-Encoding: chunked), or all until the connection closes
//! ```

mod coding;
mod framer;
mod head;
mod http2;

pub(super) use coding::Decoder;
pub(super) use coding::Trouble;
pub(super) use framer::Framer;
pub(super) use framer::Framing;
pub(super) use framer::What;
pub(super) use head::Found;
pub(super) use head::Head;
pub(super) use head::Start;
pub(super) use head::find;
pub(super) use http2::Http2;
pub(super) use http2::PREFACE;
