//! Frames to captures: in memory, as pcap bytes, or as pcapng bytes with several interfaces.

use ntp_sniff::capture::memory::Memory;
use ntp_sniff::time::Timestamp;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// LINKTYPE of Ethernet.
pub(crate) const ETHERNET: u32 = 1;
/// LINKTYPE of bare IP packets.
pub(crate) const RAW: u32 = 101;

/// A frame of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Captured {
    pub(crate) micros: i64,
    pub(crate) link_type: u32,
    pub(crate) wire_len: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Captured {
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_nanos(self.micros * 1000, false)
    }
}

/// When forged captures begin: 2005-01-06, as Frank4DD's.
pub(crate) const START: i64 = 1_105_000_000_000_000;

/// Ethernet frames so many microseconds apart.
pub(crate) fn captured(frames: Vec<Vec<u8>>, step: i64) -> Vec<Captured> {
    let frame = |(micros, bytes): (i64, Vec<u8>)| {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        Captured { micros, link_type: ETHERNET, wire_len, bytes }
    };
    (0..).map(|index: i64| START + index * step).zip(frames).map(frame).collect()
}

/// Cuts frames as a snap length does.
pub(crate) fn snapped(mut frames: Vec<Captured>, snap_len: usize) -> Vec<Captured> {
    frames.iter_mut().for_each(|frame| frame.bytes.truncate(snap_len));
    frames
}

/// A source that plays these frames.
pub(crate) fn memory(frames: &[Captured]) -> Memory {
    let mut memory = Memory::new();
    frames.iter().for_each(|frame| memory.push(frame.at(), frame.link_type, frame.wire_len, &frame.bytes));
    memory
}

/// The bytes of a classic pcap file, little-endian, microseconds.
pub(crate) fn pcap(frames: &[Captured]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let link_type = frames.first().map_or(ETHERNET, |frame| frame.link_type);
    bytes.extend(0xa1b2_c3d4_u32.to_le_bytes());
    bytes.extend([2, 0, 4, 0]);
    [0, 0, 262_144, link_type].into_iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    for frame in frames {
        assert_eq!(frame.link_type, link_type, "a classic file has one link type");
        let (seconds, micros) = (frame.micros / 1_000_000, frame.micros % 1_000_000);
        let words = [u32::try_from(seconds).unwrap(), u32::try_from(micros).unwrap(), length(&frame.bytes), frame.wire_len];
        words.into_iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend(&frame.bytes);
    }
    bytes
}

/// The bytes of a pcapng file with one interface per link type, in the order they appear.
pub(crate) fn pcapng(frames: &[Captured]) -> Vec<u8> {
    let mut link_types: Vec<u32> = Vec::new();
    for frame in frames {
        if !link_types.contains(&frame.link_type) {
            link_types.push(frame.link_type);
        }
    }
    let mut bytes = block(0x0a0d_0d0a, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], &[]);
    link_types.iter().for_each(|link_type| bytes.extend(block(1, &[*link_type, 262_144], &[])));
    for frame in frames {
        let interface = link_types.iter().position(|link_type| *link_type == frame.link_type).unwrap();
        let ticks = u64::try_from(frame.micros).unwrap();
        let (high, low) = (u32::try_from(ticks >> 32).unwrap(), u32::try_from(ticks & 0xffff_ffff).unwrap());
        let words = [u32::try_from(interface).unwrap(), high, low, length(&frame.bytes), frame.wire_len];
        bytes.extend(block(6, &words, &frame.bytes));
    }
    bytes
}

/// A pcapng block: words, then bytes padded to a multiple of four.
fn block(kind: u32, words: &[u32], data: &[u8]) -> Vec<u8> {
    let mut body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).chain(data.iter().copied()).collect();
    body.resize(body.len().next_multiple_of(4), 0);
    let total = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &total, &body, &total].concat()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// Writes bytes to a new file below the build directory and says where.
pub(crate) fn on_disk(bytes: &[u8]) -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = format!("{}-{}.cap", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
