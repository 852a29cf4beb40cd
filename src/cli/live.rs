//! Arguments about interfaces: which, how, for how long, and with which rights.

use clap::ValueEnum;
use jiff::SpanRelativeTo;
use std::time::Duration;

/// What is captured, and how.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Live {
    /// Interface to capture from, until SIGINT (Ctrl-C) or SIGTERM; "any" is all of them. Repeatable.
    ///
    /// Several interfaces are one timeline, in the order of the packets' times; frames are numbered from 1 in each. The signal ends the
    /// capture with the report; a second one ends the program at once. Needs root, or the capability `cap_net_raw`.
    #[arg(short, long, value_name = "IF", conflicts_with = "read")]
    pub(crate) interface: Vec<String>,

    /// List the interfaces with their state and addresses.
    #[arg(short = 'D', long)]
    pub(crate) list_interfaces: bool,

    /// With -i: stop after this time: 10s, 5m, 12h.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "interface")]
    pub(crate) duration: Option<Duration>,

    /// With -i: longest part of a packet to capture, 64 to 262144 bytes.
    #[arg(short, long, value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(64..=262_144))]
    pub(crate) snaplen: u32,

    /// With -i: do not put the interface into promiscuous mode.
    #[arg(short = 'p', long)]
    pub(crate) no_promiscuous: bool,

    /// With -i: the kernel's buffer of each interface, in MiB.
    #[arg(short = 'B', long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=2047))]
    pub(crate) buffer: u32,

    /// With -i: what the kernel already leaves out.
    ///
    /// Packets that the kernel leaves out are neither seen nor counted. "auto" is for links whose other traffic is too much: ARP, ICMP,
    /// SCTP and whole UDP datagrams that are no tunnel's then miss in the counts; no record is lost. The kernel matches a packet without
    /// its VLAN tag, "off" with it, as on files.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = KernelFilter::Expression)]
    pub(crate) kernel_filter: KernelFilter,

    /// With -i: time between two `stats` records: 10s, 5m; 0s for none [default: 60s].
    ///
    /// SIGUSR1 asks for one at once, also while files are read.
    #[arg(long, value_name = "TIME", value_parser = span, requires = "interface")]
    pub(crate) stats_interval: Option<Duration>,

    /// With -i: exit code 4 when the kernel or an interface dropped packets.
    #[arg(long, requires = "interface")]
    pub(crate) fail_on_loss: bool,

    /// With -i, as root: user to become once interfaces and outputs are open.
    ///
    /// Capabilities are given up in any case. Files that were opened are given to the user; where files are rotated, their folder must be
    /// writable for it.
    #[arg(long, value_name = "USER", requires = "interface")]
    pub(crate) user: Option<String>,

    /// With -i: do not confine the program by Landlock to the folders of its files.
    #[arg(long, requires = "interface")]
    pub(crate) no_sandbox: bool,
}

/// What the kernel leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KernelFilter {
    /// What the expression leaves out.
    Expression,
    /// That, and what is surely no TCP, not even in a tunnel.
    Auto,
    /// Nothing: the program itself looks at the expression, and counts what it leaves out.
    Off,
}

/// Reads `30d`, `12h 30m`, `90s`; a day has 24 hours.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    span(text).and_then(|time| if time.is_zero() { Err(format!("'{text}' is no time at all")) } else { Ok(time) })
}

/// The same, and `0s`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span: jiff::Span = text.parse().map_err(|_| problem(text))?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| problem(text))?;
    Duration::try_from(time).map_err(|_| problem(text))
}

fn problem(text: &str) -> String {
    format!("'{text}' is not a time like 30d, 12h or 90m")
}
