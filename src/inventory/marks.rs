//! What is known of a fact beside its times, in eight bytes: of a million facts it matters.

use crate::fact::Direction;
use crate::fact::Grade;

/// How sure a fact is, what was told of it, and how often it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    /// How sure it is.
    pub(super) grade: Grade,
    /// The direction, one higher; the flags; and in the highest bits, one higher, the grade it was told with: zero where it is not so.
    flags: u8,
    /// Of a service: clients that were granted before it had a ration.
    pub(super) granted: u8,
    /// Forty bits, the low ones and the high ones, count a thousand a second for thirty years, and stay there.
    handshakes_low: u32,
    handshakes_high: u8,
}

impl Default for Marks {
    fn default() -> Self {
        Self { grade: Grade::SynAckOnly, flags: 0, granted: 0, handshakes_low: 0, handshakes_high: 0 }
    }
}

const DIRECTION: u8 = 3;
const SYN_SEEN: u8 = 1 << 2;
const CONFIRMED: u8 = 1 << 3;
const CHANGED: u8 = 1 << 4;
/// From this bit on stands what was told.
const TOLD_AT: u32 = 5;

/// The place of a value among all of its kind, one higher.
fn place<T: PartialEq>(all: &[T], value: Option<T>) -> u8 {
    let place = value.and_then(|value| all.iter().position(|other| *other == value)).and_then(|place| u8::try_from(place).ok());
    place.map_or(0, |place| place.saturating_add(1))
}

impl Marks {
    /// Raises the grade, if this one is higher.
    pub(super) fn raise(&mut self, grade: Grade) {
        self.grade = self.grade.max(grade);
    }

    /// The grade it was told with, once it was.
    pub(super) fn told(self) -> Option<Grade> {
        Grade::ALL.get(usize::from(self.flags >> TOLD_AT).checked_sub(1)?).copied()
    }

    /// Whether it was told.
    pub(super) fn is_told(self) -> bool {
        self.flags >> TOLD_AT != 0
    }

    /// Notes with which grade it was told.
    pub(super) fn set_told(&mut self, told: Option<Grade>) {
        self.flags = (self.flags & !(u8::MAX << TOLD_AT)) | place(&Grade::ALL, told) << TOLD_AT;
    }

    /// Where the client and the server are, where both are named.
    pub(super) fn direction(self) -> Option<Direction> {
        Direction::ALL.get(usize::from(self.flags & DIRECTION).checked_sub(1)?).copied()
    }

    /// Notes where they are.
    pub(super) fn set_direction(&mut self, direction: Option<Direction>) {
        self.flags = (self.flags & !DIRECTION) | place(&Direction::ALL, direction);
    }

    /// Whether a SYN was seen.
    pub(super) fn syn_seen(self) -> bool {
        self.flags & SYN_SEEN != 0
    }

    /// Whether its rise to the final grade was told.
    pub(super) fn confirmed(self) -> bool {
        self.flags & CONFIRMED != 0
    }

    /// Whether it changed since the store was given it.
    pub(super) fn changed(self) -> bool {
        self.flags & CHANGED != 0
    }

    /// Notes that a SYN was seen, if one was.
    pub(super) fn saw_syn(&mut self, seen: bool) {
        self.flags |= if seen { SYN_SEEN } else { 0 };
    }

    /// Notes whether its rise was told.
    pub(super) fn set_confirmed(&mut self, confirmed: bool) {
        self.flags = (self.flags & !CONFIRMED) | if confirmed { CONFIRMED } else { 0 };
    }

    /// Notes whether it changed.
    pub(super) fn set_changed(&mut self, changed: bool) {
        self.flags = (self.flags & !CHANGED) | if changed { CHANGED } else { 0 };
    }

    /// SYN-ACKs so far.
    pub(super) fn handshakes(self) -> u64 {
        u64::from(self.handshakes_low) | u64::from(self.handshakes_high) << 32
    }

    /// Notes how many there were.
    pub(super) fn set_handshakes(&mut self, count: u64) {
        let count = count.min((1 << 40) - 1);
        self.handshakes_low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        self.handshakes_high = u8::try_from(count >> 32).unwrap_or(u8::MAX);
    }

    /// Adds how sure a part of it is, and how often that was seen.
    pub(super) fn join(&mut self, part: Self) {
        self.raise(part.grade);
        self.saw_syn(part.syn_seen());
        self.set_handshakes(self.handshakes().saturating_add(part.handshakes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_known_at_first() {
        let marks = Marks::default();
        assert_eq!((marks.grade, marks.told(), marks.direction(), marks.handshakes()), (Grade::SynAckOnly, None, None, 0));
        assert!(!marks.syn_seen() && !marks.confirmed() && !marks.changed() && !marks.is_told());
        assert_eq!(size_of::<Marks>(), 8);
    }

    proptest! {
        #[test]
        fn each_mark_is_its_own(
            grade in prop::sample::select(Grade::ALL.to_vec()),
            told in prop::option::of(prop::sample::select(Grade::ALL.to_vec())),
            direction in prop::option::of(prop::sample::select(Direction::ALL.to_vec())),
            flags in any::<[bool; 3]>(),
            granted in any::<u8>(),
            count in 0..1_u64 << 42,
        ) {
            let mut marks = Marks { granted, ..Marks::default() };
            marks.set_handshakes(count);
            marks.set_changed(flags[0]);
            marks.set_direction(direction);
            marks.set_told(told);
            marks.raise(grade);
            marks.set_confirmed(flags[1]);
            marks.saw_syn(flags[2]);
            prop_assert_eq!((marks.grade, marks.told(), marks.is_told(), marks.direction()), (grade, told, told.is_some(), direction));
            prop_assert_eq!((marks.changed(), marks.confirmed(), marks.syn_seen()), (flags[0], flags[1], flags[2]));
            prop_assert_eq!((marks.granted, marks.handshakes()), (granted, count.min((1 << 40) - 1)));
            marks.set_changed(false);
            marks.set_confirmed(false);
            prop_assert_eq!((marks.direction(), marks.syn_seen(), marks.changed(), marks.told()), (direction, flags[2], false, told));
        }
    }
}
