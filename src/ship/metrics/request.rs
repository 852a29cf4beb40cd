//! What is understood of HTTP: one request for the metrics, and nothing else.

use crate::limits::METRICS_REQUEST_BYTES;

/// Headers of a request that are looked at; Prometheus sends six.
const HEADERS: usize = 64;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// More has to come.
    More,
    /// The metrics, in the text of `OpenMetrics` or in the older one of Prometheus; or only the head of the answer.
    Metrics { open: bool, head: bool },
    /// A refusal.
    Refused(&'static str),
}

/// Reads a request as far as it has come.
pub(super) fn read(bytes: &[u8]) -> Asked {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() < METRICS_REQUEST_BYTES => return Asked::More,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Asked::Refused("431 Request Header Fields Too Large");
        }
        Err(_) => return Asked::Refused("400 Bad Request"),
        Ok(httparse::Status::Complete(_)) => {}
    }
    let head = request.method == Some("HEAD");
    if !head && request.method != Some("GET") {
        return Asked::Refused("405 Method Not Allowed");
    }
    if request.path.map(path) != Some("/metrics") {
        return Asked::Refused("404 Not Found");
    }
    let accepts = |header: &httparse::Header<'_>| {
        header.name.eq_ignore_ascii_case("accept") && memchr::memmem::find(header.value, b"application/openmetrics-text").is_some()
    };
    Asked::Metrics { open: request.headers.iter().any(accepts), head }
}

/// The path of a target, which clients that take this for a proxy write with the address before it.
fn path(target: &str) -> &str {
    let target = target.split('?').next().unwrap_or_default();
    let behind = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).and_then(|scheme| target.get(scheme.len()..));
    behind.map_or(target, |behind| behind.find('/').and_then(|start| behind.get(start..)).unwrap_or("/"))
}
