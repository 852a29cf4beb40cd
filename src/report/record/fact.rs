//! Records of who serves and who speaks, numbered so that every reader can be idempotent.

use super::Body;
use super::Moment;
use crate::event::ClientPortFact;
use crate::event::ConnectionFact;
use crate::event::Direction;
use crate::event::Flood;
use crate::event::Grade;
use crate::event::Scanner;
use crate::event::ServiceFact;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use std::fmt::Write as _;
use std::net::IpAddr;

/// The transport of every fact so far.
const TRANSPORT: &str = "tcp";

/// Somebody serves (NNM plugin 0).
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ServiceSeen {
    /// Who answered.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    #[serde(flatten)]
    basis: Basis,
}

impl Body for ServiceSeen {
    const EVENT: &'static str = "service_seen";
}

impl ServiceSeen {
    pub(super) fn of(fact: &ServiceFact) -> Self {
        let (server, port) = (fact.server.ip, fact.server.port);
        Self { server_ip: server, port, basis: Basis::of(fact.grade, fact.syn_seen, relation_id(None, Some(server), port), &[0]) }
    }
}

/// Somebody uses services on a port, wherever they are (NNM plugin 2).
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ClientPortSeen {
    /// Who asked.
    client_ip: IpAddr,
    /// The server's port.
    port: u16,
    #[serde(flatten)]
    basis: Basis,
}

impl Body for ClientPortSeen {
    const EVENT: &'static str = "client_port_seen";
}

impl ClientPortSeen {
    pub(super) fn of(fact: &ClientPortFact) -> Self {
        let ClientPortFact { client, port, grade, syn_seen } = *fact;
        Self { client_ip: client, port, basis: Basis::of(grade, syn_seen, relation_id(Some(client), None, port), &[2]) }
    }
}

/// A client reached a service (NNM plugins 3, 15, 14, 16).
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ConnectionSeen {
    /// Who asked.
    client_ip: IpAddr,
    /// Who answered.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    /// Where the two are, seen from the focus network: `internal`, `inbound`, `outbound`.
    direction: &'static str,
    /// Time of the first SYN-ACK between the two.
    first_seen: Moment,
    /// SYN-ACKs between the two so far.
    handshakes: u64,
    #[serde(flatten)]
    basis: Basis,
}

impl Body for ConnectionSeen {
    const EVENT: &'static str = "connection_seen";
}

impl ConnectionSeen {
    pub(super) fn of(fact: &ConnectionFact) -> Self {
        let ConnectionFact { client, server, direction, grade, syn_seen, first_at, handshakes } = *fact;
        let plugins: &[u16] = match direction {
            Direction::Internal => &[3, 15],
            Direction::Inbound => &[14],
            Direction::Outbound => &[16],
        };
        let basis = Basis::of(grade, syn_seen, relation_id(Some(client), Some(server.ip), server.port), plugins);
        let (server_ip, port, direction, first_seen) = (server.ip, server.port, direction.name(), Moment(first_at));
        Self { client_ip: client, server_ip, port, direction, first_seen, handshakes, basis }
    }
}

/// What is known of a connection rose to its final grade. At most once for each.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ConnectionConfirmed {
    /// The grade it was recorded with.
    old_grade: &'static str,
    #[serde(flatten)]
    fact: ConnectionSeen,
}

impl Body for ConnectionConfirmed {
    const EVENT: &'static str = "connection_confirmed";
}

impl ConnectionConfirmed {
    pub(super) fn of(fact: &ConnectionFact, told: Grade) -> Self {
        Self { old_grade: told.name(), fact: ConnectionSeen::of(fact) }
    }
}

/// So many clients of a service have but a SYN-ACK that they are counted instead of recorded.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct FloodSeen {
    /// The service.
    server_ip: IpAddr,
    /// Its port.
    port: u16,
    /// Since when clients are left out.
    since: Moment,
    /// How many were left out and not established, when this was told.
    half_open: u64,
}

impl Body for FloodSeen {
    const EVENT: &'static str = "flood_seen";
}

impl FloodSeen {
    pub(super) fn of(flood: &Flood) -> Self {
        let Flood { server, since, half_open } = *flood;
        Self { server_ip: server.ip, port: server.port, since: Moment(since), half_open }
    }
}

/// A client has SYN-ACKs of so many services, and uses so few, that it scans.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ScannerSeen {
    /// The client.
    client_ip: IpAddr,
    /// Since when.
    since: Moment,
    /// How many services answered it since, when this was told.
    reached: u64,
    /// How many of these it acknowledged.
    established: u64,
}

impl Body for ScannerSeen {
    const EVENT: &'static str = "scanner_seen";
}

impl ScannerSeen {
    pub(super) fn of(scanner: &Scanner) -> Self {
        let Scanner { client, since, reached, established } = *scanner;
        Self { client_ip: client, since: Moment(since), reached, established }
    }
}

/// What every fact has.
#[derive(Serialize, JsonSchema)]
struct Basis {
    /// `tcp`.
    transport: &'static str,
    /// What the fact rests on: `synack_only`, `synack`, `probe` (the client answered with RST, before any data),
    /// `established` (the client acknowledged), `data` (both sides sent payload).
    grade: &'static str,
    /// Whether the client's SYN was seen.
    syn_seen: bool,
    /// The same for the same transport, client, server and port: the first 16 bytes, in lower-case hex, of the SHA-256 of
    /// `transport|client_ip|server_ip|port` in UTF-8, a part the fact does not have left empty, addresses in RFC 5952 form.
    /// Example: `tcp|192.168.11.12|192.168.11.8|1241`, or `tcp||192.168.11.8|1241` for the service alone.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    relation_id: String,
    /// The plugins of Nessus Network Monitor that report it.
    nnm_plugins: &'static [u16],
}

impl Basis {
    fn of(grade: Grade, syn_seen: bool, relation_id: String, nnm_plugins: &'static [u16]) -> Self {
        Self { transport: TRANSPORT, grade: grade.name(), syn_seen, relation_id, nnm_plugins }
    }
}

/// As the field of that name says.
fn relation_id(client: Option<IpAddr>, server: Option<IpAddr>, port: u16) -> String {
    let written = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    let canonical = format!("{TRANSPORT}|{}|{}|{port}", written(client), written(server));
    Sha256::digest(canonical.as_bytes()).iter().take(16).fold(String::with_capacity(32), |mut id, byte| {
        // Writing to a String cannot fail.
        _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_have_the_documented_number() {
        let ip = |text: &str| Some(text.parse().unwrap());
        assert_eq!(relation_id(ip("192.168.11.12"), ip("192.168.11.8"), 1241), "8420d7dad32791565600d62432952722");
        assert_eq!(relation_id(None, ip("192.168.11.8"), 1241), "2cc2e2b3ce2024ac93abdfd996e6f408");
    }
}
