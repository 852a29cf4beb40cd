//! One body while it passes: framing, unpacking, reading, and what is known of it in the end.

use super::content::Content;
use super::marks::Kind;
use super::marks::Marks;
use crate::exchange::BodyFacts;
use crate::limits::API_WORD_BYTES;
use crate::protocol::http::Decoder;
use crate::protocol::http::Framer;
use crate::protocol::http::Framing;
use crate::protocol::http::Head;
use crate::protocol::http::Trouble;
use crate::protocol::http::What;
use std::sync::Arc;

/// A body of which more may come.
pub(super) struct Body {
    framing: Framing,
    framer: Framer,
    decoder: Decoder<Content>,
    coding: Option<Vec<u8>>,
    promised: Option<u64>,
    /// Bytes of it that were seen.
    wire: u64,
    /// Whether some of it were lost.
    torn: bool,
    ended: bool,
    /// A place among the bodies that are unpacked at once.
    _place: Option<Arc<()>>,
}

impl Body {
    /// The body behind a head. `place` lets it be unpacked.
    pub(super) fn new(head: &Head<'_>, framing: Framing, operation: &str, is_response: bool, place: Option<Arc<()>>) -> Self {
        let codings = head.codings();
        let mut named = codings.join(&b","[..]);
        named.truncate(API_WORD_BYTES);
        let known = if codings.is_empty() || place.is_some() { codings } else { vec![&b"no place"[..]] };
        Self {
            framing,
            framer: Framer::new(framing),
            decoder: Decoder::new(&known, Content::new(head.header("content-type"), operation, is_response)),
            coding: Some(named).filter(|named| !named.is_empty()),
            promised: if matches!(framing, Framing::Length(_)) { head.promised() } else { None },
            wire: 0,
            torn: false,
            ended: false,
            _place: place,
        }
    }

    /// Reads on: how many of these bytes belong to the body.
    pub(super) fn take(&mut self, bytes: &[u8], marks: &mut Marks) -> usize {
        let mut used = 0_usize;
        while let Some(rest) = bytes.get(used..)
            && let Some((length, what)) = self.framer.next(rest)
        {
            let run = rest.get(..length).unwrap_or_default();
            used = used.saturating_add(length);
            match what {
                What::Data => self.data(run, marks),
                What::Size => marks.add(length, Kind::keyword("chunk_size")),
                What::LineEnd => marks.add(length, Kind::control("line_end")),
                // They mean nothing to anybody here: they may hold anything.
                What::Extension | What::Trailer => marks.add(length, Kind::WITHHELD),
            }
        }
        used
    }

    fn data(&mut self, run: &[u8], marks: &mut Marks) {
        self.wire = self.wire.saturating_add(u64::try_from(run.len()).unwrap_or(u64::MAX));
        if self.torn || self.coding.is_some() {
            marks.add(run.len(), Kind::WITHHELD);
            if !self.torn {
                self.decoder.take(run);
            }
        } else {
            self.decoder.inner().take(run, &mut |bytes, kind| marks.add(bytes, kind));
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.framer.is_done()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.framer.is_broken()
    }

    /// Bytes are lost; false when the place in the stream is lost with them.
    pub(super) fn skip(&mut self, missing: u64) -> bool {
        self.torn = true;
        self.framer.skip(missing)
    }

    /// Whether it is whole when nothing more comes. A body that only the end of the connection ends is, when that was seen.
    fn is_whole(&self, closed: bool) -> bool {
        !self.torn && (self.framer.is_done() || (self.framer.ends_with_connection() && closed))
    }

    /// No more comes; what was held back is read. The trouble that kept it from being unpacked.
    pub(super) fn end(&mut self) -> Option<Trouble> {
        if !std::mem::replace(&mut self.ended, true) {
            self.decoder.end();
            self.decoder.inner().end();
        }
        self.decoder.trouble()
    }

    /// What was read.
    pub(super) fn content(&mut self) -> &mut Content {
        self.decoder.inner()
    }

    /// What is known of it; `closed` when the end of the connection was seen, `reveal` when secrets are shown.
    pub(super) fn facts(&mut self, closed: bool, reveal: bool) -> BodyFacts {
        let complete = self.is_whole(closed);
        let readable = self.decoder.trouble().is_none() && !self.torn;
        let content = self.decoder.inner();
        let bytes = readable.then_some(content.bytes());
        let hashable = complete && readable && content.bytes() > 0 && (reveal || !content.may_hold_secret());
        BodyFacts {
            wire_bytes: self.wire,
            bytes,
            promised: self.promised,
            framing: self.framing.name(),
            coding: self.coding.clone(),
            complete,
            sha256: hashable.then(|| self.decoder.inner().sha256()),
        }
    }
}
