//! Which message follows which: a state for every type of message, the newest one of a session being where it is.

use super::Thing;
use super::Walk;
use crate::grammar::Share;
use crate::grammar::State;
use crate::grammar::StateMachine;
use crate::grammar::Transition;
use crate::limits;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// How it is made, as the document says it.
const ALGORITHM: &str = "one state for each type of message (k = 1): what followed what, and nothing that was not seen";

/// The steps that were seen.
#[derive(Debug, Default)]
pub(super) struct Machine {
    steps: BTreeMap<(Option<usize>, usize), Step>,
    visits: BTreeMap<usize, u64>,
    ends: BTreeSet<usize>,
    sessions: u64,
    /// Whether there was no more room.
    pub(super) full: bool,
}

#[derive(Debug)]
struct Step {
    index: usize,
    count: u64,
    sessions: u64,
    /// The session that showed it first.
    first: u64,
}

impl Machine {
    /// A session goes on with a message of this type.
    pub(super) fn step(&mut self, on: usize, walk: &mut Walk) {
        let from = walk.newest.replace(on);
        let visits = self.visits.entry(on).or_default();
        *visits = visits.saturating_add(1);
        let index = self.steps.len();
        if index >= limits::DOCUMENT_STEPS && !self.steps.contains_key(&(from, on)) {
            self.full = true;
            return;
        }
        let first = walk.flow;
        let step = self.steps.entry((from, on)).or_insert(Step { index, count: 0, sessions: 0, first });
        step.count = step.count.saturating_add(1);
        step.sessions = step.sessions.saturating_add(u64::from(walk.is_new(Thing::Step, step.index)));
    }

    /// A session is over.
    pub(super) fn end(&mut self, walk: &Walk) {
        if let Some(newest) = walk.newest {
            self.ends.insert(newest);
            self.sessions = self.sessions.saturating_add(1);
        }
    }

    /// The share of sessions that take no step but such as others take.
    fn acceptance(&self) -> Option<Share> {
        let alone: BTreeSet<u64> = self.steps.values().filter(|step| step.sessions == 1).map(|step| step.first).collect();
        let alone = u64::try_from(alone.len()).unwrap_or(u64::MAX);
        (self.sessions >= 3).then(|| Share::of(self.sessions.saturating_sub(alone), self.sessions))
    }

    /// The machine; none where no message was seen.
    pub(super) fn draw(&self) -> Option<StateMachine> {
        let state = |of: Option<usize>| of.map_or_else(|| "q0".to_owned(), |kind| format!("q{}", kind.saturating_add(1)));
        let initial = State { id: state(None), is_final: false, visits: self.sessions };
        let others =
            self.visits.iter().map(|(kind, visits)| State { id: state(Some(*kind)), is_final: self.ends.contains(kind), visits: *visits });
        let step = |(&(from, on), step): (&(Option<usize>, usize), &Step)| Transition {
            from: state(from),
            to: state(Some(on)),
            on: super::types::id(on),
            count: step.count,
            sessions: step.sessions,
        };
        (!self.visits.is_empty()).then(|| StateMachine {
            algorithm: ALGORITHM.to_owned(),
            initial: state(None),
            states: std::iter::once(initial).chain(others).collect(),
            transitions: self.steps.iter().map(step).collect(),
            training_sessions: self.sessions,
            held_out_acceptance: self.acceptance(),
        })
    }
}
