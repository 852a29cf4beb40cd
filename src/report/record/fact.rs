//! Records of who serves and who speaks, numbered so that every reader can be idempotent.

use super::Body;
use super::Moment;
use crate::event::Flood;
use crate::event::Scanner;
use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::Grade;
use crate::fact::TRANSPORT;
use crate::peer::Endpoint;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

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
    pub(super) fn of(server: Endpoint, fact: &Fact) -> Self {
        Self { server_ip: server.ip, port: server.port, basis: Basis::of(fact) }
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
    pub(super) fn of(client: IpAddr, port: u16, fact: &Fact) -> Self {
        Self { client_ip: client, port, basis: Basis::of(fact) }
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
    #[serde(flatten)]
    basis: Basis,
}

impl Body for ConnectionSeen {
    const EVENT: &'static str = "connection_seen";
}

impl ConnectionSeen {
    pub(super) fn of(client: IpAddr, server: Endpoint, fact: &Fact) -> Self {
        let direction = fact.direction.map_or("", Direction::name);
        Self { client_ip: client, server_ip: server.ip, port: server.port, direction, basis: Basis::of(fact) }
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
    pub(super) fn of(client: IpAddr, server: Endpoint, fact: &Fact, told: Grade) -> Self {
        Self { old_grade: told.name(), fact: ConnectionSeen::of(client, server, fact) }
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
    /// Time of the first SYN-ACK that belongs to it; it may be from an earlier run (`--state`).
    first_seen: Moment,
    /// SYN-ACKs so far, repetitions left out.
    handshakes: u64,
    /// VLAN tags of the SYNs and SYN-ACKs, one list for each distinct stack, outermost first; left out when there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vlans: Vec<Vec<u16>>,
    /// `tcp`.
    transport: &'static str,
    /// What the fact rests on: `synack_only`, `synack`, `probe` (the client answered with RST, before any data),
    /// `established` (the client acknowledged), `data` (both sides sent payload).
    grade: &'static str,
    /// Whether a client's SYN was seen.
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
    fn of(fact: &Fact) -> Self {
        let known = &fact.known;
        Self {
            first_seen: Moment(known.first_at),
            handshakes: known.handshakes,
            vlans: known.vlans.stacks().map(<[u16]>::to_vec).collect(),
            transport: TRANSPORT,
            grade: known.grade.name(),
            syn_seen: known.syn_seen,
            relation_id: fact.relation.id(),
            nnm_plugins: fact.nnm_plugins(),
        }
    }
}
