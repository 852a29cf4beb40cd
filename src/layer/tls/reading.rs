//! Records to what they hold: clear, opened, or only counted.

use super::hello::ClientHello;
use super::inflate::Inflate;
use super::phases::Stage;
use super::record;
use super::record::Header;
use super::record::len;
use super::run::CLIENT;
use super::session::Session;
use super::session::Step;
use super::session::Telling;
use super::side::Guard;
use crate::evidence::Frames;
use crate::secured::Closed;
use crate::secured::MOST_ALERTS;
use crate::secured::Secured;
use crate::time::Timestamp;

/// Records of TLS 1.3 that may fail before none was opened: those of a handshake whose secrets are not known.
const MOST_FAILED: u32 = 64;

impl Session {
    /// Takes the record ahead, whole as it is, and what it holds.
    pub(super) fn open(&mut self, who: usize, header: Header, facts: &mut Secured) -> Step {
        let from = self.peer(who);
        let [client, server] = &mut self.sides;
        let side = if who == CLIENT { client } else { server };
        let (at, frames) = side.records.origin(0, header.whole());
        let body = side.records.ahead().get(record::HEADER_BYTES..header.whole()).unwrap_or_default();
        let clear_inner =
            matches!(header.kind, record::CHANGE_CIPHER_SPEC | record::HANDSHAKE) || (header.kind == record::ALERT && header.len == 2);
        let opened = match &mut side.guard {
            Guard::Old(opener) => opener.open(header, body, &mut self.plain).map(|opened| opened.kind),
            Guard::Inner(phases) if !clear_inner => phases.open(header, body, &mut self.plain).map(|opened| opened.kind),
            _ => {
                self.plain.clear();
                self.plain.extend_from_slice(body);
                Some(header.kind)
            }
        };
        side.begun = true;
        side.records.pass(header.whole());
        let counts = facts.counts_mut(from);
        counts.records = counts.records.saturating_add(1);
        counts.bytes = counts.bytes.saturating_add(len(header.whole()));
        if let Some(kind) = opened {
            side.failed = 0;
            side.earn(header.whole());
            if matches!(side.guard, Guard::Clear) {
                self.note_clear(at, &frames);
            }
            return self.content(who, kind, at, frames, facts);
        }
        counts.unopened = counts.unopened.saturating_add(1);
        side.failed = side.failed.saturating_add(1);
        self.unopened(who, header, at, frames, facts)
    }

    /// A record could not be opened: the secrets are wrong, it is damaged, or it is of a part whose secrets are not known.
    pub(super) fn unopened(&mut self, who: usize, header: Header, at: Timestamp, frames: Frames, facts: &mut Secured) -> Step {
        let counts = facts.counts_mut(self.peer(who));
        if self.is_refused(who) {
            counts.refused = counts.refused.saturating_add(u64::from(header.len));
            return Step::On;
        }
        if self.is_early(who) {
            return self.gap(who, at, frames, u64::from(header.len).saturating_sub(17));
        }
        let side = self.side(who);
        let (fits, damaged) = match &side.guard {
            Guard::Old(cipher) => (cipher.seq() > 0, true),
            Guard::Inner(phases) => (phases.proven || side.failed < MOST_FAILED, phases.proven && phases.stage == Stage::Application),
            Guard::Clear | Guard::Shut => (true, false),
        };
        if !fits {
            facts.opened_with = None;
            self.close(Closed::SecretsDoNotFit, facts);
        } else if damaged {
            // On its way, or by whoever captured it: what follows may be whole.
            side.miss(len(header.whole()));
            self.lose(who, len(header.whole()), facts);
        }
        Step::On
    }

    /// Whether a direction is in the client's early data.
    pub(super) fn is_early(&self, who: usize) -> bool {
        let [client, _] = &self.sides;
        who == CLIENT && matches!(&client.guard, Guard::Inner(phases) if phases.stage == Stage::Early)
    }

    /// Whether it is, and the server refused that.
    pub(super) fn is_refused(&self, who: usize) -> bool {
        self.is_early(who) && self.run.early_taken != Some(true)
    }

    /// A hello, or another record of the first handshake.
    pub(super) fn note_clear(&mut self, at: Timestamp, frames: &Frames) {
        if self.frames.is_empty() {
            self.first_at = at;
        }
        if self.telling == Telling::NotYet {
            self.frames.join(frames);
        }
    }

    /// Takes what a record holds.
    pub(super) fn content(&mut self, who: usize, kind: u8, at: Timestamp, frames: Frames, facts: &mut Secured) -> Step {
        let [client, server] = &mut self.sides;
        let side = if who == CLIENT { client } else { server };
        if let Some(inflate) = &mut side.inflate
            && inflate.unpack(&mut self.plain).is_none()
        {
            self.close_one(who, Closed::CompressionBroken, facts);
            return Step::On;
        }
        match kind {
            record::CHANGE_CIPHER_SPEC => self.change(who),
            record::ALERT => self.alert(who, facts),
            record::HANDSHAKE => self.messages(who, facts),
            record::APPLICATION_DATA => return self.data(who, at, frames, facts),
            _ => {}
        }
        Step::On
    }

    /// Hands on application data.
    pub(super) fn data(&mut self, who: usize, at: Timestamp, frames: Frames, facts: &mut Secured) -> Step {
        let from = self.peer(who);
        if matches!(self.side(who).guard, Guard::Clear) {
            // Encrypted, and nothing before it said by what.
            let why = if self.run.lost { Closed::HandshakeLostBytes } else { Closed::HandshakeMissing };
            let counts = facts.counts_mut(from);
            counts.unopened = counts.unopened.saturating_add(1);
            self.close(why, facts);
            return Step::On;
        }
        let bytes = len(self.plain.len());
        if self.is_refused(who) {
            let counts = facts.counts_mut(from);
            counts.refused = counts.refused.saturating_add(bytes);
            return Step::On;
        }
        if bytes == 0 {
            return Step::On;
        }
        let counts = facts.counts_mut(from);
        counts.opened = counts.opened.saturating_add(bytes);
        self.telling = self.telling.max(Telling::Due);
        let side = self.side(who);
        let offset = side.plain;
        side.plain = offset.saturating_add(bytes);
        Step::Data { from, offset, at, frames }
    }

    /// Tells that application data is lost.
    pub(super) fn gap(&mut self, who: usize, at: Timestamp, frames: Frames, bytes: u64) -> Step {
        let from = self.peer(who);
        self.telling = self.telling.max(Telling::Due);
        let side = self.side(who);
        let offset = side.plain;
        let bytes = bytes.max(1);
        side.plain = offset.saturating_add(bytes);
        Step::Gap { from, offset, at, frames, bytes }
    }

    /// A direction takes the keys that were agreed on.
    pub(super) fn change(&mut self, who: usize) {
        if self.run.is_inner() {
            return;
        }
        let compressed = self.run.server.as_ref().is_some_and(|server| server.compression == 1);
        let [client, server] = &mut self.run.openers;
        let opener = if who == CLIENT { client.take() } else { server.take() };
        let side = self.side(who);
        if let Some(opener) = opener {
            side.guard = Guard::Old(Box::new(opener));
            side.inflate = compressed.then(|| Box::new(Inflate::new()));
            side.messages.clear();
        }
    }

    /// Keeps an alert.
    pub(super) fn alert(&mut self, who: usize, facts: &mut Secured) {
        if let ([level, number], true) = (self.plain.as_slice(), facts.alerts.len() < MOST_ALERTS) {
            facts.alerts.push((self.peer(who), *level, *number));
        }
    }

    /// Reads a hello in the framing of SSLv2.
    pub(super) fn read_v2(&mut self, who: usize, facts: &mut Secured) -> Step {
        let ahead = self.side(who).records.ahead();
        match (who, ahead.get(2)) {
            (_, None) => return Step::Idle,
            (CLIENT, Some(1)) => {}
            _ => {
                facts.version = Some("SSL 2.0");
                self.close(Closed::Sslv2, facts);
                return Step::On;
            }
        }
        let whole = ahead.first_chunk().map_or(0, |head| usize::from(u16::from_be_bytes(*head) & 0x7fff).saturating_add(2));
        if ahead.len() < whole {
            return Step::Idle;
        }
        let raw = ahead.get(2..whole).unwrap_or_default().to_vec();
        let Some((hello, _)) = ClientHello::parse_v2(ahead) else {
            self.close(Closed::RecordsBroken, facts);
            return Step::On;
        };
        let side = self.side(who);
        let (at, frames) = side.records.origin(0, whole);
        side.records.pass(whole);
        side.begun = true;
        self.note_clear(at, &frames);
        let counts = facts.counts_mut(self.peer(who));
        counts.records = counts.records.saturating_add(1);
        counts.bytes = counts.bytes.saturating_add(len(whole));
        self.client_hello(hello, &raw, facts);
        Step::On
    }

    /// Counts the records of a direction that is not opened.
    pub(super) fn count(&mut self, who: usize, facts: &mut Secured) -> Step {
        let from = self.peer(who);
        let side = self.side(who);
        side.hole = None;
        let Some(header) = Header::parse(side.records.ahead()) else {
            let ahead = side.records.ahead().len();
            if ahead >= record::HEADER_BYTES {
                side.records.pass(ahead);
            }
            return Step::Idle;
        };
        if side.records.ahead().len() < header.whole() {
            return Step::Idle;
        }
        side.records.pass(header.whole());
        let counts = facts.counts_mut(from);
        counts.records = counts.records.saturating_add(1);
        counts.unopened = counts.unopened.saturating_add(u64::from(header.kind != record::CHANGE_CIPHER_SPEC));
        counts.bytes = counts.bytes.saturating_add(len(header.whole()));
        Step::On
    }
}
