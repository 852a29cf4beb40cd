//! Numbers of bytes, and logarithms in whole numbers: what is compared must be the same on every machine.

use crate::grammar::ByteOrder;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Logarithms of small numbers: how often something occurs is mostly one, and asked for by the million.
static SMALL: LazyLock<Vec<u64>> = LazyLock::new(|| (0..1 << 10).map(logarithm).collect());

/// Both byte orders, in the order they are tried.
pub(super) const ORDERS: [ByteOrder; 2] = [ByteOrder::Big, ByteOrder::Little];

/// Parts of a bit that bits are counted in.
pub(super) const BIT: u64 = 1024;

/// A length as a number that is counted with.
pub(super) fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The number these bytes make, at most eight of them.
pub(super) fn number(bytes: &[u8], order: ByteOrder) -> u64 {
    let join = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
    match order {
        ByteOrder::Big => bytes.iter().fold(0, join),
        ByteOrder::Little => bytes.iter().rev().fold(0, join),
    }
}

/// The length these bytes begin with as BER writes it, and its own bytes: one below 128, or one that says how many follow.
pub(super) fn ber(bytes: &[u8]) -> Option<(u64, usize)> {
    let (first, rest) = bytes.split_first()?;
    match usize::from(*first) {
        short @ 0..=0x7f => Some((wide(short), 1)),
        long @ 0x81..=0x84 => {
            let more = long & 7;
            Some((number(rest.get(..more)?, ByteOrder::Big), more.saturating_add(1)))
        }
        _ => None,
    }
}

/// The logarithm of a number to the base of two, in parts of a [`BIT`]; 0 of 0.
pub(super) fn log2(number: u64) -> u64 {
    usize::try_from(number).ok().and_then(|place| SMALL.get(place)).copied().unwrap_or_else(|| logarithm(number))
}

fn logarithm(number: u64) -> u64 {
    let Some(whole) = number.checked_ilog2() else { return 0 };
    // Between one and two, with 30 digits behind the point: each squaring gives one more digit of the logarithm.
    let mut rest = if whole > 30 { number >> whole.saturating_sub(30) } else { number << 30_u32.saturating_sub(whole) };
    let mut parts = 0;
    for _ in 0..10 {
        rest = rest.saturating_mul(rest) >> 30;
        parts <<= 1;
        if rest >= 2 << 30 {
            rest >>= 1;
            parts |= 1;
        }
    }
    u64::from(whole).saturating_mul(BIT).saturating_add(parts)
}

/// Bits that all of these need together, by how often each value occurs: count times entropy, in parts of a [`BIT`].
pub(super) fn bits_of(counts: impl Iterator<Item = u64>) -> u64 {
    let (mut all, mut own) = (0_u64, 0_u64);
    for count in counts {
        all = all.saturating_add(count);
        own = own.saturating_add(count.saturating_mul(log2(count)));
    }
    all.saturating_mul(log2(all)).saturating_sub(own)
}

/// How often each occurs.
pub(super) fn tally<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        let count: &mut u64 = counts.entry(value).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// Whether `part` is at least so many hundredths of `whole`.
pub(super) fn at_least(part: usize, whole: usize, hundredths: usize) -> bool {
    part.saturating_mul(100) >= whole.saturating_mul(hundredths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_near_and_exact_for_powers() {
        assert_eq!([1, 2, 4, 1 << 40].map(log2), [0, BIT, 2 * BIT, 40 * BIT]);
        assert_eq!((log2(3), log2(1000)), (1623, 10204), "rounded down");
        assert!((0..3000).all(|number| log2(number) == logarithm(number)));
        assert_eq!(bits_of([4, 4].into_iter()), 8 * BIT);
        assert_eq!(bits_of([9].into_iter()), 0);
    }

    #[test]
    fn lengths_of_ber_say_how_long_they_are() {
        let lengths = [&[5, 9][..], &[0x7f], &[0x81, 0xc8], &[0x82, 1, 0, 7], &[0x84, 0, 1, 0, 0]];
        assert_eq!(lengths.map(ber), [Some((5, 1)), Some((127, 1)), Some((200, 2)), Some((256, 3)), Some((65_536, 5))]);
        for none in [&[][..], &[0x80], &[0x81], &[0x82, 1], &[0x85, 0, 0, 0, 0, 1], &[0xff]] {
            assert_eq!(ber(none), None, "{none:?}");
        }
    }

    #[test]
    fn both_orders() {
        assert_eq!(number(&[1, 2], ByteOrder::Big), 0x102);
        assert_eq!(number(&[1, 2], ByteOrder::Little), 0x201);
    }
}
