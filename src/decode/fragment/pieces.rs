//! The bytes of one datagram, in whatever order its fragments came.

use super::Fragment;

/// A run of bytes that one fragment brought.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Its place in the datagram.
    start: usize,
    /// Behind its end in the datagram.
    end: usize,
    /// Its place in the bytes held.
    held_at: usize,
}

/// Pieces of a datagram, kept apart until it is whole, so that a far offset costs no more memory than its bytes.
///
/// ```text
///   runs     [0, 8) at 16   [8, 16) at 0   [24, 32) at 8     ascending, never overlapping
///   held     bbbbbbbb dddddddd aaaaaaaa                      in the order they came
/// ```
#[derive(Debug, Default)]
pub(super) struct Pieces {
    runs: Vec<Piece>,
    held: Vec<u8>,
    /// Length of the datagram, once the fragment without successor has come.
    total: Option<usize>,
}

/// What a fragment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It brought bytes, and any it repeated are the same.
    New,
    /// All it brought was there, the same.
    Repeated,
    /// It contradicts what was there: other bytes, another end, or in IPv6 a partial overlap. In IPv4 its new bytes are kept.
    Conflict,
}

impl Pieces {
    /// Adds a fragment.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>) -> Added {
        let start = usize::from(fragment.offset);
        let end = start.saturating_add(fragment.payload.len());
        if !self.end_fits(fragment, end.saturating_add(fragment.uncaptured)) {
            return Added::Conflict;
        }
        let first = self.runs.partition_point(|piece| piece.end <= start);
        let over: Vec<Piece> = self.runs.iter().skip(first).take_while(|piece| piece.start < end).copied().collect();
        let differs = over.iter().any(|piece| self.differs(*piece, start, fragment.payload));
        let exact = matches!(over.as_slice(), [piece] if (piece.start, piece.end) == (start, end));
        if fragment.source.is_ipv6() && !over.is_empty() && !exact {
            return Added::Conflict;
        }
        let grew = self.fill(first, start, end, &over, fragment.payload);
        match (differs, grew) {
            (true, _) => Added::Conflict,
            (false, true) => Added::New,
            (false, false) => Added::Repeated,
        }
    }

    /// Notes the datagram's end, and says whether the fragment agrees with what is known of it.
    fn end_fits(&mut self, fragment: &Fragment<'_>, end: usize) -> bool {
        let furthest = self.runs.last().map_or(0, |piece| piece.end);
        match self.total {
            Some(total) => end == total || (fragment.more && end < total),
            None if fragment.more => true,
            None if end < furthest => false,
            None => {
                self.total = Some(end);
                true
            }
        }
    }

    /// Whether the bytes that a piece and a fragment both have are not the same.
    fn differs(&self, piece: Piece, start: usize, payload: &[u8]) -> bool {
        let held = self.held.get(piece.held_at..).unwrap_or_default();
        let end = piece.end.min(start.saturating_add(payload.len()));
        common(held, piece.start, start, end) != common(payload, start, piece.start, end)
    }

    /// Keeps what lies between the pieces that are there; says whether that was anything.
    fn fill(&mut self, first: usize, start: usize, end: usize, over: &[Piece], payload: &[u8]) -> bool {
        let mut fresh = Vec::new();
        let mut from = start;
        for (next_start, next_end) in over.iter().map(|piece| (piece.start, piece.end)).chain([(end, end)]) {
            let hole = payload.get(from.saturating_sub(start)..next_start.saturating_sub(start)).unwrap_or_default();
            if !hole.is_empty() {
                fresh.push(Piece { start: from, end: next_start, held_at: self.held.len() });
                self.held.extend_from_slice(hole);
            }
            from = from.max(next_end);
        }
        for piece in &fresh {
            let tail = self.runs.get(first..).unwrap_or_default();
            let place = first.saturating_add(tail.partition_point(|other| other.start < piece.start));
            self.runs.insert(place, *piece);
        }
        !fresh.is_empty()
    }

    /// Whether nothing is missing. The pieces never overlap, so their sum tells.
    pub(super) fn is_whole(&self) -> bool {
        self.total == Some(self.held.len())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.held.len()
    }

    /// How many pieces.
    pub(super) fn count(&self) -> usize {
        self.runs.len()
    }

    /// Puts the pieces in order into an emptied buffer.
    pub(super) fn join_into(&self, joined: &mut Vec<u8>) {
        joined.clear();
        for piece in &self.runs {
            let length = piece.end.saturating_sub(piece.start);
            let bytes = self.held.get(piece.held_at..piece.held_at.saturating_add(length)).unwrap_or_default();
            joined.extend_from_slice(bytes);
        }
    }
}

/// Of bytes whose first is at `base`, those from `from` (or `base`, whichever is later) up to `end`.
fn common(bytes: &[u8], base: usize, from: usize, end: usize) -> Option<&[u8]> {
    bytes.get(from.saturating_sub(base)..end.checked_sub(base)?)
}
