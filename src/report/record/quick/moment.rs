//! Moments as text: many messages share one, and most share their second with the one before.

use super::digits::group;
use super::room::Room;
use crate::time::Timestamp;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// A moment as text.
#[derive(Debug, Default)]
pub(super) struct Moment {
    of: Option<Timestamp>,
    /// Its whole second.
    second: i64,
    /// Its text in quotation marks.
    text: Vec<u8>,
    /// Bytes of it that moments of the same second share: up to the point, and with it; none where there is no point.
    shared: usize,
}

impl Moment {
    /// Adds a moment, in quotation marks.
    pub(super) fn put(&mut self, room: &mut Room, at: Timestamp) {
        room.put(self.text(at));
    }

    /// A moment, in quotation marks.
    pub(super) fn text(&mut self, at: Timestamp) -> &[u8] {
        if self.of != Some(at) {
            self.of = Some(at);
            let (second, fraction) = (at.nanos().div_euclid(SECOND), at.nanos().rem_euclid(SECOND));
            if self.shared > 0 && self.second == second {
                self.text.truncate(self.shared);
                self.fraction(fraction.unsigned_abs(), at.is_fine());
            } else {
                self.second = second;
                self.whole(at);
            }
        }
        &self.text
    }

    /// Adds the digits behind the point, and what stands behind them.
    fn fraction(&mut self, nanos: u64, is_fine: bool) {
        if is_fine {
            let digits = group(nanos / 100_000) | group(nanos / 10 % 10_000).wrapping_shl(32);
            self.text.extend_from_slice(&digits.to_le_bytes());
            let [.., last, _, _, _, _] = group(nanos % 10).to_le_bytes();
            self.text.extend_from_slice(&[last, b'Z', b'"']);
        } else {
            let micros = nanos / 1000;
            // Of the lower digits two are zeroes, and shifted out.
            let digits = group(micros / 100) | group(micros % 100).wrapping_shr(16).wrapping_shl(32);
            let [six @ .., _, _] = digits.to_le_bytes();
            self.text.extend_from_slice(&six);
            self.text.extend_from_slice(b"Z\"");
        }
    }

    #[cold]
    fn whole(&mut self, at: Timestamp) {
        let text = at.to_string();
        self.shared = text.find('.').map_or(0, |point| point.saturating_add(2));
        self.text.clear();
        self.text.push(b'"');
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(b'"');
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_display() {
        let mut moment = Moment::default();
        for nanos in [0, 1000, 999_999_000, 1_000_000_000, 1_000_000_001, 1_999_999_999, -1, -1000, -1_000_000_000, i64::MAX, i64::MIN, 7] {
            for at in [Timestamp::from_nanos(nanos, true), Timestamp::from_nanos(nanos, false)] {
                for again in [at, Timestamp::from_nanos(at.nanos() ^ 4096, at.is_fine())] {
                    let mut room = Room::default();
                    moment.put(&mut room, again);
                    assert_eq!(room.written(), format!("\"{again}\"").as_bytes());
                }
            }
        }
    }
}
