//! Moments as text: many messages share one, and most share their second with the one before.

use super::room::Room;
use crate::time::Timestamp;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// A moment as text.
#[derive(Debug, Default)]
pub(super) struct Moment {
    of: Option<Timestamp>,
    /// The whole second, with the point behind it.
    second: (i64, String),
    text: String,
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
            self.text.clear();
            self.text.push('"');
            self.write(at);
            self.text.push('"');
        }
        self.text.as_bytes()
    }

    fn write(&mut self, at: Timestamp) {
        let (second, fraction) = (at.nanos().div_euclid(SECOND), at.nanos().rem_euclid(SECOND));
        if self.second.0 == second && !self.second.1.is_empty() {
            let (fraction, digits) = if at.is_fine() { (fraction, 9) } else { (fraction / 1000, 6) };
            let mut buffer = itoa::Buffer::new();
            let text = buffer.format(fraction);
            self.text.push_str(&self.second.1);
            self.text.push_str("000000000".get(..text.len().abs_diff(digits)).unwrap_or_default());
            self.text.push_str(text);
            self.text.push('Z');
            return;
        }
        let text = at.to_string();
        let point = text.find('.').map_or(0, |point| point.saturating_add(1));
        self.second = (second, text.get(..point).unwrap_or_default().to_owned());
        self.text.push_str(&text);
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
