//! Sums over a message that stand at its end: the common ones, in both byte orders.

use super::columns::contrary;
use super::numbers::ORDERS;
use super::numbers::at_least;
use super::numbers::number;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use std::collections::BTreeSet;

/// Rows that are computed.
const ROWS: usize = 64;

/// Fewest rows, and different sums, that show one.
const FEWEST: usize = 12;

/// Bytes before the sum that it may leave out: a start mark.
const SKIPPED: usize = 2;

/// A sum that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Its name in the field.
    pub(super) name: &'static str,
    /// Its bytes, at the end of the message.
    pub(super) size: usize,
    pub(super) order: ByteOrder,
    /// Bytes at the front that it leaves out.
    pub(super) skipped: usize,
    /// Rows that agree, of all that were computed.
    pub(super) agree: usize,
    pub(super) of: usize,
    /// Some of the rows that do not.
    pub(super) contrary: Vec<(u64, u64)>,
}

type Compute = fn(&[u8]) -> u64;

/// Bytes, name, and how it is computed.
const SUMS: [(usize, &str, Compute); 8] = [
    (4, "crc32", |bytes| crc(bytes, 32, 0xedb8_8320, 0xffff_ffff) ^ 0xffff_ffff),
    (2, "crc16_modbus", |bytes| crc(bytes, 16, 0xa001, 0xffff)),
    (2, "crc16_arc", |bytes| crc(bytes, 16, 0xa001, 0)),
    (2, "crc16_ccitt", ccitt),
    (2, "internet", internet),
    (2, "sum16", |bytes| plain(bytes) & 0xffff),
    (1, "sum8", |bytes| plain(bytes) & 0xff),
    (1, "xor8", |bytes| bytes.iter().fold(0, |sum, byte| sum ^ u64::from(*byte))),
];

fn plain(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}

/// A sum by division, lowest bit first.
fn crc(bytes: &[u8], width: u32, polynomial: u64, start: u64) -> u64 {
    let mask = (1_u64 << width).wrapping_sub(1);
    let step =
        |sum: u64, byte: &u8| (0..8).fold(sum ^ u64::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ polynomial } else { sum >> 1 });
    bytes.iter().fold(start, step) & mask
}

/// The one of CCITT, highest bit first, from all ones.
fn ccitt(bytes: &[u8]) -> u64 {
    let bit = |sum: u64| if sum & 0x8000 != 0 { (sum << 1) ^ 0x1021 } else { sum << 1 } & 0xffff;
    bytes.iter().fold(0xffff, |sum, byte| (0..8).fold(sum ^ (u64::from(*byte) << 8), |sum, _| bit(sum)))
}

/// The one of IP: words added with their carry, inverted.
fn internet(bytes: &[u8]) -> u64 {
    let pairs = bytes.chunks(2).map(|pair| match pair {
        [high, low] => number(&[*high, *low], ByteOrder::Big),
        [high] => u64::from(*high) << 8,
        _ => 0,
    });
    let mut sum = pairs.fold(0, u64::wrapping_add);
    while sum > 0xffff {
        sum = (sum & 0xffff).wrapping_add(sum >> 16);
    }
    !sum & 0xffff
}

/// The sum at the end of these messages, if all but a few have one.
pub(super) fn find(spots: &[Spot<'_>]) -> Option<Sum> {
    let looked: Vec<&[u8]> = spots.iter().take(ROWS).map(|spot| spot.row.bytes).collect();
    if looked.len() < FEWEST {
        return None;
    }
    for (size, name, compute) in SUMS {
        for order in ORDERS.into_iter().filter(|order| size > 1 || *order == ByteOrder::Big) {
            for skipped in 0..=SKIPPED {
                let fits = |bytes: &&&[u8]| {
                    let at = bytes.len().saturating_sub(size);
                    let (Some(over), Some(sum)) = (bytes.get(skipped..at), bytes.get(at..)) else { return false };
                    over.len() >= 2 && compute(over) == number(sum, order)
                };
                // A quick look first.
                if looked.iter().take(4).filter(fits).count() < 3 {
                    continue;
                }
                let agree = looked.iter().filter(fits).count();
                let ends: BTreeSet<&[u8]> = looked.iter().filter_map(|bytes| bytes.get(bytes.len().saturating_sub(size)..)).collect();
                if at_least(agree, looked.len(), 95) && ends.len() >= FEWEST / 2 {
                    let contrary = contrary(spots.iter().take(ROWS).copied(), |spot| fits(&&spot.row.bytes));
                    return Some(Sum { name, size, order, skipped, agree, of: looked.len(), contrary });
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_the_catalogues() {
        let check = b"123456789";
        let of = |name: &str| SUMS.iter().find(|(_, known, _)| *known == name).map(|(_, _, compute)| compute(check));
        assert_eq!(of("crc32"), Some(0xcbf4_3926));
        assert_eq!(of("crc16_modbus"), Some(0x4b37));
        assert_eq!(of("crc16_arc"), Some(0xbb3d));
        assert_eq!(of("crc16_ccitt"), Some(0x29b1));
        assert_eq!(of("sum8"), Some(0xdd));
        assert_eq!(of("xor8"), Some(0x31));
    }

    #[test]
    fn ip_headers_sum_to_what_they_carry() {
        let header = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7];
        assert_eq!(internet(&header), 0xb861);
    }
}
