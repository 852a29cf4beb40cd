//! Arguments about the screen.

use super::Args;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::report::FORMATS;

/// What is looked at while it happens.
#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    /// Show the timeline on a screen of its own while it grows: services and rates, search, filter, details with every byte.
    ///
    /// Keys are those of less: "?" shows them, "q" ends the screen and the run. A file's screen stays when it was read to its end.
    /// What else is asked for is written beside it: with -o FILE, the report in any format; standard output is the screen's. Everything
    /// it shows is in the other outputs, too.
    #[arg(long, conflicts_with = "explain")]
    pub(crate) watch: bool,
}

impl Args {
    /// Does not come back where the screen is wanted and something is in its way.
    pub(crate) fn check_watch(&self) {
        if self.watch.watch && self.shipping.output.is_none() && FORMATS.first().is_some_and(|first| first.name != self.format) {
            let problem = "--watch has standard output for its screen: name a file for -T with -o FILE";
            Self::command().error(ErrorKind::MissingRequiredArgument, problem).exit();
        }
    }
}
