//! The command line: arguments, and nothing else.

pub(crate) mod commands;
pub(crate) mod documents;
pub(crate) mod keys;
pub(crate) mod live;
pub(crate) mod manual;
pub(crate) mod recording;
pub(crate) mod settings;
pub(crate) mod shipping;
pub(crate) mod watch;

use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use documents::Documents;
use keys::KeyFiles;
use live::Live;
use ntp_sniff::protocol::PROTOCOLS;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Fields;
use ntp_sniff::report::Show;
use ntp_sniff::ship::LINES;
use ntp_sniff::ship::Target;
use ntp_sniff::ship::parse_target;
use recording::Recording;
use settings::Configuration;
use shipping::Shipping;
use std::net::SocketAddr;
use std::path::PathBuf;
use watch::Watch;

/// How it is called.
const USAGE: &str = "ntp-sniff [OPTIONS] -r FILE... [EXPRESSION]...\n       ntp-sniff [OPTIONS] -i IF... [EXPRESSION]...\n       ntp-sniff -D\n       \
     ntp-sniff export -r FILE... [--nbe FILE] [--nessus FILE] [EXPRESSION]...\n       \
     ntp-sniff facts FILE... [--csv | --dot | --nessus | --zeek] [-o FILE]\n       \
     ntp-sniff diff OLD NEW [--json] [--all] [-o FILE]\n       ntp-sniff check FILE\n       \
     ntp-sniff dissector DOCUMENT [--lua FILE] [--ksy FILE] [--dot FILE] ...\n       \
     ntp-sniff schema [records | document]\n       ntp-sniff completions SHELL\n       ntp-sniff man [SUBCOMMAND]";

/// Examples come before the options.
const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// Decodes Nessus NTP and API sessions from packets into an annotated timeline, and lists who serves and who speaks.
///
/// Packets come from capture files or an interface. Nothing is sent onto the network unless --syslog or --metrics asks for it, and no name is looked up.
/// Passwords and other secrets are replaced by their lengths unless --reveal-secrets is given.
#[derive(Debug, Parser)]
#[command(
    name = "ntp-sniff",
    override_usage = USAGE,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    help_template = TEMPLATE,
    max_term_width = 100
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// Capture file to read, "-" for standard input; repeatable.
    ///
    /// pcap (micro- or nanoseconds) and pcapng, plain or compressed (gzip, zstd, lz4, xz, bzip2): the content decides, never the name.
    /// Several files are one timeline in the order given: connections carry over from one to the next, frames are numbered from 1 in each.
    #[arg(short, long, value_name = "FILE", help_heading = "Input")]
    pub(crate) read: Vec<PathBuf>,

    /// Packets to look at, in pcap-filter syntax; on files too.
    ///
    /// For example: host 10.0.0.1 and tcp port 1241. All words that belong to no option are joined to it; quote what the shell would
    /// take for itself.
    #[arg(value_name = "EXPRESSION", help_heading = "Input")]
    pub(crate) expression: Vec<String>,

    /// Stop after so many packets, not counting those the expression leaves out.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) count: Option<u64>,

    /// Threads that may work on an input: with 2 or more, compressed captures are unpacked beside the decoding.
    ///
    /// The output is the same for any number. One timeline is decoded by one thread, which is quicker than handing packets from one
    /// processor to another; plain files need no other.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Input")]
    pub(crate) threads: u16,

    /// Leave out packets with a wrong IP or TCP checksum.
    ///
    /// Off by default: on the sending machine a capture is often taken before the network card computes the checksum.
    #[arg(long, help_heading = "Input")]
    pub(crate) verify_checksum: bool,

    #[command(flatten, next_help_heading = "Interfaces")]
    pub(crate) live: Live,

    #[command(flatten, next_help_heading = "Output")]
    pub(crate) shipping: Shipping,

    #[command(flatten, next_help_heading = "Output")]
    pub(crate) watch: Watch,

    /// Output format.
    #[arg(short = 'T', long, value_name = "FORMAT", default_value = FORMATS.first().map_or("table", |format| format.name), value_parser = formats(), help_heading = "Output")]
    pub(crate) format: String,

    /// Parts of the table, separated by commas [default: all].
    #[arg(long, value_name = "PARTS", value_enum, value_delimiter = ',', help_heading = "Output")]
    pub(crate) show: Vec<Part>,

    /// Table: all lines of long blocks, and a sentence for each message.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,

    /// Table: hex dumps, every byte marked with its role.
    ///
    /// The roles are: control character (line end), protocol control string (keyword, separator, prompt), and data. Secret bytes are
    /// shown as "**".
    #[arg(short = 'x', long, help_heading = "Output")]
    pub(crate) hex: bool,

    /// JSON Lines: add the bytes of each message, in hex.
    #[arg(long, help_heading = "Output")]
    pub(crate) payload: bool,

    /// JSON Lines: whose names the fields have [default: native].
    #[arg(long, value_name = "NAMES", value_parser = fields(), help_heading = "Output")]
    pub(crate) fields: Option<Fields>,

    /// Show passwords, uploaded files and other secrets.
    ///
    /// Without it only their lengths appear, in every format, hex dumps included. What cannot be placed in the dialogue, as after
    /// lost packets, counts as a secret.
    #[arg(long, help_heading = "Output")]
    pub(crate) reveal_secrets: bool,

    /// Documents: what is taken out.
    ///
    /// "data" leaves the control characters, the protocol's own words and the grammar; of all data only lengths appear. Who talked to
    /// whom, and when, stays.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Redact::Credentials, help_heading = "Output")]
    pub(crate) redact: Redact,

    /// Use colour: "auto" means on a terminal unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, help_heading = "Output")]
    pub(crate) color: When,

    /// Table: columns to fill, 80 to 400 [default: the terminal's, else 100].
    ///
    /// For a pager, whose terminal the program does not see: --width "$COLUMNS".
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(80..=400), help_heading = "Output")]
    pub(crate) width: Option<u16>,

    /// Receiver of syslog messages: `udp://ADDRESS[:PORT]`, `tcp://ADDRESS[:PORT]` or `unix:[PATH]`.
    ///
    /// Facts, logins, floods and scanners are sent to it beside the output. Ports are 514 for UDP and 601 for TCP, the path is /dev/log,
    /// unless they are given. The capture never waits for it: what cannot be sent is dropped and counted.
    #[arg(long, value_name = "URL", value_parser = parse_target, help_heading = "Output")]
    pub(crate) syslog: Option<Target>,

    /// Format of the syslog messages.
    #[arg(long, value_name = "FORMAT", default_value = LINES.first().map_or("nnm", |format| format.name), value_parser = lines(), requires = "syslog", help_heading = "Output")]
    pub(crate) syslog_format: String,

    /// Address to tell metrics on, for Prometheus: 127.0.0.1:9241. They are at /metrics.
    ///
    /// Counts only, no names and no addresses of what was seen; still, an address that only this machine reaches is best. Whoever asks
    /// gets the counts of the last second; the capture never waits for anybody.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, help_heading = "Output")]
    pub(crate) metrics: Option<SocketAddr>,

    /// No progress bar and no remarks; errors are still said.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    #[command(flatten, next_help_heading = "Who serves, who speaks")]
    pub(crate) recording: Recording,

    /// Port of a Nessus server, where nothing better tells; repeatable.
    ///
    /// A hint for connections whose handshake is missing. Protocols are told by their content, on any port.
    #[arg(long, value_name = "PORT", value_delimiter = ',', help_heading = "Protocols")]
    pub(crate) ntp_port: Vec<u16>,

    /// Port of the Nessus HTTP API, where nothing better tells; repeatable.
    ///
    /// A hint for connections whose handshake is missing, for servers that do not say their name, and for HTTP/2. 8834 is known.
    #[arg(long, value_name = "PORT", value_delimiter = ',', help_heading = "Protocols")]
    pub(crate) api_port: Vec<u16>,

    #[command(flatten, next_help_heading = "Protocols")]
    pub(crate) documents: Documents,

    #[command(flatten, next_help_heading = "TLS")]
    pub(crate) keys: KeyFiles,

    #[command(flatten, next_help_heading = "Settings")]
    pub(crate) settings: Configuration,

    /// Print the version, and that of libpcap.
    #[arg(short = 'V', long)]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the JSON Schema of the JSON Lines records, or of documents.
    Schema(commands::Schema),
    /// Verify a document: its form, that tokens and packets tile every message, that every id it names is there.
    Check(commands::Check),
    /// Write the reports of the scans seen, in the Nessus client's NBE format or as .nessus (v2) XML.
    Export(commands::Export),
    /// Write who serves and who speaks, of captures or a state file, for other tools; without an option the two tables.
    Facts(commands::Facts),
    /// Tell what changed between two captures or state files: services and connections that are new, gone, or of another grade.
    Diff(commands::Diff),
    /// Write a protocol document for other tools: a Wireshark dissector, a Kaitai Struct, a picture of the state machine.
    Dissector(commands::Dissector),
    /// Print completions for a shell.
    Completions(manual::Completions),
    /// Print the manual page, of the program or of a subcommand, for man(1): ntp-sniff man | man -l -
    Man(manual::Manual),
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

/// What documents take out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    /// Passwords, keys, cookies, uploaded files: as in all formats.
    Credentials,
    /// All data.
    Data,
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

/// What `--help` shows before the options.
const EXAMPLES: &str = "\
Examples:
  ntp-sniff -r capture.pcap                           timeline and tables
  ntp-sniff -r capture.pcap -xv --color always --width 80 | less -R
  ntp-sniff -r a.pcapng -r b.pcap.gz 'host 10.0.0.1'  one timeline of two
  ssh sensor tcpdump -U -w - | ntp-sniff -r -         from another machine
  ntp-sniff -r odd.pcap --document 9999 -T jsonl      an unknown protocol
  ntp-sniff -r tls.pcap --rsa-key nessusd.pem --keylog keys.log
  ntp-sniff -r capture.pcap -T html -o report.html    a page for a browser
  ntp-sniff -i eth1 --watch                           as it happens
  ntp-sniff -i eth1 --focus 10.0.0.0/8 -T jsonl -o events.jsonl
  ntp-sniff -i eth1 -T jsonl -o events.jsonl --syslog udp://192.0.2.1
  ntp-sniff -i eth1 -i eth2 -T jsonl -o events.jsonl --rotate-interval 1d \\
            -w sessions.pcapng --user nobody
  ntp-sniff -r capture.pcap -T jsonl | jq 'select(.event==\"summary\")'";

/// The same for `-h`.
const SHORT_EXAMPLES: &str = "\
Examples:
  ntp-sniff -r capture.pcap                           timeline and tables
  ntp-sniff -r capture.pcap -T jsonl 'host 10.0.0.1'  records for programs
  ntp-sniff -i eth1 --focus 10.0.0.0/8                until Ctrl-C";

/// The exit codes.
const EXIT: &str = "\
Exit codes:
  0  done
  1  could not: nothing readable, no such interface, the last one gone,
     output not writable
  2  wrong usage
  3  part of the input was damaged or unknown, or one of several interfaces
     went; what was readable was processed
  4  packets were lost, and --fail-on-loss was given";

/// The formats, with their one-line descriptions, as clap wants them.
fn formats() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about)))
}

/// The formats of syslog messages, likewise.
fn lines() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(LINES.iter().map(|format| PossibleValue::new(format.name).help(format.about)))
}

/// The names of fields, likewise.
fn fields() -> impl TypedValueParser<Value = Fields> {
    let names = Fields::ALL.iter().map(|fields| PossibleValue::new(fields.name()).help(fields.about()));
    PossibleValuesParser::new(names).map(|name| Fields::ALL.into_iter().find(|fields| fields.name() == name).unwrap_or_default())
}

/// Reads the address and the port to tell metrics on.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, as 127.0.0.1:9241 or [::1]:9241; no name is looked up".to_owned())
}

/// The whole definition, as help, completions and manual pages are made of it.
pub(crate) fn command() -> clap::Command {
    let protocols: Vec<String> = PROTOCOLS.iter().map(|protocol| format!("  {:<12} {}", protocol.id(), protocol.title())).collect();
    let long = format!("Protocols, told by their content on any port:\n{}\n\n{EXIT}", protocols.join("\n"));
    let command = Args::command().before_help(SHORT_EXAMPLES).before_long_help(EXAMPLES).after_help(EXIT).after_long_help(long);
    let subcommands: Vec<PossibleValue> = command.get_subcommands().map(|command| command.get_name().to_owned().into()).collect();
    let paged = |man: clap::Command| man.mut_arg("page", |page| page.value_parser(PossibleValuesParser::new(subcommands)));
    settings::with_opposites(command.mut_subcommand("man", paged))
}

impl Args {
    /// Reads the command line; does not come back when it is wrong or asks for help.
    pub(crate) fn read_or_exit() -> Self {
        let command = command();
        let matches = settings::matches(&command);
        if matches.get_flag("print_config") {
            let code = settings::print(&command, &matches).map_or_else(crate::failed, |()| 0);
            std::process::exit(code.into());
        }
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // As everywhere, "-" stands for standard output.
        let outputs = match &mut args.command {
            Some(Command::Facts(facts)) => &mut facts.output,
            Some(Command::Diff(diff)) => &mut diff.output,
            _ => &mut args.shipping.output,
        };
        outputs.take_if(|path| path.as_os_str() == "-");
        args
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
