//! Arguments of the subcommands.

use super::keys::KeyFiles;
use super::recording::Scope;
use clap::Arg;
use clap::ArgAction;
use clap::ArgGroup;
use clap::ArgMatches;
use clap::FromArgMatches;
use clap::ValueEnum;
use ntp_sniff::report;
use ntp_sniff::report::facts::EXPORTS;
use std::path::PathBuf;

/// What `schema` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// Of what.
    #[arg(value_name = "WHAT", value_enum, default_value_t = Described::Records)]
    pub(crate) of: Described,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    /// The records of JSON Lines.
    Records,
    /// The document of -T json.
    Document,
}

/// What `check` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Document to verify, as -T json writes it; "-" is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) document: PathBuf,
}

/// What `export` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Capture file to read; "-" is standard input. Repeatable.
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) read: Vec<PathBuf>,

    /// Write the Nessus client's NBE format to this file; "-" is standard output, which is where it goes when no file is named.
    /// Several scans follow each other.
    #[arg(long, value_name = "FILE")]
    pub(crate) nbe: Option<PathBuf>,

    /// Write the .nessus (v2) XML format to this file; "-" is standard output. Several scans are several reports in it.
    #[arg(long, value_name = "FILE")]
    pub(crate) nessus: Option<PathBuf>,

    /// Leave out packets with a wrong IP or TCP checksum.
    #[arg(long)]
    pub(crate) verify_checksum: bool,

    #[command(flatten)]
    pub(crate) keys: KeyFiles,

    /// Port to take for a Nessus server's where the handshake is missing. A hint: content decides. Repeatable.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    pub(crate) ntp_port: Vec<u16>,

    /// Packets to look at, in pcap-filter syntax.
    #[arg(value_name = "EXPRESSION", trailing_var_arg = true, allow_hyphen_values = false)]
    pub(crate) expression: Vec<String>,
}

/// What `facts` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Facts {
    /// Capture file to read, or one state file; "-" is a capture from standard input. Several captures are one timeline.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) read: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) export: Chosen,

    /// File to write to; "-" is standard output [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Columns of the tables, 80 to 400 [default: the terminal's, else 100].
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(80..=400))]
    pub(crate) width: Option<u16>,

    #[command(flatten)]
    pub(crate) scope: Scope,
}

/// The export the user named; none means the tables. Its options are those of the registry.
#[derive(Debug)]
pub(crate) struct Chosen(pub(crate) Option<&'static report::facts::Export>);

impl FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(EXPORTS.iter().find(|export| matches.get_flag(export.name))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Chosen {
    fn augment_args(command: clap::Command) -> clap::Command {
        let option = |export: &report::facts::Export| Arg::new(export.name).long(export.name).help(export.about).action(ArgAction::SetTrue);
        command.args(EXPORTS.iter().map(option)).group(ArgGroup::new("export").args(EXPORTS.iter().map(|export| export.name)))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

/// What `diff` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// Capture or state file from before; "-" is a capture from standard input.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,

    /// Capture or state file from after.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,

    /// JSON Lines: a record for each change, with the fact; `old_grade` is what a changed one had before.
    #[arg(long)]
    pub(crate) json: bool,

    /// Compare also which ports clients use, wherever; this follows from their connections and is left out otherwise.
    #[arg(long)]
    pub(crate) all: bool,

    /// File to write to; "-" is standard output [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) scope: Scope,
}

/// What `dissector` takes.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("written").args(["lua", "ksy", "dot", "verify"]).required(true).multiple(true))]
pub(crate) struct Dissector {
    /// Protocol document, as -T json writes it; "-" is standard input.
    #[arg(value_name = "DOCUMENT")]
    pub(crate) document: PathBuf,

    /// The protocol to write, where the document describes several.
    #[arg(long, value_name = "ID")]
    pub(crate) protocol: Option<String>,

    /// Write a dissector for Wireshark 4 to this file, in Lua; "-" is standard output. It is not installed.
    #[arg(long, value_name = "FILE")]
    pub(crate) lua: Option<PathBuf>,

    /// Write a Kaitai Struct to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ksy: Option<PathBuf>,

    /// Write the state machine to this file, for Graphviz.
    #[arg(long, value_name = "FILE")]
    pub(crate) dot: Option<PathBuf>,

    /// Let an installed tshark read the capture that the document was made from, with the Lua dissector, and compare messages and tokens.
    ///
    /// The verdict is written into the document (`exports` of its grammar). The exit code is 1 unless all messages and 99 of 100 tokens are
    /// the same.
    #[arg(long, value_name = "CAPTURE")]
    pub(crate) verify: Option<PathBuf>,
}
