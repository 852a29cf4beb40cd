//! The `diff` subcommand: what changed between two captures or state files.

use crate::cli::Args;
use crate::cli::recording::Scope;
use crate::facts::Input;
use crate::facts::closed;
use crate::facts::output;
use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::report::diff::Difference;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// What `diff` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// Capture or state file from before; "-" is a capture from standard input.
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// Capture or state file from after.
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// JSON Lines: a record for each change, with the fact; `old_grade` is what a changed one had before.
    #[arg(long)]
    json: bool,

    /// Compare also which ports clients use, wherever; this follows from their connections and is left out otherwise.
    #[arg(long)]
    all: bool,

    /// File to write to [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    scope: Scope,
}

/// Reads both sides and writes the changes: the exit code, which does not tell whether there are any.
pub(crate) fn run(args: &DiffArgs) -> anyhow::Result<u8> {
    let DiffArgs { old, new, scope, .. } = args;
    if [old, new].iter().all(|path| path.as_path() == Path::new("-")) {
        Args::command().error(ErrorKind::ArgumentConflict, "standard input can be only one of the two").exit();
    }
    let sides = [old, new].map(std::slice::from_ref).map(|read| Input::of(read, scope));
    let read = [old.clone(), new.clone()];
    let stop = crate::stop_flag().context("cannot watch for signals")?;
    let [old, new] = sides.map(|side| side.facts(scope, &stop));
    let ((old, old_code), (new, new_code)) = (old?, new?);
    if stop.load(Ordering::Relaxed) {
        anyhow::bail!("stopped before both sides were read: nothing was compared");
    }
    // Where nothing of a side could be read, everything would be new or gone.
    if [old_code, new_code].contains(&crate::FAILED) {
        return Ok(crate::FAILED);
    }
    // Not before: what could not be read leaves an older comparison alone.
    let mut out = output(args.output.as_deref(), &read)?;
    let difference = Difference::between(old, new, args.all);
    let written = if args.json { difference.write_json(&mut out) } else { difference.write_text(&mut out) };
    closed(written.and_then(|()| out.flush()), args.output.as_deref())?;
    Ok(old_code.max(new_code))
}
