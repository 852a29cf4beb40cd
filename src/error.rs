//! The reasons the program, or one input, cannot go on. Odd packets are not among them: they are anomalies.

use std::io;
use std::path::PathBuf;

/// What ends the run or the reading of one input. Each names the place, the cause, and what to do where that is not plain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input cannot be opened: missing, a directory, no permission.
    #[error("{}: cannot open: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An input is not a capture: text, empty, or an unknown format.
    #[error("{input}: not a capture: {found}; pcap and pcapng files are read, plain or gzip-compressed")]
    NotACapture {
        /// Which.
        input: String,
        /// What its first bytes look like.
        found: String,
    },
    /// An input is damaged or cut; the frames before were processed.
    #[error("{input}: damaged after frame {frames}, at offset {offset}: {problem}; the frames before were processed")]
    Damaged {
        /// Which.
        input: String,
        /// Frames that were readable.
        frames: u64,
        /// Where in the (uncompressed) bytes.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// An interface cannot be opened or fails.
    #[error("{interface}: cannot capture: {source}")]
    Interface {
        /// Which.
        interface: String,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// An interface cannot be opened for want of permission.
    #[error(
        "{interface}: not permitted to capture: {source}; run as root, or give the program the right with 'sudo setcap cap_net_raw=ep PROGRAM'"
    )]
    NotPermitted {
        /// Which.
        interface: String,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// The filter expression does not compile for a link type.
    #[error("filter '{expression}' does not compile for link type {link_type}: {source}")]
    Filter {
        /// The expression.
        expression: String,
        /// The LINKTYPE number.
        link_type: u32,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// An output cannot be written.
    #[error("{output}: cannot write: {source}")]
    Write {
        /// Which.
        output: String,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Whether only one input is lost, and the next may be read.
    #[must_use]
    pub fn spares_other_inputs(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::NotACapture { .. } | Self::Damaged { .. })
    }
}
