//! Capture time: the clock of the packets; only `capture::live` reads another one, and `ship` for its files and receivers.

use std::fmt;
use std::time::Duration;

/// A moment on the capture clock, with the number of digits the capture has.
///
/// Nanoseconds since the Unix epoch, UTC; the range is the years 1824 to 2116, and what lies outside
/// is held at its edge. Ordered by the moment. Nothing promises that a capture's times only grow.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// The nanoseconds, and in the lowest bit whether they are fine: one word, since every connection and fact keeps some.
    bits: i64,
}

/// The first and the last moment there is.
const RANGE: (i64, i64) = (i64::MIN >> 1, i64::MAX >> 1);

impl Timestamp {
    /// The first moment there is.
    pub const FIRST: Self = Self { bits: RANGE.0 << 1 };

    /// A moment from nanoseconds since the epoch; `fine` when the capture counts in less than microseconds.
    #[must_use]
    pub fn from_nanos(nanos: i64, fine: bool) -> Self {
        Self { bits: (nanos.clamp(RANGE.0, RANGE.1) << 1) | i64::from(fine) }
    }

    /// A moment from whole seconds and a fraction in nanoseconds, as capture records hold them.
    #[must_use]
    pub fn from_parts(seconds: i64, nanos: i64, fine: bool) -> Self {
        Self::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos), fine)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub fn nanos(self) -> i64 {
        self.bits >> 1
    }

    /// Whether the capture counts in less than microseconds.
    #[must_use]
    pub fn is_fine(self) -> bool {
        self.bits & 1 == 1
    }

    /// How long after `earlier` this is; zero where the clock went back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.nanos().saturating_sub(earlier.nanos())).unwrap_or(0))
    }

    /// This moment and `span` more.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        Self::from_nanos(self.nanos().saturating_add(span), self.is_fine())
    }

    /// The signed distance from `start`, shown as `+0.176581` with the digits of the capture.
    #[must_use]
    pub fn relative_to(self, start: Self) -> Relative {
        Relative { nanos: self.nanos().saturating_sub(start.nanos()), fine: self.is_fine() || start.is_fine() }
    }
}

/// Its parts, as they were given.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timestamp").field("nanos", &self.nanos()).field("fine", &self.is_fine()).finish()
    }
}

/// RFC 3339 in UTC, six or nine digits after the point.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(self.nanos())).unwrap_or_default();
        if self.is_fine() { write!(f, "{moment:.9}") } else { write!(f, "{moment:.6}") }
    }
}

/// Seconds between two moments, signed; made by [`Timestamp::relative_to`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relative {
    nanos: i64,
    fine: bool,
}

impl fmt::Display for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { '-' } else { '+' };
        let whole = self.nanos.unsigned_abs();
        let (seconds, nanos) = (whole / 1_000_000_000, whole % 1_000_000_000);
        let text = if self.fine { format!("{sign}{seconds}.{nanos:09}") } else { format!("{sign}{seconds}.{:06}", nanos / 1000) };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_digits_of_the_capture() {
        assert_eq!(Timestamp::from_parts(1_105_000_000, 176_581_000, false).to_string(), "2005-01-06T08:26:40.176581Z");
        assert_eq!(Timestamp::from_parts(1_105_000_000, 1, true).to_string(), "2005-01-06T08:26:40.000000001Z");
    }

    #[test]
    fn distances_are_signed_and_never_panic() {
        let (early, late) = (Timestamp::from_nanos(i64::MIN, false), Timestamp::from_nanos(i64::MAX, false));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(Timestamp::from_nanos(-500_000, false).relative_to(Timestamp::default()).to_string(), "-0.000500");
        assert_eq!(late.after(Duration::MAX), late);
    }
}
