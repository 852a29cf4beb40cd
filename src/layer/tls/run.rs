//! One run of the handshake, the first or a later one: what it agreed on, and what keys are made of.

use super::certificate;
use super::hash::Output;
use super::hello::ClientHello;
use super::hello::ServerHello;
use super::opener::Opener;
use super::reader::Reader;
use super::suite::Hash;
use crate::secured::Certificate;
use zeroize::Zeroizing;

/// Bytes of a handshake that are kept for its hash: chains of certificates have some kilobytes.
const MOST_TRANSCRIPT_BYTES: usize = 256 << 10;

/// Types of messages.
pub(super) const HELLO_REQUEST: u8 = 0;
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const END_OF_EARLY_DATA: u8 = 5;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_HELLO_DONE: u8 = 14;
pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(super) const FINISHED: u8 = 20;
pub(super) const KEY_UPDATE: u8 = 24;

/// The two directions, as indices: what the client sends, what the server sends.
pub(super) const CLIENT: usize = 0;
pub(super) const SERVER: usize = 1;

/// What is known of a run of the handshake.
#[derive(Default)]
pub(super) struct Run {
    pub(super) client: Option<ClientHello>,
    pub(super) server: Option<ServerHello>,
    /// Whether the server asked for another client hello.
    pub(super) retried: bool,
    /// The client hello; what the server said; what the client said behind its hello, up to the key exchange.
    hello: Vec<u8>,
    flights: [Vec<u8>; 2],
    /// Whether the server said all of its first part: then it is no resumption.
    pub(super) done: bool,
    /// What the client sent to agree on a key; under RSA the secret itself, sealed.
    pub(super) sealed: Option<Vec<u8>>,
    /// The modulus of the server's certificate.
    pub(super) modulus: Option<Vec<u8>>,
    /// The ticket that the server gave the client for later.
    pub(super) ticket: Option<Vec<u8>>,
    /// Whether the server took the client's early data.
    pub(super) early_taken: Option<bool>,
    /// The master secret, once it is known.
    pub(super) master: Option<Zeroizing<Vec<u8>>>,
    /// The ciphers that begin with the change of cipher: of the client, and of the server.
    pub(super) openers: [Option<Opener>; 2],
    /// Whether bytes of it are lost.
    pub(super) lost: bool,
}

impl Run {
    /// The second byte of the version in use.
    pub(super) fn minor(&self) -> Option<u8> {
        self.server.as_ref().map(|server| server.version.to_be_bytes()[1])
    }

    /// Whether it is of TLS 1.3, as far as it is known.
    pub(super) fn is_inner(&self) -> bool {
        self.retried || self.server.as_ref().is_some_and(|server| server.version >= 0x0304)
    }

    /// Whether the client sent its part of the key.
    pub(super) fn exchanged(&self) -> bool {
        self.sealed.is_some()
    }

    /// Keeps a message for the hash of the handshake.
    pub(super) fn keep(&mut self, who: usize, kind: u8, raw: &[u8]) {
        // The hash ends with the key exchange.
        if (who == CLIENT && self.exchanged()) || (who == SERVER && self.done) || kind == HELLO_REQUEST {
            return;
        }
        let [client, server] = &mut self.flights;
        let kept = match (kind, who) {
            (CLIENT_HELLO, _) => &mut self.hello,
            (_, CLIENT) => client,
            _ => server,
        };
        if kept.len().saturating_add(raw.len()) > MOST_TRANSCRIPT_BYTES {
            self.lost = true;
        } else {
            kept.extend_from_slice(raw);
        }
    }

    /// The hash of the handshake up to the key exchange, which an extended master secret is made of.
    ///
    /// # Wire
    ///
    /// [spec] RFC 7627 3: from the client hello to the key exchange; MD5 and SHA-1 side by side before TLS 1.2.
    pub(super) fn session_hash(&self, prf: Option<Hash>) -> Vec<u8> {
        let [client, server] = &self.flights;
        let parts: [&[u8]; 3] = [&self.hello, server, client];
        let hash = |hash: Hash| hash.digest(&parts);
        match prf {
            Some(prf) => hash(prf).bytes().to_vec(),
            None => [hash(Hash::Md5), hash(Hash::Sha1)].iter().flat_map(Output::bytes).copied().collect(),
        }
    }

    /// Lets go what only keys are made of.
    pub(super) fn forget(&mut self) {
        self.hello = Vec::new();
        self.flights = [Vec::new(), Vec::new()];
    }

    /// Takes the client's part of the key.
    ///
    /// # Wire
    ///
    /// [spec] RFC 5246 7.4.7.1: two bytes of length before what is sealed; SSL 3.0 has none (RFC 5246 appendix E.1, last note).
    pub(super) fn exchange(&mut self, body: &[u8]) {
        let mut reader = Reader(body);
        let inner = reader.long().filter(|_| reader.0.is_empty());
        self.sealed = Some(inner.filter(|_| self.minor() != Some(0)).unwrap_or(body).to_vec());
    }
}

/// The first certificate of a message, and the modulus of its key.
///
/// # Wire
///
/// [spec] RFC 5246 7.4.2; RFC 8446 4.4.2 has a context before the list.
pub(super) fn first_certificate(body: &[u8], inner: bool) -> Option<(Box<Certificate>, Option<Vec<u8>>)> {
    let mut reader = Reader(body);
    if inner {
        reader.short()?;
    }
    let len = reader.u24()?;
    let mut list = Reader(reader.take(len)?);
    let len = list.u24()?;
    let found = certificate::parse(list.take(len)?)?;
    Some((Box::new(found.certificate), found.modulus))
}

/// Messages of one direction, put together from records.
#[derive(Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    read: usize,
}

impl Messages {
    /// Adds what a record holds; false when a message is longer than it may be.
    pub(super) fn add(&mut self, content: &[u8]) -> bool {
        self.bytes.drain(..self.read.min(self.bytes.len()));
        self.read = 0;
        self.bytes.extend_from_slice(content);
        self.bytes.len() <= MOST_TRANSCRIPT_BYTES
    }

    /// The next whole message: its type, and all of its bytes.
    pub(super) fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut reader = Reader(self.bytes.get(self.read..)?);
        let whole = reader.0;
        let (kind, len) = (reader.u8()?, reader.u24()?);
        let raw = whole.get(..len.checked_add(4)?)?.to_vec();
        self.read = self.read.checked_add(raw.len())?;
        Some((kind, raw))
    }

    /// Lets go what is unread: behind a hole it is no beginning of a message.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
