//! When a fact was seen first and last, in fourteen bytes: the second time as the distance from the first.

use crate::time::Timestamp;

/// Two moments, the first one not behind the second, of the same number of digits.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(2))]
pub(super) struct Times {
    first: Timestamp,
    /// Forty-eight bits, the low ones and the high ones: nanoseconds of a fine clock, for three days; else microseconds, for nine years.
    span_low: u32,
    span_high: u16,
}

impl Times {
    /// Of two moments; nothing where they do not fit.
    #[inline]
    pub(super) fn of(first: Timestamp, last: Timestamp) -> Option<Self> {
        let nanos = u64::try_from(last.nanos().checked_sub(first.nanos())?).ok()?;
        let fine = first.is_fine();
        let span = if fine { nanos } else { nanos / 1000 };
        if fine != last.is_fine() || (!fine && span.wrapping_mul(1000) != nanos) {
            return None;
        }
        let span_low = u32::try_from(span & u64::from(u32::MAX)).unwrap_or(0);
        Some(Self { first, span_low, span_high: u16::try_from(span >> 32).ok()? })
    }

    #[inline]
    pub(super) fn first(self) -> Timestamp {
        self.first
    }

    #[inline]
    pub(super) fn last(self) -> Timestamp {
        let Self { first, span_low, span_high } = self;
        let span = u64::from(span_low) | u64::from(span_high) << 32;
        let nanos = if first.is_fine() { span } else { span.saturating_mul(1000) };
        Timestamp::from_nanos(first.nanos().saturating_add_unsigned(nanos), first.is_fine())
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
