//! Sequence numbers: 32-bit circles outside, 64-bit offsets inside; nothing here can panic.

/// How far `to` lies behind `from` on the circle, from -2³¹ to 2³¹-1; negative means before it.
#[must_use]
pub fn distance(from: u32, to: u32) -> i64 {
    i64::from(to.wrapping_sub(from).cast_signed())
}

/// The sequence number `offset` bytes behind `base`.
#[must_use]
pub fn advance(base: u32, offset: u64) -> u32 {
    let low = u32::try_from(offset & u64::from(u32::MAX)).unwrap_or_default();
    base.wrapping_add(low)
}

/// The offset of `seq` in a stream that starts at `base`, taken as the one nearest to offset `near`; negative lies
/// before the start.
#[must_use]
pub fn offset(base: u32, near: u64, seq: u32) -> i64 {
    let near_seq = advance(base, near);
    i64::try_from(near).unwrap_or(i64::MAX).saturating_add(distance(near_seq, seq))
}

/// Whether `len` bytes from `seq` on lie in the first `next` bytes of a stream that starts at `start`: a repetition.
pub(super) fn covers(start: u32, next: u64, seq: u32, len: u64) -> bool {
    u64::try_from(offset(start, next, seq)).is_ok_and(|offset| offset.saturating_add(len) <= next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn advance_then_distance_is_identity(base: u32, step in 0..u64::from(u32::MAX / 2)) {
            prop_assert_eq!(distance(base, advance(base, step)), i64::try_from(step).unwrap());
        }

        #[test]
        fn the_nearest_offset_is_found(base: u32, near in 0..34_000_000_000_u64, ahead in -100_000_i64..100_000) {
            let want = i64::try_from(near).unwrap().saturating_add(ahead);
            prop_assume!(want >= 0);
            prop_assert_eq!(offset(base, near, advance(base, u64::try_from(want).unwrap())), want);
        }
    }

    #[test]
    fn the_wrap_is_one_step() {
        assert_eq!(distance(u32::MAX, 0), 1);
        assert_eq!(distance(0, u32::MAX), -1);
        assert_eq!(offset(u32::MAX, 0, 0), 1);
    }
}
