//! The `check` subcommand: whether a document is what it says it is.

use crate::cli::commands;
use anyhow::Context;
use ntp_sniff::error::Error;
use ntp_sniff::report::document::check::check;
use ntp_sniff::report::escape::terminal_text;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;

/// Faults that are written; more are counted.
const MOST_FAULTS: usize = 100;

/// Reads the document and says what is wrong with it: the exit code.
pub(crate) fn run(args: &commands::Check) -> anyhow::Result<u8> {
    let path = &args.document;
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|source| Error::Open { path: path.clone(), source })?)
    };
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let checked = check(BufReader::new(input), MOST_FAULTS).with_context(|| format!("{name}: cannot be read"))?;
    let mut out = io::stdout().lock();
    for fault in &checked.faults {
        writeln!(out, "{}: {}", terminal_text(&name), terminal_text(&fault.to_string()))?;
    }
    let more = checked.found.saturating_sub(u64::try_from(checked.faults.len()).unwrap_or(0));
    if more > 0 {
        writeln!(out, "{}: and {more} more", terminal_text(&name))?;
    }
    if checked.found > 0 {
        return Ok(crate::FAILED);
    }
    let many = |number: u64| if number == 1 { "" } else { "s" };
    let (sessions, messages) = (checked.sessions, checked.messages);
    let (of_sessions, of_messages) = (many(sessions), many(messages));
    writeln!(out, "{}: right, {sessions} session{of_sessions}, {messages} message{of_messages}", terminal_text(&name))?;
    Ok(crate::DONE)
}
