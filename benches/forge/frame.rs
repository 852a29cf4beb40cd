//! Frames to a pcap file, and numbers that look random but are the same every time.

use etherparse::PacketBuilder;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write;

/// The first moment of every capture, in microseconds: 2023-11-14.
const START: u64 = 1_700_000_000_000_000;

/// A TCP segment to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) from: ([u8; 4], u16),
    pub(crate) to: ([u8; 4], u16),
    pub(crate) seq: u32,
    /// The acknowledgement, if it has one.
    pub(crate) ack: Option<u32>,
    pub(crate) syn: bool,
    pub(crate) fin: bool,
    pub(crate) payload: &'a [u8],
}

/// A pcap file being written; its clock moves with every frame.
pub(crate) struct Capture {
    file: BufWriter<File>,
    micros: u64,
    frame: Vec<u8>,
}

impl Capture {
    pub(crate) fn new(mut file: BufWriter<File>) -> Self {
        for word in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 262_144, 1_u32] {
            file.write_all(&word.to_le_bytes()).unwrap();
        }
        Self { file, micros: START, frame: Vec::new() }
    }

    /// Lets time pass.
    pub(crate) fn pause(&mut self, micros: u64) {
        self.micros += micros;
    }

    /// Sends a segment over Ethernet and IPv4, with right checksums.
    pub(crate) fn send(&mut self, segment: Segment<'_>) {
        let Segment { from, to, seq, ack, syn, fin, payload } = segment;
        let mac = |ip: [u8; 4]| [2, 0, ip[0], ip[1], ip[2], ip[3]];
        let mut tcp = PacketBuilder::ethernet2(mac(from.0), mac(to.0)).ipv4(from.0, to.0, 64).tcp(from.1, to.1, seq, 64_240);
        if syn {
            tcp = tcp.syn();
        }
        if fin {
            tcp = tcp.fin();
        }
        if let Some(ack) = ack {
            tcp = tcp.ack(ack);
        }
        self.frame.clear();
        tcp.write(&mut self.frame, payload).unwrap();
        let length = self.frame.len() as u32;
        for word in [(self.micros / 1_000_000) as u32, (self.micros % 1_000_000) as u32, length, length] {
            self.file.write_all(&word.to_le_bytes()).unwrap();
        }
        self.file.write_all(&self.frame).unwrap();
    }

    pub(crate) fn finish(mut self) {
        self.file.flush().unwrap();
    }
}

/// Numbers that look random: a weak but quick generator (xorshift64), always begun with the same number.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
