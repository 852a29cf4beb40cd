//! HTTP/2 as far as it can be known without its headers: frames and streams, counted.

/// What a client of HTTP/2 says first.
///
/// # Wire
///
/// [spec] RFC 9113 3.4
pub(in crate::protocol) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of the header of a frame.
const HEADER_BYTES: usize = 9;

/// Counts the frames of one direction. Holds no byte but those of a header.
#[derive(Clone, Debug, Default)]
pub(in crate::protocol) struct Http2 {
    /// Frames whose header was seen.
    pub(in crate::protocol) frames: u64,
    /// Streams a client opened: HEADERS frames with a stream number not seen before, which ascend.
    pub(in crate::protocol) streams: u64,
    /// Bytes of DATA frames.
    pub(in crate::protocol) data_bytes: u64,
    highest: u32,
    header: Vec<u8>,
    left: u64,
    preface: usize,
    lost: bool,
}

impl Http2 {
    /// Of a client, which says the preface first.
    pub(in crate::protocol) fn of_client() -> Self {
        Self { preface: PREFACE.len(), ..Self::default() }
    }

    /// Takes the next bytes.
    ///
    /// # Wire
    ///
    /// [spec] RFC 9113 4.1: three bytes of length, type, flags, four bytes of stream number. Type 0 is DATA, 1 HEADERS.
    pub(in crate::protocol) fn take(&mut self, bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface = self.preface.saturating_sub(preface);
        let mut rest = bytes.get(preface..).unwrap_or_default();
        while !rest.is_empty() && !self.lost {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
            self.left = self.left.saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
            rest = rest.get(skipped..).unwrap_or_default();
            let wanted = HEADER_BYTES.saturating_sub(self.header.len()).min(rest.len());
            self.header.extend_from_slice(rest.get(..wanted).unwrap_or_default());
            rest = rest.get(wanted..).unwrap_or_default();
            if let [a, b, c, kind, _, d, e, f, g] = *self.header.as_slice() {
                self.header.clear();
                self.frame(u32::from_be_bytes([0, a, b, c]), kind, u32::from_be_bytes([d & 0x7f, e, f, g]));
            }
        }
    }

    fn frame(&mut self, length: u32, kind: u8, stream: u32) {
        self.frames = self.frames.saturating_add(1);
        self.left = u64::from(length);
        match kind {
            0 => self.data_bytes = self.data_bytes.saturating_add(u64::from(length)),
            1 if stream > self.highest => {
                self.highest = stream;
                self.streams = self.streams.saturating_add(1);
            }
            _ => {}
        }
    }

    /// Bytes are lost: within a frame they are stepped over; else nothing more is counted.
    pub(in crate::protocol) fn gap(&mut self, missing: u64) {
        if missing <= self.left && self.preface == 0 {
            self.left = self.left.saturating_sub(missing);
        } else {
            self.lost = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_streams_are_counted_however_they_are_cut() {
        let frame =
            |length: u8, kind: u8, stream: u8| [vec![0, 0, length, kind, 0, 0, 0, 0, stream], vec![7; usize::from(length)]].concat();
        let all = [PREFACE.to_vec(), frame(0, 4, 0), frame(5, 1, 1), frame(9, 0, 1), frame(3, 1, 1), frame(4, 1, 3)].concat();
        for cut in 1..all.len() {
            let mut frames = Http2::of_client();
            all.chunks(cut).for_each(|piece| frames.take(piece));
            assert_eq!((frames.frames, frames.streams, frames.data_bytes), (5, 2, 9), "{cut}");
        }
    }
}
