//! What is kept of a service: its sessions, their turns, and which frame brought which byte.

use crate::annotation::ByteSpan;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::evidence::Part;
use crate::flow::Body;
use crate::flow::Chunk;
use crate::peer::Endpoint;
use crate::peer::Flow;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::protocol::unknown::Turn;
use crate::time::Timestamp;

/// What a piece costs beside its bytes: its mark, and its share of the lists.
const PIECE_BYTES: usize = 64;

/// All that is kept of one service.
#[derive(Debug)]
pub struct Collected {
    /// What carries it.
    pub transport: Transport,
    /// Who serves.
    pub server: Endpoint,
    /// Its sessions, in order of first sight.
    pub sessions: Vec<Kept>,
    /// What was not kept.
    pub left_out: LeftOut,
    /// Bytes kept, what they cost beside included.
    pub(super) bytes: usize,
    turns: usize,
}

/// What bounds left out. Exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Whole sessions.
    pub sessions: u64,
    /// Datagrams of sessions that were not kept; how many these are, nobody counts.
    pub datagrams: u64,
    /// Bytes of sessions that are kept up to there.
    pub bytes: u64,
}

/// One session, with where its bytes came from.
#[derive(Debug)]
pub struct Kept {
    /// Its connection, as it was last seen.
    pub flow: Flow,
    /// Whether both streams are kept from their first byte.
    pub whole: bool,
    /// What was said, in order.
    pub turns: Vec<Turn>,
    /// Which frame brought which byte of the client's and the server's stream.
    marks: [Vec<Mark>; 2],
    /// Bytes lost that no turn has told yet, of the client and the server.
    lost: [u64; 2],
    /// Whether a bound was reached: nothing behind is kept.
    full: bool,
}

/// Bytes that came in one piece.
#[derive(Debug)]
struct Mark {
    start: u64,
    end: u64,
    at: Timestamp,
    frames: Frames,
    frame_offset: Option<u32>,
}

impl Collected {
    pub(super) fn new(transport: Transport, server: Endpoint) -> Self {
        Self { transport, server, sessions: Vec::new(), left_out: LeftOut::default(), bytes: 0, turns: 0 }
    }

    /// Keeps a piece of a session, unless a bound is reached: which one, and its value.
    /// `most` are bytes of the service, bytes of all services with those that are left of them, and turns.
    pub(super) fn chunk(
        &mut self,
        session: usize,
        from: Peer,
        chunk: Chunk<'_>,
        most: (usize, (usize, usize), usize),
    ) -> Option<(&'static str, usize)> {
        let kept = self.sessions.get_mut(session)?;
        let data = match chunk.body {
            Body::Data(data) => data,
            Body::Gap(bytes, _) => {
                kept.gap(from, bytes);
                return None;
            }
        };
        let cost = data.len().saturating_add(PIECE_BYTES);
        let refused = if self.bytes.saturating_add(cost) > most.0 {
            Some(("document_bytes", most.0))
        } else if cost > most.1.1 {
            Some(("document_bytes_in_all", most.1.0))
        } else if self.turns >= most.2 {
            Some(("document_turns", most.2))
        } else {
            None
        };
        kept.full |= refused.is_some();
        if kept.full {
            self.left_out.bytes = self.left_out.bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
            return refused;
        }
        self.bytes = self.bytes.saturating_add(cost);
        let before = kept.turns.len();
        kept.data(from, &chunk, data, self.transport == Transport::Udp);
        self.turns = self.turns.saturating_add(kept.turns.len().saturating_sub(before));
        None
    }
}

impl Kept {
    pub(super) fn new(flow: Flow, whole: bool) -> Self {
        Self { flow, whole, turns: Vec::new(), marks: Default::default(), lost: [0, 0], full: false }
    }

    fn marks(&mut self, from: Peer) -> &mut Vec<Mark> {
        let [client, server] = &mut self.marks;
        if from == Peer::Client { client } else { server }
    }

    fn lost(&mut self, from: Peer) -> &mut u64 {
        let [client, server] = &mut self.lost;
        if from == Peer::Client { client } else { server }
    }

    fn gap(&mut self, from: Peer, bytes: u64) {
        let lost = self.lost(from);
        *lost = lost.saturating_add(bytes);
    }

    fn data(&mut self, from: Peer, chunk: &Chunk<'_>, data: &[u8], apart: bool) {
        let end = chunk.offset.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        let span = ByteSpan { start: chunk.offset, end };
        let gap_before = std::mem::take(self.lost(from));
        let Chunk { at, frame_offset, .. } = *chunk;
        self.marks(from).push(Mark { start: span.start, end, at, frames: chunk.frames.clone(), frame_offset });
        match self.turns.last_mut() {
            Some(turn) if !apart && turn.from == from && gap_before == 0 && turn.span.end == span.start => {
                turn.bytes.extend_from_slice(data);
                turn.span.end = end;
            }
            _ => self.turns.push(Turn { from, at: chunk.at, span, bytes: data.to_vec(), gap_before }),
        }
    }

    /// Bytes lost behind the last turn.
    pub(in crate::protocol::unknown) fn missing_behind(&self) -> u64 {
        self.lost.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// Lets client and server change places.
    pub(super) fn turn_round(&mut self) {
        self.flow.turn_round();
        self.marks.reverse();
        self.lost.reverse();
        for turn in &mut self.turns {
            turn.from = turn.from.other();
        }
    }

    /// What bytes of one side rest on, and which frame brought which of them.
    #[must_use]
    pub fn origin(&self, from: Peer, span: ByteSpan) -> Origin {
        let [client, server] = &self.marks;
        let marks = if from == Peer::Client { client } else { server };
        let first = marks.partition_point(|mark| mark.end <= span.start);
        let mut origin = Origin { evidence: Evidence { frames: Frames::default(), bytes: Some(span) }, ..Origin::default() };
        for mark in marks.get(first..).unwrap_or_default().iter().take_while(|mark| mark.start < span.end.max(span.start.saturating_add(1)))
        {
            if origin.parts.is_empty() {
                (origin.first_at, origin.last_at) = (mark.at, mark.at);
            }
            origin.last_at = origin.last_at.max(mark.at);
            origin.evidence.frames.join(&mark.frames);
            // What came of several frames is said to be of the newest.
            let frame = mark.frames.spans().last().map_or_else(FrameId::default, |span| FrameId { input: span.input, number: span.last });
            let start = mark.start.max(span.start).saturating_sub(span.start);
            let end = mark.end.min(span.end).saturating_sub(span.start);
            let into = u32::try_from(span.start.saturating_sub(mark.start)).ok();
            let frame_offset = mark.frame_offset.zip(into).and_then(|(offset, into)| offset.checked_add(into));
            origin.parts.push(Part { frame, at: mark.at, start, end, frame_offset });
        }
        origin
    }
}

/// What bytes rest on.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Frames and bytes.
    pub evidence: Evidence,
    /// Time of the frame of the first byte.
    pub first_at: Timestamp,
    /// Time of the newest frame.
    pub last_at: Timestamp,
    /// Which frame brought which byte.
    pub parts: Vec<Part>,
}
