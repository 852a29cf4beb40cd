//! The outputs that the arguments name, opened: the report, the packets of sessions, syslog.

use crate::cli::Args;
use crate::cli::Redact;
use crate::cli::When;
use crate::complain;
use crate::terminal_width;
use anyhow::Context;
use ntp_sniff::error::Error;
use ntp_sniff::limits::Limits;
use ntp_sniff::loss::Counter;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use ntp_sniff::report::document::model::RedactionPolicy;
use ntp_sniff::report::explain::Explain;
use ntp_sniff::report::held::Held;
use ntp_sniff::report::held::HeldBytes;
use ntp_sniff::ship::Cut;
use ntp_sniff::ship::LINES;
use ntp_sniff::ship::Manner;
use ntp_sniff::ship::Metrics;
use ntp_sniff::ship::Packets;
use ntp_sniff::ship::Rolling;
use ntp_sniff::ship::Syslog;
use ntp_sniff::ship::Tee;
use ntp_sniff::upkeep::Orders;
use signal_hook::consts::SIGHUP;
use std::fs;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The permissions of new outputs, and of packets, which hold passwords; the user's mask takes from both.
const READABLE: u32 = 0o666;
const PRIVATE: u32 = 0o600;

/// What the files are called in messages.
pub(crate) fn name(args: &Args) -> String {
    args.shipping.output.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

/// Files that the run reads, or keeps its state in.
fn read(args: &Args) -> Vec<PathBuf> {
    let beside = args.recording.state.iter().flat_map(|state| ["", "-wal", "-shm", "-journal"].map(|tail| with_tail(state, tail)));
    let keys = args.keys.keylog.iter().chain(&args.keys.rsa_key).cloned();
    args.read.iter().cloned().chain(beside).chain(keys).chain(args.recording.scope.focus_source().files()).collect()
}

/// A path with something behind it.
fn with_tail(path: &Path, tail: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(tail);
    path.into()
}

/// Refuses an output that is one of the files that are read.
pub(crate) fn refuse_input(path: &Path, read: &[PathBuf]) -> Result<(), Error> {
    refuse(path, read, "it is also read, and would be lost")
}

/// Refuses an output that is one of these files.
fn refuse(path: &Path, others: &[PathBuf], reason: &str) -> Result<(), Error> {
    let identity = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| (found.dev(), found.ino()));
    let output = identity(path);
    let is_one = others.iter().any(|other| other == path || (output.is_some() && identity(other) == output));
    if is_one { Err(refused(path, reason)) } else { Ok(()) }
}

fn refused(path: &Path, reason: &str) -> Error {
    let source = io::Error::new(io::ErrorKind::InvalidInput, reason);
    Error::Write { output: path.display().to_string(), source }
}

/// Refuses an output that is an input, or the other output, or has the name of an old file of that.
fn refuse_all(args: &Args, path: &Path, other: Option<&PathBuf>) -> Result<(), Error> {
    refuse_input(path, &read(args))?;
    let Some(other) = other else { return Ok(()) };
    refuse(path, std::slice::from_ref(other), "it is also the other output")?;
    let tail = path.as_os_str().as_encoded_bytes().strip_prefix(other.as_os_str().as_encoded_bytes());
    let number = tail.and_then(|tail| tail.strip_prefix(b".")).filter(|number| !number.is_empty());
    let is_old = args.shipping.rotates() && number.is_some_and(|number| number.iter().all(u8::is_ascii_digit));
    if is_old { Err(refused(path, "old files of the other output go there")) } else { Ok(()) }
}

/// A file, or standard output, as these arguments want it written.
fn rolling(args: &Args, path: Option<&Path>, (cut, mode): (Cut, u32), lost: &Counter, limits: &Limits) -> anyhow::Result<Rolling> {
    let reopen = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&reopen)).context("cannot watch for signals")?;
    let manner = Manner {
        cut,
        rotation: args.shipping.rotation(),
        lasting: !args.live.interface.is_empty(),
        most_waiting: limits.output_bytes,
        mode,
        reopen,
        lost: lost.clone(),
        say: Arc::new(complain),
    };
    let opened = Rolling::open(path, manner);
    let output = || path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    Ok(opened.map_err(|source| Error::Write { output: output(), source })?)
}

/// Where the report goes. Where nobody waits for it, it is gathered; on a terminal every line comes at once; where facts are kept in a
/// file, it is held back until they are safe. Nothing where only the screen is looked at.
pub(crate) fn report(
    args: &Args,
    limits: &Limits,
    owner: Option<(u32, u32)>,
    orders: &mut Orders,
) -> anyhow::Result<Option<Box<dyn Sink>>> {
    if args.watch.watch && args.shipping.output.is_none() {
        // Facts are made safe all the same.
        orders.held = args.recording.state.as_ref().map(|_| HeldBytes::default());
        return Ok(None);
    }
    let terminal = args.shipping.output.is_none() && io::stdout().is_terminal();
    let lasting = !args.live.interface.is_empty();
    let writer: Box<dyn Write> = match &args.shipping.output {
        None if !lasting && terminal => Box::new(io::LineWriter::new(io::stdout())),
        None if !lasting => Box::new(io::BufWriter::with_capacity(1 << 16, io::stdout())),
        path => {
            path.as_ref().map_or(Ok(()), |path| refuse_all(args, path, args.shipping.write.as_ref()))?;
            let rolling = rolling(args, path.as_deref(), (Cut::Lines, READABLE), &orders.unwritten.records, limits)?;
            give(&rolling, owner)?;
            Box::new(rolling)
        }
    };
    let writer: Box<dyn Write> = if args.recording.state.is_some() {
        let most = if lasting { limits.held_output_bytes } else { usize::MAX };
        let held = Held::new(writer, most, orders.unwritten.records.clone());
        orders.held = Some(held.bytes());
        Box::new(held)
    } else {
        writer
    };
    let gathered = args.shipping.output.is_none() && !lasting && !terminal && args.recording.state.is_none();
    Ok(Some(sink(args, writer, terminal, gathered)?))
}

/// The format over its writer.
fn sink(args: &Args, writer: Box<dyn Write>, terminal: bool, gathered: bool) -> Result<Box<dyn Sink>, Error> {
    let width = args.width.map(usize::from).or_else(|| if terminal { terminal_width() } else { None });
    if let Some((client, server)) = args.recording.explain {
        return Ok(Box::new(Explain::new(writer, client, server, width)));
    }
    let color = colored(args, terminal);
    let fields = args.fields.unwrap_or_default();
    let redact = match args.redact {
        Redact::Data => RedactionPolicy::Data,
        Redact::Credentials if args.reveal_secrets => RedactionPolicy::None,
        Redact::Credentials => RedactionPolicy::Credentials,
    };
    let (verbose, hex, payload, show) = (args.verbose, args.hex, args.payload, args.parts());
    let style = Style { color, verbose, hex, payload, fields, gathered, width, show, redact };
    let format = FORMATS.iter().find(|format| format.name == args.format).or(FORMATS.first());
    let open = format
        .map(|format| format.open)
        .ok_or_else(|| Error::Write { output: args.format.clone(), source: io::Error::from(io::ErrorKind::Unsupported) })?;
    Ok(open(writer, &style))
}

/// Whether colour is used on what may be a terminal.
pub(crate) fn colored(args: &Args, terminal: bool) -> bool {
    match args.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

/// Where the packets of sessions go, if they are to be saved.
pub(crate) fn packets(args: &Args, limits: &Limits, owner: Option<(u32, u32)>, orders: &Orders) -> anyhow::Result<Option<Packets>> {
    let Some(path) = &args.shipping.write else { return Ok(None) };
    refuse_all(args, path, args.shipping.output.as_ref())?;
    let rolling = rolling(args, Some(path), (Cut::Blocks, PRIVATE), &orders.unwritten.packets, limits)?;
    give(&rolling, owner)?;
    let packets = Packets::new(rolling, &args.ntp_port, args.live.interface.clone(), limits);
    Ok(Some(packets.map_err(|source| Error::Write { output: path.display().to_string(), source })?))
}

/// Gives an open file to the user that the program is to become.
fn give(rolling: &Rolling, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    owner.map_or(Ok(()), |(user, group)| rolling.hand_over(user, group)).context("an output cannot be given to --user")
}

/// The sink with syslog beside it, where that is asked for.
pub(crate) fn with_syslog(main: Box<dyn Sink>, args: &Args, limits: &Limits, lost: Counter) -> anyhow::Result<Box<dyn Sink>> {
    let format = LINES.iter().find(|format| format.name == args.syslog_format);
    let (Some(target), Some(format)) = (&args.syslog, format) else { return Ok(main) };
    let syslog = Syslog::start(target, format, args.recording.state.is_some(), (limits, lost), complain).context("cannot start syslog")?;
    Ok(Box::new(Tee::new(main, Box::new(syslog))))
}

/// Where metrics are told, if anywhere; bound, and not answering yet.
pub(crate) fn metrics(args: &Args, orders: &mut Orders) -> anyhow::Result<Option<Metrics>> {
    let Some(address) = args.metrics else { return Ok(None) };
    let metrics = Metrics::bind(address).with_context(|| format!("{address}: cannot tell metrics there"))?;
    if !args.quiet {
        let address = metrics.address().unwrap_or(address);
        let warning = if address.ip().is_loopback() { "" } else { ", to everybody who reaches that address" };
        complain(&format!("metrics at http://{address}/metrics{warning}"));
    }
    orders.board = Some(metrics.board());
    Ok(Some(metrics))
}
