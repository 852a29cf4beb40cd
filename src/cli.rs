//! The command line: arguments, and nothing else.

use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use ipnet::IpNet;
use ntp_sniff::inventory::parse_range;
use ntp_sniff::protocol::PROTOCOLS;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Show;
use std::path::PathBuf;

/// Decodes Nessus NTP/OTP sessions from packets into annotated timelines, and lists who serves and who speaks.
///
/// Packets come from capture files or an interface. Nothing is ever sent onto the network, and no name is looked up.
#[derive(Debug, Parser)]
#[command(name = "ntp-sniff", args_conflicts_with_subcommands = true, max_term_width = 100, disable_version_flag = true)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// Capture file to read: pcap or pcapng, plain or gzip, told by its content; "-" is standard input. Repeatable: several
    /// files are one timeline, in the order given.
    #[arg(short, long, value_name = "FILE", help_heading = "Input")]
    pub(crate) read: Vec<PathBuf>,

    /// Interface to capture from, until SIGINT or SIGTERM.
    #[arg(short, long, value_name = "IF", conflicts_with = "read", help_heading = "Input")]
    pub(crate) interface: Option<String>,

    /// Packets to look at, in pcap-filter syntax, e.g. host 10.0.0.1 and tcp port 1241. Works on files too.
    #[arg(value_name = "EXPRESSION", trailing_var_arg = true, allow_hyphen_values = false, help_heading = "Input")]
    pub(crate) expression: Vec<String>,

    /// Stop after so many packets.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) count: Option<u64>,

    /// Longest part of a packet to capture from an interface, in bytes.
    #[arg(short, long, value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(64..=262_144), help_heading = "Input")]
    pub(crate) snaplen: u32,

    /// Do not put the interface into promiscuous mode.
    #[arg(short = 'p', long, help_heading = "Input")]
    pub(crate) no_promiscuous: bool,

    /// Leave out packets with a wrong IP or TCP checksum. Off by default: network cards compute checksums later than captures are taken.
    #[arg(long, help_heading = "Input")]
    pub(crate) verify_checksum: bool,

    /// Output format.
    #[arg(short = 'T', long, value_name = "FORMAT", default_value = FORMATS.first().map_or("table", |format| format.name), value_parser = formats(), help_heading = "Output")]
    pub(crate) format: String,

    /// File to write to instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,

    /// Parts the table shows, separated by commas.
    #[arg(long, value_name = "PARTS", value_enum, value_delimiter = ',', help_heading = "Output")]
    pub(crate) show: Vec<Part>,

    /// Show all lines of big blocks, and a sentence for every message.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,

    /// Add hex dumps, every byte with its role: control character, protocol control string, protocol data.
    #[arg(short = 'x', long, help_heading = "Output")]
    pub(crate) hex: bool,

    /// Add each message's bytes to its JSON record, in hex.
    #[arg(long, help_heading = "Output")]
    pub(crate) payload: bool,

    /// Show passwords, uploaded files and other secrets instead of their lengths.
    #[arg(long, help_heading = "Output")]
    pub(crate) reveal_secrets: bool,

    /// Use colour. "auto" means on a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, help_heading = "Output")]
    pub(crate) color: When,

    /// No progress bar and no remarks; errors are still said.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Network to record facts of: address, CIDR or net/mask. Repeatable; without it everything is recorded.
    #[arg(long, value_name = "NET", value_parser = parse_range, value_delimiter = ',', help_heading = "Inventory")]
    pub(crate) focus: Vec<IpNet>,

    /// Network to leave out of the facts. Repeatable.
    #[arg(long, value_name = "NET", value_parser = parse_range, value_delimiter = ',', help_heading = "Inventory")]
    pub(crate) exclude: Vec<IpNet>,

    /// Port to take for a Nessus server's where the handshake is missing. A hint: content decides. Repeatable.
    #[arg(long, value_name = "PORT", value_delimiter = ',', help_heading = "Protocols")]
    pub(crate) ntp_port: Vec<u16>,

    /// Print the version, and that of libpcap.
    #[arg(short = 'V', long)]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the JSON Schema of the JSON Lines records.
    Schema,
}

/// Parts of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sessions, phases and messages.
    Timeline,
    /// Who speaks.
    Connections,
    /// Who serves.
    Services,
    /// The account of all frames.
    Summary,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The formats, with their one-line descriptions, as clap wants them.
fn formats() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about)))
}

impl Args {
    /// Reads the command line; does not come back when it is wrong or asks for help.
    pub(crate) fn read_or_exit() -> Self {
        let protocols: Vec<String> = PROTOCOLS.iter().map(|protocol| format!("  {:<12} {}", protocol.id(), protocol.title())).collect();
        let protocols = protocols.join("\n");
        let after = format!(
            "Protocols, told by their content on any port:\n{protocols}\n\n\
             Examples:\n  ntp-sniff -r capture.pcap\n  ntp-sniff -r capture.pcap -x -v | less -R\n  ntp-sniff -r a.pcapng -r b.pcap.gz 'host 10.0.0.1 and tcp'\n  \
             ssh sensor tcpdump -w - | ntp-sniff -r -\n  ntp-sniff -r capture.pcap -T jsonl | jq -c 'select(.event==\"service_seen\")'\n\n\
             Exit: 0 done; 1 could not; 2 wrong usage; 3 an input was damaged, what was readable was processed."
        );
        let matches = Self::command().after_help(after).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The parts of the table to show: all unless some are named.
    pub(crate) fn parts(&self) -> Show {
        let shows = |part| self.show.is_empty() || self.show.contains(&part);
        Show {
            timeline: shows(Part::Timeline),
            connections: shows(Part::Connections),
            services: shows(Part::Services),
            summary: shows(Part::Summary),
        }
    }
}
