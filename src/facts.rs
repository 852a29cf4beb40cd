//! The `facts` subcommand: who serves and who speaks, written for other tools; and the reading of facts, which `diff` shares.

use crate::cli::Args;
use crate::cli::commands;
use crate::cli::recording::Scope;
use crate::complain;
use crate::inputs;
use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::error::Error;
use ntp_sniff::fact::Fact;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::facts::Kept;
use ntp_sniff::report::facts::Listed;
use ntp_sniff::report::facts::tables;
use std::fs;
use std::fs::File;
use std::io;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How a state file begins, as every database of its kind.
const STATE: &[u8] = b"SQLite format 3\0";

/// Columns of the tables where nobody says how many.
const USUAL_WIDTH: u16 = 100;

/// Reads the facts and writes the export: the exit code.
pub(crate) fn run(args: &commands::Facts) -> anyhow::Result<u8> {
    let input = Input::of(&args.read, &args.scope);
    let stop = crate::stop_flag().context("cannot watch for signals")?;
    let (facts, code) = input.facts(&args.scope, &stop)?;
    if code != crate::FAILED {
        // Not before: what could not be read leaves an older export alone.
        let mut out = output(args.output.as_deref(), &args.read)?;
        let facts = Listed(facts);
        let terminal = args.output.is_none() && io::stdout().is_terminal();
        let width = || args.width.map(usize::from).or_else(|| if terminal { crate::terminal_width() } else { None });
        let color = || terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let written = match args.export.0 {
            Some(export) => (export.write)(&facts, &mut out),
            None => tables(&facts, &mut out, width().unwrap_or(usize::from(USUAL_WIDTH)), color()),
        };
        closed(written.and_then(|()| out.flush()), args.output.as_deref())?;
    }
    Ok(code)
}

/// Where facts come from.
pub(crate) enum Input<'a> {
    /// Captures, one timeline.
    Captures(&'a [PathBuf]),
    /// A state file.
    State(&'a Path),
}

impl<'a> Input<'a> {
    /// Looks at the files; does not come back when they do not fit together, or the options do not fit them.
    pub(crate) fn of(read: &'a [PathBuf], scope: &Scope) -> Self {
        let refuse = |problem: &str| -> ! { Args::command().error(ErrorKind::ArgumentConflict, problem).exit() };
        match (read, read.iter().find(|path| is_state(path))) {
            (_, None) => Self::Captures(read),
            ([_, _, ..], Some(_)) => refuse("a state file is read alone, not together with other files"),
            (_, Some(_)) if !scope.is_default() => {
                refuse("--focus, --exclude and --record-at are for captures: a state file holds what was recorded when it was written")
            }
            (_, Some(path)) => Self::State(path),
        }
    }

    /// The facts, in the order of their relations, and the exit code of the reading.
    pub(crate) fn facts(&self, scope: &Scope, stop: &Arc<AtomicBool>) -> Result<(Vec<Fact>, u8), Error> {
        match self {
            Self::Captures(read) => of_captures(read, scope, stop),
            Self::State(path) => Ok((of_state(path)?, crate::DONE)),
        }
    }
}

/// Whether a file is a state file; what cannot be opened is for the reader to complain of.
fn is_state(path: &Path) -> bool {
    // A pipe would lose what is read of it here.
    let is_file = fs::metadata(path).is_ok_and(|found| found.is_file());
    let mut magic = Vec::new();
    let most = u64::try_from(STATE.len()).unwrap_or(0);
    is_file && File::open(path).and_then(|file| file.take(most).read_to_end(&mut magic)).is_ok() && magic == STATE
}

/// The facts of a state file.
#[cfg(feature = "state")]
fn of_state(path: &Path) -> Result<Vec<Fact>, Error> {
    ntp_sniff::inventory::state::read(path)
}

/// This build reads none.
#[cfg(not(feature = "state"))]
fn of_state(path: &Path) -> Result<Vec<Fact>, Error> {
    Err(crate::no_state(path))
}

/// Runs captures through the pipeline for their facts.
fn of_captures(read: &[PathBuf], scope: &Scope, stop: &Arc<AtomicBool>) -> Result<(Vec<Fact>, u8), Error> {
    let limits = Limits::default();
    let mut source = inputs::files(read, &limits, stop);
    let mut kept = Kept::default();
    let options = pipeline::Options { limits, wanted: scope.wanted()?, ..pipeline::Options::default() };
    let summary = pipeline::run(&mut source, options, &mut kept, stop, &mut |error| complain(&error.to_string()))?;
    if let Some(most) = kept.most {
        complain(&format!("not all facts: no more than {most} are remembered, and some not seen for long gave way"));
    }
    if kept.rationed {
        complain("not all facts: there was a flood or a scan, of whose connections those with but a SYN-ACK are only counted");
    }
    Ok((kept.facts, crate::outcome(&summary, &[], read)))
}

/// The writer for a file, or for standard output.
pub(crate) fn output(output: Option<&Path>, read: &[PathBuf]) -> Result<Box<dyn Write>, Error> {
    Ok(match output {
        Some(path) => Box::new(io::BufWriter::new(crate::create(path, read)?)),
        None => Box::new(io::BufWriter::new(io::stdout())),
    })
}

/// Names the output in what went wrong with it.
pub(crate) fn closed(written: io::Result<()>, output: Option<&Path>) -> Result<(), Error> {
    let name = || output.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    written.map_err(|source| Error::Write { output: name(), source })
}
