//! What is known of a TLS session, opened or not: what its handshake says, what was counted, and why it stays closed.

use crate::peer::Peer;

/// Alerts of one session that are kept.
pub const MOST_ALERTS: usize = 8;

/// What is known of the TLS session on a connection. Text and bytes are the wire's; no key is ever among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    /// The version in use, or the highest that was offered: `SSL 2.0`, `SSL 3.0`, `1.0` to `1.3`.
    pub version: Option<&'static str>,
    /// The number of the cipher suite in use.
    pub suite: Option<u16>,
    /// Its name, if it is one that can be opened.
    pub suite_name: Option<&'static str>,
    /// Whom the client asked for; bytes of the wire.
    pub server_name: Option<Vec<u8>>,
    /// The protocol inside that the server chose, or that the client offered first; bytes of the wire.
    pub alpn: Option<Vec<u8>>,
    /// The client's random number: the name of the session in key logs.
    pub client_random: Option<[u8; 32]>,
    /// The JA4 fingerprint of the client's hello.
    pub ja4: Option<String>,
    /// The server's certificate; in TLS 1.3 it is known only of opened sessions.
    pub certificate: Option<Box<Certificate>>,
    /// The client's certificate, if it sent one.
    pub client_certificate: Option<Box<Certificate>>,
    /// Whether the session goes on with the secret of an earlier one.
    pub resumed: bool,
    /// Whether the client asked for that.
    pub resumption_offered: bool,
    /// Whether TLS compressed what it carried.
    pub compressed: bool,
    /// What opened it.
    pub opened_with: Option<KeySource>,
    /// Why it, or the rest of it, is not open.
    pub closed: Option<Closed>,
    /// What was counted of the client and of the server.
    pub counts: [Counts; 2],
    /// The first alerts: who sent it, its level, its number.
    pub alerts: Vec<(Peer, u8, u8)>,
}

impl Secured {
    /// What was counted of a peer.
    pub fn counts_mut(&mut self, peer: Peer) -> &mut Counts {
        let [client, server] = &mut self.counts;
        if peer == Peer::Client { client } else { server }
    }
}

/// What was counted of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records seen, of any type.
    pub records: u64,
    /// Bytes of these records, headers included.
    pub bytes: u64,
    /// Bytes of application data that were opened.
    pub opened: u64,
    /// Encrypted records that could not be opened.
    pub unopened: u64,
    /// Bytes of the stream that were lost, with the records they cut.
    pub lost: u64,
    /// Bytes of early data that the server refused: they were sent, and sent again.
    pub refused: u64,
}

/// What a certificate says, as its bytes say it: nothing is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `CN=…, O=…`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its number, in hex.
    pub serial: String,
    /// From when it counts, in RFC 3339.
    pub not_before: String,
    /// Until when.
    pub not_after: String,
    /// The kind of its key: `rsa`, `ec`, `ed25519`, …
    pub key: &'static str,
    /// How long the key is.
    pub key_bits: u32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// What a session was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A key log the user named.
    KeyLog,
    /// A private key the user named.
    RsaKey,
    /// Secrets in the capture.
    SecretsBlock,
    /// The secret of the session it resumes, which was opened before.
    EarlierSession,
}

impl KeySource {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyLog => "key_log",
            Self::RsaKey => "rsa_key",
            Self::SecretsBlock => "secrets_block",
            Self::EarlierSession => "earlier_session",
        }
    }

    /// The same for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::KeyLog => "a key log",
            Self::RsaKey => "an RSA private key",
            Self::SecretsBlock => "secrets in the capture",
            Self::EarlierSession => "the secret of the session it resumes",
        }
    }
}

/// Why a session, or its rest, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The key was sent under the server's RSA key, and no private key was given.
    NoKeyRsa,
    /// Of the RSA keys that were given none is that of this certificate.
    KeyNotThisCert,
    /// The key was agreed on: a private key cannot help, a key log can.
    EphemeralKx,
    /// TLS 1.3 needs a key log, and this client random is in none.
    Tls13NoSecrets,
    /// Secrets were found, but the records were made with others.
    SecretsDoNotFit,
    /// It goes on with the secret of a session whose beginning is not in the capture.
    ResumedFirstUnknown,
    /// It goes on with the secret of a session that could not be opened either.
    ResumedFirstClosed,
    /// The capture begins behind the handshake, or has but one side of it.
    HandshakeMissing,
    /// Bytes of the handshake are lost.
    HandshakeLostBytes,
    /// One of the two ended the handshake by an alert.
    HandshakeFailed,
    /// The handshake did not come to its end.
    HandshakeUnfinished,
    /// The cipher suite is none of those that are opened.
    SuiteUnsupported,
    /// SSL 2.0 is not opened.
    Sslv2,
    /// Bytes are lost, and what follows needs them to be unpacked.
    LossWithCompression,
    /// What a compressed record holds cannot be unpacked, or is more than it may be.
    CompressionBroken,
    /// Bytes are lost, and no record behind them could be proven.
    ResyncFailed,
    /// The bytes are no records any more.
    RecordsBroken,
}

impl Closed {
    /// The code used in every output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoKeyRsa => "no_key_rsa",
            Self::KeyNotThisCert => "key_not_this_cert",
            Self::EphemeralKx => "ephemeral_kx",
            Self::Tls13NoSecrets => "tls13_no_secrets",
            Self::SecretsDoNotFit => "secrets_do_not_fit",
            Self::ResumedFirstUnknown => "resumed_first_unknown",
            Self::ResumedFirstClosed => "resumed_first_closed",
            Self::HandshakeMissing => "handshake_missing",
            Self::HandshakeLostBytes => "handshake_lost_bytes",
            Self::HandshakeFailed => "handshake_failed",
            Self::HandshakeUnfinished => "handshake_unfinished",
            Self::SuiteUnsupported => "suite_unsupported",
            Self::Sslv2 => "sslv2",
            Self::LossWithCompression => "loss_with_compression",
            Self::CompressionBroken => "compression_broken",
            Self::ResyncFailed => "resync_failed",
            Self::RecordsBroken => "records_broken",
        }
    }

    /// What it means, and what would help.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::NoKeyRsa => "the server's private key opens it (--rsa-key), or a key log with this client random (--keylog)",
            Self::KeyNotThisCert => "the RSA keys given belong to other certificates: give the one of this certificate (--rsa-key)",
            Self::EphemeralKx => {
                "the key was agreed on by Diffie-Hellman: no private key helps, a key log with this client random does (--keylog)"
            }
            Self::Tls13NoSecrets => "TLS 1.3 opens with a key log that has this client random (--keylog), with nothing else",
            Self::SecretsDoNotFit => "secrets were found, but its records were made with others: perhaps those of the other leg of a proxy",
            Self::ResumedFirstUnknown => {
                "it resumes a session whose handshake is not in the capture: capture from that one on, or give a key log (--keylog)"
            }
            Self::ResumedFirstClosed => "it resumes a session that could not be opened: what opens that one opens it, too",
            Self::HandshakeMissing => {
                "its handshake, or a part of it, is not in the capture: start to capture before the connection, and both sides"
            }
            Self::HandshakeLostBytes => "bytes of its handshake are missing from the capture, and keys cannot be made without them",
            Self::HandshakeFailed => "the two did not agree, and one ended the handshake by an alert: there is nothing to open",
            Self::HandshakeUnfinished => "the handshake did not come to its end: there is nothing to open",
            Self::SuiteUnsupported => "its cipher suite is none of those that can be opened",
            Self::Sslv2 => "SSL 2.0 cannot be opened",
            Self::LossWithCompression => {
                "bytes are lost, and TLS compression needs them to unpack what follows: only a capture without loss can be read"
            }
            Self::CompressionBroken => "a compressed record cannot be unpacked, or holds more than a record may",
            Self::ResyncFailed => "bytes are lost, and behind them no record could be found that its MAC or tag proves",
            Self::RecordsBroken => "its bytes are no TLS records any more",
        }
    }
}

/// What an alert is called.
///
/// # Wire
///
/// \[spec\] IANA, TLS Alerts; RFC 6101 5.4.
#[must_use]
pub fn alert_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}
