//! The `diff` subcommand: what changed between two captures or state files.

use crate::cli::Args;
use crate::cli::commands;
use crate::facts::Input;
use crate::facts::closed;
use crate::facts::output;
use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::report::diff::Difference;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Reads both sides and writes the changes: the exit code, which does not tell whether there are any.
pub(crate) fn run(args: &commands::Diff) -> anyhow::Result<u8> {
    let commands::Diff { old, new, scope, .. } = args;
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
