//! What a scan report is made of: scans, and in each what the server reported, in the order of the wire.

use crate::peer::Endpoint;
use crate::peer::FlowId;
use std::collections::HashMap;

/// The connection a scan came over.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) flow: FlowId,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    /// The user name, if the login was seen.
    pub(super) user: Vec<u8>,
}

/// One scan, from its order to its end.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) origin: Origin,
    /// Its number in the session, from 1.
    pub(super) number: usize,
    /// Whether its order was seen; if not, it was joined midway.
    pub(super) ordered: bool,
    /// Targets as the client named them; nothing when it went on with a saved session.
    pub(super) targets: Vec<u8>,
    /// What the server reported, in its order.
    pub(super) entries: Vec<Entry>,
}

/// A line of the report.
#[derive(Debug)]
pub(super) enum Entry {
    Moment(Moment),
    Item(Item),
}

/// A time of the server's own clock.
#[derive(Debug)]
pub(super) struct Moment {
    /// `SCAN_START`, `HOST_END` and the like.
    pub(super) name: Vec<u8>,
    /// Nothing for those of the whole scan.
    pub(super) host: Vec<u8>,
    pub(super) date: Vec<u8>,
}

/// An open port or a finding; bytes as the wire has them.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) host: Vec<u8>,
    /// `http (80/tcp)`
    pub(super) service_field: Vec<u8>,
    /// `http`
    pub(super) service: Vec<u8>,
    pub(super) port: Option<u64>,
    pub(super) transport: Vec<u8>,
    /// Nothing when the server sent none.
    pub(super) plugin_id: Vec<u8>,
    pub(super) text: Vec<u8>,
    /// Whether the client had asked for escapes (`ntp_escape_crlf`), so that the text can be unescaped without doubt.
    pub(super) escaped: bool,
}

/// What the server said of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Port,
    Note,
    Info,
    Hole,
    Log,
    Debug,
    Alarm,
    Error,
}

impl Kind {
    /// The kind a message of this name reports.
    pub(super) fn of(message: &str) -> Option<Self> {
        Some(match message {
            "port" => Self::Port,
            "note" => Self::Note,
            "info" => Self::Info,
            "hole" => Self::Hole,
            "log" => Self::Log,
            "debug" => Self::Debug,
            "alarm" => Self::Alarm,
            "errmsg" => Self::Error,
            _ => return None,
        })
    }

    /// The words of the NBE format: the first three are the Nessus client's, the others those of OpenVAS's manager.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Port => "",
            Self::Note => "Security Note",
            Self::Info => "Security Warning",
            Self::Hole => "Security Hole",
            Self::Log => "Log Message",
            Self::Debug => "Debug Message",
            Self::Alarm => "Alarm",
            Self::Error => "Error Message",
        }
    }

    /// The number of the `.nessus` format. An alarm does not say how grave it is, so it counts as grave.
    pub(super) fn severity(self) -> u8 {
        match self {
            Self::Port | Self::Log | Self::Debug | Self::Error => 0,
            Self::Note => 1,
            Self::Info => 2,
            Self::Hole | Self::Alarm => 3,
        }
    }
}

/// What the server's plugin list says of a plugin.
#[derive(Debug, Default)]
pub(super) struct Plugin {
    pub(super) name: Vec<u8>,
    pub(super) family: Vec<u8>,
    pub(super) cve: Vec<Vec<u8>>,
    pub(super) bid: Vec<Vec<u8>>,
    pub(super) xref: Vec<Vec<u8>>,
}

impl Plugin {
    /// Bytes it holds.
    pub(super) fn len(&self) -> usize {
        let lists = self.cve.iter().chain(&self.bid).chain(&self.xref);
        lists
            .map(|value| value.len().saturating_add(size_of_val(value)))
            .fold(self.name.len(), usize::saturating_add)
            .saturating_add(self.family.len())
    }
}

/// The plugins of a session's plugin list, by their number or OID.
pub(super) type Catalog = HashMap<Vec<u8>, Plugin>;
