//! Behind lost bytes: finds the next record, and lets its MAC or tag prove it.

use super::opener::Opened;
use super::opener::Place;
use super::record;
use super::record::Header;
use super::record::len;
use super::run;
use super::run::CLIENT;
use super::session::Session;
use super::session::Step;
use super::side::Guard;
use super::side::Waits;
use super::store::Keys;
use crate::secured::Closed;
use crate::secured::Secured;

/// Bytes before a header that are kept: the block that the next record is chained to, and the longest MAC behind it.
const KEPT_BYTES: usize = 16 + 48;

/// What a search says of a place.
enum Judged {
    /// A record, proven or clear; and how many records are lost before it.
    Found(u8, u64),
    /// None.
    No,
    /// Not to be told before more comes.
    Later,
    /// There is no budget left.
    Spent,
}

impl Session {
    /// Searches for the next record behind a hole.
    pub(super) fn resync(&mut self, who: usize, keys: &mut Keys, facts: &mut Secured) -> Step {
        let mut from = self.side(who).hole.as_ref().map_or(0, |hole| hole.searched);
        loop {
            let side = self.side(who);
            let Some(header) = side.records.ahead().get(from..).filter(|rest| rest.len() >= record::HEADER_BYTES) else { break };
            let Some(header) = Header::parse(header).filter(|header| header.len > 0) else {
                from = from.saturating_add(1);
                continue;
            };
            let end = from.saturating_add(header.whole());
            match self.judge(who, from, end, header, keys, facts) {
                Judged::Found(kind, records) => return self.found(who, from, end, kind, records, facts),
                Judged::No if matches!(self.side(who).guard, Guard::Shut) => return Step::On,
                Judged::No => from = from.saturating_add(1),
                Judged::Later => break,
                Judged::Spent => {
                    self.close_one(who, Closed::ResyncFailed, facts);
                    return Step::On;
                }
            }
        }
        // What was searched is lost, too.
        let side = self.side(who);
        let passed = from.saturating_sub(KEPT_BYTES);
        side.records.pass(passed);
        if let Some(hole) = &mut side.hole {
            hole.searched = from.saturating_sub(passed);
            hole.lost = hole.lost.saturating_add(len(passed));
        }
        let counts = facts.counts_mut(self.peer(who));
        counts.lost = counts.lost.saturating_add(len(passed));
        Step::Idle
    }

    /// Whether a record stands here.
    fn judge(&mut self, who: usize, from: usize, end: usize, header: Header, keys: &mut Keys, facts: &mut Secured) -> Judged {
        let forced = self.forced;
        let side = self.side(who);
        let ahead = side.records.ahead();
        let Some(body) = ahead.get(from.saturating_add(record::HEADER_BYTES)..end) else {
            return if forced { Judged::No } else { Judged::Later };
        };
        let next = ahead.get(end..).unwrap_or_default();
        let plausible = match next {
            [] => true,
            [kind, rest @ ..] => {
                matches!(kind, 20..=24) && rest.first().is_none_or(|major| *major == 3) && rest.get(1).is_none_or(|minor| *minor <= 4)
            }
        };
        if !plausible {
            return Judged::No;
        }
        if matches!(side.guard, Guard::Clear) {
            if let Some(kind) = clear(header, body) {
                return Judged::Found(kind, 0);
            }
            // The change of cipher may be among what is lost.
            if self.adopt(who, keys, facts) == Waits::Keys {
                return Judged::Later;
            }
        }
        self.prove(who, from, end, header)
    }

    /// Opens the record at a place, if the cipher says that it is one.
    fn prove(&mut self, who: usize, from: usize, end: usize, header: Header) -> Judged {
        let [client, server] = &mut self.sides;
        let side = if who == CLIENT { client } else { server };
        let (Some(hole), ahead) = (&mut side.hole, side.records.ahead()) else { return Judged::No };
        let body = ahead.get(from.saturating_add(record::HEADER_BYTES)..end).unwrap_or_default();
        let lost = hole.lost.saturating_add(len(from));
        let before = ahead.get(..from).unwrap_or_default();
        let fewest = lost.div_ceil(u64::from(record::MOST_BODY_BYTES).saturating_add(5)).max(1);
        let (opened, seq) = match &mut side.guard {
            Guard::Old(opener) => {
                let seq = opener.seq();
                // Nothing was opened yet: of what is lost some records may have been clear.
                let least = if seq == 0 { 0 } else { fewest };
                let place = Place { lost, least, before };
                (opener.resume(&place, header, body, &mut self.plain, &mut side.budget), seq)
            }
            Guard::Inner(phases) => {
                let seq = phases.seq();
                let place = Place { lost, least: if seq == 0 { 0 } else { fewest }, before };
                (phases.resume(&place, header, body, &mut self.plain, &mut side.budget), seq)
            }
            Guard::Clear | Guard::Shut => return Judged::No,
        };
        match opened {
            Some(Opened { kind, seq: found }) => Judged::Found(kind, found.saturating_sub(seq).max(1)),
            None if side.budget < len(end.saturating_sub(from)) => Judged::Spent,
            None => Judged::No,
        }
    }

    /// Takes the ciphers of a handshake whose end is lost, if they can be made.
    fn adopt(&mut self, who: usize, keys: &mut Keys, facts: &mut Secured) -> Waits {
        if self.run.server.is_none() {
            return Waits::Bytes;
        }
        if self.run.is_inner() {
            return self.prepare_inner(keys, facts);
        }
        let waits = self.prepare(who, keys, facts);
        if waits == Waits::Bytes && !matches!(self.side(who).guard, Guard::Shut) {
            self.change(who);
        }
        waits
    }

    /// A record was found: what is lost before it is told, then what it holds.
    fn found(&mut self, who: usize, from: usize, end: usize, kind: u8, records: u64, facts: &mut Secured) -> Step {
        let peer = self.peer(who);
        let clear = matches!(self.side(who).guard, Guard::Clear);
        let side = self.side(who);
        let (at, frames) = side.records.origin(from, end);
        let lost = side.hole.take().map_or(0, |hole| hole.lost).saturating_add(len(from));
        if clear {
            let content = side.records.ahead().get(from.saturating_add(record::HEADER_BYTES)..end).unwrap_or_default().to_vec();
            self.plain = content;
        }
        let side = self.side(who);
        side.records.pass(end);
        side.earn(end.saturating_sub(from));
        side.begun = true;
        let overhead = match &side.guard {
            Guard::Old(opener) => opener.overhead(),
            Guard::Inner(phases) => phases.overhead(),
            Guard::Clear | Guard::Shut => 0,
        };
        let counts = facts.counts_mut(peer);
        counts.records = counts.records.saturating_add(1);
        counts.bytes = counts.bytes.saturating_add(len(end.saturating_sub(from)));
        counts.lost = counts.lost.saturating_add(len(from));
        if clear {
            return self.content(who, kind, at, frames, facts);
        }
        let bytes = lost.saturating_sub(records.saturating_mul(overhead));
        self.behind = Some((who, kind, at, frames.clone()));
        self.gap(who, at, frames, bytes)
    }
}

/// The type of a record that is not encrypted, if it looks like one of a handshake.
fn clear(header: Header, body: &[u8]) -> Option<u8> {
    let whole = match (header.kind, body) {
        (record::CHANGE_CIPHER_SPEC, [1]) | (record::ALERT, [1 | 2, _]) => true,
        (record::HANDSHAKE, [kind, 0, high, low, rest @ ..]) => {
            let known = matches!(
                *kind,
                run::HELLO_REQUEST | run::CLIENT_HELLO | run::SERVER_HELLO | run::NEW_SESSION_TICKET | run::CERTIFICATE
                    ..=run::SERVER_HELLO_DONE | run::CLIENT_KEY_EXCHANGE
            );
            known && usize::from(u16::from_be_bytes([*high, *low])) <= rest.len()
        }
        _ => false,
    };
    whole.then_some(header.kind)
}
