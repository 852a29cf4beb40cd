//! What the status line says of packets: how many, and how many were lost.

use super::super::escape::display_width;
use super::super::words;
use crate::event::Summary;

/// The counts of a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Packets read.
    pub(super) frames: u64,
    /// Bytes of them.
    bytes: u64,
    /// Connections.
    flows: u64,
    /// Messages.
    messages: u64,
    /// What the kernel and the interface dropped; nothing of files.
    dropped: Option<[u64; 2]>,
    /// Records, packets and notices that outputs could not hand on.
    unwritten: u64,
    /// Anomalies of all kinds.
    anomalies: u64,
}

impl Account {
    /// Those of a summary.
    pub(super) fn of(so_far: &Summary) -> Self {
        let lost = so_far.lost;
        Self {
            frames: so_far.frames,
            bytes: so_far.bytes,
            flows: so_far.flows,
            messages: so_far.messages,
            dropped: so_far.received_in_all().map(|all| [all.dropped_by_kernel, all.dropped_by_interface]),
            unwritten: lost.records.saturating_add(lost.packets).saturating_add(lost.syslog),
            anomalies: so_far.anomalies.iter().map(|(_, count)| *count).fold(0, u64::saturating_add),
        }
    }

    /// What was lost, and whether that is a reason to worry. It is always said, also when it is nothing; where there is no room for all of it,
    /// in one number.
    pub(super) fn lost(&self, live: bool, room: usize) -> (String, bool) {
        let [kernel, interface] = self.dropped.unwrap_or_default();
        let dropped = kernel.saturating_add(interface);
        let not_written = if self.unwritten > 0 { format!(", NOT WRITTEN {}", self.unwritten) } else { String::new() };
        let (long, short) = match self.dropped {
            Some([0, 0]) => ("lost 0".to_owned(), "lost 0".to_owned()),
            Some(_) => (format!("LOST {dropped} (kernel {kernel}, interface {interface})"), format!("LOST {dropped}")),
            None if live => ("lost ?".to_owned(), "lost ?".to_owned()),
            None => ("lost: a file does not say".to_owned(), "lost ?".to_owned()),
        };
        let said = [format!("{long}{not_written}"), format!("{short}{not_written}")].into_iter().find(|said| display_width(said) <= room);
        let said = said.unwrap_or_else(|| match self.unwritten {
            0 => short,
            _ => format!("LOST {}", dropped.saturating_add(self.unwritten)),
        });
        (said, dropped > 0 || self.unwritten > 0)
    }

    /// All else.
    pub(super) fn words(&self) -> String {
        let parts = [
            format!("{} ({})", words::count(self.frames, "packet"), words::size(self.bytes)),
            words::count(self.flows, "connection"),
            words::count(self.messages, "message"),
            match self.anomalies {
                1 => "1 anomaly".to_owned(),
                anomalies => format!("{anomalies} anomalies"),
            },
        ];
        parts.join("  ")
    }
}
