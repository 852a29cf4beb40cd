//! `--print-config`: the settings that count, as a configuration file that says the same again.

use super::EXPRESSION;
use super::kind;
use super::kind::Kind;
use clap::Arg;
use clap::ArgMatches;
use clap::Command;
use clap::parser::ValueSource;
use std::io;
use std::io::Write;

/// Writes all settings in the order of the help, each below its sentence. What nobody set is a remark that shows the default, or the form.
///
/// # Errors
///
/// A value that is not UTF-8, which TOML cannot hold; and standard output.
pub(crate) fn print(command: &Command, matches: &ArgMatches) -> io::Result<()> {
    let mut text = String::from("# Settings of ntp-sniff; the keys are the long names of its options.\n");
    let mut heading = None;
    for (name, arg) in kind::settings(command) {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            text = text + "\n## " + heading.unwrap_or("Others") + "\n";
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        text = text + "\n# " + &help.replace('\n', " ") + "\n" + &line(command, name, arg, matches)? + "\n";
    }
    io::stdout().write_all(text.as_bytes())
}

/// The line of a setting.
fn line(command: &Command, name: &str, arg: &Arg, matches: &ArgMatches) -> io::Result<String> {
    let id = arg.get_id().as_str();
    let set = matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    if Kind::of(arg) == Kind::Switch {
        let on = matches.get_flag(id);
        return Ok(if on { format!("{name} = true") } else { format!("#{name} = false") });
    }
    let values: Vec<String> =
        matches.get_raw(id).into_iter().flatten().map(|value| written(name, arg, value)).collect::<io::Result<_>>()?;
    let remark = if set { "" } else { "#" };
    Ok(match values.as_slice() {
        [] => format!("#{name} = {}", form(command, name, arg)),
        _ if name == EXPRESSION => format!("{remark}{name} = {}", quoted(&joined(matches))),
        values if kind::is_list(arg) => format!("{remark}{name} = [{}]", values.join(", ")),
        [value, ..] => format!("{remark}{name} = {value}"),
    })
}

/// What could stand there.
fn form(command: &Command, name: &str, arg: &Arg) -> String {
    let called = || arg.get_value_names().and_then(<[_]>::first).map(ToString::to_string).unwrap_or_default();
    let one = kind::example(command, name, arg).map_or_else(|| quoted(&called()), str::to_owned);
    if kind::is_list(arg) { format!("[{one}]") } else { one }
}

/// A value in TOML.
fn written(name: &str, arg: &Arg, value: &std::ffi::OsStr) -> io::Result<String> {
    let Some(text) = value.to_str() else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("--{name}: not UTF-8, which a configuration file cannot hold")));
    };
    let number = text.bytes().all(|byte| byte.is_ascii_digit()) && matches!(Kind::of(arg), Kind::Number | Kind::Size);
    // TOML has no leading zeros.
    Ok(if number { text.parse::<u64>().map_or_else(|_| quoted(text), |number| number.to_string()) } else { quoted(text) })
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The words of the filter as one text, as the program reads them.
fn joined(matches: &ArgMatches) -> String {
    let words: Vec<&str> = matches.get_many::<String>(EXPRESSION).into_iter().flatten().map(String::as_str).collect();
    words.join(" ")
}
