//! A progress bar for files that take longer than a moment, on standard error.

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::error::Error;
use ntp_sniff::origin::Origin;
use std::time::Duration;
use std::time::Instant;

/// Frames between two looks at the clock.
const FRAMES_PER_LOOK: u32 = 4096;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Files whose reading is shown.
pub(crate) struct Shown {
    files: Files,
    started: Instant,
    frames: u32,
    /// Hidden at first, but told of all progress: its rate is that of the whole time.
    bar: ProgressBar,
    visible: bool,
}

impl Shown {
    pub(crate) fn new(files: Files) -> Self {
        let total = files.position().total;
        let (template, bar) = match total {
            Some(total) => ("{bytes}/{total_bytes} [{wide_bar}] {bytes_per_sec}, {eta} left", ProgressBar::new(total)),
            None => ("{bytes} read, {bytes_per_sec}", ProgressBar::no_length()),
        };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { files, started: Instant::now(), frames: 0, bar, visible: false }
    }

    #[cold]
    fn look(&mut self) {
        self.frames = 0;
        if !self.visible && self.started.elapsed() >= PATIENCE {
            self.visible = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(self.files.position().read);
    }
}

impl Source for Shown {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        self.frames = self.frames.saturating_add(1);
        if self.frames >= FRAMES_PER_LOOK {
            self.look();
        }
        self.files.next()
    }

    fn origins(&mut self) -> Vec<Origin> {
        self.files.origins()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
