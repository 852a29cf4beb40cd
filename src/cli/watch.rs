//! Arguments about the screen.

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
