//! Settings that are not on the command line: of the environment and of configuration files, made arguments before the user's own.
//!
//! A setting is an option under its long name. Nothing else is parsed here: what a value means is told by the option's own definition.

mod clash;
mod environment;
mod file;
mod kind;
mod opposite;
mod places;
mod print;
mod weigh;

use crate::complain;
use clap::ArgMatches;
use clap::Command;
use clap::error::ErrorKind;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::exit;

pub(crate) use opposite::with_opposites;
pub(crate) use print::print;
use weigh::Chosen;

/// Options about settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Configuration {
    /// File to read settings from (TOML), instead of those of the user and of the machine.
    ///
    /// The keys are the long names of the options. Without it, ~/.config/ntp-sniff/config.toml (or that below `XDG_CONFIG_HOME`) and
    /// /etc/ntp-sniff/config.toml are read if they are there; `NTP_SNIFF_CONFIG` names a file, too. Options are stronger than the
    /// environment (`NTP_SNIFF_FOCUS` for --focus), and that is stronger than files. A switch that is on is turned off by its opposite:
    /// --no-verbose, --sandbox. Captures named with -r are looked at without the outputs of weaker places, and without the
    /// expression, --count and --reveal-secrets of files that --config does not name; what else changes what is told is said.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Read no configuration file and no setting of the environment.
    #[arg(long)]
    pub(crate) no_config: bool,

    /// Print the settings that count, as a configuration file, and end.
    ///
    /// What is not set is there as a remark. Of keys only the names of their files are known.
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// Options that are no settings: they ask for something else than a run.
const NO_SETTINGS: [&str; 6] = ["help", "version", "list-interfaces", "config", "no-config", "print-config"];

/// The words of a filter, which have no long name.
const EXPRESSION: &str = "expression";

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// A variable.
    Variable(String),
    /// A line of a file, from 1.
    Line(PathBuf, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(out, "{name}"),
            Self::Line(path, line) => write!(out, "{}:{line}", path.display()),
        }
    }
}

/// What one place says of one option.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    origin: Origin,
    /// The values; none where a switch is off, an empty one where it is on.
    values: Vec<OsString>,
}

/// What one place says, by the names of the options.
type Layer = BTreeMap<String, Setting>;

/// Why a place cannot be read: a line that names it.
type Problem = String;

/// Reads the command line with the settings below it; does not come back when something is wrong or help is asked for.
pub(crate) fn matches(command: &Command) -> ArgMatches {
    let words: Vec<OsString> = std::env::args_os().collect();
    // Only what is said: whether it is enough is asked when the settings are known.
    let said = command.clone().ignore_errors(true).try_get_matches_from(&words).unwrap_or_else(|error| error.exit());
    if said.subcommand().is_some() || is_on(&said, "version") {
        return command.clone().get_matches_from(words);
    }
    refuse_late_subcommand(command, &said, &words);
    let layers = layers(command, &said).unwrap_or_else(|problem| {
        complain(&problem);
        exit(2)
    });
    let chosen = weigh::chosen(command, &said, &layers);
    let matches = command.clone().try_get_matches_from(with_settings(words, &chosen)).unwrap_or_else(|error| refuse(&error, &chosen));
    if !["list_interfaces", "print_config"].iter().any(|other| is_on(&matches, other)) {
        if let Some(error) = clash::refusal(command, &matches) {
            refuse(&error, &chosen);
        }
        let remarks = chosen.remarks();
        remarks.iter().filter(|_| !is_on(&matches, "quiet")).for_each(|remark| complain(remark));
        chosen.unhidden().iter().for_each(|remark| complain(remark));
    }
    matches
}

/// The words of the command line, and the settings in front of them: what comes later is stronger.
fn with_settings(mut words: Vec<OsString>, chosen: &Chosen<'_>) -> Vec<OsString> {
    let (options, filter) = chosen.arguments();
    let after = usize::from(!words.is_empty());
    _ = words.splice(after..after, options);
    if !filter.is_empty() {
        // Behind "--" nothing is an option; the user's own "--" does as well.
        words.extend((!words.iter().any(|word| word == "--")).then(|| OsString::from("--")));
        words.extend(filter);
    }
    words
}

/// Says what is wrong, and which settings had a part in it.
fn refuse(error: &clap::Error, chosen: &Chosen<'_>) -> ! {
    _ = error.print();
    if let Some(blame) = chosen.blame().filter(|_| error.use_stderr()) {
        complain(&blame);
    }
    exit(error.exit_code())
}

/// Does not come back where a subcommand stands behind an option: it would be taken for a word of the filter.
fn refuse_late_subcommand(command: &Command, said: &ArgMatches, words: &[OsString]) {
    let first = said.try_get_many::<String>(EXPRESSION).ok().flatten().and_then(|mut filter| filter.next());
    let Some(name) = first.filter(|_| !words.iter().any(|word| word == "--")) else { return };
    let problem = if command.find_subcommand(name).is_some() {
        format!("'{name}' is a subcommand and comes first, before all options: ntp-sniff {name} ...")
    } else if name == "help" {
        "there is no subcommand 'help': ntp-sniff --help, or ntp-sniff SUBCOMMAND --help".to_owned()
    } else {
        return;
    };
    command.clone().error(ErrorKind::InvalidSubcommand, problem).exit()
}

/// Whether a switch is on. Behind something wrong clap leaves out even its default.
fn is_on(said: &ArgMatches, id: &str) -> bool {
    said.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false)
}

/// What every place says, the strongest first.
fn layers(command: &Command, said: &ArgMatches) -> Result<Vec<Layer>, Problem> {
    if is_on(said, "no_config") {
        return Ok(Vec::new());
    }
    let (environment, unknown) = environment::read(command, std::env::vars_os())?;
    if !is_on(said, "quiet") {
        for remark in &unknown {
            complain(remark);
        }
    }
    let mut layers = vec![environment];
    for place in places::places(said.get_one::<PathBuf>("config").cloned()) {
        layers.extend(place.read()?.map(|text| file::read(command, &place.path, &text)).transpose()?);
    }
    Ok(layers)
}
