//! The `export` subcommand: scan reports of capture files.

use crate::cli::Args;
use crate::cli::commands::Export;
use crate::complain;
use crate::inputs;
use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::decode::Checks;
use ntp_sniff::error::Error;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::scan::Outputs;
use ntp_sniff::report::scan::ScanReports;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;

/// Standard output, on the command line.
const STDOUT: &str = "-";

/// Reads the captures and writes the reports: the exit code.
pub(crate) fn run(args: &Export) -> anyhow::Result<u8> {
    let stop = crate::stop_flag().context("cannot watch for signals")?;
    let filter = inputs::checked(&args.expression)?;
    let limits = Limits::default();
    let (keys, inbox) = crate::keys::open(&args.keys, &args.read, &limits, &mut complain)?;
    let mut source = inputs::with_inbox(inputs::files(&args.read, &limits, &stop), inbox.as_ref());
    let mut reports = ScanReports::new(&limits, outputs(args)?);
    let options = pipeline::Options {
        limits,
        filter,
        checks: Checks { verify: args.verify_checksum },
        hints: args.ntp_port.iter().map(|port| ("nessus_ntp", *port)).collect(),
        keys,
        ..pipeline::Options::default()
    };
    let ran = pipeline::run(&mut source, options, &mut reports, &stop, &mut |error| complain(&error.to_string()));
    let summary = ran.map_err(|error| match error {
        Error::Write { source, .. } => Error::Write { output: "scan report".to_owned(), source },
        error => error,
    })?;
    if reports.scans() == 0 {
        complain("no scan was seen");
    }
    for reached in reports.limits_reached() {
        complain(&reached.to_string());
    }
    Ok(crate::outcome(&summary, &[], &args.read))
}

/// The files to write; without any, NBE goes to standard output. Does not come back when both formats would go to one place.
fn outputs(args: &Export) -> Result<Outputs, Error> {
    if args.nbe.is_some() && args.nbe == args.nessus {
        let problem = "--nbe and --nessus name the same output: one of them must go elsewhere";
        Args::command().error(ErrorKind::ArgumentConflict, problem).exit();
    }
    let nessus = args.nessus.as_deref();
    let nbe = args.nbe.as_deref().or(if nessus.is_none() { Some(Path::new(STDOUT)) } else { None });
    let open = |path: &Path| -> Result<Box<dyn Write>, Error> {
        Ok(if path == Path::new(STDOUT) {
            Box::new(io::BufWriter::new(io::stdout()))
        } else {
            Box::new(io::BufWriter::new(crate::create(path, &args.read)?))
        })
    };
    let visible = nbe == Some(Path::new(STDOUT)) && io::stdout().is_terminal();
    Ok(Outputs { nbe: nbe.map(open).transpose()?, nessus: nessus.map(open).transpose()?, visible })
}
