//! Unpacks a body as it comes: gzip, deflate, br, zstd; what comes out is counted, and capped before it becomes a bomb.

use crate::limits::HTTP_BODY_BYTES;
use crate::limits::HTTP_BODY_FREE_BYTES;
use crate::limits::HTTP_BODY_RATIO;
use crate::limits::HTTP_WINDOW_BITS;
use brotli_decompressor::DecompressorWriter;
use flate2::Decompress;
use flate2::FlushDecompress;
use flate2::Status;
use flate2::write::MultiGzDecoder;
use std::io;
use std::io::Write;
use zstd::stream::write::Decoder as ZstdDecoder;

/// Bytes handed on at once.
const PIECE_BYTES: usize = 16 << 10;

/// Why a body could not be unpacked to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Trouble {
    /// It is not what its head says.
    Damaged,
    /// A coding, or several of them, that is not known here.
    Unknown,
    /// It grew beyond a bound; the name of the bound, and its value.
    Bomb(&'static str, u64),
}

/// Unpacks one body into a writer. What is not packed goes through as it is.
pub(in crate::protocol) struct Decoder<W: Write> {
    coding: Coding<Meter<W>>,
    trouble: Option<Trouble>,
    taken: u64,
}

enum Coding<W: Write> {
    Identity(W),
    Gzip(Box<MultiGzDecoder<W>>),
    /// Deflate, whose wrapper its first byte tells.
    Deflate(Option<Box<Decompress>>, W),
    Brotli(Box<DecompressorWriter<W>>),
    Zstd(Box<ZstdDecoder<'static, W>>),
    Unknown(W),
}

impl<W: Write> Decoder<W> {
    /// For a body of these codings. Several at once are not unpacked: nobody sends them.
    pub(in crate::protocol) fn new(codings: &[&[u8]], writer: W) -> Self {
        let meter = Meter { inner: writer, out: 0, most: HTTP_BODY_FREE_BYTES, reached: false };
        let is = |names: &[&str], coding: &[u8]| names.iter().any(|name| coding.eq_ignore_ascii_case(name.as_bytes()));
        let coding = match codings {
            [] => Coding::Identity(meter),
            [coding] if is(&["gzip", "x-gzip"], coding) => Coding::Gzip(Box::new(MultiGzDecoder::new(meter))),
            [coding] if is(&["deflate"], coding) => Coding::Deflate(None, meter),
            [coding] if is(&["br"], coding) => Coding::Brotli(Box::new(DecompressorWriter::new(meter, PIECE_BYTES))),
            [coding] if is(&["zstd"], coding) => zstd(meter),
            _ => Coding::Unknown(meter),
        };
        let trouble = matches!(coding, Coding::Unknown(_)).then_some(Trouble::Unknown);
        Self { coding, trouble, taken: 0 }
    }

    /// Takes the next bytes. After trouble the rest is not looked at.
    pub(in crate::protocol) fn take(&mut self, bytes: &[u8]) {
        if self.trouble.is_some() || bytes.is_empty() {
            return;
        }
        self.taken = self.taken.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let most = self.taken.saturating_mul(HTTP_BODY_RATIO).clamp(HTTP_BODY_FREE_BYTES, HTTP_BODY_BYTES);
        let packed = !matches!(self.coding, Coding::Identity(_));
        self.meter().most = if packed { most } else { u64::MAX };
        if self.write(bytes).is_err() {
            self.trouble = Some(self.reason());
        }
    }

    /// No more bytes come: what is held back goes out.
    pub(in crate::protocol) fn end(&mut self) {
        if self.trouble.is_none() && self.taken > 0 && self.flush().is_err() {
            self.trouble = Some(self.reason());
        }
    }

    /// What stands against the unpacked bytes being all of them.
    pub(in crate::protocol) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// The writer.
    pub(in crate::protocol) fn inner(&mut self) -> &mut W {
        &mut self.meter().inner
    }

    fn reason(&mut self) -> Trouble {
        let meter = self.meter();
        match (meter.reached, meter.most >= HTTP_BODY_BYTES) {
            (true, true) => Trouble::Bomb("http_body_bytes", HTTP_BODY_BYTES),
            (true, false) => Trouble::Bomb("http_body_ratio", HTTP_BODY_RATIO),
            (false, _) => Trouble::Damaged,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.coding {
            Coding::Identity(writer) => writer.write_all(bytes),
            Coding::Gzip(writer) => writer.write_all(bytes),
            Coding::Deflate(state, writer) => inflate(state, bytes, writer),
            Coding::Brotli(writer) => writer.write_all(bytes),
            Coding::Zstd(writer) => writer.write_all(bytes),
            Coding::Unknown(_) => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.coding {
            Coding::Gzip(writer) => writer.try_finish(),
            Coding::Brotli(writer) => writer.close(),
            Coding::Zstd(writer) => writer.flush(),
            Coding::Identity(_) | Coding::Deflate(..) | Coding::Unknown(_) => Ok(()),
        }
    }

    fn meter(&mut self) -> &mut Meter<W> {
        match &mut self.coding {
            Coding::Identity(meter) | Coding::Unknown(meter) | Coding::Deflate(_, meter) => meter,
            Coding::Gzip(writer) => writer.get_mut(),
            Coding::Brotli(writer) => writer.get_mut(),
            Coding::Zstd(writer) => writer.get_mut(),
        }
    }
}

/// Unpacks `deflate`, which servers understand in two ways.
///
/// # Wire
///
/// [spec] RFC 9110 8.4.1.2: it has the zlib wrapper, "some non-conformant implementations" send it without. [spec] RFC 1950 2.2:
/// the low half of the wrapper's first byte is 8.
fn inflate(state: &mut Option<Box<Decompress>>, bytes: &[u8], writer: &mut impl Write) -> io::Result<()> {
    let wrapped = bytes.first().is_some_and(|first| first & 0x8f == 0x08);
    let state = state.get_or_insert_with(|| Box::new(Decompress::new(wrapped)));
    let mut buffer = vec![0; PIECE_BYTES];
    let mut rest = bytes;
    loop {
        let (taken, made) = (state.total_in(), state.total_out());
        let status = state.decompress(rest, &mut buffer, FlushDecompress::None)?;
        let count = |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
        let (taken, made) = (count(state.total_in(), taken), count(state.total_out(), made));
        writer.write_all(buffer.get(..made).unwrap_or_default())?;
        rest = rest.get(taken..).unwrap_or_default();
        if status == Status::StreamEnd || (taken == 0 && made == 0) {
            return Ok(());
        }
    }
}

/// Zstandard with a window that its sender cannot make large.
fn zstd<W: Write>(meter: Meter<W>) -> Coding<Meter<W>> {
    let mut context = zstd::stream::raw::Decoder::new();
    if let Ok(context) = &mut context {
        // Refused only where the number is none: then the library's own bound stays.
        _ = context.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(HTTP_WINDOW_BITS));
    }
    match context {
        Ok(context) => Coding::Zstd(Box::new(ZstdDecoder::with_decoder(meter, context))),
        Err(_) => Coding::Unknown(meter),
    }
}

/// Counts what comes out, and refuses what is beyond the bound.
struct Meter<W> {
    inner: W,
    out: u64,
    most: u64,
    /// Whether something was refused.
    reached: bool,
}

impl<W: Write> Write for Meter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let out = self.out.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if out > self.most {
            self.reached = true;
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.inner.write_all(bytes)?;
        self.out = out;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(coding: &str, packed: &[u8], cut: usize) -> (Vec<u8>, Option<Trouble>) {
        let mut decoder = Decoder::new(&[coding.as_bytes()], Vec::new());
        packed.chunks(cut).for_each(|piece| decoder.take(piece));
        decoder.end();
        let trouble = decoder.trouble();
        (decoder.inner().clone(), trouble)
    }

    fn packed(coding: &str, plain: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        let mut out = Vec::new();
        match coding {
            "gzip" => flate2::write::GzEncoder::new(&mut out, level).write_all(plain).unwrap(),
            "zlib" => flate2::write::ZlibEncoder::new(&mut out, level).write_all(plain).unwrap(),
            "raw" => flate2::write::DeflateEncoder::new(&mut out, level).write_all(plain).unwrap(),
            _ => out = zstd::stream::encode_all(plain, 3).unwrap(),
        }
        out
    }

    #[test]
    fn every_coding_unpacks_however_it_is_cut() {
        let plain: Vec<u8> = (0..50_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        for (coding, kind) in [("gzip", "gzip"), ("x-gzip", "gzip"), ("deflate", "zlib"), ("deflate", "raw"), ("zstd", "zstd")] {
            let packed = packed(kind, &plain);
            for cut in [1, 7, packed.len()] {
                assert_eq!(unpacked(coding, &packed, cut), (plain.clone(), None), "{coding} {kind} {cut}");
            }
        }
        // Made with brotli 1.2.
        let brotli = b"\x1b\x1d\0\xf8\x8d\xd4\x4e\xf9\xc3\x50\x54\x65\x68\xcd\x06\xc2\xf2\xb6\x68\x80\x27\x0e\x68\x3c\x57\x1c";
        assert_eq!(unpacked("br", brotli, 1), (b"hello hello hello, hello hello".to_vec(), None));
    }

    #[test]
    fn a_bomb_is_capped_and_said() {
        for (coding, kind) in [("gzip", "gzip"), ("deflate", "zlib"), ("deflate", "raw"), ("zstd", "zstd")] {
            let bomb = packed(kind, &vec![0; 64 << 20]);
            let (plain, trouble) = unpacked(coding, &bomb, 1460);
            assert_eq!(trouble, Some(Trouble::Bomb("http_body_ratio", HTTP_BODY_RATIO)), "{coding}");
            let most = HTTP_BODY_FREE_BYTES.max(HTTP_BODY_RATIO * u64::try_from(bomb.len()).unwrap());
            assert!(u64::try_from(plain.len()).unwrap() <= most, "{coding}: {}", plain.len());
        }
    }

    #[test]
    fn what_is_not_what_it_says_is_trouble() {
        assert_eq!(unpacked("gzip", b"{\"a\":1}", 100).1, Some(Trouble::Damaged));
        assert_eq!(unpacked("zstd", b"{\"a\":1}", 100).1, Some(Trouble::Damaged));
        assert_eq!(unpacked("lzw", b"x", 100).1, Some(Trouble::Unknown));
        let mut two = Decoder::new(&[b"gzip", b"br"], Vec::new());
        two.take(b"x");
        assert_eq!(two.trouble(), Some(Trouble::Unknown));
    }
}
