//! The program: opens what the arguments name, runs the pipeline, and turns the outcome into an exit code.

mod check;
mod cli;
mod diff;
mod dissector;
mod export;
mod facts;
mod inputs;
mod interfaces;
mod keys;
mod outputs;
mod progress;
mod sandbox;
#[cfg(feature = "watch")]
mod screen;
#[cfg(not(feature = "watch"))]
#[path = "no_screen.rs"]
mod screen;
mod tshark;

use anyhow::Context;
use cli::Args;
use cli::Command;
use cli::commands::Described;
use ntp_sniff::decode::Checks;
use ntp_sniff::error::Error;
use ntp_sniff::event::Summary;
use ntp_sniff::inventory::Store;
use ntp_sniff::inventory::Wanted;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::escape;
use ntp_sniff::ship::Metrics;
use ntp_sniff::ship::Target;
use ntp_sniff::upkeep::Orders;
use sandbox::Nobody;
use sandbox::Reach;
use screen::Screen;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGUSR1;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Done.
const DONE: u8 = 0;
/// Could not do it.
const FAILED: u8 = 1;
/// Wrong usage; clap ends the program with the same code.
const USAGE: u8 = 2;
/// An input was damaged; what was readable was processed.
const DAMAGED: u8 = 3;
/// Packets were lost, and `--fail-on-loss` was given.
const LOST: u8 = 4;

/// How often counts are told on an interface, unless the user says.
const STATS_EVERY: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let args = Args::read_or_exit();
    match run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(failed(error)),
    }
}

/// Says why the program ends early; the exit code for it.
fn failed(error: impl Into<anyhow::Error>) -> u8 {
    let error = error.into();
    if is_broken_pipe(&error) {
        return DONE;
    }
    // The program's own errors name their causes themselves.
    let own = error.downcast_ref::<Error>();
    complain(&own.map_or_else(|| format!("{error:#}"), ToString::to_string));
    if matches!(own, Some(Error::Filter { .. })) { USAGE } else { FAILED }
}

fn run(args: &Args) -> anyhow::Result<u8> {
    if args.version {
        writeln!(io::stdout(), "ntp-sniff {}, {}", env!("CARGO_PKG_VERSION"), libpcap())?;
        return Ok(DONE);
    }
    match &args.command {
        Some(Command::Schema(args)) => {
            let schema = match args.of {
                Described::Records => ntp_sniff::report::jsonl::schema(),
                Described::Document => ntp_sniff::report::document::schema(),
            };
            write!(io::stdout(), "{schema}")?;
            return Ok(DONE);
        }
        Some(Command::Check(args)) => return check::run(args),
        Some(Command::Export(args)) => return export::run(args),
        Some(Command::Facts(args)) => return facts::run(args),
        Some(Command::Diff(args)) => return diff::run(args),
        Some(Command::Dissector(args)) => return dissector::run(args),
        Some(Command::Completions(args)) => {
            cli::manual::completions(args.shell)?;
            return Ok(DONE);
        }
        Some(Command::Man(args)) => {
            cli::manual::man(args.page.as_deref())?;
            return Ok(DONE);
        }
        None => {}
    }
    if args.live.list_interfaces {
        interfaces::list()?;
        return Ok(DONE);
    }
    watch(args)
}

/// The main thing: packets in, report out. Whatever needs rights is opened first, then they are given up.
fn watch(args: &Args) -> anyhow::Result<u8> {
    let mut screen = Screen::open(args);
    let stop = stop_flag().context("cannot watch for signals")?;
    let filter = inputs::filter(args)?;
    let limits = Limits { threads: usize::from(args.threads), ..Limits::default() };
    let user = args.live.user.as_deref().map(Nobody::find).transpose()?;
    let owner = user.as_ref().map(Nobody::ids);
    let mut remark = |text: &str| {
        if !args.quiet {
            complain(text);
        }
    };
    let (keys, inbox) = keys::open(&args.keys, &args.read, &limits, &mut remark)?;
    let mut source = inputs::source(args, &limits, &stop, inbox.as_ref())?;
    let (wanted, mut orders) = recording(args)?;
    let metrics = outputs::metrics(args, &mut orders)?;
    let report = outputs::report(args, &limits, owner, &mut orders)?;
    let report = screen.beside(report, args, &limits, outputs::colored(args, args.watch.watch)).context("no output")?;
    let packets = outputs::packets(args, &limits, owner, &orders)?;
    if !args.live.interface.is_empty() {
        give_up_rights(args, user.as_ref())?;
    }
    metrics.map_or(Ok(()), Metrics::start).context("cannot start telling metrics")?;
    let unwritten = orders.unwritten.clone();
    let mut sink = outputs::with_syslog(report, args, &limits, unwritten.syslog.clone())?;
    if !args.live.interface.is_empty() {
        interfaces::announce(args);
        // Whoever started the program may not want to know.
        _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    }
    screen.start(&stop)?;
    let options = pipeline::Options {
        limits,
        filter,
        count: args.count,
        checks: Checks { verify: args.verify_checksum },
        wanted,
        orders,
        packets,
        hints: inputs::hints(args),
        documents: args.documents.wanted(),
        keys,
        reveal: args.reveal_secrets,
    };
    let ran = pipeline::run(source.as_mut(), options, sink.as_mut(), &stop, &mut |error| complain(&error.to_string()));
    // The outputs try a last time, and say what they could not write.
    drop(sink);
    screen.end(ran.is_ok());
    let lost_packets = ran.as_ref().is_ok_and(|summary| interfaces::account(args, summary));
    let summary = ran.map_err(|error| match error {
        // The pipeline knows its outputs, only the arguments know what is behind them.
        Error::Write { output, source } => Error::Write { output: named(args, &output), source },
        error => error,
    })?;
    let lost = unwritten.lost();
    match outcome(&summary, &args.live.interface, &args.read) {
        _ if lost.records > 0 || lost.packets > 0 => Ok(FAILED),
        DONE if lost_packets && args.live.fail_on_loss => Ok(LOST),
        code => Ok(code),
    }
}

/// What an output of the pipeline is called.
fn named(args: &Args, output: &str) -> String {
    match (&args.shipping.write, output) {
        (Some(path), "packets") => path.display().to_string(),
        _ => outputs::name(args),
    }
}

/// Everything is open: only what is needed from here on stays allowed.
fn give_up_rights(args: &Args, user: Option<&Nobody>) -> anyhow::Result<()> {
    if let (Some(user), Some(state)) = (user, &args.recording.state) {
        user.take_over(state)?;
    }
    let written = [&args.shipping.output, &args.shipping.write, &args.recording.state].into_iter().flatten().cloned();
    let tcp = args.syslog.as_ref().is_some_and(|target| matches!(target, Target::Tcp(_)));
    let read = args.recording.scope.focus_source().files().into_iter().chain(args.keys.keylog.iter().cloned()).collect();
    let reach = Reach { written: written.collect(), read, tcp };
    if let Some(said) = sandbox::enter(user, Some(&reach).filter(|_| !args.live.no_sandbox))? {
        complain(said);
    }
    Ok(())
}

/// The exit code of a run that came to its end; says what was not read.
fn outcome(summary: &Summary, interfaces: &[String], read: &[PathBuf]) -> u8 {
    let unread = frames_of_unknown_link_type(summary);
    if unread > 0 {
        let input = match (interfaces, read) {
            ([_, ..], _) => interfaces.join(", "),
            ([], [input]) => input.display().to_string(),
            ([], _) => "inputs".to_owned(),
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
    let lasting = !args.live.interface.is_empty();
    let orders = Orders {
        focus: recording.scope.focus_source(),
        explain: recording.explain,
        lasting,
        stats_every: Some(args.live.stats_interval.unwrap_or(STATS_EVERY)).filter(|every| lasting && !every.is_zero()),
        // Twice as often as the supervisor wants it.
        alive_every: sd_notify::watchdog_enabled().filter(|_| lasting).map(|most| most.div_f64(2.0)),
        ..Orders::default()
    };
    for (signal, flag) in [(SIGHUP, &orders.reload), (SIGUSR1, &orders.stats)] {
        signal_hook::flag::register(signal, Arc::clone(flag)).context("cannot watch for signals")?;
    }
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

/// The file to write to, unless it is one of those the run reads.
fn create(path: &Path, read: &[PathBuf]) -> Result<File, Error> {
    outputs::refuse_input(path, read)?;
    File::create(path).map_err(|source| Error::Write { output: path.display().to_string(), source })
}

/// Columns of the terminal on standard output.
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// One line on standard error. What it names comes from outside, so it is made harmless.
fn complain(problem: &str) {
    if screen::hold(problem) {
        return;
    }
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
