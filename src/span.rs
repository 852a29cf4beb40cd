//! Whether the capture shows what it should: the SPAN doctor's words.

/// What is wrong with how the packets were captured, or that nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Of nearly all connections only one direction is there.
    OneDirection,
    /// Packets come twice, the copies the same.
    DuplicatesExact,
    /// Packets come twice, the copies with another TTL, VLAN or tunnel: before and after a router or switch.
    DuplicatesRouted,
    /// The two directions of the same connections have different VLAN tags, or only one has any.
    VlanOneSide,
    /// Many SYN-ACKs answer SYNs that are not there.
    LoneSynAcks,
    /// Many packets with payload were cut when they were captured.
    SnapLengthShort,
    /// None of these.
    Healthy,
    /// None of these, but too few packets to say that all is well.
    TooLittle,
}

impl Finding {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneDirection => "one_direction",
            Self::DuplicatesExact => "duplicates_exact",
            Self::DuplicatesRouted => "duplicates_routed",
            Self::VlanOneSide => "vlan_one_side",
            Self::LoneSynAcks => "lone_syn_acks",
            Self::SnapLengthShort => "snap_length_short",
            Self::Healthy => "healthy",
            Self::TooLittle => "too_little",
        }
    }

    /// Whether somebody should do something about it.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        !matches!(self, Self::Healthy | Self::TooLittle)
    }
}

/// What a verdict rests on.
///
/// `segments`, `data_segments`, `cut_short`, `headers_cut`, `syn_acks` and `lone_syn_acks` count everything so far. Connections, and
/// segments compared, are all of a small capture and a sample of a large one: only their shares mean something there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCounts {
    /// TCP segments.
    pub segments: u64,
    /// Those with payload.
    pub data_segments: u64,
    /// Those of which payload was cut when they were captured.
    pub cut_short: u64,
    /// Frames that were cut before the end of their headers.
    pub headers_cut: u64,
    /// Connections that show whether both directions are there.
    pub connections: u64,
    /// Connections of which both directions were seen.
    pub both_directions: u64,
    /// Connections of which one side was seen to answer another that was not.
    pub one_direction: u64,
    /// Connections of both directions whose VLAN tags differ between them.
    pub vlan_differs: u64,
    /// Connections with a SYN-ACK.
    pub syn_acks: u64,
    /// Those of them whose SYN was not seen, unless all that the client said was RST: then somebody used its address.
    pub lone_syn_acks: u64,
    /// Segments with SYN, FIN or payload that were compared with those of the 10 ms before.
    pub compared: u64,
    /// How many of these were a copy of another one.
    pub duplicates_exact: u64,
    /// How many were a copy with another TTL, VLAN or tunnel.
    pub duplicates_routed: u64,
}

/// A verdict on the capture: told after 10 s, and at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanVerdict {
    /// What was found, never empty and each once; `Healthy` and `TooLittle` stand alone.
    pub findings: Vec<Finding>,
    /// What that rests on.
    pub counts: SpanCounts,
    /// Whether the run was over.
    pub at_end: bool,
}

impl SpanVerdict {
    /// The findings somebody should do something about.
    pub fn troubles(&self) -> impl Iterator<Item = Finding> {
        self.findings.iter().copied().filter(|finding| finding.is_trouble())
    }
}
