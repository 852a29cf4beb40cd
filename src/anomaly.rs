//! Everything odd in packets, peers or the capture, and every limit reached: data, never an error.

use crate::peer::Peer;
use std::time::Duration;

/// Why bytes of a stream are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The other side acknowledged them, but the capture does not have them.
    NotCaptured,
    /// The frame was there, but cut by the snap length.
    SnapLength,
    /// They had not come when a bound of the reassembly was reached.
    Bound,
    /// They had not come when the connection or the capture ended.
    End,
}

impl GapReason {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotCaptured => "not_captured",
            Self::SnapLength => "snap_length",
            Self::Bound => "bound",
            Self::End => "end",
        }
    }
}

/// Something odd: data about the capture, never a reason to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// Bytes of a stream are missing.
    Gap {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
        /// Why.
        reason: GapReason,
    },
    /// A repetition of bytes already seen differs; the first copy counts.
    OverlapDiffers {
        /// Whose stream.
        from: Peer,
        /// How many bytes differ.
        bytes: u64,
    },
    /// Payload behind the end its sender announced.
    DataAfterFin {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
    },
    /// Bytes that came when their place was given up, or before the first byte that was seen: left out.
    DataTooLate {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
    },
    /// A segment too far away from the stream to be part of it: left out.
    SegmentImplausible {
        /// Whose stream.
        from: Peer,
        /// Distance from the next expected byte; negative lies before it.
        distance: i64,
    },
    /// A header does not fit its frame or contradicts itself.
    HeaderBroken {
        /// Which header.
        layer: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The link type of an input is not known; its frames are only counted.
    LinkTypeUnknown {
        /// The LINKTYPE number.
        link_type: u32,
    },
    /// Fragments of one datagram overlap; first copy (IPv4) or no copy (IPv6, RFC 5722) counts.
    FragmentOverlap {
        /// Whether the datagram was given up.
        dropped: bool,
    },
    /// A fragmented datagram never became whole.
    FragmentsIncomplete {
        /// Bytes that were there.
        bytes: u64,
    },
    /// The capture clock went back.
    TimeWentBack {
        /// By how much.
        by: Duration,
    },
    /// Bytes a dissector could not read as a message.
    Undecodable {
        /// Whose stream.
        from: Peer,
        /// How many bytes.
        bytes: u64,
        /// Why.
        problem: &'static str,
    },
    /// A connection spoke HTTP/2, whose headers are not read.
    Http2NotRead {
        /// Frames of both directions.
        frames: u64,
        /// Streams the client opened.
        streams: u64,
        /// Bytes of DATA frames of both directions.
        data_bytes: u64,
    },
    /// A bound of `limits.rs` was reached.
    LimitReached {
        /// The name of the limit.
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// An input ended too early or is damaged; what came before was processed.
    InputDamaged {
        /// What and where.
        problem: String,
        /// Whether it could be read up to there: else it is missing, or no capture.
        begun: bool,
    },
}

impl Anomaly {
    /// The name used in every output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::OverlapDiffers { .. } => "overlap_differs",
            Self::DataAfterFin { .. } => "data_after_fin",
            Self::DataTooLate { .. } => "data_too_late",
            Self::SegmentImplausible { .. } => "segment_implausible",
            Self::HeaderBroken { .. } => "header_broken",
            Self::LinkTypeUnknown { .. } => "link_type_unknown",
            Self::FragmentOverlap { .. } => "fragment_overlap",
            Self::FragmentsIncomplete { .. } => "fragments_incomplete",
            Self::TimeWentBack { .. } => "time_went_back",
            Self::Undecodable { .. } => "undecodable",
            Self::Http2NotRead { .. } => "http2_not_read",
            Self::LimitReached { .. } => "limit_reached",
            Self::InputDamaged { .. } => "input_damaged",
        }
    }
}
