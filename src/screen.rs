//! The screen of `--watch` as the arguments want it: beside the report, or in place of it.

use crate::cli::Args;
use crate::complain;
use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Sink;
use ntp_sniff::report::escape::terminal_text;
use ntp_sniff::report::watch;
use ntp_sniff::report::watch::Manner;
use ntp_sniff::report::watch::Most;
use ntp_sniff::report::watch::terminal::Terminal;
pub(crate) use ntp_sniff::report::watch::terminal::hold;
use ntp_sniff::ship::Tee;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The screen, if there is to be one.
#[derive(Default)]
pub(crate) struct Screen {
    /// The terminal until it is taken.
    terminal: Option<Terminal>,
    screen: Option<watch::Screen>,
}

impl Screen {
    /// Opens the terminal while that is still allowed, and before anything else is touched. Does not come back where there is none.
    pub(crate) fn open(args: &Args) -> Self {
        let open = || {
            Terminal::open().unwrap_or_else(|error| {
                Args::command().error(ErrorKind::InvalidValue, format!("--watch needs a terminal: {error}")).exit();
            })
        };
        Self { terminal: args.watch.watch.then(open), screen: None }
    }

    /// The report with the screen beside it, or the screen alone.
    pub(crate) fn beside(&mut self, report: Option<Box<dyn Sink>>, args: &Args, limits: &Limits, color: bool) -> Option<Box<dyn Sink>> {
        if self.terminal.is_none() {
            return report;
        }
        let live = !args.live.interface.is_empty();
        let manner = Manner { color, verbose: args.verbose, live, input: input(args), most: Most::of(limits) };
        let (sink, screen) = watch::open(manner);
        self.screen = Some(screen);
        Some(match report {
            Some(report) => Box::new(Tee::new(report, sink)),
            None => sink,
        })
    }

    /// Takes the terminal.
    pub(crate) fn start(&mut self, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
        let (Some(terminal), Some(screen)) = (self.terminal.take(), &mut self.screen) else { return Ok(()) };
        screen.start(terminal, stop).context("--watch: the terminal cannot be used")
    }

    /// The run is over; where it went well, the screen stays until its user ends it. Then what waited is said.
    pub(crate) fn end(self, stay: bool) {
        let Some(screen) = self.screen else { return };
        let (held, ended) = screen.end(stay);
        for line in &held {
            complain(line);
        }
        if let Err(error) = ended {
            complain(&format!("--watch: {error}"));
        }
    }
}

/// Where the packets come from, in a few words.
fn input(args: &Args) -> String {
    let names: Vec<String> = match args.live.interface.as_slice() {
        [] => args.read.iter().map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()).collect(),
        interfaces => interfaces.to_vec(),
    };
    terminal_text(&names.join(" "))
}
