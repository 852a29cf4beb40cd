//! The inputs that the arguments name: files or interfaces, what is left out of them, and what the user knows of their ports.

use crate::cli::Args;
use crate::cli::live::KernelFilter;
use crate::interfaces;
use crate::progress;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::filter::Filter;
use ntp_sniff::capture::secrets::Inbox;
use ntp_sniff::error::Error;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::escape;
use std::io;
use std::io::IsTerminal;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The filter of the program itself: on files, and on interfaces where the kernel is not to filter.
///
/// # Errors
///
/// [`Error::Filter`]
pub(crate) fn filter(args: &Args) -> Result<Option<Filter>, Error> {
    let filter = checked(&args.expression)?;
    Ok(filter.filter(|_| args.live.interface.is_empty() || args.live.kernel_filter == KernelFilter::Off))
}

/// The filter of these words, if there are any. Does not come back where one of them is a file and they are no filter.
///
/// # Errors
///
/// [`Error::Filter`]
pub(crate) fn checked(expression: &[String]) -> Result<Option<Filter>, Error> {
    if expression.is_empty() {
        return Ok(None);
    }
    let filter = Filter::new(&expression.join(" "));
    let checked = filter.check();
    let file = expression.iter().find(|word| Path::new(word).is_file()).filter(|_| checked.is_err());
    if let Some(file) = file {
        let problem = format!("'{}' is a file and no filter: each file wants its own -r", escape::terminal_text(file));
        Args::command().error(ErrorKind::InvalidValue, problem).exit();
    }
    checked.map(|()| Some(filter))
}

/// The frames' source: an interface, or files with a progress bar where somebody looks. Does not come back where nothing is named.
///
/// # Errors
///
/// An interface that cannot be opened.
pub(crate) fn source(args: &Args, limits: &Limits, stop: &Arc<AtomicBool>, inbox: Option<&Inbox>) -> Result<Box<dyn Source>, Error> {
    if !args.live.interface.is_empty() {
        return Ok(Box::new(interfaces::open(args, stop)?));
    }
    if args.read.is_empty() {
        let problem = "nothing to read: name a capture file with -r FILE (- for standard input), or an interface with -i IF";
        Args::command().error(ErrorKind::MissingRequiredArgument, problem).exit();
    }
    let files = with_inbox(files(&args.read, limits, stop), inbox);
    let seen = !args.quiet && !args.watch.watch && io::stderr().is_terminal();
    let wanted = seen && (args.shipping.output.is_some() || !io::stdout().is_terminal());
    Ok(if wanted { Box::new(progress::Shown::new(files)) } else { Box::new(files) })
}

/// The files to read; does not come back when one of them is a terminal.
pub(crate) fn files(read: &[PathBuf], limits: &Limits, stop: &Arc<AtomicBool>) -> Files {
    if read.iter().any(|path| path.as_os_str() == "-") && io::stdin().is_terminal() {
        Args::command().error(ErrorKind::InvalidValue, "standard input is a terminal: pipe a capture into it").exit();
    }
    Files::new(read.to_vec(), limits).stop_on(stop)
}

/// Secrets of what cannot be read twice are kept as they come.
pub(crate) fn with_inbox(files: Files, inbox: Option<&Inbox>) -> Files {
    match inbox {
        Some(inbox) => files.secrets_to(inbox),
        None => files,
    }
}

/// The ports the user named.
pub(crate) fn hints(args: &Args) -> Vec<(&'static str, u16)> {
    let ntp = args.ntp_port.iter().map(|port| ("nessus_ntp", *port));
    ntp.chain(args.api_port.iter().map(|port| ("nessus_api", *port))).collect()
}
