//! What an option takes, read off its definition, and whether a value is one.

use super::EXPRESSION;
use super::NO_SETTINGS;
use super::opposite;
use clap::Arg;
use clap::ArgAction;
use clap::Command;
use clap::error::ErrorKind;
use ntp_sniff::report::escape;
use std::any::TypeId;
use std::ffi::OsString;

/// What a setting is in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number,
    /// A whole number, or text like `100M`.
    Size,
    /// Text.
    Text,
}

impl Kind {
    /// What an option takes.
    pub(super) fn of(arg: &Arg) -> Self {
        let parsed = arg.get_value_parser().type_id();
        match arg.get_action() {
            ArgAction::SetTrue => Self::Switch,
            _ if parsed == TypeId::of::<u64>() => Self::Size,
            _ if parsed == TypeId::of::<u16>() || parsed == TypeId::of::<u32>() => Self::Number,
            _ => Self::Text,
        }
    }

    /// What is to be written, for people.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Number => "a number without quotes",
            Self::Size => "a number without quotes, or a size like \"100M\"",
            Self::Text => "text in quotes",
        }
    }
}

/// A value that the option takes, as it stands in TOML, where that has no quotes or is a size; nothing of other options.
pub(super) fn example(command: &Command, name: &str, arg: &Arg) -> Option<&'static str> {
    let candidates: &[&str] = match Kind::of(arg) {
        Kind::Size => &["\"100M\"", "100"],
        Kind::Number => &["100", "10", "1"],
        Kind::Switch | Kind::Text => &[],
    };
    candidates.iter().copied().find(|value| refusal(command, name, &[value.trim_matches('"').into()]).is_none())
}

/// Whether an option may be given more than once.
pub(super) fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append) && name(arg) != Some(EXPRESSION)
}

/// The name of an option as a setting; nothing when it is none.
pub(super) fn name(arg: &Arg) -> Option<&str> {
    if arg.get_id() == EXPRESSION {
        return Some(EXPRESSION);
    }
    arg.get_long().filter(|name| !NO_SETTINGS.contains(name) && !opposite::is_opposite(arg))
}

/// All settings there are, in the order of the help.
pub(super) fn settings(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    command.get_arguments().filter_map(|arg| name(arg).map(|name| (name, arg)))
}

/// The setting of this name.
pub(super) fn find<'a>(command: &'a Command, wanted: &str) -> Option<&'a Arg> {
    settings(command).find(|(name, _)| *name == wanted).map(|(_, arg)| arg)
}

/// The setting whose name is most like this one.
pub(super) fn nearest<'a>(command: &'a Command, unknown: &str) -> &'a str {
    let unknown = short(unknown).replace('_', "-").to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(name, &unknown);
    settings(command).map(|(name, _)| name).min_by_key(|name| distance(name)).unwrap_or(EXPRESSION)
}

/// Columns of a name or a value from outside in a message.
const SHORT_COLUMNS: usize = 40;

/// As much of a name or a value as a message has room for, harmless on a terminal.
pub(super) fn short(text: &str) -> String {
    escape::terminal_cut(text.as_bytes(), SHORT_COLUMNS)
}

/// Why the option does not take these values; nothing when it does, or when that depends on other options.
pub(super) fn refusal(command: &Command, name: &str, values: &[OsString]) -> Option<String> {
    let words = std::iter::once(OsString::from(command.get_name())).chain(super::weigh::words(name, values));
    let error = command.clone().try_get_matches_from(words).err()?;
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        return None;
    }
    // Named by its beginning, however long it is.
    let text = values.iter().map(|value| value.to_string_lossy()).fold(error.to_string(), |text, value| match value.len() {
        0..=SHORT_COLUMNS => text,
        _ => text.replace(value.as_ref(), &short(&value)),
    });
    let said: Vec<&str> =
        text.lines().take_while(|line| !line.starts_with("For more")).map(str::trim).filter(|line| !line.is_empty()).collect();
    Some(said.join(" ").trim_start_matches("error: ").to_owned())
}
