//! Packets from an interface, through libpcap; the only place of the program that reads a clock.

use super::Frame;
use super::Next;
use super::Source;
use super::filter::from_libpcap;
use crate::error::Error;
use crate::evidence::FrameId;
use crate::time::Timestamp;
use pcap::Active;
use pcap::Capture;
use pcap::Inactive;
use pcap::Precision;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// The kernel hands a block over when it is full, or so long after its first packet.
const BLOCK_LIFE_MS: i32 = 100;
/// One wait for packets, and so how often a quiet link says that it is idle, and how long a stop may take.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 150_000_000 };
/// Packets may still wait in the kernel's block when the link seems quiet: idle time stays behind by more than a block's life, so that
/// it never runs ahead of the packets.
const IDLE_LAG: Duration = Duration::from_millis(500);
/// Beginnings of names of what is not a packet socket: libpcap counts in microseconds there.
const COARSE: [&str; 6] = ["usbmon", "nflog", "nfqueue", "bluetooth", "dbus", "dag"];

/// How to open an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// Longest part of a packet to capture, in bytes.
    pub snap_len: u32,
    /// Whether to see traffic that is not for this machine: a SPAN port needs it.
    pub promiscuous: bool,
    /// The kernel's buffer, in bytes.
    pub buffer_bytes: u32,
}

impl Default for LiveOptions {
    /// All of every packet, promiscuous, and a buffer of 64 MiB: with libpcap's own 2 MiB the kernel dropped packets at 800,000 a second.
    fn default() -> Self {
        Self { snap_len: 262_144, promiscuous: true, buffer_bytes: 64 << 20 }
    }
}

/// What the kernel counted since the interface was opened. Each wraps at 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Packets received, those dropped for want of buffer included.
    pub received: u32,
    /// Packets dropped because the buffer was full.
    pub dropped: u32,
    /// Packets dropped by the interface or its driver.
    pub dropped_by_interface: u32,
}

/// An interface being captured from. Frames are lent from libpcap's ring, not copied.
pub struct Live {
    interface: String,
    capture: Capture<Active>,
    stop: Arc<AtomicBool>,
    link_type: u32,
    fine: bool,
    frames: u64,
    last_at: Timestamp,
    /// The ring had nothing more.
    dry: bool,
}

impl Live {
    /// Opens an interface; its frames get `input` 0. When `stop` becomes true, the source ends within 150 ms.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`]; [`Error::Interface`] when there is none of that name, or it is down.
    pub fn open(interface: &str, options: &LiveOptions, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        let promiscuous = options.promiscuous && interface != "any"; // "any" warns that it cannot, which the crate takes for an error.
        let opened = configured(interface, options, promiscuous).and_then(Capture::open).and_then(Capture::setnonblock);
        let capture = opened.map_err(|source| failed(interface, source))?;
        let link_type = from_libpcap(capture.get_datalink());
        let fine = !COARSE.iter().any(|coarse| interface.starts_with(coarse));
        let interface = interface.to_owned();
        Ok(Self { interface, capture, stop, link_type, fine, frames: 0, last_at: Timestamp::default(), dry: false })
    }

    /// Lets the kernel leave out what the expression (pcap-filter syntax) does not admit. Such packets are never seen nor counted.
    ///
    /// # Errors
    ///
    /// [`Error::Filter`].
    pub fn restrict(&mut self, expression: &str) -> Result<(), Error> {
        let (expression, link_type) = (expression.to_owned(), self.link_type);
        self.capture.filter(&expression, true).map_err(|source| Error::Filter { expression, link_type, source })
    }

    /// What the interface is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.interface
    }

    /// What the kernel counted so far.
    ///
    /// # Errors
    ///
    /// [`Error::Interface`].
    pub fn counts(&mut self) -> Result<LiveCounts, Error> {
        let stat = self.capture.stats().map_err(|source| failed(&self.interface, source))?;
        Ok(LiveCounts { received: stat.received, dropped: stat.dropped, dropped_by_interface: stat.if_dropped })
    }

    /// Waits until there is something to read, but not for ever. Whether there is.
    fn wait(&self) -> bool {
        // A blocking read would not come back from a link without any packet: the ring's timeout starts with the first.
        let mut ring = [PollFd::new(&self.capture, PollFlags::IN)];
        // An error of the wait is a signal that came; what else may be wrong shows in the next read.
        rustix::event::poll(&mut ring, Some(&WAIT)).is_ok_and(|ready| ready > 0)
    }
}

impl Source for Live {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(Next::End);
        }
        if self.dry {
            self.dry = !self.wait();
            if self.dry {
                return Ok(Next::Idle(idle_since(&mut self.last_at, self.fine)));
            }
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                let unit = if self.fine { 1 } else { 1000 };
                self.last_at = Timestamp::from_parts(packet.header.ts.tv_sec, packet.header.ts.tv_usec.saturating_mul(unit), self.fine);
                self.frames = self.frames.saturating_add(1);
                let id = FrameId { input: 0, number: self.frames };
                let wire_len = packet.header.len.max(packet.header.caplen);
                Ok(Next::Frame(Frame { id, at: self.last_at, link_type: self.link_type, wire_len, bytes: packet.data }))
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.dry = true;
                Ok(Next::Idle(idle_since(&mut self.last_at, self.fine)))
            }
            Err(pcap::Error::NoMorePackets) => Ok(Next::End),
            Err(source) => Err(failed(&self.interface, source)),
        }
    }

    fn dropped(&mut self) -> Option<(u64, u64)> {
        self.counts().ok().map(|counts| (counts.dropped.into(), counts.dropped_by_interface.into()))
    }
}

/// The interface with its options, not yet open.
fn configured(interface: &str, options: &LiveOptions, promiscuous: bool) -> Result<Capture<Inactive>, pcap::Error> {
    let capture = Capture::from_device(interface)?
        .snaplen(i32::try_from(options.snap_len).unwrap_or(i32::MAX))
        .promisc(promiscuous)
        .buffer_size(i32::try_from(options.buffer_bytes).unwrap_or(i32::MAX))
        .timeout(BLOCK_LIFE_MS)
        // Immediate mode wakes for every packet: five times the work, and drops.
        .immediate_mode(false);
    Ok(capture.precision(Precision::Nano))
}

/// The moment up to which surely all packets were seen; it does not go back behind the last packet or the last such moment.
fn idle_since(last_at: &mut Timestamp, fine: bool) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = i64::try_from(now.saturating_sub(IDLE_LAG).as_nanos()).unwrap_or(i64::MAX);
    *last_at = (*last_at).max(Timestamp::from_nanos(nanos, fine));
    *last_at
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
        assert!(matches!(error, Error::NotPermitted { .. }) && error.to_string().contains("setcap cap_net_raw=ep"), "{error}");
        assert!(!error.spares_other_inputs());
        let missing = Live::open("no-such-if0", &LiveOptions::default(), Arc::default());
        assert!(matches!(missing, Err(Error::Interface { .. } | Error::NotPermitted { .. })));
    }

    #[test]
    fn idle_time_never_goes_back() {
        let future = Timestamp::from_nanos(i64::MAX, true);
        assert_eq!(idle_since(&mut future.clone(), true), future);
        let mut last_at = Timestamp::default();
        let first = idle_since(&mut last_at, true);
        assert!(first > Timestamp::default() && idle_since(&mut last_at, true) >= first);
    }
}
