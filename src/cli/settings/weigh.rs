//! Which settings count: the strongest place that says something of an option, and nothing that a stronger place rules out.

use super::EXPRESSION;
use super::Layer;
use super::Origin;
use super::Setting;
use super::clash;
use super::kind;
use super::opposite;
use clap::ArgMatches;
use clap::Command;
use clap::parser::ValueSource;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The two ways packets come.
const READ: &str = "read";
const INTERFACE: &str = "interface";

/// The heading of the options that are about interfaces.
const INTERFACES: &str = "Interfaces";

/// What a run leaves, and where: settings of a place that is about another kind of input must not reach these files.
const OF_THE_RUN: [&str; 10] =
    ["output", "write", "rotate-size", "rotate-interval", "keep", "state", "syslog", "syslog-format", "metrics", "watch"];

/// What picks among the packets, or shows what is hidden: in a file it is meant for the input of that file alone.
const OF_THE_INPUT: [&str; 3] = [EXPRESSION, "count", "reveal-secrets"];

/// What changes what is told of files that somebody names: he is told of it.
const TELLING: [&str; 9] =
    [EXPRESSION, "count", "reveal-secrets", "focus", "exclude", "record-at", "verify-checksum", "no-dissectors", "explain"];

/// A setting that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) setting: &'a Setting,
    /// Where its place stands among all, the strongest first.
    pub(super) place: usize,
    /// Whether a stronger place named files that it changes the report of.
    told: bool,
}

/// The settings that count, by their names.
#[derive(Debug, Default)]
pub(super) struct Chosen<'a> {
    settings: BTreeMap<&'a str, Counted<'a>>,
    /// Where it was said that data are left out, which must not be lost in silence.
    shown: Option<&'a Origin>,
}

/// The settings that count, below what the command line says.
///
/// Where a stronger place names files, the run is a look at them: neither the weaker place's input nor its outputs count, whose files may be a
/// sensor's, nor what a file picks of its input. The same where a place names files and a stronger one an interface. What is about interfaces
/// counts only on one, and of what clashes the weaker gives way.
pub(super) fn chosen<'a>(command: &Command, said: &ArgMatches, layers: &'a [Layer]) -> Chosen<'a> {
    let mut chosen = Chosen::default();
    let is_said = |id: &str| said.value_source(id) == Some(ValueSource::CommandLine);
    // Whoever names a configuration file for this run knows what is in it.
    let named = is_said("config");
    let is_line = |setting: &Setting| matches!(setting.origin, Origin::Line(..));
    let mut known: Vec<String> =
        kind::settings(command).filter(|(_, arg)| is_said(arg.get_id().as_str())).map(|(name, _)| name.to_owned()).collect();
    for (place, layer) in layers.iter().enumerate() {
        let is_known = |name: &str| known.iter().any(|known| known == name);
        let other_run = is_known(READ) || (is_known(INTERFACE) && layer.contains_key(READ));
        let counts = |name: &str, setting: &Setting| {
            let of_the_run = [READ, INTERFACE].contains(&name) || OF_THE_RUN.contains(&name);
            let of_the_input = OF_THE_INPUT.contains(&name) && is_line(setting) && !named;
            !(is_known(name)
                || (other_run && (of_the_run || of_the_input))
                || opposite::is_off(said, name)
                || rules_out(command, &known, name))
        };
        let more: Vec<_> = layer.iter().filter(|(name, setting)| counts(name, setting)).collect();
        let looked_at = is_known(READ);
        known.extend(more.iter().map(|(name, _)| (*name).clone()));
        chosen.settings.extend(more.into_iter().map(|(name, setting)| {
            let told = looked_at && !(named && is_line(setting));
            (name.as_str(), Counted { setting, place, told })
        }));
    }
    let live = known.iter().any(|name| name == INTERFACE);
    chosen.settings.retain(|name, counted| !counted.setting.values.is_empty() && (live || !is_live(command, name)));
    clash::settle(&mut chosen, said);
    chosen
}

/// Whether a setting means something only on an interface.
fn is_live(command: &Command, name: &str) -> bool {
    kind::find(command, name).and_then(clap::Arg::get_help_heading) == Some(INTERFACES)
}

/// Whether one of the known options and this one do not go together.
fn rules_out(command: &Command, known: &[String], name: &str) -> bool {
    let excludes = |one: &str, other: &str| {
        let arg = kind::find(command, one);
        arg.is_some_and(|arg| command.get_arg_conflicts_with(arg).iter().any(|arg| kind::name(arg) == Some(other)))
    };
    known.iter().any(|known| excludes(known, name) || excludes(name, known))
}

impl<'a> Chosen<'a> {
    /// A setting that counts.
    pub(super) fn get(&self, name: &str) -> Option<&Counted<'a>> {
        self.settings.get(name)
    }

    /// It does not count any more.
    pub(super) fn remove(&mut self, name: &str) {
        let removed = self.settings.remove(name);
        if name == "redact" {
            self.shown = removed.map(|counted| &counted.setting.origin);
        }
    }

    /// As words of a command line: options, and the words of the filter.
    pub(super) fn arguments(&self) -> (Vec<OsString>, Vec<OsString>) {
        let options = self.settings.iter().filter(|(name, _)| **name != EXPRESSION);
        let filter = self.get(EXPRESSION).map(|counted| counted.setting.values.clone()).unwrap_or_default();
        (options.flat_map(|(name, counted)| words(name, &counted.setting.values)).collect(), filter)
    }

    /// A line that names all of them with their places.
    pub(super) fn blame(&self) -> Option<String> {
        self.named("settings that counted", |_, _| true)
    }

    /// Lines about what whoever named the files may not think of.
    pub(super) fn remarks(&self) -> Vec<String> {
        let telling = self.named("settings change what is told", |name, counted| counted.told && TELLING.contains(&name));
        telling.into_iter().collect()
    }

    /// A line about data that are shown after all, which nobody wants to miss.
    pub(super) fn unhidden(&self) -> Option<String> {
        self.shown.map(|origin| format!("redact ({origin}) gave way: data are shown"))
    }

    /// A line that names some of them; nothing where there are none.
    fn named(&self, start: &str, wanted: impl Fn(&str, &Counted<'_>) -> bool) -> Option<String> {
        let settings = self.settings.iter().filter(|(name, counted)| wanted(name, counted));
        let named: Vec<String> = settings.map(|(name, counted)| format!("{name} ({})", counted.setting.origin)).collect();
        (!named.is_empty()).then(|| format!("{start}: {}; --no-config goes without", named.join(", ")))
    }
}

/// A setting as words of a command line; the empty value of a switch leaves its name alone.
pub(super) fn words(name: &str, values: &[OsString]) -> Vec<OsString> {
    let word = |value: &OsString| {
        let mut word = OsString::from(if name == EXPRESSION { String::new() } else { format!("--{name}") });
        if !value.is_empty() && name != EXPRESSION {
            word.push("=");
        }
        word.push(value);
        word
    };
    values.iter().map(word).collect()
}
