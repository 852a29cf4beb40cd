//! Records about connections: opened, closed, and what protocol they carry.

use super::Body;
use super::tls::CountsRecord;
use super::tls::HandshakeRecord;
use super::value::Text;
use crate::event::Closing;
use crate::event::Session;
use crate::peer::Flow;
use crate::peer::FlowKey;
use crate::tunnel::Tunnel;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use sha1::Digest as _;
use sha1::Sha1;
use std::net::IpAddr;

/// The protocol that others may be found in.
const TLS: &str = "tls";

/// The ends of a connection.
#[derive(Serialize, JsonSchema)]
struct Ends {
    /// The address of the side that asked.
    client_ip: IpAddr,
    /// Its port.
    client_port: u16,
    /// The address of the side that answered.
    server_ip: IpAddr,
    /// Its port.
    server_port: u16,
}

impl Ends {
    fn of(flow: &Flow) -> Self {
        Self { client_ip: flow.client.ip, client_port: flow.client.port, server_ip: flow.server.ip, server_port: flow.server.port }
    }
}

/// A tunnel around a frame.
#[derive(Serialize, JsonSchema)]
struct Wrapped {
    /// `mpls`, `pppoe`, `gre`, `pptp`, `erspan1`, `erspan2`, `erspan3`, `ip_in_ip`, `vxlan`, `vxlan_gpe`, `geneve`.
    kind: &'static str,
    /// The source of the IP packet that carries it; MPLS and `PPPoE` have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<IpAddr>,
    /// The destination of the IP packet that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_ip: Option<IpAddr>,
    /// Network (VXLAN, GENEVE), session (`PPPoE`, ERSPAN), key (GRE), call (PPTP), or bottom label (MPLS), where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
}

impl Wrapped {
    fn of(tunnel: &Tunnel) -> Self {
        let (source_ip, destination_ip) = tunnel.ends.unzip();
        Self { kind: tunnel.kind.name(), source_ip, destination_ip, id: tunnel.id }
    }
}

/// A handshake completed, or payload was seen.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct FlowOpened<'a> {
    #[serde(flatten)]
    ends: Ends,
    /// Community ID, version 1, seed 0.
    community_id: String,
    /// VLAN tags of the first frame, outermost first; of a tunnelled frame those inside the innermost tunnel.
    vlans: &'a [u16],
    /// The tunnels around the first frame, outermost first; absent when there are none. Client, server and VLAN tags are those inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encapsulation: Vec<Wrapped>,
    /// How it was decided who is the client: `handshake`, `synack`, `syn`, `content`, `known_port`, `lower_port`.
    roles_from: &'static str,
}

impl Body for FlowOpened<'_> {
    const EVENT: &'static str = "flow_opened";
}

impl<'a> FlowOpened<'a> {
    pub(super) fn of(flow: &'a Flow) -> Self {
        Self {
            ends: Ends::of(flow),
            community_id: community_id(flow),
            vlans: flow.vlans.ids(),
            encapsulation: flow.tunnels.iter().map(Wrapped::of).collect(),
            roles_from: flow.roles.name(),
        }
    }
}

/// The last sight of a connection.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct FlowClosed {
    #[serde(flatten)]
    ends: Ends,
    /// How it ended: `fin`, `reset`, `idle`, `reused`, `evicted`, `end_of_capture`.
    ended: &'static str,
    /// Who reset it: `client` or `server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'static str>,
    /// Segments the client sent, repetitions included.
    client_packets: u64,
    /// Payload bytes the client sent, repetitions included.
    client_bytes: u64,
    /// Segments the server sent, repetitions included.
    server_packets: u64,
    /// Payload bytes the server sent, repetitions included.
    server_bytes: u64,
    /// From the first to the newest frame.
    duration_seconds: f64,
    /// What was counted of TLS, if it carried that.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<CountsRecord>,
}

impl Body for FlowClosed {
    const EVENT: &'static str = "flow_closed";
}

impl FlowClosed {
    pub(super) fn of(flow: &Flow, closing: Closing) -> Self {
        let ended_by = match closing {
            Closing::Reset(peer) => Some(peer.name()),
            _ => None,
        };
        Self {
            ends: Ends::of(flow),
            ended: closing.name(),
            ended_by,
            client_packets: flow.from_client.packets,
            client_bytes: flow.from_client.bytes,
            server_packets: flow.from_server.packets,
            server_bytes: flow.from_server.bytes,
            duration_seconds: flow.last_at.since(flow.first_at).as_secs_f64(),
            tls: flow.tls.as_deref().map(CountsRecord::of),
        }
    }
}

/// A dissector accepted a connection.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct SessionIdentified<'a> {
    #[serde(flatten)]
    ends: Ends,
    /// Protocol id, e.g. `nessus_ntp`.
    protocol: &'static str,
    /// The version as the wire says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Text<'a>>,
    /// Options of the version line, in order.
    options: Vec<Text<'a>>,
    /// What made the match.
    matched: &'static str,
    /// The id of the description it is read by, when its language was inferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// What it was found in: `tls`. Bytes of its messages count in what was inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    /// Of `tls` itself: what the handshake says.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Box<HandshakeRecord<'a>>>,
}

impl Body for SessionIdentified<'_> {
    const EVENT: &'static str = "session_identified";
}

impl<'a> SessionIdentified<'a> {
    pub(super) fn of(flow: &'a Flow, session: &'a Session<'a>) -> Self {
        let Session { protocol, version, options, matched, description, contrasts: _ } = session;
        let (version, options) = (version.as_deref().map(Text::of), options.iter().map(|option| Text::of(option)).collect());
        let is_tls = *protocol == TLS;
        let via = (flow.tls.is_some() && !is_tls).then_some(TLS);
        let tls = flow.tls.as_deref().filter(|_| is_tls).map(|secured| Box::new(HandshakeRecord::of(secured)));
        let description = description.as_deref();
        Self { ends: Ends::of(flow), protocol, version, options, matched, description, via, tls }
    }
}

/// Community ID of a connection, version 1 with seed 0: the smaller endpoint first, SHA-1, base64.
pub(in crate::report) fn community_id(flow: &Flow) -> String {
    let (FlowKey { low, high }, _) = FlowKey::of(flow.client, flow.server);
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    for ip in [low.ip, high.ip] {
        match ip {
            IpAddr::V4(ip) => hash.update(ip.octets()),
            IpAddr::V6(ip) => hash.update(ip.octets()),
        }
    }
    hash.update([flow.transport.number(), 0]);
    hash.update(low.port.to_be_bytes());
    hash.update(high.port.to_be_bytes());
    format!("1:{}", STANDARD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::script;

    #[test]
    fn community_ids_are_those_of_the_specification() {
        let both = |client: &str, server: &str| {
            let flow = script::flow(1, client, server);
            let back = script::flow(1, server, client);
            assert_eq!(community_id(&flow), community_id(&back));
            community_id(&flow)
        };
        assert_eq!(both("128.232.110.120:34855", "66.35.250.204:80"), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    }

    #[test]
    fn options_keep_their_bytes() {
        let flow = script::flow(1, "10.0.0.1:1", "10.0.0.2:2");
        let options = vec![b"sni=caf\xe9"[..].into(), b"plain"[..].into()];
        let session = Session { protocol: "tls", version: None, options, matched: "", description: None, contrasts: &[] };
        let record = serde_json::to_value(SessionIdentified::of(&flow, &session)).unwrap();
        assert_eq!(record["options"], serde_json::json!([{"text": "sni=café", "bytes": "c25pPWNhZuk="}, "plain"]));
    }
}
