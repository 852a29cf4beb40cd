//! A configuration file: TOML, whose keys are the long names of options.

use super::Layer;
use super::Origin;
use super::Problem;
use super::Setting;
use super::kind;
use super::kind::Kind;
use clap::Arg;
use clap::Command;
use std::ffi::OsString;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

/// Reads a file. What is wrong in it is said with its line.
pub(super) fn read(command: &Command, path: &Path, text: &str) -> Result<Layer, Problem> {
    let origin = |offset: usize| Origin::Line(path.to_owned(), line(text, offset));
    let table = DeTable::parse(text)
        .map_err(|error| format!("{}: {}", origin(error.span().map_or(0, |span| span.start)), error.message().replace('\n', ": ")))?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut layer = Layer::new();
    for (key, value) in entries {
        let (origin, name) = (origin(key.span().start), key.get_ref().as_ref());
        let Some(arg) = kind::find(command, name) else {
            let (name, nearest) = (kind::short(name), kind::nearest(command, name));
            return Err(format!("{origin}: there is no option '{name}'; the nearest is '{nearest}'"));
        };
        let values = values(arg, value).ok_or_else(|| format!("{origin}: {name} wants {}", wanted(arg)))?;
        if let Some(refusal) = kind::refusal(command, name, &values) {
            return Err(format!("{origin}: {refusal}"));
        }
        layer.insert(name.to_owned(), Setting { origin, values });
    }
    Ok(layer)
}

/// What an option wants, for people.
fn wanted(arg: &Arg) -> String {
    let wanted = Kind::of(arg).wanted();
    if kind::is_list(arg) { format!("{wanted}, or a list [..] of that") } else { wanted.to_owned() }
}

/// The values of a setting; nothing where they are of the wrong type.
fn values(arg: &Arg, value: &Spanned<DeValue<'_>>) -> Option<Vec<OsString>> {
    match value.get_ref() {
        DeValue::Array(items) if kind::is_list(arg) => items.iter().map(|item| one(Kind::of(arg), item.get_ref())).collect(),
        DeValue::Boolean(on) if Kind::of(arg) == Kind::Switch => Some(if *on { vec![OsString::new()] } else { Vec::new() }),
        value => one(Kind::of(arg), value).map(|value| vec![value]),
    }
}

/// One value as the command line would have it.
fn one(kind: Kind, value: &DeValue<'_>) -> Option<OsString> {
    match (kind, value) {
        (Kind::Number | Kind::Size, DeValue::Integer(number)) if number.radix() == 10 => Some(number.as_str().replace('_', "").into()),
        (Kind::Size, DeValue::String(text)) if !text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.as_ref().into()),
        (Kind::Text, DeValue::String(text)) => Some(text.as_ref().into()),
        _ => None,
    }
}

/// The number of the line that a byte is in, from 1.
fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}
