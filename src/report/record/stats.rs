//! The record of counts so far: what a run on an interface says of itself while it lasts.

use super::Body;
use super::Moment;
use crate::event::Summary;
use crate::loss::Received;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the run saw so far; all counts are since its beginning. `received` is `frames`, `dropped_by_kernel` and `unread` together;
/// `frames` is the sum of `filtered`, `segments` and all of `undecoded`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stats")]
pub(in crate::report) struct StatsRecord<'a> {
    /// Frames read.
    frames: u64,
    /// Bytes of these frames as captured.
    bytes: u64,
    /// Time of the last frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<Moment>,
    /// Packets that passed the kernel's filter; absent of files, as are all counts of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    /// Of the received, packets the kernel dropped because the buffer was full.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_kernel: Option<u64>,
    /// Packets the interfaces or their drivers dropped; not among the received.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_interface: Option<u64>,
    /// Of the received, packets in the buffer that were not read yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
    /// The same interface by interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interfaces: Vec<InterfaceCounts<'a>>,
    /// Frames the user's filter left out.
    filtered: u64,
    /// Frames that were, or completed, a TCP segment.
    segments: u64,
    /// All other frames, by reason.
    undecoded: BTreeMap<&'static str, u64>,
    /// Connections opened.
    flows: u64,
    /// Connections that gave way to others.
    flows_evicted: u64,
    /// SYNs that nobody answered.
    lone_syns: u64,
    /// SYN-ACKs whose SYN was not seen.
    lone_syn_acks: u64,
    /// Sessions by protocol id.
    sessions: BTreeMap<&'static str, u64>,
    /// Messages decoded.
    messages: u64,
    /// Anomalies by name; `gap` among them.
    anomalies: BTreeMap<&'static str, u64>,
    /// Facts: services.
    services_seen: u64,
    /// Facts: clients using a port.
    client_ports_seen: u64,
    /// Facts: clients that reached a service.
    connections_seen: u64,
    /// Records that could not be written and were dropped.
    records_dropped: u64,
    /// Packets that could not be saved and were dropped.
    packets_dropped: u64,
    /// Syslog messages that were dropped.
    syslog_dropped: u64,
}

/// What the kernel counted on one interface.
#[derive(Serialize, JsonSchema)]
pub(super) struct InterfaceCounts<'a> {
    /// Its name.
    name: &'a str,
    /// Packets that passed the kernel's filter.
    received: u64,
    /// Of these, packets the kernel dropped because the buffer was full.
    dropped_by_kernel: u64,
    /// Packets the interface or its driver dropped.
    dropped_by_interface: u64,
}

impl Body for StatsRecord<'_> {
    const EVENT: &'static str = "stats";
}

impl<'a> InterfaceCounts<'a> {
    /// Each of the interfaces.
    pub(super) fn of(received: &'a [Received]) -> Vec<Self> {
        let counts = received.iter().map(|one| Self {
            name: &one.interface,
            received: one.packets,
            dropped_by_kernel: one.dropped_by_kernel,
            dropped_by_interface: one.dropped_by_interface,
        });
        counts.collect()
    }
}

impl<'a> StatsRecord<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let [services_seen, client_ports_seen, connections_seen] = summary.facts;
        let all = summary.received_in_all();
        Self {
            frames: summary.frames,
            bytes: summary.bytes,
            last_at: summary.last_at.map(Moment),
            received: all.as_ref().map(|all| all.packets),
            dropped_by_kernel: all.as_ref().map(|all| all.dropped_by_kernel),
            dropped_by_interface: all.as_ref().map(|all| all.dropped_by_interface),
            unread: all.as_ref().map(|_| summary.unread()),
            interfaces: InterfaceCounts::of(&summary.received),
            filtered: summary.filtered,
            segments: summary.segments,
            undecoded: summary.undecoded.iter().copied().collect(),
            flows: summary.flows,
            flows_evicted: summary.evicted,
            lone_syns: summary.lone_syns,
            lone_syn_acks: summary.lone_syn_acks,
            sessions: summary.sessions.iter().copied().collect(),
            messages: summary.messages,
            anomalies: summary.anomalies.iter().copied().collect(),
            services_seen,
            client_ports_seen,
            connections_seen,
            records_dropped: summary.lost.records,
            packets_dropped: summary.lost.packets,
            syslog_dropped: summary.lost.syslog,
        }
    }
}
