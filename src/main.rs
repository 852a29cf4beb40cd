//! The program: opens what the arguments name, runs the pipeline, and turns the outcome into an exit code.

mod cli;
mod diff;
mod export;
mod facts;
mod progress;

use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use cli::Args;
use cli::Command;
use cli::When;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::filter::Filter;
use ntp_sniff::capture::live::Live;
use ntp_sniff::capture::live::LiveOptions;
use ntp_sniff::decode::Checks;
use ntp_sniff::error::Error;
use ntp_sniff::event::Summary;
use ntp_sniff::inventory::Store;
use ntp_sniff::inventory::Wanted;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use ntp_sniff::report::escape;
use ntp_sniff::report::explain::Explain;
use ntp_sniff::report::held::Held;
use ntp_sniff::ship::LINES;
use ntp_sniff::ship::Syslog;
use ntp_sniff::ship::Tee;
use ntp_sniff::upkeep::Orders;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use std::fs;
use std::fs::File;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Done.
const DONE: u8 = 0;
/// Could not do it.
const FAILED: u8 = 1;
/// Wrong usage; clap ends the program with the same code.
const USAGE: u8 = 2;
/// An input was damaged; what was readable was processed.
const DAMAGED: u8 = 3;

fn main() -> ExitCode {
    let args = Args::read_or_exit();
    match run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(DONE),
        Err(error) => {
            // The program's own errors name their causes themselves.
            let own = error.downcast_ref::<Error>();
            complain(&own.map_or_else(|| format!("{error:#}"), ToString::to_string));
            ExitCode::from(if matches!(own, Some(Error::Filter { .. })) { USAGE } else { FAILED })
        }
    }
}

fn run(args: &Args) -> anyhow::Result<u8> {
    if args.version {
        writeln!(io::stdout(), "ntp-sniff {}, {}", env!("CARGO_PKG_VERSION"), libpcap())?;
        return Ok(DONE);
    }
    match &args.command {
        Some(Command::Schema) => {
            writeln!(io::stdout(), "{}", ntp_sniff::report::jsonl::schema())?;
            return Ok(DONE);
        }
        Some(Command::Export(args)) => return export::run(args),
        Some(Command::Facts(args)) => return facts::run(args),
        Some(Command::Diff(args)) => return diff::run(args),
        None => {}
    }
    if args.fields.is_some() && args.format != "jsonl" {
        Args::command().error(ErrorKind::ArgumentConflict, "--fields names those of JSON Lines: it needs -T jsonl").exit();
    }
    let stop = stop_flag().context("cannot watch for signals")?;
    let filter = filter(args)?;
    let limits = Limits { threads: usize::from(args.threads), ..Limits::default() };
    let mut source = source(args, &limits, &stop)?;
    let (wanted, mut orders) = recording(args)?;
    let mut sink = with_syslog(sink(args, &mut orders)?, args, &limits)?;
    let options = pipeline::Options {
        limits,
        filter,
        count: args.count,
        checks: Checks { verify: args.verify_checksum },
        wanted,
        orders,
        hints: args.ntp_port.iter().map(|port| ("nessus_ntp", *port)).collect(),
        reveal: args.reveal_secrets,
    };
    let ran = pipeline::run(source.as_mut(), options, sink.as_mut(), &stop, &mut |error| complain(&error.to_string()));
    let summary = ran.map_err(|error| match error {
        // The pipeline knows a sink, only the arguments know what is behind it.
        Error::Write { source, .. } => Error::Write { output: output_name(args), source },
        error => error,
    })?;
    Ok(outcome(&summary, args.interface.as_deref(), &args.read))
}

/// The exit code of a run that came to its end; says what was not read.
fn outcome(summary: &Summary, interface: Option<&str>, read: &[PathBuf]) -> u8 {
    let unread = frames_of_unknown_link_type(summary);
    if unread > 0 {
        let input = match (interface, read) {
            (Some(interface), _) => interface.to_owned(),
            (None, [input]) => input.display().to_string(),
            (None, _) => "inputs".to_owned(),
        };
        complain(&format!(
            "{input}: {unread} of {} frames only counted: their link type is not known (see link_type_unknown)",
            summary.frames
        ));
    }
    match summary.frames.saturating_sub(unread) {
        _ if summary.damage.is_empty() && unread == 0 => DONE,
        0 => FAILED,
        _ => DAMAGED,
    }
}

/// Frames that nothing could be said about because their link type is not known.
fn frames_of_unknown_link_type(summary: &Summary) -> u64 {
    summary.undecoded.iter().find(|(reason, _)| *reason == "link_type_unknown").map_or(0, |(_, frames)| *frames)
}

/// What is to be recorded of who serves and who speaks, and the orders that may come for it.
fn recording(args: &Args) -> anyhow::Result<(Wanted, Orders)> {
    let recording = &args.recording;
    let orders = Orders { focus: recording.scope.focus_source(), explain: recording.explain, ..Orders::default() };
    signal_hook::flag::register(SIGHUP, Arc::clone(&orders.reload)).context("cannot watch for signals")?;
    let store = recording.state.as_deref().map(store).transpose()?;
    let wanted = Wanted { lifetime: recording.lifetime, store, ..recording.scope.wanted()? };
    Ok((wanted, orders))
}

/// The state file.
#[cfg(feature = "state")]
fn store(path: &Path) -> Result<Box<dyn Store>, Error> {
    Ok(Box::new(ntp_sniff::inventory::state::State::open(path)?))
}

/// This build has none.
#[cfg(not(feature = "state"))]
fn store(path: &Path) -> Result<Box<dyn Store>, Error> {
    Err(no_state(path))
}

/// Why a build without state files cannot use one.
#[cfg(not(feature = "state"))]
fn no_state(path: &Path) -> Error {
    Error::State { path: path.to_owned(), problem: "built without state files (cargo feature 'state')".to_owned() }
}

/// A flag that SIGINT and SIGTERM set; the second signal ends the program at once.
fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

fn filter(args: &Args) -> Result<Option<Filter>, Error> {
    if args.expression.is_empty() {
        return Ok(None);
    }
    let filter = Filter::new(&args.expression.join(" "));
    filter.check()?;
    Ok(Some(filter))
}

/// The frames' source: an interface, or files with a progress bar where somebody looks.
fn source(args: &Args, limits: &Limits, stop: &Arc<AtomicBool>) -> Result<Box<dyn Source>, Error> {
    if let Some(interface) = &args.interface {
        let options = LiveOptions { snap_len: args.snaplen, promiscuous: !args.no_promiscuous, ..LiveOptions::default() };
        let live = Live::open(interface, &options, Arc::clone(stop))?;
        if !args.quiet {
            complain(&format!("capturing on {interface}; SIGINT (Ctrl-C) ends it with the report"));
        }
        return Ok(Box::new(live));
    }
    if args.read.is_empty() {
        let problem = "nothing to read: name a capture file with -r FILE (- for standard input), or an interface with -i IF";
        Args::command().error(ErrorKind::MissingRequiredArgument, problem).exit();
    }
    let files = files(&args.read, limits, stop);
    let wanted = !args.quiet && io::stderr().is_terminal() && (args.output.is_some() || !io::stdout().is_terminal());
    Ok(if wanted { Box::new(progress::Shown::new(files)) } else { Box::new(files) })
}

/// The files to read; does not come back when one of them is a terminal.
fn files(read: &[PathBuf], limits: &Limits, stop: &Arc<AtomicBool>) -> Files {
    if read.iter().any(|path| path.as_os_str() == "-") && io::stdin().is_terminal() {
        Args::command().error(ErrorKind::InvalidValue, "standard input is a terminal: pipe a capture into it").exit();
    }
    Files::new(read.to_vec(), limits).stop_on(stop)
}

/// What the output is called in messages.
fn output_name(args: &Args) -> String {
    args.output.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

/// The file to write to, unless it is one of those the run reads.
fn create(path: &Path, read: &[PathBuf]) -> Result<File, Error> {
    let identity = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| (found.dev(), found.ino()));
    let created = match identity(path) {
        Some(output) if read.iter().any(|input| identity(input) == Some(output)) => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is also read, and would be lost"))
        }
        _ => File::create(path),
    };
    created.map_err(|source| Error::Write { output: path.display().to_string(), source })
}

/// The sink over standard output or a file. A terminal, or a live capture, gets every line at once; where facts are kept in a file,
/// output is held back until they are safe.
fn sink(args: &Args, orders: &mut Orders) -> Result<Box<dyn Sink>, Error> {
    let terminal = args.output.is_none() && io::stdout().is_terminal();
    let writer: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(create(path, &args.read.iter().chain(&args.recording.state).cloned().collect::<Vec<_>>())?),
        None => Box::new(io::stdout()),
    };
    let writer: Box<dyn Write> = if args.recording.state.is_some() {
        let held = Held::new(writer);
        orders.held = Some(held.bytes());
        Box::new(held)
    } else if terminal || args.interface.is_some() {
        Box::new(io::LineWriter::new(writer))
    } else {
        Box::new(io::BufWriter::with_capacity(1 << 16, writer))
    };
    if let Some((client, server)) = args.recording.explain {
        return Ok(Box::new(Explain::new(writer, client, server)));
    }
    let color = match args.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    };
    let width = args.width.map(usize::from).or_else(|| if terminal { terminal_width() } else { None });
    let fields = args.fields.unwrap_or_default();
    let style = Style { color, verbose: args.verbose, hex: args.hex, payload: args.payload, fields, width, show: args.parts() };
    let format = FORMATS.iter().find(|format| format.name == args.format).or(FORMATS.first());
    let open = format
        .map(|format| format.open)
        .ok_or_else(|| Error::Write { output: args.format.clone(), source: io::Error::from(io::ErrorKind::Unsupported) })?;
    Ok(open(writer, &style))
}

/// The sink with syslog beside it, where that is asked for.
fn with_syslog(main: Box<dyn Sink>, args: &Args, limits: &Limits) -> anyhow::Result<Box<dyn Sink>> {
    let format = LINES.iter().find(|format| format.name == args.syslog_format);
    let (Some(target), Some(format)) = (&args.syslog, format) else { return Ok(main) };
    let syslog = Syslog::start(target, format, args.recording.state.is_some(), limits, complain).context("cannot start syslog")?;
    Ok(Box::new(Tee::new(main, Box::new(syslog))))
}

/// Columns of the terminal on standard output.
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// One line on standard error. What it names comes from outside, so it is made harmless.
fn complain(problem: &str) {
    // Standard error is the last resort: when it is closed, nobody listens.
    let _ = writeln!(io::stderr(), "ntp-sniff: {}", escape::terminal_text(problem));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// Which libpcap is loaded: its file's name tells, among the files mapped into this process.
fn libpcap() -> String {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let version = maps.lines().find_map(|line| line.rsplit_once("libpcap.so.")).map(|(_, version)| version.trim().to_owned());
    version.map_or_else(|| "libpcap".to_owned(), |version| format!("libpcap {version}"))
}
