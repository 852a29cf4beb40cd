//! The clock of the flow stage: the time of the frames, with sense enough not to trust one of them too far.

use crate::time::Timestamp;
use std::time::Duration;

/// How far the clock may go back between frames without having been set: reordering between network queues.
const JITTER: Duration = Duration::from_secs(10);

/// What a tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// Time went on, or not at all.
    On,
    /// The clock was set back: what is due must be reckoned anew.
    Back,
}

/// Invariant: a sweep is due `interval` after the last one, on a clock that neither one wild stamp nor a jump can rush.
#[derive(Debug)]
pub(super) struct Clock {
    now: Option<Timestamp>,
    next_sweep: Timestamp,
    interval: Duration,
}

impl Clock {
    pub(super) fn new(interval: Duration) -> Self {
        Self { now: None, next_sweep: Timestamp::default(), interval }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_default()
    }

    /// Takes the time of a frame. A jump forward puts the sweep off, so that the frames behind it are heard first; a step back
    /// sets the clock.
    pub(super) fn tick(&mut self, at: Timestamp) -> Tick {
        let Some(now) = self.now else {
            (self.now, self.next_sweep) = (Some(at), at.after(self.interval));
            return Tick::On;
        };
        if now.since(at) > JITTER {
            (self.now, self.next_sweep) = (Some(at), at.after(self.interval));
            return Tick::Back;
        }
        if at.since(now) > self.interval {
            self.next_sweep = at.after(self.interval);
        }
        self.now = Some(now.max(at));
        Tick::On
    }

    /// Takes the time of a frame that is not before the newest one. Where it is not, nothing happens: [`Self::tick`] knows what to do.
    pub(super) fn goes_on(&mut self, at: Timestamp) -> bool {
        let on = self.now.is_some_and(|now| now <= at);
        if on {
            self.now = Some(at);
        }
        on
    }

    /// The moment up to which [`Self::goes_on`] may stand for [`Self::tick`]: before it no sweep is due and no time is a jump.
    pub(super) fn next_look(&self) -> Timestamp {
        self.next_sweep.min(self.now().after(self.interval))
    }

    /// Whether it is time to look for silent connections; true once an interval.
    pub(super) fn sweep_is_due(&mut self) -> bool {
        let due = self.now().since(self.next_sweep) > Duration::ZERO;
        if due {
            self.next_sweep = self.now().after(self.interval);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(seconds, 0, false)
    }

    #[test]
    fn one_wild_stamp_makes_nothing_due() {
        let mut clock = Clock::new(Duration::from_secs(60));
        assert_eq!(clock.tick(at(1000)), Tick::On);
        assert_eq!(clock.tick(at(4_000_000)), Tick::On);
        assert!(!clock.sweep_is_due());
        assert_eq!(clock.tick(at(1001)), Tick::Back);
        assert!(!clock.sweep_is_due());
        assert_eq!(clock.tick(at(1000)), Tick::On, "jitter");
        assert_eq!(clock.now(), at(1001));
    }

    #[test]
    fn a_true_jump_is_believed_when_time_goes_on_behind_it() {
        let mut clock = Clock::new(Duration::from_secs(60));
        clock.tick(at(1000));
        clock.tick(at(9000));
        assert!(!clock.sweep_is_due());
        clock.tick(at(9061));
        assert!(!clock.sweep_is_due(), "that was a jump too");
        clock.tick(at(9100));
        clock.tick(at(9122));
        assert!(clock.sweep_is_due());
        assert!(!clock.sweep_is_due());
    }
}
