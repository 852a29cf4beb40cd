//! The states of a dialogue: all sessions as one tree, in which states with the same next steps are one (k-tails).

use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::MessageType;
use crate::grammar::Share;
use crate::grammar::State;
use crate::grammar::StateMachine;
use crate::grammar::Transition;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Steps ahead that two states must share to be one.
const TAILS: usize = 2;
/// Steps of a session, and sessions, that are looked at.
const MOST_STEPS: usize = 256;
const MOST_SESSIONS: usize = 64;

/// A tree or a graph: state by state, its steps; whether sessions end there.
#[derive(Clone, Debug, Default)]
struct Graph {
    steps: Vec<BTreeMap<usize, usize>>,
    finals: Vec<bool>,
}

/// What a session was, without repetitions: its kinds of messages, and whether more of them came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    kinds: Vec<usize>,
    is_cut: bool,
}

/// What a session was. A kind that repeats is one step, and a pair that does is one pair.
pub(super) fn collapsed(kinds: impl Iterator<Item = usize>) -> Way {
    let mut way = Way::default();
    for kind in kinds {
        match way.kinds.as_slice() {
            [.., last] if *last == kind => {}
            // The pair was there: its second half stands last again.
            [.., one, two, three] if *two == kind && *one == *three => _ = way.kinds.pop(),
            _ if way.kinds.len() < MOST_STEPS => way.kinds.push(kind),
            _ => {
                way.is_cut = true;
                break;
            }
        }
    }
    way
}

/// What of these sessions is not in the machine, if anything.
pub(super) fn capped(ways: &[Way]) -> Option<Limitation> {
    let (sessions, cut) = (ways.iter().filter(|way| !way.kinds.is_empty()).count(), ways.iter().filter(|way| way.is_cut).count());
    let mut parts = Vec::new();
    if sessions > MOST_SESSIONS {
        parts.push(format!("of {sessions} sessions the first {MOST_SESSIONS}"));
    }
    if cut > 0 {
        parts.push(format!("of long sessions the first {MOST_STEPS} steps"));
    }
    let text = format!("A bound was reached: the states are made of some only: {}.", parts.join(", "));
    (!parts.is_empty()).then_some(Limitation { code: LimitationCode::Capped, text })
}

/// The machine of these sessions; nothing when nothing was said.
pub(super) fn infer(ways: &[Way], types: &[MessageType]) -> Option<StateMachine> {
    let sessions: Vec<&Way> = ways.iter().filter(|way| !way.kinds.is_empty()).take(MOST_SESSIONS).collect();
    if sessions.is_empty() {
        return None;
    }
    let graph = Graph::tails(&sessions);
    let (mut visits, mut counts) = (vec![0_u64; graph.steps.len()], BTreeMap::new());
    for session in &sessions {
        let mut at = 0;
        let mut used = BTreeSet::new();
        count(&mut visits, at);
        for kind in &session.kinds {
            let Some(next) = graph.next(at, *kind) else { break };
            let entry = counts.entry((at, *kind, next)).or_insert((0_u64, 0_u64));
            entry.0 = entry.0.saturating_add(1);
            entry.1 = entry.1.saturating_add(u64::from(used.insert((at, *kind))));
            at = next;
            count(&mut visits, at);
        }
    }
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let name = |state: usize| format!("q{state}");
    let states = visits.iter().zip(&graph.finals).enumerate();
    let step = |((from, kind, to), (count, sessions)): ((usize, usize, usize), (u64, u64))| {
        let on = types.get(kind).map(|kind| kind.id.clone()).unwrap_or_default();
        Transition { from: name(from), to: name(to), on, count, sessions }
    };
    Some(StateMachine {
        algorithm: format!("prefix tree, {TAILS}-tails, repetitions as one step"),
        initial: name(0),
        states: states.map(|(state, (visits, is_final))| State { id: name(state), is_final: *is_final, visits: *visits }).collect(),
        transitions: counts.into_iter().map(step).collect(),
        training_sessions: number(sessions.len()),
        held_out_acceptance: held_out(&sessions),
    })
}

fn count(visits: &mut [u64], state: usize) {
    if let Some(visits) = visits.get_mut(state) {
        *visits = visits.saturating_add(1);
    }
}

/// Share of sessions that the machine of all others accepts.
fn held_out(sessions: &[&Way]) -> Option<Share> {
    if sessions.len() < 3 {
        return None;
    }
    let accepted = (0..sessions.len()).filter(|left| {
        let others: Vec<&Way> = sessions.iter().enumerate().filter(|(place, _)| place != left).map(|(_, session)| *session).collect();
        sessions.get(*left).is_some_and(|session| Graph::tails(&others).accepts(session))
    });
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Some(Share::of(number(accepted.count()), number(sessions.len())))
}

impl Graph {
    fn state(&mut self) -> usize {
        self.steps.push(BTreeMap::new());
        self.finals.push(false);
        self.steps.len().saturating_sub(1)
    }

    fn next(&self, state: usize, kind: usize) -> Option<usize> {
        self.steps.get(state)?.get(&kind).copied()
    }

    fn accepts(&self, session: &Way) -> bool {
        let end = session.kinds.iter().try_fold(0, |state, kind| self.next(state, *kind));
        end.is_some_and(|state| session.is_cut || self.finals.get(state) == Some(&true))
    }

    /// The tree of all sessions.
    fn tree(sessions: &[&Way]) -> Self {
        let mut tree = Self::default();
        tree.state();
        for session in sessions {
            let mut at = 0;
            for kind in &session.kinds {
                at = if let Some(next) = tree.next(at, *kind) {
                    next
                } else {
                    let next = tree.state();
                    if let Some(steps) = tree.steps.get_mut(at) {
                        steps.insert(*kind, next);
                    }
                    next
                };
            }
            if let Some(is_final) = tree.finals.get_mut(at) {
                *is_final |= !session.is_cut;
            }
        }
        tree
    }

    /// The tree with states of the same tails made one, and what follows from that.
    fn tails(sessions: &[&Way]) -> Self {
        let tree = Self::tree(sessions);
        let mut parent: Vec<usize> = (0..tree.steps.len()).collect();
        let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let mut work: Vec<(usize, usize)> = Vec::new();
        for state in 0..tree.steps.len() {
            let mut tail = Vec::new();
            tree.tail(state, TAILS, &mut tail);
            match known.get(&tail) {
                Some(other) => work.push((*other, state)),
                None => _ = known.insert(tail, state),
            }
        }
        // Two states that are one must go to one state with each step.
        let mut merged = tree.steps.clone();
        while let Some((one, two)) = work.pop() {
            let (one, two) = (root(&mut parent, one), root(&mut parent, two));
            let (keep, gone) = (one.min(two), one.max(two));
            if keep == gone {
                continue;
            }
            if let Some(slot) = parent.get_mut(gone) {
                *slot = keep;
            }
            let moved = merged.get_mut(gone).map(std::mem::take).unwrap_or_default();
            for (kind, to) in moved {
                let Some(steps) = merged.get_mut(keep) else { continue };
                match steps.get(&kind).copied() {
                    Some(other) => work.push((other, to)),
                    None => _ = steps.insert(kind, to),
                }
            }
        }
        tree.renumbered(&merged, &mut parent)
    }

    /// What may follow within so many steps, written down.
    fn tail(&self, state: usize, left: usize, out: &mut Vec<u8>) {
        out.push(u8::from(self.finals.get(state) == Some(&true)));
        if left == 0 {
            return;
        }
        for (kind, next) in self.steps.get(state).into_iter().flatten() {
            out.extend(kind.to_be_bytes());
            self.tail(*next, left.saturating_sub(1), out);
        }
        out.push(2);
    }

    /// The merged graph, its states numbered in the order they are reached.
    fn renumbered(&self, merged: &[BTreeMap<usize, usize>], parent: &mut [usize]) -> Self {
        let mut graph = Self::default();
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([0_usize]);
        numbers.insert(0, graph.state());
        while let Some(state) = queue.pop_front() {
            let from = numbers.get(&state).copied().unwrap_or(0);
            for (kind, to) in merged.get(state).into_iter().flatten() {
                let to = root(parent, *to);
                let number = if let Some(number) = numbers.get(&to) {
                    *number
                } else {
                    queue.push_back(to);
                    let number = graph.state();
                    numbers.insert(to, number);
                    number
                };
                if let Some(steps) = graph.steps.get_mut(from) {
                    steps.insert(*kind, number);
                }
            }
        }
        for (state, is_final) in self.finals.iter().enumerate() {
            let state = root(parent, state);
            if let (true, Some(slot)) = (is_final, numbers.get(&state).and_then(|number| graph.finals.get_mut(*number))) {
                *slot = true;
            }
        }
        graph
    }
}

/// The state that stands for this one.
fn root(parent: &mut [usize], mut state: usize) -> usize {
    while let Some(up) = parent.get(state).copied().filter(|up| *up != state) {
        let above = parent.get(up).copied().unwrap_or(up);
        if let Some(slot) = parent.get_mut(state) {
            *slot = above;
        }
        state = up;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(kinds: &[usize]) -> Way {
        Way { kinds: kinds.to_vec(), is_cut: false }
    }

    #[test]
    fn repetitions_are_one_step() {
        for (kinds, wanted) in [
            (&[1, 2, 2, 2, 3][..], &[1, 2, 3][..]),
            // What came last stays last, and what follows a pair follows its second half.
            (&[1, 2, 1, 2, 1, 2, 3], &[1, 2, 3]),
            (&[1, 2, 1, 2, 1, 2, 1, 2], &[1, 2]),
            (&[1, 2, 1, 2, 1], &[1, 2, 1]),
            (&[1, 2, 1, 3], &[1, 2, 1, 3]),
            (&[9, 1, 2, 1, 2, 8], &[9, 1, 2, 8]),
        ] {
            assert_eq!(collapsed(kinds.iter().copied()), way(wanted), "{kinds:?}");
        }
    }

    #[test]
    fn a_session_that_is_cut_ends_nowhere_and_is_said() {
        let long = collapsed(0..MOST_STEPS * 2);
        assert!(long.is_cut);
        let machine = infer(std::slice::from_ref(&long), &[]).unwrap();
        assert!(!machine.states.iter().any(|state| state.is_final));
        assert!(capped(&[long]).unwrap().text.contains("the first 256 steps"));
        assert_eq!(capped(&vec![way(&[1]); MOST_SESSIONS]), None);
        assert!(capped(&vec![way(&[1]); MOST_SESSIONS + 1]).unwrap().text.contains("of 65 sessions the first 64"));
    }

    #[test]
    fn sessions_that_are_alike_are_accepted() {
        let sessions: Vec<Way> = (0..5).map(|_| way(&[0, 1, 2, 3])).collect();
        let machine = infer(&sessions, &[]).unwrap();
        assert_eq!(machine.held_out_acceptance, Some(Share::ALL));
        assert_eq!(machine.states.len(), 5);
        assert!(machine.states.last().unwrap().is_final);
        assert_eq!(machine.transitions.iter().map(|step| step.count).sum::<u64>(), 20);
    }

    #[test]
    fn an_odd_session_is_not_accepted_by_the_others() {
        let sessions = [way(&[0, 1, 2]), way(&[0, 1, 2]), way(&[0, 9])];
        assert_eq!(infer(&sessions, &[]).unwrap().held_out_acceptance, Some(Share::of(2, 3)));
    }
}
