//! Between the capture and the thread that sends: bounded, never waited for by the capture, and every message accounted for.

use crate::loss::Counter;
use std::collections::VecDeque;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// What became of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All that were to be sent.
    pub(super) told: u64,
    /// Handed to the socket, as far as it says.
    pub(super) sent: u64,
    /// The queue was full.
    pub(super) no_room: u64,
    /// Longer than a message may be.
    pub(super) too_long: u64,
    /// The socket did not take them, or said that nobody got them.
    pub(super) refused: u64,
}

/// Messages on their way, the oldest first.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    most_lines: usize,
    most_bytes: usize,
    /// Counts what is dropped and what waits, for the run to tell.
    lost: Counter,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How many of the lines may be sent; the others wait until they are settled.
    released: usize,
    /// When sending ends: set once the run is over.
    end: Option<Instant>,
    /// Whether the sending thread is done.
    gone: bool,
    counts: Counts,
}

impl Queue {
    pub(super) fn new(most_lines: usize, most_bytes: usize, lost: Counter) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), most_lines, most_bytes, lost }
    }

    /// What one thread left half done, the other can still read: there is no panic between two changes that belong together.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, or drops it where there is no room. Never waits for the sending thread's socket.
    pub(super) fn put(&self, line: Vec<u8>, held: bool) {
        let mut state = self.state();
        count(&mut state.counts.told);
        let bytes = state.bytes.saturating_add(line.len());
        if state.lines.len() >= self.most_lines || bytes > self.most_bytes {
            count(&mut state.counts.no_room);
            self.lost.add(1);
            return;
        }
        state.bytes = bytes;
        state.lines.push_back(line);
        self.lost.wait(state.lines.len());
        if !held {
            state.released = state.lines.len();
            self.changed.notify_all();
        }
    }

    /// Counts a message that is too long to be sent.
    pub(super) fn too_long(&self) {
        let mut state = self.state();
        count(&mut state.counts.told);
        count(&mut state.counts.too_long);
        self.lost.add(1);
    }

    /// All that was added may be sent.
    pub(super) fn release(&self) {
        let mut state = self.state();
        state.released = state.lines.len();
        self.changed.notify_all();
    }

    /// The next message to send; waits for one. Nothing when the run is over and all is sent, or its time is up.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        let mut state = self.state();
        loop {
            if state.end.is_some_and(|end| Instant::now() >= end) {
                return None;
            }
            if let Some(released) = state.released.checked_sub(1) {
                let line = state.lines.pop_front()?;
                self.lost.wait(state.lines.len());
                state.released = released;
                state.bytes = state.bytes.saturating_sub(line.len());
                return Some(line);
            }
            if state.end.is_some() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits so long, or until the run is over.
    pub(super) fn pause(&self, span: Duration) {
        let state = self.state();
        _ = self.changed.wait_timeout_while(state, span, |state| state.end.is_none());
    }

    /// Whether the run is over: what cannot be sent at once is given up.
    pub(super) fn is_ending(&self) -> bool {
        self.state().end.is_some()
    }

    /// Whether the time for sending is up.
    pub(super) fn is_over(&self) -> bool {
        self.state().end.is_some_and(|end| Instant::now() >= end)
    }

    pub(super) fn sent(&self) {
        count(&mut self.state().counts.sent);
    }

    pub(super) fn refused(&self) {
        count(&mut self.state().counts.refused);
        self.lost.add(1);
    }

    /// A message that the socket took was lost after all.
    pub(super) fn bounced(&self) {
        let mut state = self.state();
        if let Some(sent) = state.counts.sent.checked_sub(1) {
            state.counts.sent = sent;
            count(&mut state.counts.refused);
            self.lost.add(1);
        }
    }

    /// The sending thread is done.
    pub(super) fn leave(&self) {
        self.state().gone = true;
        self.changed.notify_all();
    }

    /// Ends it: waits at most so long for what may still be sent. Says what became of all messages but those that still wait to be
    /// settled, which nobody promised.
    pub(super) fn close(&self, patience: Duration) -> Counts {
        let mut state = self.state();
        state.end = Instant::now().checked_add(patience);
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(state, patience, |state| !state.gone);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let unsettled = state.lines.len().saturating_sub(state.released);
        let told = state.counts.told.saturating_sub(u64::try_from(unsettled).unwrap_or(u64::MAX));
        Counts { told, ..state.counts }
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_drop_and_count() {
        let queue = Queue::new(2, 10, Counter::default());
        for line in [&b"four"[..], b"seven77", b"six666", b""] {
            queue.put(line.to_vec(), false);
        }
        assert_eq!(queue.state().counts, Counts { told: 4, no_room: 2, ..Counts::default() });
        assert_eq!(queue.take().as_deref(), Some(&b"four"[..]));
        queue.put(b"more".to_vec(), false);
        assert_eq!(queue.state().counts.no_room, 2);
    }

    #[test]
    fn what_is_held_waits_and_is_not_promised() {
        let queue = Queue::new(10, 100, Counter::default());
        queue.put(b"a".to_vec(), true);
        queue.release();
        queue.put(b"b".to_vec(), true);
        assert_eq!(queue.take().as_deref(), Some(&b"a"[..]));
        queue.sent();
        queue.leave();
        assert_eq!(queue.close(Duration::from_secs(5)), Counts { told: 1, sent: 1, ..Counts::default() });
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let queue = Queue::new(10, 100, Counter::default());
        queue.put(b"a".to_vec(), false);
        let start = Instant::now();
        assert_eq!(queue.close(Duration::from_millis(20)), Counts { told: 1, ..Counts::default() });
        assert!(start.elapsed() >= Duration::from_millis(20) && queue.is_over());
        assert_eq!(queue.take(), None);
    }
}
