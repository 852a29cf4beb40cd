//! Frames to a pcap file, and numbers that look random but are the same every time.

use etherparse::IpHeaders;
use etherparse::IpNumber;
use etherparse::Ipv4Extensions;
use etherparse::Ipv4Header;
use etherparse::PacketBuilder;
use std::fs::File;
use std::io::Write;

/// The first moment of every capture, in microseconds: 2023-11-14.
const START: u64 = 1_700_000_000_000_000;

/// Bytes that are gathered before the file is written to.
const GATHERED: usize = 1 << 20;

/// The shortest Ethernet frame, without its check sequence.
const SHORTEST: usize = 60;

/// An IPv4 address and a port.
pub(crate) type End = ([u8; 4], u16);

/// A TCP segment to be sent.
#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the header")]
pub(crate) struct Segment<'a> {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) seq: u32,
    /// The acknowledgement, if it has one.
    pub(crate) ack: Option<u32>,
    pub(crate) syn: bool,
    pub(crate) fin: bool,
    pub(crate) rst: bool,
    pub(crate) push: bool,
    /// TCP options as they are in the header, a multiple of four bytes.
    pub(crate) options: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// A pcap file being written, to disk or to memory; its clock moves only when it is told.
pub(crate) struct Capture {
    file: Option<File>,
    /// What is not in the file yet.
    bytes: Vec<u8>,
    micros: u64,
    /// Frames so far.
    frames: u64,
    /// Bytes so far.
    written: u64,
    frame: Vec<u8>,
}

impl Capture {
    /// One that goes to a file, or, without one, stays in memory.
    pub(crate) fn new(file: Option<File>) -> Self {
        let header = [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 262_144, 1_u32].map(u32::to_le_bytes);
        let bytes = header.concat();
        Self { file, written: bytes.len() as u64, bytes, micros: START, frames: 0, frame: Vec::new() }
    }

    /// How many frames there are.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// How many bytes there are.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Lets time pass.
    pub(crate) fn pause(&mut self, micros: u64) {
        self.micros += micros;
    }

    /// Sends a segment over Ethernet and IPv4, with right checksums.
    pub(crate) fn send(&mut self, segment: Segment<'_>) {
        let Segment { from, to, seq, ack, syn, fin, rst, push, options, payload } = segment;
        let mut tcp = self.packet(from, to, IpNumber::TCP).tcp(from.1, to.1, seq, 64_240).options_raw(options).unwrap();
        tcp = if syn { tcp.syn() } else { tcp };
        tcp = if fin { tcp.fin() } else { tcp };
        tcp = if rst { tcp.rst() } else { tcp };
        tcp = if push { tcp.psh() } else { tcp };
        tcp = if let Some(ack) = ack { tcp.ack(ack) } else { tcp };
        self.frame.clear();
        tcp.write(&mut self.frame, payload).unwrap();
        self.record();
    }

    /// Sends a datagram.
    pub(crate) fn send_udp(&mut self, from: End, to: End, payload: &[u8]) {
        let udp = self.packet(from, to, IpNumber::UDP).udp(from.1, to.1);
        self.frame.clear();
        udp.write(&mut self.frame, payload).unwrap();
        self.record();
    }

    /// Asks everybody who has an address.
    pub(crate) fn send_arp(&mut self, who: [u8; 4], whom: [u8; 4]) {
        self.frame.clear();
        self.frame.extend([[0xff; 6], mac(who)].concat());
        self.frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        self.frame.extend([&mac(who)[..], &who, &[0; 6], &whom].concat());
        self.record();
    }

    /// The headers below the transport; the identification tells a repetition from a copy.
    fn packet(&self, from: End, to: End, protocol: IpNumber) -> etherparse::PacketBuilderStep<IpHeaders> {
        let mut header = Ipv4Header::new(0, 64, protocol, from.0, to.0).unwrap();
        header.identification = self.frames as u16;
        PacketBuilder::ethernet2(mac(from.0), mac(to.0)).ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
    }

    /// Writes the frame down.
    fn record(&mut self) {
        self.frame.resize(self.frame.len().max(SHORTEST), 0);
        let length = self.frame.len() as u32;
        for word in [(self.micros / 1_000_000) as u32, (self.micros % 1_000_000) as u32, length, length] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(&self.frame);
        self.frames += 1;
        self.written += 16 + u64::from(length);
        if let (Some(file), true) = (&mut self.file, self.bytes.len() > GATHERED) {
            file.write_all(&self.bytes).unwrap();
            self.bytes.clear();
        }
    }

    /// Writes what is left to the file; gives the bytes of a capture that has none.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if let Some(file) = &mut self.file {
            file.write_all(&self.bytes).unwrap();
            self.bytes.clear();
        }
        self.bytes
    }
}

fn mac(ip: [u8; 4]) -> [u8; 6] {
    [2, 0, ip[0], ip[1], ip[2], ip[3]]
}

/// Numbers that look random: a weak but quick generator (xorshift64), begun with a given number.
pub(crate) struct Random(u64);

impl Random {
    /// The same seed gives the same numbers; those of neighbouring seeds have nothing in common.
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// One of several.
    pub(crate) fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }
}
