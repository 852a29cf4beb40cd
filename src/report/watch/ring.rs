//! The newest lines of the timeline, and which of them pass the filter.

use super::super::words;
use super::bytes::Mark;
use super::entry::Entry;
use super::query::Query;
use std::collections::VecDeque;

/// Lines in the order of their numbers; the oldest leave where there are too many.
#[derive(Debug)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    /// The memory they take, and its bound.
    bytes: usize,
    most: (usize, usize),
    /// Lines that left, or never came to be seen.
    pub(super) gone: u64,
    filter: Option<Query>,
    /// Numbers of the lines that pass the filter.
    passed: VecDeque<u64>,
}

impl Ring {
    /// No lines yet, and at most so many, of so many bytes.
    pub(super) fn new(most: (usize, usize)) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, most, gone: 0, filter: None, passed: VecDeque::new() }
    }

    /// Takes a line that is newer than all others.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.weight());
        if self.filter.as_ref().is_none_or(|filter| filter.admits(&entry)) {
            self.passed.push_back(entry.number);
        }
        self.entries.push_back(entry);
        while self.entries.len() > self.most.0 || (self.bytes > self.most.1 && self.entries.len() > 1) {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.weight());
            self.gone = self.gone.saturating_add(1);
            if self.passed.front() == Some(&oldest.number) {
                self.passed.pop_front();
            }
        }
    }

    /// Writes a new count into the line of a run, if that is still here.
    pub(super) fn amend(&mut self, number: u64, text: &str) {
        let Some(place) = self.place(number) else { return };
        if let Some(entry) = self.entries.get_mut(place) {
            self.bytes = self.bytes.saturating_sub(entry.weight());
            entry.line = vec![(Mark::Words, text.to_owned())];
            entry.said = vec![text.to_owned()];
            self.bytes = self.bytes.saturating_add(entry.weight());
        }
    }

    /// Where the line of a number is.
    fn place(&self, number: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&number, |entry| entry.number).ok()
    }

    /// The line of a number.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.place(number).and_then(|place| self.entries.get(place))
    }

    /// How many lines there are, and how many pass the filter.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.entries.len(), self.passed.len())
    }

    /// The filter, if there is one.
    pub(super) fn filter(&self) -> Option<&Query> {
        self.filter.as_ref()
    }

    /// Sets or lifts the filter.
    pub(super) fn set_filter(&mut self, filter: Option<Query>) {
        let admits = |entry: &&Entry| filter.as_ref().is_none_or(|filter| filter.admits(entry));
        self.passed = self.entries.iter().filter(admits).map(|entry| entry.number).collect();
        self.filter = filter;
    }

    /// The row of the first line that passes and has this number or a higher one; the number of rows where there is none.
    pub(super) fn row(&self, number: u64) -> usize {
        self.passed.partition_point(|passed| *passed < number)
    }

    /// The number of the line in a row.
    pub(super) fn at(&self, row: usize) -> Option<u64> {
        self.passed.get(row).copied()
    }

    /// The lines of some rows.
    pub(super) fn rows(&self, from: usize, count: usize) -> impl Iterator<Item = &Entry> {
        self.passed.iter().skip(from).take(count).filter_map(|number| self.get(*number))
    }

    /// The next row, or the one before, that is looked for; not the row itself.
    pub(super) fn find(&self, query: &Query, from: usize, onwards: bool) -> Option<usize> {
        let is_match = |row: &usize| self.at(*row).and_then(|number| self.get(number)).is_some_and(|entry| query.admits(entry));
        if onwards { (from.saturating_add(1)..self.passed.len()).find(is_match) } else { (0..from).rev().find(is_match) }
    }
}

/// What the line of a run says: messages alike that are counted instead of shown.
pub(super) fn run_text(name: &str, count: u64, bytes: u64) -> String {
    format!("⋮ {count} more {name}, {} (-v shows them)", words::count(bytes, "byte"))
}

#[cfg(test)]
mod tests {
    use super::super::entry::Tone;
    use super::*;
    use crate::evidence::Frames;
    use crate::time::Timestamp;

    fn entry(number: u64, text: &str) -> Entry {
        Entry { number, ..Entry::words(Timestamp::default(), "x", Tone::Message, Frames::default(), text) }
    }

    fn shown(ring: &Ring) -> Vec<u64> {
        ring.rows(0, 99).map(|entry| entry.number).collect()
    }

    #[test]
    fn the_oldest_leave_and_are_counted() {
        let mut ring = Ring::new((3, usize::MAX));
        (1..=5).for_each(|number| ring.push(entry(number, "a")));
        assert_eq!((shown(&ring), ring.gone), (vec![3, 4, 5], 2));
        let mut heavy = Ring::new((99, entry(1, "a").weight() * 2));
        (1..=5).for_each(|number| heavy.push(entry(number, "a")));
        assert_eq!(shown(&heavy), [4, 5]);
    }

    #[test]
    fn a_filter_holds_for_what_is_here_and_what_comes() {
        let mut ring = Ring::new((4, usize::MAX));
        (1..=3).for_each(|number| ring.push(entry(number, if number % 2 == 0 { "even" } else { "odd" })));
        ring.set_filter(Query::read("odd"));
        ring.push(entry(4, "odd"));
        assert_eq!(shown(&ring), [1, 3, 4]);
        ring.push(entry(5, "even"));
        assert_eq!(shown(&ring), [3, 4], "what left is not shown");
        assert_eq!((ring.row(1), ring.row(4), ring.row(5)), (0, 1, 2));
        ring.set_filter(None);
        assert_eq!(shown(&ring), [2, 3, 4, 5]);
    }

    #[test]
    fn a_search_goes_both_ways_and_stops_at_the_ends() {
        let mut ring = Ring::new((9, usize::MAX));
        ["a", "b", "a", "b"].iter().zip(1..).for_each(|(text, number)| ring.push(entry(number, text)));
        let query = Query::read("b").unwrap();
        assert_eq!((ring.find(&query, 0, true), ring.find(&query, 1, true), ring.find(&query, 3, true)), (Some(1), Some(3), None));
        assert_eq!((ring.find(&query, 3, false), ring.find(&query, 1, false)), (Some(1), None));
    }

    #[test]
    fn a_run_is_counted_in_its_line() {
        let mut ring = Ring::new((9, usize::MAX));
        ring.push(entry(1, &run_text("rule", 1, 10)));
        ring.amend(1, &run_text("rule", 2, 30));
        ring.amend(7, "nowhere");
        assert_eq!(ring.get(1).unwrap().text(), "⋮ 2 more rule, 30 bytes (-v shows them)");
        ring.amend(1, &run_text("rule", 1_000_000, 30_000_000));
        assert_eq!(ring.bytes, ring.get(1).unwrap().weight(), "what it takes grows with its line");
    }
}
