//! The scan report, rebuilt from the wire: what the client's own file of the same scan says, as NBE and as `.nessus` (v2).
//!
//! A scan begins at its order (`NEW_ATTACK`, `LONG_ATTACK`, `SESSION_RESTORE`) or, joined midway, at its first result or
//! time; it ends at the server's `BYE`, where the connection closes, or where the next `SCAN_START` shows that its end was
//! lost. Only complete messages count: a finding of which bytes are missing is none, so that nothing is invented.
//!
//! The report is the report: what a finding says is not redacted. Passwords and preferences never get here.

mod budget;
mod collect;
mod nbe;
mod nessus;
mod story;
#[cfg(test)]
mod tests;
pub(super) mod xml;

pub use budget::Reached;

use super::Sink;
use crate::event::Event;
use crate::event::EventKind;
use crate::limits::Limits;
use collect::Collector;
use std::fmt;
use std::io;
use std::io::Write;

/// Protocols whose scans are reported.
const PROTOCOLS: [&str; 2] = ["nessus_ntp", "nessus_otp"];

/// Where the reports go. Each gets all scans, in the order in which they began.
#[derive(Default)]
pub struct Outputs {
    /// For the Nessus client's NBE format.
    pub nbe: Option<Box<dyn Write>>,
    /// For the `.nessus` (v2) format.
    pub nessus: Option<Box<dyn Write>>,
    /// Whether the NBE goes to a terminal: then what would act on it is made visible.
    pub visible: bool,
}

/// Collects the scans of a run, and writes their reports when it ends.
pub struct ScanReports {
    outputs: Outputs,
    collector: Collector,
}

impl ScanReports {
    /// No scan seen yet.
    #[must_use]
    pub fn new(limits: &Limits, outputs: Outputs) -> Self {
        let collector = Collector::new(limits, outputs.nessus.is_some());
        Self { outputs, collector }
    }

    /// How many scans were seen.
    #[must_use]
    pub fn scans(&self) -> usize {
        self.collector.scans.len()
    }

    /// The bounds that were reached: what was left out of the reports because of them.
    #[must_use]
    pub fn limits_reached(&self) -> &[Reached] {
        self.collector.budget.reached()
    }
}

impl fmt::Debug for ScanReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanReports").field("scans", &self.scans()).finish_non_exhaustive()
    }
}

impl Sink for ScanReports {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match (&event.kind, event.flow) {
            (EventKind::SessionIdentified(flow, session), _) if PROTOCOLS.contains(&session.protocol) => self.collector.session(flow),
            (EventKind::MessageDecoded(message), Some(flow)) => self.collector.message(flow, message),
            (EventKind::FlowClosed(flow, _), _) => self.collector.closed(flow.id),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let Self { outputs, collector } = self;
        if let Some(out) = &mut outputs.nbe {
            nbe::write(out, &collector.scans, outputs.visible)?;
            out.flush()?;
        }
        if let Some(out) = &mut outputs.nessus {
            nessus::write(out, &collector.scans, &collector.catalogs, collector.budget.reached())?;
            out.flush()?;
        }
        Ok(())
    }
}
