//! A fact as a row of named columns, for every export that is a table, and for JSON.

use crate::fact::Direction;
use crate::fact::Fact;
use crate::fact::TRANSPORT;
use crate::report::services;
use crate::time::Timestamp;
use serde::Serialize;
use serde::Serializer;
use std::net::IpAddr;

/// The columns, named as in the JSON Lines records. What a fact does not have is left out.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Row {
    /// `service`, `client_port`, `connection`.
    pub(in crate::report) kind: &'static str,
    pub(in crate::report) transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) client_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) server_ip: Option<IpAddr>,
    pub(in crate::report) port: u16,
    /// The name IANA registers for the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) service: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) direction: Option<&'static str>,
    pub(in crate::report) grade: &'static str,
    pub(in crate::report) syn_seen: bool,
    #[serde(serialize_with = "moment")]
    pub(in crate::report) first_seen: Timestamp,
    #[serde(serialize_with = "moment")]
    pub(in crate::report) last_seen: Timestamp,
    pub(in crate::report) handshakes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::report) vlans: Vec<Vec<u16>>,
    pub(in crate::report) relation_id: String,
    pub(in crate::report) nnm_plugins: &'static [u16],
}

impl Row {
    pub(in crate::report) fn of(fact: &Fact) -> Self {
        let Fact { relation, direction, known } = fact;
        Self {
            kind: relation.kind(),
            transport: TRANSPORT,
            client_ip: relation.client(),
            server_ip: relation.server(),
            port: relation.port(),
            service: services::name(relation.port()),
            direction: direction.map(Direction::name),
            grade: known.grade.name(),
            syn_seen: known.syn_seen,
            first_seen: known.first_at,
            last_seen: known.last_at,
            handshakes: known.handshakes,
            vlans: known.vlans.stacks().map(<[u16]>::to_vec).collect(),
            relation_id: relation.id(),
            nnm_plugins: fact.nnm_plugins(),
        }
    }

    /// The VLAN stacks, each as `100.20`.
    pub(super) fn vlans(&self) -> Vec<String> {
        self.vlans.iter().map(|stack| stack.iter().map(u16::to_string).collect::<Vec<_>>().join(".")).collect()
    }

    /// The plugins of Nessus Network Monitor.
    pub(super) fn nnm_plugins(&self) -> Vec<String> {
        self.nnm_plugins.iter().map(u16::to_string).collect()
    }
}

/// RFC 3339.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn moment<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
