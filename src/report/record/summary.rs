//! The record at the end: every frame accounted for.

use super::Body;
use super::Moment;
use super::stats::InterfaceCounts;
use crate::event::Summary;
use crate::report::span::sentence;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the whole run saw. `frames` is the sum of `filtered`, `segments` and all of `undecoded`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub(in crate::report) struct SummaryRecord<'a> {
    /// Frames read.
    frames: u64,
    /// Bytes of these frames as captured.
    bytes: u64,
    /// Time of the first frame; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<Moment>,
    /// Time of the last frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<Moment>,
    /// Frames the user's filter left out.
    filtered: u64,
    /// Frames that were, or completed, a TCP segment.
    segments: u64,
    /// All other frames, by reason.
    undecoded: BTreeMap<&'static str, u64>,
    /// Connections opened.
    flows: u64,
    /// SYNs that nobody answered.
    lone_syns: u64,
    /// Sessions by protocol id.
    sessions: BTreeMap<&'static str, u64>,
    /// Messages decoded.
    messages: u64,
    /// Exchanges of HTTP APIs.
    exchanges: u64,
    /// Anomalies by name.
    anomalies: BTreeMap<&'static str, u64>,
    /// Facts: services.
    services_seen: u64,
    /// Facts: clients using a port.
    client_ports_seen: u64,
    /// Facts: clients that reached a service.
    connections_seen: u64,
    /// Services with payload that no dissector claimed, most bytes first.
    undocumented: Vec<UndocumentedService>,
    /// Packets that passed the kernel's filter: `frames`, `dropped_by_kernel` and `unread` together; live only, as all that follows
    /// up to `syslog_dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    /// Packets the kernel dropped because the buffer was full.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_kernel: Option<u64>,
    /// Packets the interfaces or their drivers dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_interface: Option<u64>,
    /// Packets in the buffer that were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
    /// The same interface by interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interfaces: Vec<InterfaceCounts<'a>>,
    /// Connections that gave way to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    flows_evicted: Option<u64>,
    /// SYN-ACKs whose SYN was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    lone_syn_acks: Option<u64>,
    /// Records that could not be written and were dropped, before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    records_dropped: Option<u64>,
    /// Packets that could not be saved and were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_dropped: Option<u64>,
    /// Syslog messages that were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    syslog_dropped: Option<u64>,
    /// The SPAN doctor's findings at the end, as in `span_verdict`.
    span_verdicts: Vec<&'static str>,
    /// What they mean, for people.
    span_sentence: String,
    /// What was wrong with inputs, one line each.
    damage: &'a [String],
}

/// A service nobody decoded.
#[derive(Serialize, JsonSchema)]
struct UndocumentedService {
    /// Who answered.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    /// Connections with payload.
    flows: u64,
    /// Payload bytes of both directions.
    bytes: u64,
}

impl Body for SummaryRecord<'_> {
    const EVENT: &'static str = "summary";
}

impl<'a> SummaryRecord<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let [services_seen, client_ports_seen, connections_seen] = summary.facts;
        let all = summary.received_in_all();
        let live = |count: u64| all.as_ref().map(|_| count);
        let undocumented = summary.undocumented.iter().map(|service| UndocumentedService {
            server_ip: service.server.ip,
            port: service.server.port,
            flows: service.flows,
            bytes: service.bytes,
        });
        Self {
            frames: summary.frames,
            bytes: summary.bytes,
            first_at: summary.first_at.map(Moment),
            last_at: summary.last_at.map(Moment),
            filtered: summary.filtered,
            segments: summary.segments,
            undecoded: summary.undecoded.iter().copied().collect(),
            flows: summary.flows,
            lone_syns: summary.lone_syns,
            sessions: summary.sessions.iter().copied().collect(),
            messages: summary.messages,
            exchanges: summary.exchanges,
            anomalies: summary.anomalies.iter().copied().collect(),
            services_seen,
            client_ports_seen,
            connections_seen,
            undocumented: undocumented.collect(),
            received: all.as_ref().map(|all| all.packets),
            dropped_by_kernel: all.as_ref().map(|all| all.dropped_by_kernel),
            dropped_by_interface: all.as_ref().map(|all| all.dropped_by_interface),
            unread: live(summary.unread()),
            interfaces: InterfaceCounts::of(&summary.received),
            flows_evicted: live(summary.evicted),
            lone_syn_acks: live(summary.lone_syn_acks),
            records_dropped: live(summary.lost.records),
            packets_dropped: live(summary.lost.packets),
            syslog_dropped: live(summary.lost.syslog),
            span_verdicts: summary.span.findings.iter().map(|finding| finding.name()).collect(),
            span_sentence: sentence(&summary.span),
            damage: &summary.damage,
        }
    }
}
