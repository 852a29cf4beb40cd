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
    #[error("{input}: not a capture: {found}; pcap and pcapng files are read, plain or compressed (gzip, zstd, lz4, xz, bzip2)")]
    NotACapture {
        /// Which.
        input: String,
        /// What its first bytes look like.
        found: String,
    },
    /// An input is damaged or cut; the frames before were processed.
    #[error("{input}: damaged after frame {frames}, at offset {offset}: {problem}; {}", processed(*frames))]
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
    #[error("{interface}: cannot capture: {}; 'ip link' lists the interfaces", reason(source))]
    Interface {
        /// Which.
        interface: String,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// An interface cannot be opened for want of permission.
    #[error(
        "{interface}: not permitted to capture: {}; run once 'sudo setcap cap_net_raw=ep {}', or run as root, or in a systemd unit with \
         'AmbientCapabilities=CAP_NET_RAW'",
        reason(source),
        program()
    )]
    NotPermitted {
        /// Which.
        interface: String,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// An interface is not there any more; what it gave before was processed.
    #[error("{interface}: cannot capture any more after {frames} packets: {}; the packets before were processed", reason(source))]
    InterfaceGone {
        /// Which.
        interface: String,
        /// Packets that it gave.
        frames: u64,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// The filter expression does not compile for a link type.
    #[error("filter '{expression}' does not compile for link type {link_type}: {}; its syntax is that of pcap-filter(7)", reason(source))]
    Filter {
        /// The expression.
        expression: String,
        /// The LINKTYPE number.
        link_type: u32,
        /// libpcap's reason.
        source: pcap::Error,
    },
    /// A file of networks cannot be used.
    #[error("{}: {problem}", path.display())]
    Networks {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file that keeps facts from run to run cannot be used.
    #[error("{}: {problem}", path.display())]
    State {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A file of keys cannot be used.
    #[error("{}: {problem}", path.display())]
    Keys {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A protocol document cannot be used.
    #[error("{}: {problem}", path.display())]
    Document {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
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
        matches!(self, Self::Open { .. } | Self::NotACapture { .. } | Self::Damaged { .. } | Self::InterfaceGone { .. })
    }
}

/// What became of the frames before a damage.
fn processed(frames: u64) -> &'static str {
    if frames == 0 { "no frame could be read" } else { "the frames before were processed" }
}

/// libpcap's reason without the words the crate puts before it.
fn reason(source: &pcap::Error) -> String {
    let text = source.to_string();
    text.strip_prefix("libpcap error: ").map_or_else(|| text.clone(), str::to_owned)
}

/// The path of this program, for the command that gives it a right.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "PROGRAM".to_owned(), |path| path.display().to_string())
}
