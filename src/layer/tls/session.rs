//! One session: records of both directions in, plaintext out, and what is known of it written down on the way.

use super::derive;
use super::phases::Phases;
use super::phases::Stage;
use super::record;
use super::record::Header;
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
use crate::secured::Secured;
use crate::time::Timestamp;

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

/// Whether what is known of a session is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// There may be more to know.
    NotYet,
    /// All is known that will be.
    Due,
    /// It was told.
    Done,
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
    /// Whether it is to be told, or was.
    pub(super) telling: Telling,
    /// The frames of the hellos.
    pub(super) frames: Frames,
    /// When the first record came.
    pub(super) first_at: Timestamp,
    /// Data found behind a hole, which is told after the hole.
    pub(super) behind: Option<(usize, u8, Timestamp, Frames)>,
}

impl Session {
    /// A session nothing was read of; `client` is who said hello.
    pub(super) fn new(client: Peer, limits: &Limits) -> Self {
        Self {
            sides: [Side::new(limits.tls_trial_bytes), Side::new(limits.tls_trial_bytes)],
            run: Run::default(),
            client,
            plain: Vec::new(),
            forced: false,
            tried: None,
            parked_at: None,
            impatient: false,
            telling: Telling::NotYet,
            frames: Frames::default(),
            first_at: Timestamp::default(),
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
        let who = self.who(from);
        let lost = self.side(who).push(chunk);
        self.lose(who, lost, facts);
    }

    /// Counts lost bytes, and what they make impossible.
    pub(super) fn lose(&mut self, who: usize, lost: u64, facts: &mut Secured) {
        if lost == 0 {
            return;
        }
        let from = self.peer(who);
        let counts = facts.counts_mut(from);
        counts.lost = counts.lost.saturating_add(lost);
        let side = self.side(who);
        match side.guard {
            Guard::Shut => side.hole = None,
            Guard::Clear => self.run.lost = true,
            _ if side.inflate.is_some() => self.close_one(who, Closed::LossWithCompression, facts),
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
            let side = self.side(who);
            if side.waits == Waits::Bytes
                && let Some(lost) = side.unhold()
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
        if changes && !self.run.is_inner() { self.prepare(who, keys, facts) } else { Waits::Bytes }
    }

    /// Makes the ciphers of TLS 1.2 or older before they are needed; what cannot be opened is shut.
    pub(super) fn prepare(&mut self, who: usize, keys: &mut Keys, facts: &mut Secured) -> Waits {
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
            // The other direction is still clear: a ticket in it names the session for those that resume it.
            Err(why) => self.refuse(&[who], why, keys, facts),
        }
    }

    /// Whether nothing came since secrets were last looked for.
    fn still_waits(&self, keys: &mut Keys) -> bool {
        !self.forced && !self.impatient && self.tried.is_some_and(|tried| tried == keys.refresh())
    }

    /// Secrets are missing: they are waited for where they may come, or the session is shut.
    fn refuse(&mut self, whose: &[usize], why: Closed, keys: &Keys, facts: &mut Secured) -> Waits {
        let hopeless = matches!(why, Closed::SuiteUnsupported | Closed::HandshakeMissing | Closed::HandshakeLostBytes);
        if keys.may_come() && !self.forced && !self.impatient && !hopeless {
            self.tried = Some(keys.generation);
            return Waits::Keys;
        }
        facts.resumed |= self.run.server.is_some() && !self.run.is_inner() && !self.run.done && !self.run.exchanged() && !self.run.lost;
        for who in whose {
            self.close_one(*who, why, facts);
        }
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
            Err(why) => self.refuse(&[CLIENT, SERVER], why, keys, facts),
        }
    }

    /// No more comes: a session that carried nothing says why.
    pub(super) fn end(&self, facts: &mut Secured) {
        let wrong = self.sides.iter().any(|side| side.failed > 0 && matches!(&side.guard, Guard::Inner(phases) if !phases.proven));
        if wrong && facts.counts.iter().all(|counts| counts.opened == 0) {
            facts.closed = facts.closed.or(Some(Closed::SecretsDoNotFit));
            facts.opened_with = None;
        }
        if self.telling == Telling::NotYet {
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
        self.telling = self.telling.max(Telling::Due);
    }
}
