//! Numbers as text: their digits are looked up, not worked out.

/// Numbers below this are kept as text.
pub(super) const NUMBERS: usize = 10_000;

/// The same as a number; four digits.
const GROUP: u64 = 10_000;

/// The digits of all these numbers, the first one in the lowest byte, with a comma behind; the highest byte says how many bytes that are.
static DIGITS: [u64; NUMBERS] = digits();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler: what is wrong does not compile")]
#[allow(clippy::large_stack_arrays, reason = "it is no stack but the compiler's")]
#[allow(clippy::as_conversions, clippy::cast_lossless, reason = "the compiler does this, too, and knows no other way here")]
const fn digits() -> [u64; NUMBERS] {
    let mut all = [0; NUMBERS];
    let mut number = 0;
    while number < all.len() {
        let (mut text, mut count, mut rest) = (b',' as u64, 1_u64, number as u64);
        loop {
            text = (text << 8) | (b'0' as u64 + rest % 10);
            count += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        all[number] = text | (count << 56);
        number += 1;
    }
    all
}

/// A number below [`NUMBERS`] with a comma behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits(u64);

impl Digits {
    /// Nothing where the number is too large.
    #[inline]
    pub(super) fn of(number: usize) -> Option<Self> {
        DIGITS.get(number).copied().map(Self)
    }

    /// The text, and what does not count.
    #[inline]
    pub(super) fn bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// Bytes that count, the comma included.
    #[inline]
    pub(super) fn len(self) -> usize {
        let [.., len] = self.bytes();
        usize::from(len)
    }

    /// The digits alone, and how many bits they take.
    #[inline]
    fn alone(self) -> (u64, u32) {
        let [.., len] = self.bytes();
        let bits = u32::from(len).wrapping_sub(1).wrapping_mul(8);
        (self.0 & 1_u64.wrapping_shl(bits).wrapping_sub(1), bits)
    }
}

/// The text of a number of at most eight digits, and how many they are.
#[inline]
pub(super) fn short(number: u64) -> Option<([u8; 8], usize)> {
    let index = |number: u64| usize::try_from(number).ok().and_then(Digits::of);
    if let Some(digits) = index(number) {
        return Some((digits.bytes(), digits.len().wrapping_sub(1)));
    }
    let (high, bits) = index(number / GROUP)?.alone();
    let digits = usize::try_from(bits / 8).ok()?.wrapping_add(4);
    // The lower digits are worked out: they are any, and all groups of four would not stay at hand.
    Some(((high | group(number % GROUP).wrapping_shl(bits)).to_le_bytes(), digits))
}

/// The four digits of a number below [`GROUP`], the first one in the lowest byte.
#[inline]
pub(super) fn group(number: u64) -> u64 {
    // Both halves have two digits and are worked out side by side: nothing of one reaches into the other.
    let halves = (number / 100) | (number % 100).wrapping_shl(16);
    let tens = halves.wrapping_mul(103).wrapping_shr(10) & 0x000f_000f;
    tens | halves.wrapping_sub(tens.wrapping_mul(10)).wrapping_shl(8) | 0x3030_3030
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_have_their_digits() {
        for number in 0..NUMBERS {
            let digits = Digits::of(number).unwrap();
            assert_eq!(str::from_utf8(&digits.bytes()[..digits.len()]).unwrap(), format!("{number},"));
        }
        assert!(Digits::of(NUMBERS).is_none());
    }

    #[test]
    fn groups_are_four_digits() {
        for number in 0..GROUP {
            assert_eq!(str::from_utf8(&group(number).to_le_bytes()[..4]).unwrap(), format!("{number:04}"));
        }
    }

    #[test]
    fn short_numbers_are_written_whole() {
        let steps = (0..20_100).chain((0..100_000_000).step_by(9_973)).chain([99_999_999, 10_000_000, 90_000_009]);
        for number in steps {
            let (bytes, len) = short(number).unwrap();
            assert_eq!(str::from_utf8(&bytes[..len]).unwrap(), number.to_string());
        }
        assert_eq!(short(100_000_000), None);
        assert_eq!(short(u64::MAX), None);
    }
}
