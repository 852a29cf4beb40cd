//! What the user wants to be recorded, and when.

use super::focus::Focus;
use super::table::Store;
use crate::fact::Grade;
use std::time::Duration;

/// When a fact is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordAt {
    /// At the SYN-ACK, as Nessus Network Monitor does.
    #[default]
    SynAck,
    /// When the client acknowledged it.
    Established,
    /// When both sides sent payload.
    Data,
}

impl RecordAt {
    /// The least grade a fact is told with.
    pub(super) fn enough(self) -> Grade {
        match self {
            Self::SynAck => Grade::SynAckOnly,
            Self::Established => Grade::Established,
            Self::Data => Grade::Data,
        }
    }
}

/// What the user wants to be recorded. By default everything, at the SYN-ACK, for one run.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The focus network.
    pub focus: Focus,
    /// When facts are told.
    pub record_at: RecordAt,
    /// How long a fact is remembered after it was last seen, on the capture clock; nothing means for ever.
    pub lifetime: Option<Duration>,
    /// Where facts outlive the run.
    pub store: Option<Box<dyn Store>>,
}
