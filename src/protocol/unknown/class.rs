//! What the bytes of a direction are: text, numbers, both, or nothing that shows a structure; and by what measure.

use super::Service;
use crate::grammar::Encoding;
use crate::grammar::Encryption;
use crate::grammar::Ground;
use crate::grammar::Share;
use crate::peer::Peer;

/// Bytes looked at as one.
const WINDOW_BYTES: usize = 4096;
/// First bytes of a turn, where a header would be.
const HEAD_BYTES: usize = 16;
/// Fewer bytes tell nothing.
const LEAST_BYTES: u64 = 8;
/// Fewer bytes cannot be told from noise, nor noise from them.
pub(super) const LEAST_NOISE_BYTES: u64 = 256;
/// Chi-square of 256 values over even ones has a mean of 255 and a deviation of 23: what is below mean and six of these may be even.
pub(super) const EVEN_CHI_SQUARE: u64 = 390;

/// First bytes of compressed data.
const MAGICS: [(&[u8], &str); 6] = [
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
];

/// What a direction's bytes are.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) encoding: Encoding,
    pub(super) ground: Ground,
    pub(super) encryption: Option<Encryption>,
}

/// What is counted.
#[derive(Default)]
struct Counts {
    bytes: u64,
    text_bytes: u64,
    noise_bytes: u64,
    values: Vec<u64>,
    turns: u64,
    /// Turns that begin as no text does.
    headed: u64,
}

/// Looks at all that one side said.
pub(super) fn of(service: &Service, from: Peer) -> Class {
    let mut counts = Counts { values: vec![0; 256], ..Counts::default() };
    let turns = || service.sessions.iter().flat_map(|seen| &seen.turns).filter(|turn| turn.from == from);
    for turn in turns() {
        counts.turns = counts.turns.saturating_add(1);
        counts.headed = counts.headed.saturating_add(u64::from(is_headed(&turn.bytes)));
        turn.bytes.chunks(WINDOW_BYTES).for_each(|window| counts.add(window));
    }
    let magic = turns().next().and_then(|turn| MAGICS.iter().find(|(magic, _)| turn.bytes.starts_with(magic)));
    let entropy = entropy_millibits(&counts.values);
    let chi_square = chi_square(&counts.values);
    let even = counts.bytes >= LEAST_NOISE_BYTES && chi_square < EVEN_CHI_SQUARE;
    let noise = even || (counts.noise_bytes > 0 && Share::of(counts.noise_bytes, counts.bytes).parts() >= 7_500);
    let text = Share::of(counts.text_bytes, counts.bytes);
    let encoding = match (counts.bytes, magic) {
        (0..LEAST_BYTES, _) if text != Share::ALL => Encoding::Unknown,
        (0, _) => Encoding::Unknown,
        (_, Some(_)) => Encoding::Compressed,
        _ if noise => Encoding::EncryptedOrCompressed,
        // However much text they carry, messages are binary that begin so.
        _ if Share::of(counts.headed, counts.turns).parts() > 5_000 => Encoding::Binary,
        _ if text.parts() >= 9_500 => Encoding::Text,
        _ if text.parts() >= 4_000 => Encoding::Mixed,
        _ => Encoding::Binary,
    };
    let (whose, name) = (from.name(), encoding.name());
    let (bits, millibits) = (entropy / 1000, entropy % 1000);
    let ground = Ground {
        detector: "encoding".to_owned(),
        statement: format!(
            "The {whose}'s {} bytes are {name}: {} of them stand in printable windows, {} of {} turns begin with binary bytes, {bits}.{millibits:03} bits of entropy a byte, chi-square {chi_square} over 255 degrees.",
            counts.bytes, counts.text_bytes, counts.headed, counts.turns
        ),
        score: Some(text),
        messages: Some(counts.turns),
        sessions: None,
        counterexamples: Vec::new(),
    };
    let hidden = matches!(encoding, Encoding::EncryptedOrCompressed | Encoding::Compressed);
    let encryption = hidden.then(|| Encryption {
        starts_at_message: None,
        entropy_millibits: entropy,
        magic: magic.map(|(_, name)| (*name).to_owned()),
    });
    Class { encoding, ground, encryption }
}

impl Counts {
    fn add(&mut self, window: &[u8]) {
        let size = u64::try_from(window.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        let mut values = vec![0_u64; 256];
        for byte in window {
            if let Some(count) = values.get_mut(usize::from(*byte)) {
                *count = count.saturating_add(1);
            }
        }
        for (sum, count) in self.values.iter_mut().zip(&values) {
            *sum = sum.saturating_add(*count);
        }
        if is_text(window) {
            self.text_bytes = self.text_bytes.saturating_add(size);
        } else if size >= LEAST_NOISE_BYTES && chi_square(&values) < EVEN_CHI_SQUARE {
            self.noise_bytes = self.noise_bytes.saturating_add(size);
        }
    }
}

/// Whether people could read these bytes: no NUL, few controls, and what is beyond ASCII is UTF-8 or rare.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let count = |odd: fn(&u8) -> bool| bytes.iter().filter(|byte| odd(byte)).count();
    let controls = count(|byte| matches!(byte, 1..=8 | 11 | 12 | 14..=31 | 127));
    let high = count(|byte| *byte >= 128);
    let rare = |odd: usize| odd.saturating_mul(50) <= bytes.len();
    // A window may cut a letter in two, at either end.
    let begun = bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    let whole = bytes.get(begun..).unwrap_or_default();
    let readable = high == 0
        || rare(high)
        || std::str::from_utf8(whole).map_or_else(|error| error.valid_up_to().saturating_add(4) >= whole.len(), |_| true);
    !bytes.contains(&0) && rare(controls) && readable
}

/// Whether a turn begins with a binary header: a zero, or two bytes that stand in no text. The outermost ones may be marks around a text,
/// with a sum behind them.
fn is_headed(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let inner = bytes.get(1..bytes.len().saturating_sub(2).clamp(1, HEAD_BYTES)).unwrap_or_default();
    let odd = |byte: &&u8| matches!(**byte, 1..=8 | 11 | 12 | 14..=26 | 28..=31 | 127);
    let controls = inner.iter().filter(odd).count();
    // A letter that the end of the head cuts in two is one.
    let broken = inner.utf8_chunks().map(|chunk| chunk.invalid().len()).fold(0, usize::saturating_add);
    let cut = std::str::from_utf8(inner)
        .err()
        .filter(|error| error.error_len().is_none())
        .map_or(0, |error| inner.len().saturating_sub(error.valid_up_to()));
    head.contains(&0) || controls.saturating_add(broken).saturating_sub(cut) >= 2
}

/// How far from even these counts are; whole numbers, rounded down.
pub(super) fn chi_square(values: &[u64]) -> u64 {
    let total: u128 = values.iter().map(|count| u128::from(*count)).sum();
    let squares: u128 = values.iter().map(|count| u128::from(*count).saturating_mul(u128::from(*count))).fold(0, u128::saturating_add);
    // The sum of (count - n/256)² / (n/256) is 256 Σ count² / n - n.
    let scaled = squares.saturating_mul(256).checked_div(total).unwrap_or(0);
    u64::try_from(scaled.saturating_sub(total)).unwrap_or(u64::MAX)
}

/// Entropy of these counts, in thousandths of a bit.
pub(super) fn entropy_millibits(values: &[u64]) -> u64 {
    let total: u64 = values.iter().fold(0, |sum, count| sum.saturating_add(*count));
    let weighted: u128 =
        values.iter().map(|count| u128::from(*count).saturating_mul(u128::from(log2(*count)))).fold(0, u128::saturating_add);
    let mean = u64::try_from(weighted.checked_div(u128::from(total)).unwrap_or(0)).unwrap_or(u64::MAX);
    log2(total).saturating_sub(mean).saturating_mul(1000) >> 16
}

/// Logarithm to the base 2, in 65,536ths, rounded down; of nothing zero.
fn log2(value: u64) -> u64 {
    let Some(whole) = value.checked_ilog2() else { return 0 };
    // The value between 1 and 2, with 30 bits behind the point.
    let mut part = (u128::from(value) << 30) >> whole;
    let mut result = u64::from(whole) << 16;
    for bit in (0..16_u32).rev() {
        part = part.saturating_mul(part) >> 30;
        if part >= 1 << 31 {
            part >>= 1;
            result |= 1 << bit;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_books() {
        assert_eq!(log2(0), 0);
        assert_eq!(log2(1), 0);
        assert_eq!(log2(256), 8 << 16);
        assert!(log2(10).abs_diff(217_706) <= 1, "3.321928 x 65536");
    }

    #[test]
    fn entropy_is_none_of_one_value_and_all_of_even_ones() {
        assert_eq!(entropy_millibits(&[7, 0, 0]), 0);
        assert_eq!(entropy_millibits(&[5; 256]), 8000);
        assert_eq!(entropy_millibits(&[]), 0);
    }

    #[test]
    fn even_counts_have_no_distance() {
        assert_eq!(chi_square(&[4; 256]), 0);
        assert!(chi_square(&[1024, 0]) > 10_000);
    }

    #[test]
    fn binary_headers_are_no_marks_around_a_text() {
        for headed in
            [&b"\x51\x45\x01\x39\x01\xc1\x28\xff</>;title=\"General Info\""[..], b"\x60\0\xe3\x2d", b"\x01\x02\x03\x04\x05", b"{\0"]
        {
            assert!(is_headed(headed), "{headed:?}");
        }
        let russian = "\u{2}Здравствуйте, мир".as_bytes();
        for text in [&b"\x0bMSH|^~\\&|A\x1c\r"[..], b"\x02OK\x03\x9a", b"\x1b[1m> \r\n", russian, b"x\xe9rome", b"", b"a", b"\xff\xfe"] {
            assert!(!is_headed(text), "{text:?}");
        }
    }

    #[test]
    fn text_has_no_nul_and_few_controls() {
        assert!(is_text(b"USER anonymous\r\n"));
        assert!(is_text("Grüße\n".as_bytes()));
        let russian = "Здравствуйте, мир. ".repeat(40);
        assert!((1..4).all(|begin| is_text(&russian.as_bytes()[begin..])), "a window begins within a letter");
        assert!(!is_text(b"text\0"));
        assert!(!is_text(&[0x16, 3, 1, 2, 0x41]));
    }
}
