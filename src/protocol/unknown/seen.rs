//! What inference works on, and what it says: the words its steps share.

use crate::annotation::ByteSpan;
use crate::annotation::Token;
use crate::grammar::BytePattern;
use crate::grammar::Field;
use crate::grammar::Keyword;
use crate::grammar::Limitation;
use crate::grammar::MessageType;
use crate::grammar::Relation;
use crate::grammar::Share;
use crate::peer::Endpoint;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// All that was kept of one service. Owned; bounded where it is collected.
#[derive(Clone, Debug)]
pub struct Service {
    /// What carries it.
    pub transport: Transport,
    /// Who serves.
    pub server: Endpoint,
    /// Its sessions, in order of first sight.
    pub sessions: Vec<Seen>,
    /// Times of the first and last frame of the capture, for fields that are times.
    pub window: (Timestamp, Timestamp),
    /// What was left out because a bound was reached, and what else must not be concluded.
    pub limitations: Vec<Limitation>,
}

/// One session of a service.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its connection.
    pub flow: FlowId,
    /// Who asked.
    pub client: Endpoint,
    /// Whether both streams are known from their first byte.
    pub whole: bool,
    /// What was said, in the order it was said. Of a stream: the longest runs of one direction without a hole. Of datagrams: one each.
    pub turns: Vec<Turn>,
    /// Bytes lost behind the last turn, of both sides.
    pub missing_behind: u64,
}

/// What one side said before the other did, or one datagram.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Who said it.
    pub from: Peer,
    /// Time of its first byte.
    pub at: Timestamp,
    /// Where it is in the stream of its sender; of datagrams the bytes of those before it are counted.
    pub span: ByteSpan,
    /// Its bytes: all of the span.
    pub bytes: Vec<u8>,
    /// Bytes lost before it.
    pub gap_before: u64,
}

/// A message, cut out of the turns of a session; borrows them.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// Which session of the service, from 0.
    pub session: usize,
    /// Which message of its session, from 1, both directions together: `m<flow>.<number>` names it.
    pub number: u64,
    /// Who sent it.
    pub from: Peer,
    /// Time of its first byte.
    pub at: Timestamp,
    /// Where it is in the stream of its sender.
    pub span: ByteSpan,
    /// Its bytes, what ends it included.
    pub bytes: &'a [u8],
}

/// Which of these messages begin behind a hole in the stream of their sender: they may be the rest of others.
#[must_use]
pub(super) fn behind_holes(units: &[Unit<'_>]) -> Vec<bool> {
    // Where the stream of each side of a session goes on.
    let mut ends: BTreeMap<(usize, bool), u64> = BTreeMap::new();
    let mut begins_late = |unit: &Unit<'_>| {
        let end = ends.insert((unit.session, unit.from == Peer::Client), unit.span.end);
        end.unwrap_or(0) != unit.span.start
    };
    units.iter().map(&mut begins_late).collect()
}

/// What was made of one unit.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Index of its type in [`Language::types`].
    pub message_type: Option<usize>,
    /// Tiles `0..bytes.len()` in order; kinds are names of [`crate::grammar::Kind`].
    pub tokens: Vec<Token>,
    /// The field of every token, by id, in order; as many as tokens.
    pub fields: Vec<Option<String>>,
    /// How sure the type is.
    pub confidence: Share,
}

/// What was made of all units of a service, by the text way or the binary way.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// Fields of all messages.
    pub header_fields: Vec<Field>,
    /// Types in order of first sight, ids `mt1` on.
    pub types: Vec<MessageType>,
    /// What stands between parts, most frequent first.
    pub delimiters: Vec<BytePattern>,
    /// Words of the protocol, most frequent first.
    pub keywords: Vec<Keyword>,
    /// How fields depend on each other.
    pub relations: Vec<Relation>,
    /// One for each unit, in the order given.
    pub typed: Vec<Typed>,
    /// What must not be concluded.
    pub limitations: Vec<Limitation>,
}
