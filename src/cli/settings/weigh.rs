//! Which settings count: the strongest place that says something of an option, and nothing that a stronger place rules out.

use super::EXPRESSION;
use super::Layer;
use super::Setting;
use super::kind;
use clap::Command;
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

/// The settings that count, below what the command line says.
///
/// Where a stronger place names files, the run is a look at them: neither the weaker place's input nor its outputs count, whose files may be a
/// sensor's. The same where a place names files and a stronger one an interface. What is about interfaces counts only on one.
pub(super) fn chosen<'a>(command: &Command, said: &dyn Fn(&str) -> bool, layers: &'a [Layer]) -> BTreeMap<&'a str, &'a Setting> {
    let mut chosen: BTreeMap<&str, &Setting> = BTreeMap::new();
    let mut known: Vec<String> =
        kind::settings(command).filter(|(_, arg)| said(arg.get_id().as_str())).map(|(name, _)| name.to_owned()).collect();
    for layer in layers {
        let is_known = |name: &str| known.iter().any(|known| known == name);
        let other_run = is_known(READ) || (is_known(INTERFACE) && layer.contains_key(READ));
        let counts = |name: &str| {
            let of_the_run = [READ, INTERFACE].contains(&name) || OF_THE_RUN.contains(&name);
            !(is_known(name) || (other_run && of_the_run) || rules_out(command, &known, name))
        };
        let more: Vec<_> = layer.iter().filter(|(name, _)| counts(name)).collect();
        known.extend(more.iter().map(|(name, _)| (*name).clone()));
        chosen.extend(more.into_iter().map(|(name, setting)| (name.as_str(), setting)));
    }
    let live = known.iter().any(|name| name == INTERFACE);
    chosen.retain(|name, setting| !setting.values.is_empty() && (live || !is_live(command, name)));
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

/// The settings as words of a command line: options, and the words of the filter.
pub(super) fn arguments(chosen: &BTreeMap<&str, &Setting>) -> (Vec<OsString>, Vec<OsString>) {
    let options = chosen.iter().filter(|(name, _)| **name != EXPRESSION).flat_map(|(name, setting)| words(name, &setting.values));
    let filter = chosen.get(EXPRESSION).map(|setting| setting.values.clone()).unwrap_or_default();
    (options.collect(), filter)
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
