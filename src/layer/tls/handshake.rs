//! Messages of the handshake: what each adds to what is known.

use super::hello;
use super::hello::ClientHello;
use super::hello::ServerHello;
use super::ja4::ja4;
use super::phases::Stage;
use super::run;
use super::run::CLIENT;
use super::run::Run;
use super::run::SERVER;
use super::session::Session;
use super::side::Guard;
use super::store::Earlier;
use super::store::Keys;
use super::suite::suite;
use crate::secured::Closed;
use crate::secured::Secured;

impl Session {
    /// Reads the messages that are whole with what the last record held.
    pub(super) fn messages(&mut self, who: usize, facts: &mut Secured) {
        let content = std::mem::take(&mut self.plain);
        let side = self.side(who);
        let whole = side.messages.add(&content);
        self.plain = content;
        if !whole {
            return self.close(Closed::RecordsBroken, facts);
        }
        while let Some((kind, raw)) = self.side(who).messages.next() {
            self.message(who, kind, &raw, facts);
        }
    }

    fn message(&mut self, who: usize, kind: u8, raw: &[u8], facts: &mut Secured) {
        let body = raw.get(4..).unwrap_or_default();
        match (who, kind) {
            (CLIENT, run::CLIENT_HELLO) => {
                if let Some(hello) = ClientHello::parse(body) {
                    return self.client_hello(hello, raw, facts);
                }
            }
            (SERVER, run::SERVER_HELLO) => {
                if let Some(hello) = ServerHello::parse(body) {
                    return self.server_hello(hello, raw, facts);
                }
            }
            _ => {}
        }
        self.run.keep(who, kind, raw);
        match (who, kind) {
            (SERVER, run::ENCRYPTED_EXTENSIONS) => {
                let (alpn, early) = hello::encrypted_extensions(body);
                facts.alpn = alpn.or(facts.alpn.take());
                self.run.early_taken = Some(early);
            }
            (_, run::CERTIFICATE) => self.certificate(who, body, facts),
            (SERVER, run::SERVER_HELLO_DONE) => self.run.done = true,
            (CLIENT, run::CLIENT_KEY_EXCHANGE) => self.run.exchange(body),
            (SERVER, run::NEW_SESSION_TICKET) if !self.run.is_inner() => self.run.ticket = ticket(body),
            (CLIENT, run::END_OF_EARLY_DATA) => self.enter(who, Stage::Handshake),
            (_, run::FINISHED) => self.enter(who, Stage::Application),
            (_, run::KEY_UPDATE) => {
                if let Guard::Inner(phases) = &mut self.side(who).guard {
                    phases.update();
                }
            }
            _ => {}
        }
    }

    /// A direction of TLS 1.3 takes the next keys.
    fn enter(&mut self, who: usize, stage: Stage) {
        if let Guard::Inner(phases) = &mut self.side(who).guard {
            phases.enter(stage);
        }
    }

    /// The client says hello: for the first time, again because it was asked, or for new keys under the old ones.
    pub(super) fn client_hello(&mut self, hello: ClientHello, raw: &[u8], facts: &mut Secured) {
        if self.run.is_inner() && self.run.server.is_some() {
            // The second one, behind early data: its random number is the first one's.
            return;
        }
        if !self.run.retried {
            let lost = self.run.lost && self.run.client.is_none();
            self.run = Run::default();
            self.run.lost = lost;
        }
        self.run.keep(CLIENT, run::CLIENT_HELLO, raw);
        if facts.client_random.is_none() {
            facts.client_random = Some(hello.random);
            let older = hello.highest() < 0x0304 && !hello.session_id.is_empty();
            facts.resumption_offered = older || hello.ticket.is_some() || hello.pre_shared_key;
            facts.server_name.clone_from(&hello.server_name);
            facts.alpn.clone_from(&hello.alpn);
            facts.ja4 = Some(ja4(&hello));
            facts.version = facts.version.or_else(|| hello::version_name(hello.highest()));
        }
        self.run.client = Some(hello);
    }

    /// The server answers.
    fn server_hello(&mut self, hello: ServerHello, raw: &[u8], facts: &mut Secured) {
        facts.version = hello::version_name(hello.version).or(facts.version);
        facts.suite = Some(hello.suite);
        facts.suite_name = suite(hello.suite).map(|suite| suite.name);
        facts.alpn = hello.alpn.clone().or(facts.alpn.take());
        if hello.retry {
            self.run.retried = true;
            self.run.early_taken = Some(false);
            return;
        }
        facts.compressed = hello.compression == 1;
        facts.resumed = hello.resumed;
        let early = self.run.client.as_ref().is_some_and(|client| client.early_data);
        if !early || !hello.resumed {
            self.run.early_taken = Some(false);
        }
        self.run.keep(SERVER, run::SERVER_HELLO, raw);
        self.run.server = Some(hello);
    }

    /// Somebody shows a certificate.
    fn certificate(&mut self, who: usize, body: &[u8], facts: &mut Secured) {
        let Some((certificate, modulus)) = run::first_certificate(body, self.run.is_inner()) else { return };
        if who == SERVER {
            facts.certificate = Some(certificate);
            self.run.modulus = modulus;
        } else {
            facts.client_certificate = Some(certificate);
        }
    }

    /// Remembers what a ticket, which may come behind the keys, is good for.
    pub(super) fn remember_ticket(&mut self, keys: &mut Keys) {
        if let (Some(ticket), Some(master)) = (&self.run.ticket, &self.run.master) {
            keys.remember(ticket, Earlier::Open(master.clone()));
            self.run.ticket = None;
        }
    }
}

/// The ticket of a message.
///
/// # Wire
///
/// [spec] RFC 5077 3.3: four bytes of lifetime, then the ticket.
fn ticket(body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = super::reader::Reader(body);
    reader.take(4)?;
    reader.long().filter(|ticket| !ticket.is_empty()).map(<[u8]>::to_vec)
}
