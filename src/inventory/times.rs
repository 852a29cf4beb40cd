//! When a fact was seen first and last, in fourteen bytes: the second time as the distance from the first.

use crate::time::Timestamp;

/// Two moments, the first one not behind the second, of the same number of digits.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(2))]
pub(super) struct Times {
    first: Timestamp,
    /// Forty-eight bits, the low ones first: nanoseconds of a fine clock, for three days; else microseconds, for nine years.
    span: [u16; 3],
}

/// Nanoseconds that one of the span stands for.
fn unit(fine: bool) -> i64 {
    if fine { 1 } else { 1000 }
}

impl Times {
    /// Of two moments; nothing where they do not fit.
    pub(super) fn of(first: Timestamp, last: Timestamp) -> Option<Self> {
        let unit = unit(first.is_fine());
        let nanos = last.nanos().checked_sub(first.nanos()).filter(|_| first.is_fine() == last.is_fine())?;
        let span = u64::try_from(nanos.checked_div(unit)?).ok()?.to_le_bytes();
        let [a, b, c, d, e, f, 0, 0] = span else { return None };
        let times = Self { first, span: [[a, b], [c, d], [e, f]].map(u16::from_le_bytes) };
        (times.last() == last).then_some(times)
    }

    pub(super) fn first(self) -> Timestamp {
        self.first
    }

    pub(super) fn last(self) -> Timestamp {
        let first = self.first;
        let [low, middle, high] = self.span.map(i64::from);
        let span = low | middle << 16 | high << 32;
        Timestamp::from_nanos(first.nanos().saturating_add(span.saturating_mul(unit(first.is_fine()))), first.is_fine())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_fits_is_kept_as_it_is(first in any::<i64>(), span in any::<i64>(), shift in 0..64_u32, fine in any::<[bool; 2]>()) {
            let first = Timestamp::from_nanos(first, fine[0]);
            let last = Timestamp::from_nanos(first.nanos().saturating_add(span >> shift), fine[1]);
            if let Some(times) = Times::of(first, last) {
                prop_assert_eq!((times.first(), times.last()), (first, last));
            }
            prop_assert_eq!(Times::of(first, first).map(|times| (times.first(), times.last())), Some((first, first)));
        }
    }

    #[test]
    fn years_of_microseconds_and_days_of_nanoseconds_fit() {
        let (begin, day) = (Timestamp::from_parts(1_700_000_000, 1000, false), 86_400_000_000_000);
        let fits = |days: i64, fine: bool| {
            let begin = Timestamp::from_nanos(begin.nanos(), fine);
            Times::of(begin, Timestamp::from_nanos(begin.nanos() + days * day, fine)).is_some()
        };
        assert_eq!([0, 3, 3000, 3300].map(|days| fits(days, false)), [true, true, true, false]);
        assert_eq!([0, 3, 4].map(|days| fits(days, true)), [true, true, false]);
        assert!(Times::of(begin, Timestamp::from_parts(1_700_000_000, 1001, false)).is_none(), "a part of a microsecond");
        assert!(Times::of(begin, Timestamp::from_parts(1_699_999_999, 0, false)).is_none(), "before it");
        assert_eq!(size_of::<Times>(), 14);
    }
}
