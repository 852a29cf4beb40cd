//! One direction of a connection: where the next head is, and which body is passing.

use super::body::Body;
use super::marks::Marks;
use crate::annotation::Field;
use crate::limits::HTTP_HEAD_BYTES;
use crate::peer::Peer;
use crate::protocol::http;
use crate::protocol::http::Found;

/// What is known of one direction. Holds no bytes: those of the message at hand stay in the view.
#[derive(Default)]
pub(super) struct Side {
    pub(super) state: State,
    /// Bytes at the front of the view that were looked through for the end of a head.
    pub(super) searched: usize,
    /// Beginnings of a head, since the last one, that were none.
    pub(super) failures: u8,
    /// Bytes that were stepped over since the place was lost.
    pub(super) skipped: u64,
}

/// What comes next.
#[derive(Default)]
pub(super) enum State {
    /// A head.
    #[default]
    Head,
    /// A body, and what stands before it in its message.
    Body(Box<Making>),
    /// Nobody knows: the next head must be found.
    Lost,
}

/// A message in the making.
pub(super) struct Making {
    /// The number of the exchange it belongs to.
    pub(super) exchange: u64,
    pub(super) body: Body,
    pub(super) marks: Marks,
    /// Bytes at the front of the view that are read.
    pub(super) ran: usize,
    /// What the head says; gone when it was told.
    pub(super) head: Option<Vec<Field<'static>>>,
    /// An interim response: the real one follows.
    pub(super) is_interim: bool,
}

impl Side {
    /// Looks for the end of a head, not twice in the same bytes.
    pub(super) fn find_head(&mut self, rest: &[u8]) -> Found {
        let found = http::find(rest, self.searched);
        self.searched = if found == Found::Open { rest.len() } else { 0 };
        found
    }

    /// Where a head may begin in bytes whose place is lost; how many bytes before it are certainly none.
    pub(super) fn resync(&mut self, from: Peer, rest: &[u8]) -> Resync {
        let mut at = self.searched.saturating_sub(MARGIN);
        // No method stands before this place: it was looked for.
        let mut without_method = 0;
        while let Some(found) = rest.get(at..).and_then(|rest| memchr::memmem::find(rest, b"HTTP/1.")) {
            let version = at.saturating_add(found);
            at = version.saturating_add(1);
            if !is_plausible(from, rest.get(version..).unwrap_or_default()) {
                continue;
            }
            let begin = if from == Peer::Server { Some(version) } else { line_start(rest, without_method, version) };
            without_method = version;
            if let Some(begin) = begin {
                self.searched = 0;
                return Resync::Head(begin);
            }
        }
        let keep = if from == Peer::Client { HTTP_HEAD_BYTES } else { MARGIN };
        let none = rest.len().saturating_sub(keep);
        self.searched = rest.len().saturating_sub(none);
        Resync::None(none)
    }
}

/// What a search for a head found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resync {
    /// One may begin behind so many bytes.
    Head(usize),
    /// None begins in so many bytes at the front.
    None(usize),
}

/// Beginnings that are tried within one head before all of it is given up: so the cost stays linear.
pub(super) const MOST_FAILURES: u8 = 8;

/// Bytes of a version and status: so many may be cut off at the end of what is there.
const MARGIN: usize = 16;

/// Methods a request line may begin with.
pub(super) const METHODS: [&[u8]; 9] = [b"GET ", b"POST ", b"PUT ", b"DELETE ", b"HEAD ", b"OPTIONS ", b"PATCH ", b"CONNECT ", b"TRACE "];

/// Where the request line begins, behind this place, that ends in a version at that one. What stands before the method may be the
/// end of a body.
fn line_start(rest: &[u8], behind: usize, version: usize) -> Option<usize> {
    let before = rest.get(..version)?;
    let line = memchr::memrchr(b'\n', before.get(behind..)?).map_or(behind, |at| behind.saturating_add(at).saturating_add(1));
    let text = before.get(line..)?;
    let found = METHODS.iter().filter_map(|method| memchr::memmem::rfind(text, method)).max()?;
    Some(line.saturating_add(found))
}

/// Whether a version is followed by what must follow it, as far as that came.
fn is_plausible(from: Peer, rest: &[u8]) -> bool {
    match (from, rest.get(7..).unwrap_or_default()) {
        (Peer::Client, [_, b'\r' | b'\n', ..]) | (_, [_] | []) => true,
        (Peer::Server, [b'0'..=b'9', b' ', code @ ..]) => code.iter().take(3).all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_head_is_found_behind_lost_bytes() {
        let mut side = Side::default();
        assert_eq!(side.resync(Peer::Server, b"xx HTTP/1.x HTTP/1.1 200 OK\r\n"), Resync::Head(12));
        assert_eq!(side.resync(Peer::Client, b"a\nnullGET /scans HTTP/1.1\r\n"), Resync::Head(6));
        assert_eq!(side.resync(Peer::Client, b"a\nnull /scans HTTP/1.1\r\n"), Resync::None(0));
        let long = [vec![b'x'; 100], b"HTT".to_vec()].concat();
        assert_eq!(side.resync(Peer::Server, &long), Resync::None(87));
        assert_eq!(side.resync(Peer::Server, &[&long[87..], b"P/1.0 404 x"].concat()), Resync::Head(13));
    }
}
