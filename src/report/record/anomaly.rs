//! Records of anomalies: the name, a sentence, and the details as flat fields.

use super::Body;
use crate::anomaly::Anomaly;
use crate::report::words::anomaly_sentence;
use schemars::JsonSchema;
use serde::Serialize;

/// Something odd in packets, peers or the capture, or a limit reached. Which details there are depends on the name.
#[derive(Default, Serialize, JsonSchema)]
pub(in crate::report) struct AnomalyFound<'a> {
    /// Which kind.
    name: &'static str,
    /// What happened, for people.
    sentence: String,
    /// Whose stream: `client` or `server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    /// How many bytes it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Why bytes are missing: `not_captured`, `snap_length`, `bound`, `end`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Bytes from the next expected one to the segment; negative lies before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<i64>,
    /// Which header.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'static str>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
    /// The LINKTYPE number.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_type: Option<u32>,
    /// Whether the datagram was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<bool>,
    /// By how much the clock went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_seconds: Option<f64>,
    /// Frames of HTTP/2.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u64>,
    /// Streams of HTTP/2 that the client opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<u64>,
    /// The name of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u64>,
}

impl Body for AnomalyFound<'_> {
    const EVENT: &'static str = "anomaly_found";
}

impl<'a> AnomalyFound<'a> {
    pub(super) fn of(anomaly: &'a Anomaly) -> Self {
        let plain = Self { name: anomaly.name(), sentence: anomaly_sentence(anomaly), ..Self::default() };
        match anomaly {
            Anomaly::Gap { from, bytes, reason } => {
                Self { from: Some(from.name()), bytes: Some(*bytes), reason: Some(reason.name()), ..plain }
            }
            Anomaly::OverlapDiffers { from, bytes } | Anomaly::DataAfterFin { from, bytes } | Anomaly::DataTooLate { from, bytes } => {
                Self { from: Some(from.name()), bytes: Some(*bytes), ..plain }
            }
            Anomaly::SegmentImplausible { from, distance } => Self { from: Some(from.name()), distance: Some(*distance), ..plain },
            Anomaly::HeaderBroken { layer, problem } => Self { layer: Some(layer), problem: Some(problem), ..plain },
            Anomaly::LinkTypeUnknown { link_type } => Self { link_type: Some(*link_type), ..plain },
            Anomaly::FragmentOverlap { dropped } => Self { dropped: Some(*dropped), ..plain },
            Anomaly::FragmentsIncomplete { bytes } => Self { bytes: Some(*bytes), ..plain },
            Anomaly::TimeWentBack { by } => Self { by_seconds: Some(by.as_secs_f64()), ..plain },
            Anomaly::Undecodable { from, bytes, problem } => {
                Self { from: Some(from.name()), bytes: Some(*bytes), problem: Some(problem), ..plain }
            }
            Anomaly::Http2NotRead { frames, streams, data_bytes } => {
                Self { frames: Some(*frames), streams: Some(*streams), bytes: Some(*data_bytes), ..plain }
            }
            Anomaly::LimitReached { limit, value } => Self { limit: Some(limit), value: Some(*value), ..plain },
            Anomaly::InputDamaged { problem, .. } => Self { problem: Some(problem), ..plain },
        }
    }
}
