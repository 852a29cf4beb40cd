//! The bytes of a message that the screen keeps, each with its role; secrets are not among them.

use super::super::escape::Cut;
use super::super::escape::decoded;
use super::super::escape::display_width;
use super::super::pieces::Piece;
use super::super::pieces::pieces;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Shown;

/// Columns of a message's text that a line may show: the widest screens have some hundred.
const LINE_COLUMNS: usize = 320;
/// Pieces of a line.
const LINE_PIECES: usize = 64;

/// What stands in a place, for its colour and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A control character or terminator.
    Control,
    /// A protocol control string.
    Keyword,
    /// Data.
    Data,
    /// Nothing explains it.
    Unknown,
    /// A secret.
    Secret,
    /// No byte of the wire: words of the program.
    Words,
}

impl Mark {
    /// The mark of a piece.
    fn of(piece: &Piece<'_>) -> Self {
        match (piece.shown, piece.role) {
            (Shown::Redacted(_), _) | (_, None) => Self::Secret,
            (_, Some(Role::Control)) => Self::Control,
            (_, Some(Role::Keyword)) => Self::Keyword,
            (_, Some(Role::Data)) => Self::Data,
            (_, Some(Role::Unknown)) => Self::Unknown,
        }
    }

    /// The sign for who sees no colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Control => "^^",
            Self::Keyword => "##",
            Self::Data => "..",
            Self::Unknown => "~~",
            Self::Secret => "??",
            Self::Words => "  ",
        }
    }
}

/// A byte as it may be shown; nothing where it is a secret.
pub(super) type Cell = (Option<u8>, Mark);

/// The first bytes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    /// What they are, zero where they are secret.
    kept: Box<[u8]>,
    /// Where each run of one mark ends.
    ends: Vec<(usize, Mark)>,
    /// Bytes that were not kept.
    pub(super) more: usize,
}

impl Bytes {
    /// Keeps at most so many bytes of a message.
    pub(super) fn of(payload: Payload<'_>, most: usize) -> Self {
        let mut bytes = Vec::with_capacity(payload.len().min(most));
        let mut ends: Vec<(usize, Mark)> = Vec::new();
        for piece in pieces(payload) {
            let room = most.saturating_sub(bytes.len());
            if room == 0 {
                break;
            }
            match piece.shown {
                Shown::Bytes(shown) => bytes.extend(shown.iter().take(room)),
                Shown::Redacted(count) => bytes.resize(bytes.len().saturating_add(count.min(room)), 0),
            }
            let mark = Mark::of(&piece);
            match ends.last_mut() {
                Some((end, last)) if *last == mark => *end = bytes.len(),
                _ => ends.push((bytes.len(), mark)),
            }
        }
        let more = payload.len().saturating_sub(bytes.len());
        Self { kept: bytes.into(), ends, more }
    }

    /// How much memory it takes.
    pub(super) fn weight(&self) -> usize {
        self.kept.len().saturating_add(self.ends.len().saturating_mul(size_of::<(usize, Mark)>()))
    }

    /// All of them in order.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> {
        let mut ends = self.ends.iter().peekable();
        self.kept.iter().enumerate().map(move |(place, byte)| {
            while ends.next_if(|(end, _)| *end <= place).is_some() {}
            let mark = ends.peek().map_or(Mark::Secret, |(_, mark)| *mark);
            (Some(*byte).filter(|_| mark != Mark::Secret), mark)
        })
    }
}

/// The text of a message for one line, escaped, cut by role.
pub(super) fn line(payload: Payload<'_>) -> Vec<(Mark, String)> {
    let mut left = LINE_COLUMNS;
    let mut line: Vec<(Mark, String)> = Vec::new();
    for piece in pieces(payload) {
        if left == 0 || line.len() >= LINE_PIECES {
            line.push((Mark::Words, "…".to_owned()));
            break;
        }
        let mut cut = Cut::new(left);
        match piece.shown {
            Shown::Bytes(bytes) => cut.push(&decoded(bytes)),
            Shown::Redacted(bytes) => cut.push(&format!("<redacted {bytes} bytes>")),
        }
        let text = cut.finish();
        left = left.saturating_sub(display_width(&text));
        line.push((Mark::of(&piece), text));
    }
    line
}
