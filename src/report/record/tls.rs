//! What records say of a TLS session: its handshake, its counts, and why it stays closed.

use super::value::Text;
use crate::peer::Peer;
use crate::report::words::hex;
use crate::secured::Certificate;
use crate::secured::Closed;
use crate::secured::Counts;
use crate::secured::Secured;
use schemars::JsonSchema;
use serde::Serialize;

/// What the handshake says.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsHandshake")]
pub(super) struct HandshakeRecord<'a> {
    /// The cipher suite in use: its name in IANA's registry, or its number where it is none that can be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher_suite: Option<String>,
    /// Whom the client asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<Text<'a>>,
    /// The protocol inside, as the server chose it, or as the client named it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpn: Option<Text<'a>>,
    /// The client's random number in hex: the name of the session in key logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_random: Option<String>,
    /// JA4 fingerprint of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<&'a str>,
    /// Whether the session goes on with the secret of an earlier one.
    resumed: bool,
    /// Whether the client asked for that.
    resumption_offered: bool,
    /// Whether TLS compressed what it carried.
    compressed: bool,
    /// The server's certificate; in TLS 1.3 only of sessions that are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateRecord<'a>>,
    /// The client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate: Option<CertificateRecord<'a>>,
    /// What opened it: `key_log`, `rsa_key`, `secrets_block` (of a pcapng file), `earlier_session` (the one it resumes).
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_with: Option<&'static str>,
    /// Why it is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosedRecord>,
    /// The alerts that came before this was told, at most eight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertRecord>,
}

impl<'a> HandshakeRecord<'a> {
    pub(super) fn of(secured: &'a Secured) -> Self {
        Self {
            cipher_suite: secured.suite.map(|id| secured.suite_name.map_or_else(|| format!("0x{id:04X}"), str::to_owned)),
            server_name: secured.server_name.as_deref().map(Text::of),
            alpn: secured.alpn.as_deref().map(Text::of),
            client_random: secured.client_random.map(|random| hex(&random)),
            ja4: secured.ja4.as_deref(),
            resumed: secured.resumed,
            resumption_offered: secured.resumption_offered,
            compressed: secured.compressed,
            certificate: secured.certificate.as_deref().map(CertificateRecord::of),
            client_certificate: secured.client_certificate.as_deref().map(CertificateRecord::of),
            opened_with: secured.opened_with.map(crate::secured::KeySource::name),
            closed: secured.closed.map(ClosedRecord::of),
            alerts: alerts(secured),
        }
    }
}

/// What a certificate says; nothing of it is verified.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsCertificate")]
struct CertificateRecord<'a> {
    /// Whose it is.
    subject: &'a str,
    /// Who signed it.
    issuer: &'a str,
    /// Its number, in hex.
    serial: &'a str,
    /// From when it counts.
    not_before: &'a str,
    /// Until when.
    not_after: &'a str,
    /// The kind of its key: `rsa`, `ec`, `dsa`, `ed25519`, `ed448`, `unknown`.
    key: &'static str,
    /// How long its key is; 0 where that is not known.
    key_bits: u32,
    /// SHA-256 of the certificate, in hex.
    sha256: String,
}

impl<'a> CertificateRecord<'a> {
    fn of(certificate: &'a Certificate) -> Self {
        let Certificate { subject, issuer, serial, not_before, not_after, key, key_bits, sha256 } = certificate;
        Self { subject, issuer, serial, not_before, not_after, key, key_bits: *key_bits, sha256: hex(sha256) }
    }
}

/// Why a session, or its rest, is not open.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsClosed")]
struct ClosedRecord {
    /// A code: `no_key_rsa`, `key_not_this_cert`, `ephemeral_kx`, `tls13_no_secrets`, `secrets_do_not_fit`, `resumed_first_unknown`,
    /// `resumed_first_closed`, `handshake_missing`, `handshake_lost_bytes`, `handshake_failed`, `handshake_unfinished`,
    /// `suite_unsupported`, `sslv2`, `loss_with_compression`, `compression_broken`, `resync_failed`, `records_broken`.
    reason: &'static str,
    /// What it means, and what would help.
    hint: &'static str,
}

impl ClosedRecord {
    fn of(closed: Closed) -> Self {
        Self { reason: closed.code(), hint: closed.hint() }
    }
}

/// An alert.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsAlert")]
struct AlertRecord {
    /// Who sent it: `client` or `server`.
    from: &'static str,
    /// Whether it ends the session.
    fatal: bool,
    /// Its number.
    number: u8,
    /// Its name; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
}

fn alerts(secured: &Secured) -> Vec<AlertRecord> {
    let record = |(from, level, number): &(Peer, u8, u8)| AlertRecord {
        from: from.name(),
        fatal: *level == 2,
        number: *number,
        name: crate::secured::alert_name(*number),
    };
    secured.alerts.iter().map(record).collect()
}

/// What was counted of a session when it ended, or when nobody wanted more of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsCounts")]
pub(super) struct CountsRecord {
    /// What the client sent.
    client: SideRecord,
    /// What the server sent.
    server: SideRecord,
    /// Why it, or its rest, is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosedRecord>,
    /// The first alerts, at most eight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertRecord>,
}

impl CountsRecord {
    pub(super) fn of(secured: &Secured) -> Self {
        let [client, server] = secured.counts.map(SideRecord::of);
        Self { client, server, closed: secured.closed.map(ClosedRecord::of), alerts: alerts(secured) }
    }
}

/// One direction.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TlsDirection")]
struct SideRecord {
    /// Records, of any type.
    records: u64,
    /// Bytes of these records.
    bytes: u64,
    /// Bytes of application data that were opened.
    opened_bytes: u64,
    /// Encrypted records that were not opened.
    unopened_records: u64,
    /// Bytes that are lost, with the records they cut.
    lost_bytes: u64,
    /// Bytes of early data that the server refused; the client sends them again.
    refused_bytes: u64,
}

impl SideRecord {
    fn of(counts: Counts) -> Self {
        let Counts { records, bytes, opened, unopened, lost, refused } = counts;
        Self { records, bytes, opened_bytes: opened, unopened_records: unopened, lost_bytes: lost, refused_bytes: refused }
    }
}
