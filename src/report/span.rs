//! The SPAN doctor in plain English: what was found, and what to do about it.

use super::words::count;
use crate::span::Finding;
use crate::span::SpanCounts;
use crate::span::SpanVerdict;

/// All findings of a verdict, one sentence after the other.
pub(super) fn sentence(verdict: &SpanVerdict) -> String {
    let findings: Vec<String> = verdict.findings.iter().map(|finding| finding_sentence(*finding, &verdict.counts)).collect();
    findings.join("; ")
}

/// A finding with its numbers and its remedy.
pub(super) fn finding_sentence(finding: Finding, counts: &SpanCounts) -> String {
    let SpanCounts { connections, both_directions, compared, syn_acks, .. } = counts;
    match finding {
        Finding::OneDirection => {
            let part = counts.one_direction;
            format!("one direction only, in {part} of {}: mirror both directions of the port", count(*connections, "connection"))
        }
        Finding::DuplicatesExact => {
            let copies = counts.duplicates_exact;
            format!("packets come twice, {copies} copies in {compared}: mirror each port or VLAN once, or one direction of each")
        }
        Finding::DuplicatesRouted => {
            let copies = counts.duplicates_routed;
            format!("packets come twice, before and after a router, {copies} copies in {compared}: mirror one side of it")
        }
        Finding::VlanOneSide => {
            let part = counts.vlan_differs;
            let whole = count(*both_directions, "connection");
            format!("VLAN tags differ between the directions, in {part} of {whole}: mirror both the same way, with tags or without")
        }
        Finding::LoneSynAcks => {
            let part = counts.lone_syn_acks;
            format!("answers without their questions, {part} of {}: mirror the way of the SYNs, too", count(*syn_acks, "SYN-ACK"))
        }
        Finding::SnapLengthShort => cut(counts),
        Finding::Healthy => "both directions, each packet once, and whole".to_owned(),
        Finding::TooLittle => "too few packets to say whether all is captured".to_owned(),
    }
}

/// The sentence of packets that were cut.
fn cut(counts: &SpanCounts) -> String {
    let headers = match counts.headers_cut {
        0 => String::new(),
        frames => format!(", and {} in the headers", count(frames, "frame")),
    };
    let (part, whole) = (counts.cut_short, count(counts.data_segments, "packet"));
    format!("packets are cut, {part} of {whole} with data{headers}: capture with a larger snap length")
}
