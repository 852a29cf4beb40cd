//! Options that go together or not for what they are set to: of that clap knows nothing.
//!
//! Where settings are among them, the weakest gives way; what is left is wrong usage.

use super::weigh::Chosen;
use clap::ArgMatches;
use clap::Command;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use ntp_sniff::report::FORMATS;
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::ffi::OsString;

/// Options that do not go together, or not without another one.
struct Rule {
    /// The options on both sides; nothing on the second where the first misses something.
    sides: [&'static [&'static str]; 2],
    /// Whether they clash.
    breaks: fn(&Run<'_>) -> bool,
    /// What kind of wrong usage it is, and a line about it.
    kind: ErrorKind,
    problem: &'static str,
}

/// All of them.
const RULES: [Rule; 7] = [
    Rule {
        sides: [&["fields"], &["format"]],
        breaks: |run| run.has("fields") && !run.is("format", "jsonl"),
        kind: ErrorKind::ArgumentConflict,
        problem: "--fields names those of JSON Lines: it needs -T jsonl",
    },
    Rule {
        sides: [&["redact"], &["reveal-secrets"]],
        breaks: |run| run.is("redact", "data") && run.has("reveal-secrets"),
        kind: ErrorKind::ArgumentConflict,
        problem: "--redact data hides what --reveal-secrets shows",
    },
    Rule {
        sides: [&["redact"], &["format"]],
        breaks: |run| run.is("redact", "data") && !run.is_document(),
        kind: ErrorKind::ArgumentConflict,
        problem: "--redact data is for documents: it needs -T json or -T html",
    },
    Rule {
        sides: [&["format"], &["rotate-size", "rotate-interval"]],
        breaks: |run| run.is_document() && run.rotates(),
        kind: ErrorKind::ArgumentConflict,
        problem: "a document is one file: --rotate-size and --rotate-interval do not go with it",
    },
    Rule {
        sides: [&["rotate-size", "rotate-interval"], &[]],
        breaks: |run| run.rotates() && !run.has_output() && !run.has("write"),
        kind: ErrorKind::MissingRequiredArgument,
        problem: "--rotate-size and --rotate-interval move files aside: name one with -o FILE or -w FILE",
    },
    Rule {
        sides: [&["watch"], &["format"]],
        breaks: |run| run.has("watch") && !run.has_output() && run.has_format(),
        kind: ErrorKind::MissingRequiredArgument,
        problem: "--watch has standard output for its screen: name a file for -T with -o FILE",
    },
    Rule {
        sides: [&["syslog-format"], &[]],
        breaks: |run| run.has("syslog-format") && !run.has("syslog"),
        kind: ErrorKind::MissingRequiredArgument,
        problem: "--syslog-format is how --syslog writes: name a receiver",
    },
];

/// The options of a run, each with its first value; a switch that is on has an empty one.
struct Run<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Run<'_> {
    /// Whether somebody set an option.
    fn has(&self, name: &str) -> bool {
        (self.0)(name).is_some()
    }

    /// Whether an option is set to this.
    fn is(&self, name: &str, value: &str) -> bool {
        (self.0)(name).is_some_and(|is| is == value)
    }

    fn is_document(&self) -> bool {
        FORMATS.iter().any(|format| format.document && self.is("format", format.name))
    }

    /// Whether the format is another one than that which nobody has to name.
    fn has_format(&self) -> bool {
        self.has("format") && FORMATS.first().is_some_and(|first| !self.is("format", first.name))
    }

    fn rotates(&self) -> bool {
        self.has("rotate-size") || self.has("rotate-interval")
    }

    /// Whether the report goes into a file.
    fn has_output(&self) -> bool {
        self.has("output") && !self.is("output", "-")
    }
}

/// Takes out the settings that clash with stronger ones or with the command line, and those that miss what they are for.
pub(super) fn settle(chosen: &mut Chosen<'_>, said: &ArgMatches) {
    while let Some(weakest) = weakest(chosen, said) {
        chosen.remove(weakest);
    }
}

/// A setting that must give way.
fn weakest(chosen: &Chosen<'_>, said: &ArgMatches) -> Option<&'static str> {
    let values = |name: &str| of_line(said, name).or_else(|| chosen.get(name).and_then(|counted| counted.setting.values.first().cloned()));
    let place = |name: &str| chosen.get(name).filter(|_| of_line(said, name).is_none()).map(|counted| counted.place);
    // A side is as strong as its strongest setting. The command line is stronger than all places, and what nobody set is nobody's.
    let strength = |side: &[&str]| {
        let by_line = side.iter().any(|name| of_line(said, name).is_some());
        side.iter().filter_map(|name| place(name)).min().filter(|_| !by_line)
    };
    RULES.iter().filter(|rule| (rule.breaks)(&Run(&values))).find_map(|rule| {
        let [one, other] = rule.sides;
        let (weaker, stronger) = match strength(one).cmp(&strength(other)) {
            Ordering::Less => (other, one),
            // One place that says both is wrong in itself.
            Ordering::Equal => return None,
            Ordering::Greater => (one, other),
        };
        // Where the stronger one misses something without the weaker one, too, it is in vain that this gives way.
        let without = |name: &str| values(name).filter(|_| !weaker.contains(&name) || place(name).is_none());
        let in_vain = (rule.breaks)(&Run(&without)) && strength(stronger).is_some();
        let side = if in_vain { stronger } else { weaker };
        side.iter().copied().filter(|name| place(name).is_some()).max_by_key(|name| place(name))
    })
}

/// The options of the command line, or of all that was made of it, that clash: why.
pub(super) fn refusal(command: &Command, matches: &ArgMatches) -> Option<clap::Error> {
    let values = |name: &str| of_line(matches, name);
    let rule = RULES.iter().find(|rule| (rule.breaks)(&Run(&values)))?;
    Some(command.clone().error(rule.kind, rule.problem))
}

/// The first value of an option of a command line.
fn of_line(matches: &ArgMatches, name: &str) -> Option<OsString> {
    let id = name.replace('-', "_");
    // Behind something wrong clap knows nothing of what was not said.
    if !matches.try_contains_id(&id).ok()? || matches.value_source(&id) != Some(ValueSource::CommandLine) {
        return None;
    }
    Some(matches.get_raw(&id).and_then(|mut values| values.next()).map(OsStr::to_owned).unwrap_or_default())
}
