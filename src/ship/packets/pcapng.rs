//! Frames as pcapng, written by pcap-parser. No block of secrets is ever among them.

use crate::capture::Frame;
use crate::evidence::FrameId;
use crate::ship::rolling::Rolling;
use crate::time::Timestamp;
use pcap_parser::EnhancedPacketBlock;
use pcap_parser::InterfaceDescriptionBlock;
use pcap_parser::Linktype;
use pcap_parser::OptionCode;
use pcap_parser::PcapNGOption;
use pcap_parser::SectionHeaderBlock;
use pcap_parser::ToVec;
use std::borrow::Cow;
use std::io;
use std::io::Write;

/// Digits behind the point of times that have nanoseconds, and of those that have not.
const DIGITS: [u8; 2] = [9, 6];

/// Writes frames. An interface of the file stands for an input, its link type, and the digits of its times.
pub(super) struct Pcapng {
    out: Rolling,
    /// What the inputs are called, where they are interfaces.
    names: Vec<String>,
    interfaces: Vec<(u32, u32, bool)>,
}

/// A frame that is kept: everything but its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) id: FrameId,
    pub(super) at: Timestamp,
    link_type: u32,
    wire_len: u32,
}

impl Meta {
    pub(super) fn of(frame: &Frame<'_>) -> Self {
        Self { id: frame.id, at: frame.at, link_type: frame.link_type, wire_len: frame.wire_len }
    }
}

impl Pcapng {
    /// No packets yet, but what every capture begins with, so that one without packets is one, too.
    pub(super) fn new(out: Rolling, names: Vec<String>) -> io::Result<Self> {
        let mut new = Self { out, names, interfaces: Vec::new() };
        let section = new.section()?;
        new.out.set_head(&section)?;
        Ok(new)
    }

    /// Writes a frame.
    ///
    /// # Wire
    ///
    /// [spec] draft-ietf-opsawg-pcapng, sections 4.1 to 4.3.
    pub(super) fn write(&mut self, meta: &Meta, bytes: &[u8]) -> io::Result<()> {
        let interface = (meta.id.input, meta.link_type, meta.at.is_fine());
        let known = self.interfaces.iter().position(|known| *known == interface);
        let place = if let Some(place) = known {
            place
        } else {
            self.interfaces.push(interface);
            // A new section, whole: so every file, and every part of one, has all that its packets need.
            let section = self.section()?;
            self.out.set_head(&section)?;
            self.interfaces.len().saturating_sub(1)
        };
        let [high, low] = time(meta.at);
        let packet = EnhancedPacketBlock {
            block_type: 0,
            block_len1: 0,
            if_id: u32::try_from(place).unwrap_or(u32::MAX),
            ts_high: high,
            ts_low: low,
            caplen: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            origlen: meta.wire_len,
            data: bytes,
            options: Vec::new(),
            block_len2: 0,
        };
        self.out.write_all(&block(packet)?)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// A section header and all interfaces so far.
    fn section(&self) -> io::Result<Vec<u8>> {
        let text = |code, text: &str| PcapNGOption {
            code,
            len: u16::try_from(text.len()).unwrap_or(0),
            value: Cow::Owned(text.as_bytes().to_vec()),
        };
        let program = format!("ntp-sniff {}", env!("CARGO_PKG_VERSION"));
        let mut section = block(SectionHeaderBlock {
            block_type: 0,
            block_len1: 0,
            bom: 0,
            major_version: 0,
            minor_version: 0,
            section_len: -1,
            options: vec![text(OptionCode::ShbUserAppl, &program)],
            block_len2: 0,
        })?;
        for (input, link_type, fine) in &self.interfaces {
            let name = usize::try_from(*input).ok().and_then(|input| self.names.get(input));
            let [nanos, micros] = DIGITS;
            section.extend(block(InterfaceDescriptionBlock {
                block_type: 0,
                block_len1: 0,
                linktype: Linktype(i32::try_from(*link_type).unwrap_or(0)),
                reserved: 0,
                snaplen: 0,
                options: name.map(|name| text(OptionCode::IfName, name)).into_iter().collect(),
                block_len2: 0,
                if_tsresol: if *fine { nanos } else { micros },
                if_tsoffset: 0,
            })?);
        }
        Ok(section)
    }
}

/// A block as bytes; its lengths and magic numbers are filled in.
fn block(mut block: impl ToVec) -> io::Result<Vec<u8>> {
    block.to_vec().map_err(|error| io::Error::other(format!("cannot be written as pcapng: {error:?}")))
}

/// Both halves of a time in the units of its interface. Before 1970 there is none.
fn time(at: Timestamp) -> [u32; 2] {
    let nanos = u64::try_from(at.nanos()).unwrap_or(0);
    let units = if at.is_fine() { nanos } else { nanos / 1000 };
    [units >> 32, units & u64::from(u32::MAX)].map(|half| u32::try_from(half).unwrap_or(u32::MAX))
}
