//! What a pcapng file says about one interface: link type, snap length, and how its clock counts.

use crate::capture::buffer::Order;
use crate::time::Timestamp;

/// Option codes of an interface description block.
const END_OF_OPTIONS: u16 = 0;
const TIME_RESOLUTION: u16 = 9;
const TIME_OFFSET: u16 = 14;

/// How many ticks are a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    /// Ten to this power, at most a nanosecond: what nanoseconds a tick has.
    Nanos(u64),
    /// Finer than nanoseconds: ticks of a nanosecond; zero when even 64 bits of ticks are less than one.
    TicksPerNano(u64),
    /// Two to this power.
    Binary(u8),
}

/// One interface of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    /// The LINKTYPE number.
    pub(super) link_type: u32,
    /// Captured packets are at most so long; 0 is no bound.
    pub(super) snap_len: u32,
    resolution: Resolution,
    fine: bool,
    offset_nanos: i64,
}

impl Interface {
    /// Reads the body of an interface description block: link type (16 bits), 16 unused bits, snap length, options. Options that are
    /// cut are left out: packets are readable without.
    pub(super) fn parse(order: Order, body: &[u8]) -> Self {
        let mut interface = Self {
            link_type: u32::from(order.u16(body, 0)),
            snap_len: order.u32(body, 4),
            resolution: Resolution::Nanos(1000),
            fine: false,
            offset_nanos: 0,
        };
        let mut options = body.get(8..).unwrap_or_default();
        while let Some((header, rest)) = options.split_at_checked(4) {
            let (code, len) = (order.u16(header, 0), usize::from(order.u16(header, 2)));
            let Some(value) = rest.get(..len) else { break };
            match code {
                END_OF_OPTIONS => break,
                TIME_RESOLUTION => interface.count_in(value.first().copied().unwrap_or(6)),
                TIME_OFFSET if len == 8 => interface.offset_nanos = seconds(order, value).saturating_mul(1_000_000_000),
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        interface
    }

    /// Takes over `if_tsresol`: a power of ten, or of two when the highest bit is set.
    fn count_in(&mut self, resolution: u8) {
        let power = resolution & 0x7f;
        let ten = |power: u8| 10_u64.checked_pow(u32::from(power));
        (self.resolution, self.fine) = if resolution != power {
            // 2^20 is the first power above a million.
            (Resolution::Binary(power), power >= 20)
        } else if let Some(coarser) = 9_u8.checked_sub(power) {
            (Resolution::Nanos(ten(coarser).unwrap_or(1)), power > 6)
        } else {
            (Resolution::TicksPerNano(ten(power.saturating_sub(9)).unwrap_or(0)), true)
        };
    }

    /// The moment of a packet's tick count.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let nanos = match self.resolution {
            Resolution::Nanos(nanos) => ticks.saturating_mul(nanos),
            Resolution::TicksPerNano(per_nano) => ticks.checked_div(per_nano).unwrap_or(0),
            Resolution::Binary(power) => {
                let nanos = u128::from(ticks).saturating_mul(1_000_000_000).checked_shr(u32::from(power)).unwrap_or(0);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        Timestamp::from_nanos(nanos.saturating_add(self.offset_nanos), self.fine)
    }
}

/// `if_tsoffset`: signed seconds to add.
fn seconds(order: Order, value: &[u8]) -> i64 {
    let eight = value.first_chunk().copied().unwrap_or_default();
    if order == Order::Little { i64::from_le_bytes(eight) } else { i64::from_be_bytes(eight) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(resolution: u8, offset: Option<i64>) -> Interface {
        let mut body = vec![101, 0, 0, 0, 0, 1, 0, 0];
        // An option that is skipped: a name of five bytes, padded.
        body.extend([2, 0, 5, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0]);
        body.extend([9, 0, 1, 0, resolution, 0, 0, 0]);
        if let Some(offset) = offset {
            body.extend([14, 0, 8, 0]);
            body.extend(offset.to_le_bytes());
        }
        body.extend([0, 0, 0, 0]);
        Interface::parse(Order::Little, &body)
    }

    #[test]
    fn clocks_count_in_powers_of_ten_and_of_two() {
        let cases: [(u8, u64, i64, bool); 9] = [
            (6, 1_500_000, 1_500_000_000, false),
            (0, 7, 7_000_000_000, false),
            (3, 1500, 1_500_000_000, false),
            (9, 1, 1, true),
            (12, 1_999, 1, true),
            (127, u64::MAX, 0, true),
            (0x80, 7, 7_000_000_000, false),
            (0x8a, 1536, 1_500_000_000, false),
            (0xa0, 3 << 31, 1_500_000_000, true),
        ];
        for (resolution, ticks, nanos, fine) in cases {
            assert_eq!(described(resolution, None).time(ticks), Timestamp::from_nanos(nanos, fine), "resolution {resolution}");
        }
    }

    #[test]
    fn offsets_are_added_and_absurd_ones_held() {
        assert_eq!(described(6, Some(-2)).time(1_000_000).nanos(), -1_000_000_000);
        assert_eq!(described(6, Some(i64::MAX)).time(u64::MAX).nanos(), i64::MAX >> 1);
        assert_eq!(described(6, Some(i64::MIN)).time(0).nanos(), i64::MIN >> 1);
        assert_eq!(described(0xff, None).time(u64::MAX).nanos(), 0);
    }

    #[test]
    fn cut_options_are_left_out() {
        let interface = Interface::parse(Order::Big, &[0, 1, 0, 0, 0, 0, 0, 96, 0, 9, 0, 4, 9]);
        assert_eq!((interface.link_type, interface.snap_len, interface.time(1).nanos()), (1, 96, 1000));
    }
}
