//! Records of the SPAN doctor: its findings by name, a sentence, and the counts they rest on as flat fields.

use super::Body;
use crate::report::span::sentence;
use crate::span::SpanVerdict;
use schemars::JsonSchema;
use serde::Serialize;

/// Whether the capture shows what it should: both directions, each packet once, whole. Counts are those from the beginning on;
/// `connections` to `vlan_differs` and `compared` to `duplicates_routed` are of all of a small capture, of a sample of a large one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SpanVerdict")]
pub(in crate::report) struct SpanVerdictRecord {
    /// `one_direction`, `duplicates_exact`, `duplicates_routed`, `vlan_one_side`, `lone_syn_acks`, `snap_length_short`; or one of
    /// `healthy` and `too_little`. Never empty.
    verdicts: Vec<&'static str>,
    /// What that means, and what to do about it, for people.
    sentence: String,
    /// Whether the run was over. A verdict after 10 s may be followed by another at the end.
    at_end: bool,
    /// TCP segments.
    segments: u64,
    /// Those with payload.
    data_segments: u64,
    /// Those of which payload was cut when they were captured.
    cut_short: u64,
    /// Frames that were cut before the end of their headers.
    headers_cut: u64,
    /// Connections that show whether both directions are there.
    connections: u64,
    /// Connections of which both directions were seen.
    both_directions: u64,
    /// Connections of which one side was seen to answer another that was not.
    one_direction: u64,
    /// Connections of both directions whose VLAN tags differ between them.
    vlan_differs: u64,
    /// Connections with a SYN-ACK.
    syn_acks: u64,
    /// Those of them whose SYN was not seen, unless all that the client said was RST.
    lone_syn_acks: u64,
    /// Segments with SYN, FIN or payload that were compared with those of the 10 ms before.
    compared: u64,
    /// How many of these were a copy of another one.
    duplicates_exact: u64,
    /// How many were a copy with another TTL, VLAN or tunnel.
    duplicates_routed: u64,
}

impl Body for SpanVerdictRecord {
    const EVENT: &'static str = "span_verdict";
}

impl SpanVerdictRecord {
    pub(super) fn of(verdict: &SpanVerdict) -> Self {
        let counts = &verdict.counts;
        Self {
            verdicts: verdict.findings.iter().map(|finding| finding.name()).collect(),
            sentence: sentence(verdict),
            at_end: verdict.at_end,
            segments: counts.segments,
            data_segments: counts.data_segments,
            cut_short: counts.cut_short,
            headers_cut: counts.headers_cut,
            connections: counts.connections,
            both_directions: counts.both_directions,
            one_direction: counts.one_direction,
            vlan_differs: counts.vlan_differs,
            syn_acks: counts.syn_acks,
            lone_syn_acks: counts.lone_syn_acks,
            compared: counts.compared,
            duplicates_exact: counts.duplicates_exact,
            duplicates_routed: counts.duplicates_routed,
        }
    }
}
