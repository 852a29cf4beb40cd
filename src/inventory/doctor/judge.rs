//! From counts to findings: the thresholds, each with its reason.

use crate::span::Finding;
use crate::span::SpanCounts;

/// The least segments of which nothing but good can be said: a connection with a word each way has as many.
const ENOUGH: u64 = 8;

/// Fewer segments, or SYN-ACKs, than this may be as they are by chance.
const CHANCE: u64 = 3;

/// What was found; never nothing.
pub(super) fn findings(counts: &SpanCounts) -> Vec<Finding> {
    let tests = [
        (Finding::OneDirection, one_direction(counts)),
        (Finding::DuplicatesExact, many(counts.duplicates_exact, counts.compared)),
        (Finding::DuplicatesRouted, many(counts.duplicates_routed, counts.compared)),
        (Finding::VlanOneSide, vlan_one_side(counts)),
        (Finding::LoneSynAcks, many(counts.lone_syn_acks, counts.syn_acks)),
        (Finding::SnapLengthShort, snap_length_short(counts)),
    ];
    let found: Vec<Finding> = tests.into_iter().filter_map(|(finding, holds)| holds.then_some(finding)).collect();
    match found.is_empty() {
        false => found,
        true if counts.both_directions > 0 && counts.segments >= ENOUGH => vec![Finding::Healthy],
        true => vec![Finding::TooLittle],
    }
}

/// Nine of ten connections that show anything. One is enough: that the other side spoke is proven for each.
fn one_direction(counts: &SpanCounts) -> bool {
    counts.one_direction > 0 && counts.one_direction.saturating_mul(10) >= counts.connections.saturating_mul(9)
}

/// One of five, as of copies where two of five packets come twice: no network loses or repeats so much by itself.
fn many(part: u64, whole: u64) -> bool {
    part >= CHANCE && is_a_fifth(part, whole)
}

/// One connection is enough: tags do not come by chance.
fn vlan_one_side(counts: &SpanCounts) -> bool {
    counts.vlan_differs > 0 && is_a_fifth(counts.vlan_differs, counts.both_directions)
}

/// Headers that were cut are segments nobody counted.
fn snap_length_short(counts: &SpanCounts) -> bool {
    let cut = counts.cut_short.saturating_add(counts.headers_cut);
    many(cut, counts.data_segments.saturating_add(counts.headers_cut))
}

fn is_a_fifth(part: u64, whole: u64) -> bool {
    part.saturating_mul(5) >= whole
}
