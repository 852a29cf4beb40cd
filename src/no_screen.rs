//! What stands in for the screen where it is not built in.

use crate::cli::Args;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Sink;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// No screen.
pub(crate) struct Screen;

impl Screen {
    /// Does not come back where a screen is wanted.
    pub(crate) fn open(args: &Args) -> Self {
        if args.watch.watch {
            Args::command().error(ErrorKind::InvalidValue, "--watch: built without the screen (cargo feature 'watch')").exit();
        }
        Self
    }

    /// The report alone.
    pub(crate) fn beside(&mut self, report: Option<Box<dyn Sink>>, _: &Args, _: &Limits, _: bool) -> Option<Box<dyn Sink>> {
        report
    }

    /// Nothing to start.
    #[allow(clippy::unnecessary_wraps, reason = "as the screen's")]
    pub(crate) fn start(&mut self, _: &Arc<AtomicBool>) -> anyhow::Result<()> {
        Ok(())
    }

    /// Nothing to end.
    pub(crate) fn end(self, _: bool) {}
}

/// Nothing is in the way of standard error.
pub(crate) fn hold(_: &str) -> bool {
    false
}
