//! The traffic that the stages are measured on, forged in memory.

use crate::frame::Capture;
use crate::frame::Random;
use crate::sessions;
use crate::small;
use ntp_sniff::capture::Frame;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::file::CaptureFile;
use ntp_sniff::capture::memory::Memory;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::limits::Limits;
use ntp_sniff::time::Timestamp;
use std::io::Cursor;

/// A capture that lives as long as the program: sources want to own what they read.
pub(crate) type Bytes = &'static [u8];

/// A Nessus session with 2000 plugins.
pub(crate) fn session() -> Bytes {
    let mut capture = Capture::new(None);
    let mut random = Random::new(1);
    let mut talk = sessions::session(1, 2000, 300);
    while talk.advance(&mut capture, &mut random, 8) {}
    capture.finish().leak()
}

/// Scans and short connections in 100,000 small frames.
pub(crate) fn handshakes() -> Bytes {
    let mut capture = Capture::new(None);
    small::frames(&mut capture, 100_000);
    capture.finish().leak()
}

/// The same frames as blocks.
pub(crate) fn pcapng(capture: Bytes) -> Bytes {
    let mut bytes = block(0x0a0d_0d0a, &[0x1a2b_3c4d_u32.to_le_bytes().as_slice(), &[1, 0, 0, 0], &[0xff; 8]].concat());
    bytes.extend(block(1, &[1, 0, 0, 0, 0, 0, 4, 0]));
    each(capture, |frame| {
        let ticks = frame.at.nanos().cast_unsigned() / 1000;
        let words = [0, (ticks >> 32) as u32, ticks as u32, frame.bytes.len() as u32, frame.wire_len].map(u32::to_le_bytes);
        bytes.extend(block(6, &[&words.concat(), frame.bytes].concat()));
    });
    bytes.leak()
}

/// A block of a pcapng file.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (padded as u32 + 12).to_le_bytes();
    let mut block = [&kind.to_le_bytes()[..], &length, body].concat();
    block.resize(padded + 8, 0);
    block.extend(length);
    block
}

/// Opens a capture.
pub(crate) fn open(capture: Bytes) -> CaptureFile {
    CaptureFile::from_reader(Cursor::new(capture), "forged", 0, &Limits::default()).unwrap()
}

/// Walks a capture. Gives how many frames there are.
pub(crate) fn each(capture: Bytes, mut work: impl FnMut(Frame<'_>)) -> u64 {
    let mut file = open(capture);
    let mut frames = 0;
    while file.advance().unwrap() {
        frames += 1;
        file.frame().into_iter().for_each(&mut work);
    }
    frames
}

/// A capture file as a source of the pipeline.
pub(crate) fn source(capture: Bytes) -> impl Source {
    struct Walk(CaptureFile);
    impl Source for Walk {
        fn next(&mut self) -> Result<Next<'_>, ntp_sniff::error::Error> {
            let more = self.0.advance()?;
            Ok(self.0.frame().filter(|_| more).map_or(Next::End, Next::Frame))
        }
    }
    Walk(open(capture))
}

/// A frame with its own bytes.
pub(crate) struct Owned {
    pub(crate) id: FrameId,
    pub(crate) at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

impl Owned {
    /// As the stages take it.
    pub(crate) fn frame(&self) -> Frame<'_> {
        Frame { id: self.id, at: self.at, link_type: 1, wire_len: self.bytes.len() as u32, bytes: &self.bytes }
    }
}

/// All frames of a capture.
pub(crate) fn frames(capture: Bytes) -> Vec<Owned> {
    let mut frames = Vec::new();
    each(capture, |frame| frames.push(Owned { id: frame.id, at: frame.at, bytes: frame.bytes.to_vec() }));
    frames
}

/// Frames as a source, numbered anew.
pub(crate) fn script(frames: &[Owned]) -> Memory {
    let mut memory = Memory::new();
    for frame in frames {
        memory.push(frame.at, 1, frame.bytes.len() as u32, &frame.bytes);
    }
    memory
}
