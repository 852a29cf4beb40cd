//! One session: records of both directions in, plaintext out, and what is known of it written down on the way.

use super::derive;
use super::hello::ClientHello;
use super::inflate::Inflate;
use super::phases::Phases;
use super::phases::Stage;
use super::record;
use super::record::Header;
use super::record::len;
use super::run::CLIENT;
use super::run::Run;
use super::run::SERVER;
use super::side::Guard;
use super::side::Side;
use super::side::Waits;
use super::store::Keys;
use super::suite::suite;
use crate::evidence::Frames;
use crate::flow::Chunk;
use crate::limits::Limits;
use crate::peer::Peer;
use crate::secured::Closed;
use crate::secured::MOST_ALERTS;
use crate::secured::Secured;
use crate::time::Timestamp;

/// Records of TLS 1.3 that may fail before none was opened: those of a handshake whose secrets are not known.
const MOST_FAILED: u32 = 64;

/// What came of a step.
pub(super) enum Step {
    /// Nothing, until more comes.
    Idle,
    /// A record was read, or something changed.
    On,
    /// Application data: it is in [`Session::plain`].
    Data { from: Peer, offset: u64, at: Timestamp, frames: Frames },
    /// So many bytes of application data, as near as can be known, are lost.
    Gap { from: Peer, offset: u64, at: Timestamp, frames: Frames, bytes: u64 },
}

/// One session.
pub(super) struct Session {
    pub(super) sides: [Side; 2],
    pub(super) run: Run,
    /// Which peer is the client of TLS.
    client: Peer,
    /// What the record last opened held.
    pub(super) plain: Vec<u8>,
    /// Whether nothing that is waited for will come.
    pub(super) forced: bool,
    /// The generation of secrets at the last try, while more may come; and since when they are waited for.
    tried: Option<u64>,
    pub(super) parked_at: Option<Timestamp>,
    /// Whether secrets are not waited for any more.
    pub(super) impatient: bool,
    /// Whether all is known that will be.
    pub(super) tellable: bool,
    /// Whether it was told.
    pub(super) told: bool,
    /// The frames of the hellos.
    pub(super) frames: Frames,
    /// When the first record came.
    pub(super) first_at: Timestamp,
    pub(super) trial_bytes: u64,
    pub(super) trials: u32,
    /// Data found behind a hole, which is told after the hole.
    pub(super) behind: Option<(usize, u8, Timestamp, Frames)>,
}

impl Session {
    /// A session nothing was read of; `client` is who said hello.
    pub(super) fn new(client: Peer, limits: &Limits) -> Self {
        Self {
            sides: [Side::default(), Side::default()],
            run: Run::default(),
            client,
            plain: Vec::new(),
            forced: false,
            tried: None,
            parked_at: None,
            impatient: false,
            tellable: false,
            told: false,
            frames: Frames::default(),
            first_at: Timestamp::default(),
            trial_bytes: limits.tls_trial_bytes,
            trials: limits.tls_trials,
            behind: None,
        }
    }

    /// The peer of a direction.
    pub(super) fn peer(&self, who: usize) -> Peer {
        if who == CLIENT { self.client } else { self.client.other() }
    }

    /// The direction of a peer.
    fn who(&self, from: Peer) -> usize {
        if from == self.client { CLIENT } else { SERVER }
    }

    pub(super) fn side(&mut self, who: usize) -> &mut Side {
        let [client, server] = &mut self.sides;
        if who == CLIENT { client } else { server }
    }

    /// Whether neither direction is read any more.
    pub(super) fn is_shut(&self) -> bool {
        self.sides.iter().all(|side| matches!(side.guard, Guard::Shut))
    }

    /// Bytes that wait to be read.
    pub(super) fn waiting(&self) -> usize {
        self.sides.iter().map(Side::waiting).fold(0, usize::saturating_add)
    }

    /// Whether a direction waits for this.
    pub(super) fn waits_for(&self, what: Waits) -> bool {
        self.sides.iter().any(|side| side.waits == what)
    }

    /// Takes the next piece of a direction.
    pub(super) fn push(&mut self, from: Peer, chunk: &Chunk<'_>, facts: &mut Secured) {
        let (who, budget) = (self.who(from), self.trial_bytes);
        let lost = self.side(who).push(chunk, budget);
        self.lose(who, lost, facts);
    }

    /// Counts lost bytes, and what they make impossible.
    fn lose(&mut self, who: usize, lost: u64, facts: &mut Secured) {
        if lost == 0 {
            return;
        }
        let from = self.peer(who);
        let counts = facts.counts_mut(from);
        counts.lost = counts.lost.saturating_add(lost);
        let trials = self.trials;
        let side = self.side(who);
        match side.guard {
            Guard::Shut => side.hole = None,
            Guard::Clear => self.run.lost = true,
            _ if side.inflate.is_some() => self.close_one(who, Closed::LossWithCompression, facts),
            _ if side.holes() > trials => self.close_one(who, Closed::ResyncFailed, facts),
            _ => {}
        }
    }

    /// Does the next thing there is to do.
    pub(super) fn step(&mut self, keys: &mut Keys, facts: &mut Secured) -> Step {
        if let Some((who, kind, at, frames)) = self.behind.take() {
            return self.content(who, kind, at, frames, facts);
        }
        self.remember_ticket(keys);
        for who in [CLIENT, SERVER] {
            let step = self.read(who, keys, facts);
            if !matches!(step, Step::Idle) {
                return step;
            }
            let budget = self.trial_bytes;
            let side = self.side(who);
            if side.waits == Waits::Bytes
                && let Some(lost) = side.unhold(budget)
            {
                self.lose(who, lost, facts);
                return Step::On;
            }
        }
        Step::Idle
    }

    /// Reads the next record of a direction.
    fn read(&mut self, who: usize, keys: &mut Keys, facts: &mut Secured) -> Step {
        let side = self.side(who);
        side.waits = Waits::Bytes;
        if matches!(side.guard, Guard::Shut) {
            return self.count(who, facts);
        }
        if side.hole.is_some() {
            return self.resync(who, keys, facts);
        }
        if !side.begun && side.records.ahead().first().is_some_and(|first| first & 0x80 != 0) {
            return self.read_v2(who, facts);
        }
        let ahead = side.records.ahead();
        let Some(header) = Header::parse(ahead) else {
            if ahead.len() >= record::HEADER_BYTES {
                self.close(Closed::RecordsBroken, facts);
                return Step::On;
            }
            return Step::Idle;
        };
        if ahead.len() < header.whole() {
            return Step::Idle;
        }
        let waits = self.waits(who, header, keys, facts);
        if waits != Waits::Bytes {
            self.side(who).waits = waits;
            return Step::Idle;
        }
        if matches!(self.side(who).guard, Guard::Shut) {
            return Step::On;
        }
        self.open(who, header, facts)
    }

    /// What has to come before this record can be read.
    fn waits(&mut self, who: usize, header: Header, keys: &mut Keys, facts: &mut Secured) -> Waits {
        let changes = header.kind == record::CHANGE_CIPHER_SPEC;
        let answered = self.run.is_inner() && self.run.server.is_some();
        if answered && header.kind == record::APPLICATION_DATA && matches!(self.side(who).guard, Guard::Clear) {
            let waits = self.prepare_inner(keys, facts);
            if waits != Waits::Bytes || self.is_shut() {
                return waits;
            }
        }
        let run = &self.run;
        let [client, server] = &self.sides;
        let (side, other) = if who == CLIENT { (client, server) } else { (server, client) };
        let comes = !self.forced && !matches!(other.guard, Guard::Shut);
        if let Guard::Inner(phases) = &side.guard {
            let data = header.kind == record::APPLICATION_DATA;
            let early = who == CLIENT && phases.stage == Stage::Early && run.early_taken.is_none();
            return if data && early && comes { Waits::Other } else { Waits::Bytes };
        }
        let clear = matches!(side.guard, Guard::Clear);
        let ahead_of_other = match who {
            CLIENT => {
                let needs_server = run.server.is_none() && (changes || (clear && header.kind == record::APPLICATION_DATA));
                (clear && run.client.is_some() && needs_server) || (changes && run.exchanged() && !run.done && !run.is_inner())
            }
            _ => (clear && run.client.is_none()) || (changes && run.done && !run.exchanged() && !run.is_inner()),
        };
        if ahead_of_other && comes {
            return Waits::Other;
        }
        if changes && !self.run.is_inner() { self.prepare(keys, facts) } else { Waits::Bytes }
    }

    /// Makes the ciphers of TLS 1.2 or older before they are needed; what cannot be opened is shut.
    pub(super) fn prepare(&mut self, keys: &mut Keys, facts: &mut Secured) -> Waits {
        if self.run.master.is_some() {
            return Waits::Bytes;
        }
        if self.still_waits(keys) {
            return Waits::Keys;
        }
        match derive::derive(&mut self.run, keys) {
            Ok(source) => {
                facts.resumed |= !self.run.done && !self.run.exchanged();
                facts.opened_with = facts.opened_with.or(Some(source));
                Waits::Bytes
            }
            Err(why) => self.refuse(why, keys, facts),
        }
    }

    /// Whether nothing came since secrets were last looked for.
    fn still_waits(&self, keys: &mut Keys) -> bool {
        !self.forced && !self.impatient && self.tried.is_some_and(|tried| tried == keys.refresh())
    }

    /// Secrets are missing: they are waited for where they may come, or the session is shut.
    fn refuse(&mut self, why: Closed, keys: &Keys, facts: &mut Secured) -> Waits {
        let hopeless = matches!(why, Closed::SuiteUnsupported | Closed::HandshakeMissing | Closed::HandshakeLostBytes);
        if keys.may_come() && !self.forced && !self.impatient && !hopeless {
            self.tried = Some(keys.generation);
            return Waits::Keys;
        }
        facts.resumed |= self.run.server.is_some() && !self.run.is_inner() && !self.run.done && !self.run.exchanged() && !self.run.lost;
        self.close(why, facts);
        Waits::Bytes
    }

    /// Looks for the secrets of TLS 1.3, when its first encrypted record is there.
    pub(super) fn prepare_inner(&mut self, keys: &mut Keys, facts: &mut Secured) -> Waits {
        if self.still_waits(keys) {
            return Waits::Keys;
        }
        let known = self.run.server.as_ref().and_then(|server| suite(server.suite)).ok_or(Closed::SuiteUnsupported);
        match known.and_then(|suite| Ok((suite, derive::traffic(&self.run, keys)?))) {
            Ok((suite, ([client, server], source))) => {
                facts.opened_with = facts.opened_with.or(Some(source));
                let early = self.run.client.as_ref().is_some_and(|client| client.early_data);
                let first = if early { Stage::Early } else { Stage::Handshake };
                for (who, secrets, stage) in [(CLIENT, client, first), (SERVER, server, Stage::Handshake)] {
                    self.side(who).guard = Guard::Inner(Box::new(Phases::new(suite, secrets, stage)));
                }
                Waits::Bytes
            }
            Err(why) => self.refuse(why, keys, facts),
        }
    }

    /// Takes the record ahead, whole as it is, and what it holds.
    fn open(&mut self, who: usize, header: Header, facts: &mut Secured) -> Step {
        let from = self.peer(who);
        let (budget, inner) = (self.trial_bytes, self.run.is_inner());
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
            if matches!(side.guard, Guard::Clear) {
                self.note_clear(at, &frames);
            }
            return self.content(who, kind, at, frames, facts);
        }
        counts.unopened = counts.unopened.saturating_add(1);
        side.failed = side.failed.saturating_add(1);
        let (fits, lost) = match &side.guard {
            Guard::Old(opener) => (opener.seq() > 0, true),
            Guard::Inner(phases) => {
                let early = phases.stage == Stage::Early;
                (phases.proven || side.failed < MOST_FAILED, phases.stage == Stage::Application && phases.proven || early)
            }
            _ => (true, false),
        };
        if !fits {
            facts.opened_with = None;
            self.close(Closed::SecretsDoNotFit, facts);
        } else if lost && !(inner && self.is_refused(who)) && !self.is_early(who) {
            // Damaged on its way, or by whoever captured it: what follows may be whole.
            self.side(who).miss(len(header.whole()), budget);
            self.lose(who, len(header.whole()), facts);
        } else if self.is_refused(who) {
            let counts = facts.counts_mut(from);
            counts.refused = counts.refused.saturating_add(u64::from(header.len));
        } else if self.is_early(who) {
            return self.gap(who, at, frames, u64::from(header.len).saturating_sub(17));
        }
        Step::On
    }

    /// Whether a direction is in the client's early data.
    fn is_early(&self, who: usize) -> bool {
        let [client, _] = &self.sides;
        who == CLIENT && matches!(&client.guard, Guard::Inner(phases) if phases.stage == Stage::Early)
    }

    /// Whether it is, and the server refused that.
    fn is_refused(&self, who: usize) -> bool {
        self.is_early(who) && self.run.early_taken != Some(true)
    }

    /// A hello, or another record of the first handshake.
    pub(super) fn note_clear(&mut self, at: Timestamp, frames: &Frames) {
        if self.frames.is_empty() {
            self.first_at = at;
        }
        if !self.tellable {
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
    fn data(&mut self, who: usize, at: Timestamp, frames: Frames, facts: &mut Secured) -> Step {
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
        self.tellable = true;
        let side = self.side(who);
        let offset = side.plain;
        side.plain = offset.saturating_add(bytes);
        Step::Data { from, offset, at, frames }
    }

    /// Tells that application data is lost.
    pub(super) fn gap(&mut self, who: usize, at: Timestamp, frames: Frames, bytes: u64) -> Step {
        let from = self.peer(who);
        self.tellable = true;
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
    fn alert(&mut self, who: usize, facts: &mut Secured) {
        if let ([level, number], true) = (self.plain.as_slice(), facts.alerts.len() < MOST_ALERTS) {
            facts.alerts.push((self.peer(who), *level, *number));
        }
    }

    /// Reads a hello in the framing of SSLv2.
    fn read_v2(&mut self, who: usize, facts: &mut Secured) -> Step {
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
    fn count(&mut self, who: usize, facts: &mut Secured) -> Step {
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

    /// No more comes: a session that carried nothing says why.
    pub(super) fn end(&self, facts: &mut Secured) {
        if !self.tellable {
            let failed = facts.alerts.iter().any(|(_, level, _)| *level == 2);
            let why = if failed { Closed::HandshakeFailed } else { Closed::HandshakeUnfinished };
            facts.closed = facts.closed.or(Some(why));
        }
    }

    /// Neither direction is opened any further.
    pub(super) fn close(&mut self, why: Closed, facts: &mut Secured) {
        self.close_one(CLIENT, why, facts);
        self.close_one(SERVER, why, facts);
    }

    /// A direction is not opened any further.
    pub(super) fn close_one(&mut self, who: usize, why: Closed, facts: &mut Secured) {
        facts.closed = facts.closed.or(Some(why));
        let side = self.side(who);
        side.guard = Guard::Shut;
        side.hole = None;
        side.waits = Waits::Bytes;
        self.tellable = true;
    }
}
