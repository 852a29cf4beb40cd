//! What two ends say, as the segments of a TCP connection: handshake, data in bursts, acknowledgements, rare disorder, the end.

use crate::frame::Capture;
use crate::frame::End;
use crate::frame::Random;
use crate::frame::Segment;
use std::collections::VecDeque;
use std::sync::LazyLock;

/// Options of a SYN: the largest segment is what the talk has, selective acknowledgements are permitted.
const SYN_OPTIONS: [u8; 8] = [2, 4, 5, 0xb4, 1, 1, 4, 2];

/// Bytes that nobody can read or compress.
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut random = Random::new(99);
    (0..8 << 10).flat_map(|_| random.next().to_le_bytes()).collect()
});

/// What one side says before the other one does.
pub(crate) struct Turn {
    pub(crate) client: bool,
    pub(crate) said: Vec<u8>,
    /// So many bytes of noise behind it.
    pub(crate) noise: usize,
}

impl Turn {
    /// The client says this.
    pub(crate) fn client(said: impl Into<Vec<u8>>) -> Self {
        Self { client: true, said: said.into(), noise: 0 }
    }

    /// The server says this.
    pub(crate) fn server(said: impl Into<Vec<u8>>) -> Self {
        Self { client: false, said: said.into(), noise: 0 }
    }

    /// How many bytes it has.
    fn len(&self) -> usize {
        self.said.len() + self.noise
    }

    /// A piece of it.
    fn piece(&self, from: usize, most: usize) -> &[u8] {
        let said = self.said.get(from..).unwrap_or_default();
        if said.is_empty() {
            let left = (self.len() - from).min(most);
            let start = from % (NOISE.len() - most);
            return &NOISE[start..start + left];
        }
        &said[..said.len().min(most)]
    }
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Syn,
    SynAck,
    Ack,
    Data,
    ServerFin,
    ClientFin,
    LastAck,
    Over,
}

/// A connection being played.
pub(crate) struct Talk {
    ends: [End; 2],
    /// Next sequence numbers of client and server.
    seq: [u32; 2],
    mss: usize,
    /// What is still to be said, and how much of the first turn was.
    turns: VecDeque<Turn>,
    offset: usize,
    stage: Stage,
    /// Data segments so far: every second one is acknowledged.
    sent: u64,
    /// Of a thousand data segments, so many come late, and as many twice.
    disorder: u64,
    /// Whether nobody ends it.
    stays_open: bool,
}

impl Talk {
    /// A connection between a client and a server; `disorder` in a thousand segments come behind their successor, and as many twice.
    pub(crate) fn new(random: &mut Random, ends: [End; 2], mss: usize, turns: Vec<Turn>, disorder: u64) -> Self {
        let seq = [random.next() as u32, random.next() as u32];
        let turns = turns.into_iter().filter(|turn| turn.len() > 0).collect();
        Self { ends, seq, mss, turns, offset: 0, stage: Stage::Syn, sent: 0, disorder, stays_open: false }
    }

    /// The same, but falling silent instead of ending.
    pub(crate) fn staying_open(self) -> Self {
        Self { stays_open: true, ..self }
    }

    /// About how many bytes of a capture it will have.
    pub(crate) fn capture_bytes(&self) -> u64 {
        let of = |turn: &Turn| turn.len() + turn.len().div_ceil(self.mss) * (70 + 38);
        (self.turns.iter().map(of).sum::<usize>() + 6 * 76) as u64
    }

    /// Sends what comes next: one segment of handshake or end, or a burst of data. `false` when it was the last.
    pub(crate) fn advance(&mut self, capture: &mut Capture, random: &mut Random, burst: u64) -> bool {
        let (client, server) = (self.bare(true), self.bare(false));
        let syn = Segment { syn: true, push: false, options: &SYN_OPTIONS, ..client };
        let (sent, next) = match self.stage {
            Stage::Syn => (Segment { ack: None, ..syn }, Stage::SynAck),
            Stage::SynAck => {
                self.seq[0] = self.seq[0].wrapping_add(1);
                (Segment { ack: Some(self.seq[0]), syn: true, options: &SYN_OPTIONS, ..server }, Stage::Ack)
            }
            Stage::Ack => {
                self.seq[1] = self.seq[1].wrapping_add(1);
                (self.bare(true), Stage::Data)
            }
            Stage::Data => {
                self.data(capture, random, burst);
                self.stage = match (self.turns.is_empty(), self.stays_open) {
                    (false, _) => Stage::Data,
                    (true, false) => Stage::ServerFin,
                    (true, true) => Stage::Over,
                };
                return self.stage != Stage::Over;
            }
            Stage::ServerFin => (Segment { fin: true, ..server }, Stage::ClientFin),
            Stage::ClientFin => {
                self.seq[1] = self.seq[1].wrapping_add(1);
                (Segment { fin: true, ..self.bare(true) }, Stage::LastAck)
            }
            Stage::LastAck => {
                self.seq[0] = self.seq[0].wrapping_add(1);
                (self.bare(false), Stage::Over)
            }
            Stage::Over => return false,
        };
        capture.send(sent);
        self.stage = next;
        next != Stage::Over
    }

    /// A segment without data that acknowledges all that came.
    fn bare(&self, client: bool) -> Segment<'static> {
        let (me, other) = if client { (0, 1) } else { (1, 0) };
        let (from, to) = (self.ends[me], self.ends[other]);
        Segment { from, to, seq: self.seq[me], ack: Some(self.seq[other]), ..Segment::default() }
    }

    /// A burst of at most so many segments, all of one turn.
    fn data(&mut self, capture: &mut Capture, random: &mut Random, burst: u64) {
        let Some(turn) = self.turns.pop_front() else { return };
        let mut late: Option<Segment<'_>> = None;
        for _ in 0..burst {
            let payload = turn.piece(self.offset, self.mss);
            self.offset += payload.len();
            let is_last = self.offset == turn.len();
            let segment = Segment { push: is_last, payload, ..self.bare(turn.client) };
            let seq = &mut self.seq[usize::from(!turn.client)];
            *seq = seq.wrapping_add(payload.len() as u32);
            let luck = random.below(1000);
            if luck < self.disorder && !is_last && late.is_none() {
                late = Some(segment);
                continue;
            }
            capture.send(segment);
            capture.pause(1 + random.below(3));
            if let Some(segment) = late.take() {
                capture.send(segment);
            }
            if (self.disorder..2 * self.disorder).contains(&luck) {
                capture.send(segment);
            }
            self.sent += 1;
            if self.sent.is_multiple_of(2) {
                capture.send(self.bare(!turn.client));
                capture.pause(1 + random.below(2));
            }
            if is_last {
                break;
            }
        }
        if let Some(segment) = late {
            capture.send(segment);
        }
        if self.offset < turn.len() {
            self.turns.push_front(turn);
        } else {
            self.offset = 0;
        }
    }
}
