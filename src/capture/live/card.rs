//! One interface, opened through libpcap. Its frames are lent from libpcap's ring.

use super::LiveOptions;
use super::counts::Counts;
use crate::capture::Frame;
use crate::capture::filter::from_libpcap;
use crate::error::Error;
use crate::evidence::FrameId;
use crate::loss::Received;
use crate::time::Timestamp;
use pcap::Active;
use pcap::Capture;
use pcap::Inactive;
use pcap::Precision;
use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use std::path::Path;
use std::time::Duration;

/// The kernel hands a block over when it is full, or so long after its first packet. Short enough for facts within a tenth of a second,
/// and long enough that a buffer of 64 MiB, which has 256 blocks, bears ten seconds in which nobody reads.
pub(super) const BLOCK_LIFE: Duration = Duration::from_millis(40);
/// Beginnings of names of what is not a packet socket: libpcap counts in microseconds there.
const COARSE: [&str; 6] = ["usbmon", "nflog", "nfqueue", "bluetooth", "dbus", "dag"];
/// Packets between two readings of the kernel's counters, which wrap at 2³².
const PACKETS_PER_READING: u64 = 1 << 24;

/// An interface being captured from.
pub(super) struct Card {
    pub(super) name: String,
    pub(super) capture: Capture<Active>,
    input: u32,
    link_type: u32,
    /// Whether its times have nanoseconds.
    pub(super) fine: bool,
    frames: u64,
    counts: Counts,
    /// Its number in the kernel, where it has one.
    index: Option<u32>,
}

impl Card {
    /// Opens an interface; its frames get this input number.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`]; [`Error::Interface`] when there is none of that name, or it is down.
    pub(super) fn open(name: &str, input: u32, options: &LiveOptions) -> Result<Self, Error> {
        let promiscuous = options.promiscuous && name != "any"; // "any" warns that it cannot, which the crate takes for an error.
        let opened = configured(name, options, promiscuous).and_then(Capture::open).and_then(Capture::setnonblock);
        let capture = opened.map_err(|source| failed(name, source))?;
        let link_type = from_libpcap(capture.get_datalink());
        // What the kernel knows as a network interface is a packet socket, whatever it is called.
        let fine = Path::new("/sys/class/net").join(name).exists() || !COARSE.iter().any(|coarse| name.starts_with(coarse));
        let index = name_to_index(&capture, name).ok();
        Ok(Self { name: name.to_owned(), capture, input, link_type, fine, frames: 0, counts: Counts::default(), index })
    }

    /// Lets the kernel leave out what the expression (pcap-filter syntax) does not admit. Such packets are never seen nor counted.
    ///
    /// # Errors
    ///
    /// [`Error::Filter`].
    pub(super) fn restrict(&mut self, expression: &str) -> Result<(), Error> {
        let (expression, link_type) = (expression.to_owned(), self.link_type);
        self.capture.filter(&expression, true).map_err(|source| Error::Filter { expression, link_type, source })
    }

    /// What the kernel counted so far. Where it does not say any more, what it said last.
    pub(super) fn received(&mut self) -> Received {
        if let Ok(stat) = self.capture.stats() {
            self.counts.read(stat);
        }
        self.counts.of(&self.name)
    }

    /// Whether it is still there, asked while nothing comes: libpcap takes an interface that goes for one that is down, when it looks a
    /// moment too early, and says no more.
    ///
    /// # Errors
    ///
    /// [`Error::InterfaceGone`].
    pub(super) fn exists(&self) -> Result<(), Error> {
        let gone = self.index.is_some_and(|index| match name_to_index(&self.capture, &self.name) {
            Ok(found) => found != index,
            Err(error) => error == Errno::NODEV,
        });
        let source = || pcap::Error::PcapError("The interface disappeared".to_owned());
        if gone { Err(Error::InterfaceGone { interface: self.name.clone(), frames: self.frames, source: source() }) } else { Ok(()) }
    }

    /// The next frame; nothing when the ring has no more for now.
    ///
    /// # Errors
    ///
    /// [`Error::InterfaceGone`]: there is no such interface any more. One that is down is only silent.
    pub(super) fn read(&mut self) -> Result<Option<Frame<'_>>, Error> {
        if self.frames.is_multiple_of(PACKETS_PER_READING) {
            self.received();
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                self.frames = self.frames.saturating_add(1);
                let unit = if self.fine { 1 } else { 1000 };
                let at = Timestamp::from_parts(packet.header.ts.tv_sec, packet.header.ts.tv_usec.saturating_mul(unit), self.fine);
                let id = FrameId { input: self.input, number: self.frames };
                let wire_len = packet.header.len.max(packet.header.caplen);
                Ok(Some(Frame { id, at, link_type: self.link_type, wire_len, bytes: packet.data }))
            }
            Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => Ok(None),
            Err(source) => Err(Error::InterfaceGone { interface: self.name.clone(), frames: self.frames, source }),
        }
    }
}

/// The interface with its options, not yet open.
fn configured(interface: &str, options: &LiveOptions, promiscuous: bool) -> Result<Capture<Inactive>, pcap::Error> {
    let capture = Capture::from_device(interface)?
        .snaplen(i32::try_from(options.snap_len).unwrap_or(i32::MAX))
        .promisc(promiscuous)
        .buffer_size(i32::try_from(options.buffer_bytes).unwrap_or(i32::MAX))
        .timeout(i32::try_from(BLOCK_LIFE.as_millis()).unwrap_or(0))
        // Immediate mode wakes for every packet: five times the work, and drops.
        .immediate_mode(false);
    Ok(capture.precision(Precision::Nano))
}

/// An error of libpcap, with the remedy where it is known.
#[cold]
fn failed(interface: &str, source: pcap::Error) -> Error {
    let interface = interface.to_owned();
    let text = source.to_string();
    if text.contains("ermission") || text.contains("not permitted") {
        Error::NotPermitted { interface, source }
    } else {
        Error::Interface { interface, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_carry_the_remedy() {
        let source = pcap::Error::PcapError(
            "Attempt to create packet socket failed - CAP_NET_RAW may be required (Operation not permitted)".to_owned(),
        );
        let error = failed("eth1", source);
        let said = error.to_string();
        assert!(matches!(error, Error::NotPermitted { .. }) && said.contains("setcap cap_net_raw=ep"), "{said}");
        assert!(said.contains("AmbientCapabilities=CAP_NET_RAW"), "{said}");
        assert!(!error.spares_other_inputs());
        let missing = Card::open("no-such-if0", 0, &LiveOptions::default());
        assert!(matches!(missing, Err(Error::Interface { .. } | Error::NotPermitted { .. })));
    }
}
