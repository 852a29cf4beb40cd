//! The environment: `NTP_SNIFF_FOCUS` is what `--focus` is.

use super::Layer;
use super::Origin;
use super::Problem;
use super::Setting;
use super::kind;
use super::kind::Kind;
use clap::Arg;
use clap::Command;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// What the names of all variables begin with.
const PREFIX: &str = "NTP_SNIFF_";

/// Names the file, and is no setting itself.
const CONFIG: &str = "NTP_SNIFF_CONFIG";

/// Reads the variables; those that name no option are told and passed over, since whoever starts programs adds some of their own.
pub(super) fn read(command: &Command, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(Layer, Vec<String>), Problem> {
    let mut ours: Vec<_> = variables.filter(|(name, value)| name.as_bytes().starts_with(PREFIX.as_bytes()) && !value.is_empty()).collect();
    ours.sort();
    let (mut layer, mut unknown) = (Layer::new(), Vec::new());
    for (variable, value) in ours.iter().filter(|(name, _)| name != CONFIG) {
        let variable = variable.to_string_lossy();
        let name = variable.trim_start_matches(PREFIX).to_lowercase().replace('_', "-");
        let Some(arg) = kind::find(command, &name).filter(|_| called(&name) == variable) else {
            unknown.push(format!(
                "{}: passed over, there is no such option; the nearest is {}",
                kind::short(&variable),
                called(kind::nearest(command, &name))
            ));
            continue;
        };
        let values = values(arg, value).ok_or_else(|| format!("{variable} wants {}", Kind::of(arg).wanted()))?;
        if let Some(refusal) = kind::refusal(command, &name, &values) {
            return Err(format!("{variable}: {refusal}"));
        }
        layer.insert(name, Setting { origin: Origin::Variable(variable.into_owned()), values });
    }
    Ok((layer, unknown))
}

/// The variable of an option.
fn called(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase().replace('-', "_"))
}

/// The values of a variable; several of a repeatable option are separated by commas.
fn values(arg: &Arg, value: &OsStr) -> Option<Vec<OsString>> {
    match Kind::of(arg) {
        Kind::Switch => match value.to_str()?.to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(vec![OsString::new()]),
            "0" | "false" | "no" | "off" => Some(Vec::new()),
            _ => None,
        },
        _ if kind::is_list(arg) => {
            Some(value.as_bytes().split(|byte| *byte == b',').map(|part| OsStr::from_bytes(part).to_owned()).collect())
        }
        _ => Some(vec![value.to_owned()]),
    }
}
