//! What is done for interfaces beside the pipeline: listed, opened, their drops said as tcpdump does.

use crate::cli::Args;
use crate::cli::live::KernelFilter;
use crate::complain;
use ntp_sniff::capture::live::Interface;
use ntp_sniff::capture::live::Live;
use ntp_sniff::capture::live::LiveOptions;
use ntp_sniff::capture::live::interfaces;
use ntp_sniff::capture::live::needed;
use ntp_sniff::error::Error;
use ntp_sniff::event::Summary;
use ntp_sniff::report::escape::terminal_text;
use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Prints the interfaces: name, state, addresses, what it is.
pub(crate) fn list() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for Interface { name, about, state, addresses } in interfaces()? {
        let written =
            |(ip, prefix): &(std::net::IpAddr, Option<u8>)| prefix.map_or_else(|| ip.to_string(), |prefix| format!("{ip}/{prefix}"));
        let addresses: Vec<String> = addresses.iter().map(written).collect();
        let state = format!("[{}]", state.join(", "));
        let words = [terminal_text(&name), state, addresses.join(" "), about.map(|about| format!("({about})")).unwrap_or_default()];
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty() && *word != "[]").collect();
        writeln!(out, "{}", words.join(" "))?;
    }
    Ok(())
}

/// Opens the interfaces that the arguments name.
pub(crate) fn open(args: &Args, stop: &Arc<AtomicBool>) -> Result<Live, Error> {
    let expression = Some(args.expression.join(" ")).filter(|expression| !expression.is_empty());
    let options = LiveOptions {
        snap_len: args.live.snaplen,
        promiscuous: !args.live.no_promiscuous,
        buffer_bytes: args.live.buffer.saturating_mul(1 << 20),
        kernel_filter: match args.live.kernel_filter {
            KernelFilter::Expression => expression,
            KernelFilter::Auto => Some(needed(expression.as_deref())),
            KernelFilter::Off => None,
        },
        duration: args.live.duration,
    };
    Live::open(&args.live.interface, &options, Arc::clone(stop))
}

/// Says what is captured on.
pub(crate) fn announce(args: &Args) {
    if !args.quiet {
        complain(&format!("capturing on {}; SIGINT (Ctrl-C) ends it with the report", args.live.interface.join(", ")));
    }
}

/// Says what was received and lost, in the lines of tcpdump. Whether anything was.
pub(crate) fn account(args: &Args, summary: &Summary) -> bool {
    let Some(all) = summary.received_in_all() else { return false };
    if !args.quiet {
        let lines = [
            (summary.frames, "captured"),
            (all.packets, "received by filter"),
            (all.dropped_by_kernel, "dropped by kernel"),
            (all.dropped_by_interface, "dropped by interface"),
        ];
        for (packets, what) in lines {
            // Standard error is the last resort: when it is closed, nobody listens.
            _ = writeln!(io::stderr(), "{packets} packet{} {what}", if packets == 1 { "" } else { "s" });
        }
    }
    all.dropped_by_kernel > 0 || all.dropped_by_interface > 0
}
