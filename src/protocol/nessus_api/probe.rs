//! Whether a connection speaks the Nessus API: decided by its first heads, on any port, and quickly when it does not.

use super::operation::Operation;
use super::side::METHODS;
use crate::peer::Peer;
use crate::protocol::Opening;
use crate::protocol::Probe;
use crate::protocol::http;
use crate::protocol::http::Found;
use crate::protocol::http::Head;
use crate::protocol::http::Start;

/// What tells this API, in lower case, where the beginning of a stream is not there; the server's first.
///
/// # Wire
///
/// [spec nessus-http-api] 6.9
const TELLING: [&[u8]; 3] = [b"\nserver: nessuswww", b"\nx-cookie: token=", b"\nx-apikeys: accesskey="];

/// A stream joined midway that shows nothing of it for so long is something else.
const WITHOUT_SIGN: usize = 4096;

/// Headers before which the longest sign was found, so that a sign is not cut in two.
const FIRST_BYTES: usize = 8;

/// What a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// It is this API; who sends it.
    Sign(Peer),
    /// The script that only this API has, without a sign of its own: others are asked for it, too.
    Script,
    /// HTTP of this API's port and paths, without a sign.
    Path,
    /// HTTP, whose head has come.
    Http,
    /// Nothing yet.
    Open,
    /// Something else.
    Other,
}

/// Looks at an opening.
pub(super) fn probe(opening: &Opening<'_>) -> Probe {
    // What it says is packed: that it is spoken on the port of this API is all there is to know.
    if opening.whole && opening.hinted && opening.client.starts_with(http::PREFACE) {
        return Probe::Match { server: Some(Peer::Server) };
    }
    let look = if opening.whole { whole } else { midway };
    let (client, server) = (look(opening.client), look(opening.server));
    match (client, server) {
        (Sight::Sign(from), _) => Probe::Match { server: Some(from.other()) },
        (_, Sight::Sign(from)) => Probe::Match { server: Some(from) },
        // On its own port a path of the API is enough, once the server has not said that it is another one.
        (Sight::Path, Sight::Http) if opening.hinted && !names_server(opening.server) => Probe::Match { server: Some(Peer::Server) },
        (Sight::Script, Sight::Http) if !names_server(opening.server) => Probe::Match { server: Some(Peer::Server) },
        (Sight::Other, _) if opening.whole => Probe::NoMatch,
        (Sight::Script | Sight::Path | Sight::Http | Sight::Other, Sight::Http | Sight::Other) => Probe::NoMatch,
        (_, Sight::Script | Sight::Path | Sight::Open) | (Sight::Open, _) => Probe::NeedMore,
    }
}

/// The first bytes of a whole stream: a head of the client's, or one of the server's.
fn whole(bytes: &[u8]) -> Sight {
    // All of what a head begins with does so in capitals.
    if bytes.first().is_some_and(|first| !first.is_ascii_uppercase()) {
        return Sight::Other;
    }
    let first = bytes.get(..FIRST_BYTES).unwrap_or(bytes);
    let is_request = METHODS.iter().any(|method| method.starts_with(first) || first.starts_with(method));
    let is_response = b"HTTP/1.".starts_with(first) || first.starts_with(b"HTTP/1.");
    if !is_request && !is_response {
        return if http::PREFACE.starts_with(first) || bytes.is_empty() { preface(bytes) } else { Sight::Other };
    }
    if bytes.is_empty() {
        return Sight::Open;
    }
    let Found::End(end) = http::find(bytes, 0) else { return Sight::Open };
    let head = bytes.get(..end).unwrap_or_default();
    match Head::request(head).or_else(|| Head::response(head)) {
        Some(head) => sight(&head),
        None => Sight::Other,
    }
}

/// HTTP/2 begins with a preface; what follows is packed.
fn preface(bytes: &[u8]) -> Sight {
    if bytes.len() < http::PREFACE.len() { Sight::Open } else { Sight::Other }
}

/// What a head shows.
fn sight(head: &Head<'_>) -> Sight {
    let is = |value: Option<&[u8]>, start: &[u8]| {
        value.and_then(|value| value.get(..start.len())).is_some_and(|value| value.eq_ignore_ascii_case(start))
    };
    match head.start {
        Start::Request { method, target } => {
            let operation = Operation::of(method, target);
            let signed = is(head.header("x-cookie"), b"token=") || is(head.header("x-apikeys"), b"accesskey=");
            if signed {
                return Sight::Sign(Peer::Client);
            }
            if operation.name == "ui.api_token" {
                return Sight::Script;
            }
            let known = !matches!(&*operation.name, "unknown" | "ui.index" | "ui.asset" | "method_not_allowed");
            if known { Sight::Path } else { Sight::Http }
        }
        Start::Response { .. } if is(head.header("server"), b"nessuswww") => Sight::Sign(Peer::Server),
        Start::Response { .. } => Sight::Http,
    }
}

/// Whether a head names a server.
fn names_server(bytes: &[u8]) -> bool {
    let Found::End(end) = http::find(bytes, 0) else { return false };
    bytes.get(..end).and_then(Head::response).is_some_and(|head| head.header("server").is_some())
}

/// Bytes of a stream joined midway.
fn midway(bytes: &[u8]) -> Sight {
    let lower = bytes.to_ascii_lowercase();
    let mut signs: Vec<(usize, Peer)> = Vec::new();
    for (sign, from) in TELLING.iter().zip([Peer::Server, Peer::Client, Peer::Client]) {
        let first = memchr::memmem::find_iter(&lower, sign).find(|at| is_within_head(&lower, *at));
        signs.extend(first.map(|at| (at, from)));
    }
    match signs.iter().min_by_key(|(at, _)| *at) {
        Some((_, from)) => Sight::Sign(*from),
        None if bytes.len() < WITHOUT_SIGN => Sight::Open,
        None => Sight::Other,
    }
}

/// Whether the line behind this line end stands in a head, and is not merely quoted: between a start line or a header and another
/// header or the end, with the line ends of HTTP.
fn is_within_head(lower: &[u8], at: usize) -> bool {
    let (before, behind) = lower.split_at_checked(at).unwrap_or_default();
    let mut lines = behind.split_inclusive(|byte| *byte == b'\n').skip(1);
    let (line, next) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let previous = match before.strip_suffix(b"\r") {
        Some(before) => match memchr::memrchr(b'\n', before) {
            Some(start) => before.get(start..).is_some_and(|line| is_header(line.trim_ascii_start()) || is_start(line)),
            // Its beginning is not there.
            None => true,
        },
        None => before.is_empty(),
    };
    previous && line.ends_with(b"\r\n") && (next == b"\r\n" || is_header(next))
}

/// Whether a line may be a header.
fn is_header(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    !name.is_empty() && name.len() < line.len() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether a line may be the first one of a message, in lower case; what stands before may be the end of a body.
fn is_start(line: &[u8]) -> bool {
    memchr::memmem::find(line, b"http/1.").is_some()
}
