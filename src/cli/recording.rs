//! Arguments about who serves and who speaks: what is recorded, when, and for how long.

use clap::ValueEnum;
use ntp_sniff::error::Error;
use ntp_sniff::inventory::FocusSource;
use ntp_sniff::inventory::Networks;
use ntp_sniff::inventory::RecordAt;
use ntp_sniff::inventory::Wanted;
use ntp_sniff::peer::Endpoint;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Which facts are recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct Scope {
    /// Network to record facts of [default: everything]; repeatable.
    ///
    /// An address, a CIDR range, net/mask, or @FILE with any number of these, one or more a line, "#" before a remark; several may be
    /// separated by commas. A fact is recorded when one of its ends is inside. It concerns who serves and who speaks, not the timeline.
    /// Files are read again at SIGHUP.
    #[arg(long, value_name = "NET", value_parser = Networks::parse, value_delimiter = ',')]
    pub(crate) focus: Vec<Networks>,

    /// Network to leave out of the facts, in the same forms; repeatable.
    ///
    /// Connections that have an end inside give no facts.
    #[arg(long, value_name = "NET", value_parser = Networks::parse, value_delimiter = ',')]
    pub(crate) exclude: Vec<Networks>,

    /// When a fact is recorded [default: synack].
    ///
    /// At the server's SYN-ACK, when the client acknowledged it, or when both have sent payload.
    #[arg(long, value_name = "WHEN", value_enum)]
    pub(crate) record_at: Option<Record>,
}

impl Scope {
    /// Whether the user says nothing.
    pub(crate) fn is_default(&self) -> bool {
        self.focus.is_empty() && self.exclude.is_empty() && self.record_at.is_none()
    }

    /// Where the focus network is read from.
    pub(crate) fn focus_source(&self) -> FocusSource {
        FocusSource { included: self.focus.clone(), excluded: self.exclude.clone() }
    }

    /// What is to be recorded in one run.
    ///
    /// # Errors
    ///
    /// [`Error::Networks`]
    pub(crate) fn wanted(&self) -> Result<Wanted, Error> {
        let record_at = self.record_at.map(Into::into).unwrap_or_default();
        Ok(Wanted { focus: self.focus_source().read()?, record_at, ..Wanted::default() })
    }
}

/// Who serves, who speaks.
#[derive(Debug, clap::Args)]
pub(crate) struct Recording {
    #[command(flatten)]
    pub(crate) scope: Scope,

    /// File that keeps the facts from run to run (SQLite): each is told once ever.
    ///
    /// It is made when it is missing. Several runs may share it, one after the other; other programs may read it at any time. Output
    /// is written every second, after the facts in it are safe: a killed run loses what came later, and nothing is told twice.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Forget a fact that was not seen for so long, on the capture clock: 30d, 12h, 90m. Seen again, it is told again.
    #[arg(long, value_name = "TIME", value_parser = super::live::time)]
    pub(crate) lifetime: Option<Duration>,

    /// Print the frames that made the facts of one client and one service, instead of the report.
    ///
    /// For example: --explain 10.0.0.1,10.0.0.2,22. Not with --state: facts that are not printed would count as told.
    #[arg(long, value_name = "CLIENT,SERVER,PORT", value_parser = pair, conflicts_with_all = ["format", "state"])]
    pub(crate) explain: Option<(IpAddr, Endpoint)>,
}

/// When a fact is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Record {
    /// At the SYN-ACK.
    Synack,
    /// When the client acknowledged it.
    Established,
    /// When both sides have sent payload.
    Data,
}

impl From<Record> for RecordAt {
    fn from(record: Record) -> Self {
        match record {
            Record::Synack => Self::SynAck,
            Record::Established => Self::Established,
            Record::Data => Self::Data,
        }
    }
}

/// Reads `10.0.0.1,10.0.0.2,22`.
fn pair(text: &str) -> Result<(IpAddr, Endpoint), String> {
    let mut parts = text.split(',').map(str::trim);
    let mut next = || parts.next().unwrap_or_default();
    let (client, server, port) = (next().parse(), next().parse(), next().parse());
    match (client, server, port, parts.next()) {
        (Ok(client), Ok(ip), Ok(port), None) => Ok((client, Endpoint { ip, port })),
        _ => Err(format!("'{text}' is not a client's address, a server's and a port, like 10.0.0.1,10.0.0.2,22")),
    }
}
