//! The newest lines of the timeline, and which of them are shown: those that pass the filter, or those that are not folded.

use super::super::words;
use super::bytes::Mark;
use super::entry::Entry;
use super::entry::Fold;
use super::query::Query;
use super::shelf::Shelf;
use std::collections::BTreeSet;
use std::collections::VecDeque;

/// Lines in the order of their numbers; the oldest leave where there are too many.
#[derive(Debug)]
pub(super) struct Ring {
    shelf: Shelf,
    /// How many lines there may be, and the memory they may take.
    most: (usize, usize),
    filter: Option<Query>,
    /// Numbers of the lines whose folded messages are shown.
    opened: BTreeSet<u64>,
    /// Numbers of the lines that are shown.
    passed: VecDeque<u64>,
}

impl Ring {
    /// No lines yet, and at most so many, of so many bytes; and as many folded ones.
    pub(super) fn new(most: (usize, usize)) -> Self {
        Self { shelf: Shelf::default(), most, filter: None, opened: BTreeSet::new(), passed: VecDeque::new() }
    }

    /// Takes lines that are newer than all others, and notes what left before.
    pub(super) fn take(&mut self, lines: Shelf) {
        self.shelf.add_gone(lines.gone());
        lines.into_entries().into_iter().for_each(|entry| self.push(entry));
    }

    /// Takes a line that is newer than all others.
    fn push(&mut self, entry: Entry) {
        if self.shows(&entry) {
            self.passed.push_back(entry.number);
        }
        let mut closed = false;
        for number in self.shelf.push(entry, self.most) {
            if let Ok(place) = self.passed.binary_search(&number) {
                self.passed.remove(place);
            }
            closed |= self.opened.remove(&number);
        }
        // What was folded under a line that left has nobody who could close it.
        if closed && self.filter.is_none() {
            self.sort_out();
        }
    }

    /// Whether a line is shown: a filter looks at folded ones, too.
    fn shows(&self, entry: &Entry) -> bool {
        match (&self.filter, entry.fold) {
            (Some(filter), _) => filter.admits(entry),
            (None, Fold::Under(count)) => self.opened.contains(&count),
            (None, _) => true,
        }
    }

    /// Finds out anew what is shown.
    fn sort_out(&mut self) {
        let mut passed: Vec<u64> = self.shelf.iter().filter(|entry| self.shows(entry)).map(|entry| entry.number).collect();
        passed.sort_unstable();
        self.passed = passed.into();
    }

    /// Writes a new count into the line of a run, if that is still here.
    pub(super) fn amend(&mut self, number: u64, text: &str) {
        self.shelf.amend(number, |entry| {
            entry.line = vec![(Mark::Words, text.to_owned())];
            entry.said = vec![text.to_owned()];
        });
    }

    /// The line of a number.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.shelf.get(number)
    }

    /// How many lines there are to be shown, and how many are.
    pub(super) fn counts(&self) -> (usize, usize) {
        (if self.filter.is_some() { self.shelf.len() } else { self.passed.len() }, self.passed.len())
    }

    /// How many older lines left, and how many folded ones.
    pub(super) fn gone(&self) -> [u64; 2] {
        self.shelf.gone()
    }

    /// The filter, if there is one.
    pub(super) fn filter(&self) -> Option<&Query> {
        self.filter.as_ref()
    }

    /// Sets or lifts the filter.
    pub(super) fn set_filter(&mut self, filter: Option<Query>) {
        self.filter = filter;
        self.sort_out();
    }

    /// Shows what is folded under a line, or hides it again; whether there is something folded.
    pub(super) fn turn(&mut self, number: u64) -> bool {
        if self.filter.is_some() || self.get(number).is_none_or(|entry| entry.fold != Fold::Count) {
            return false;
        }
        if !self.opened.remove(&number) {
            self.opened.insert(number);
        }
        self.sort_out();
        true
    }

    /// The row of the first line that is shown and has this number or a higher one; the number of rows where there is none.
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

    /// The row of the next line, or the one before, that is looked for; not the line of that number itself. Where it is folded, it is shown.
    pub(super) fn find(&mut self, query: &Query, number: u64, onwards: bool) -> Option<usize> {
        let filter = self.filter.as_ref();
        // What is folded under a line that left cannot be shown.
        let has_place = |entry: &Entry| match (filter, entry.fold) {
            (Some(filter), _) => filter.admits(entry),
            (None, Fold::Under(count)) => self.shelf.get(count).is_some(),
            (None, _) => true,
        };
        let wanted = |entry: &Entry| query.admits(entry) && has_place(entry);
        let found = self.shelf.find(number, onwards, wanted)?;
        let (number, fold) = (found.number, found.fold);
        if let (None, Fold::Under(count)) = (filter, fold) {
            self.opened.insert(count);
            self.sort_out();
        }
        Some(self.row(number))
    }
}

/// What the line of a run says: messages alike that are counted instead of shown.
pub(super) fn run_text(name: &str, count: u64, bytes: u64) -> String {
    format!("⋮ {count} more {name}, {} (Enter opens, closes)", words::count(bytes, "byte"))
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
        assert_eq!((shown(&ring), ring.gone()), (vec![3, 4, 5], [2, 0]));
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
        let mut found = |number, onwards| ring.find(&query, number, onwards);
        assert_eq!([found(1, true), found(2, true), found(4, true)], [Some(1), Some(3), None]);
        assert_eq!([found(4, false), found(2, false)], [Some(1), None]);
    }

    #[test]
    fn a_run_is_counted_in_its_line() {
        let mut ring = Ring::new((9, usize::MAX));
        ring.push(entry(1, &run_text("rule", 1, 10)));
        ring.amend(1, &run_text("rule", 2, 30));
        ring.amend(7, "nowhere");
        assert_eq!(ring.get(1).unwrap().text(), "⋮ 2 more rule, 30 bytes (Enter opens, closes)");
        ring.amend(1, &run_text("rule", 1_000_000, 30_000_000));
        assert_eq!(ring.shelf.bytes(), ring.get(1).unwrap().weight(), "what it takes grows with its line");
    }

    fn folded(number: u64, text: &str) -> Entry {
        Entry { fold: Fold::Under(2), ..entry(number, text) }
    }

    #[test]
    fn folded_lines_are_opened_searched_and_filtered() {
        let mut ring = Ring::new((9, usize::MAX));
        ring.push(entry(1, "first"));
        ring.push(Entry { fold: Fold::Count, ..entry(2, "many more") });
        ["needle", "hay"].iter().zip(3..).for_each(|(text, number)| ring.push(folded(number, text)));
        ring.push(entry(5, "last"));
        assert_eq!((shown(&ring), ring.counts()), (vec![1, 2, 5], (3, 3)));
        assert!(ring.turn(2) && !ring.turn(1));
        assert_eq!((shown(&ring), ring.counts()), (vec![1, 2, 3, 4, 5], (5, 5)));
        assert!(ring.turn(2));
        assert_eq!(shown(&ring), [1, 2, 5]);
        let query = Query::read("needle").unwrap();
        assert_eq!((ring.find(&query, 1, true), shown(&ring)), (Some(2), vec![1, 2, 3, 4, 5]), "what is found is opened");
        assert!(ring.turn(2));
        ring.set_filter(Some(query));
        assert_eq!((shown(&ring), ring.counts()), (vec![3], (5, 1)));
        ring.push(folded(6, "needle"));
        assert_eq!(shown(&ring), [3, 6], "and what comes");
    }

    #[test]
    fn a_run_whose_line_left_is_closed() {
        let mut ring = Ring::new((2, usize::MAX));
        ring.push(entry(1, "first"));
        ring.push(Entry { fold: Fold::Count, ..entry(2, "many more") });
        assert!(ring.turn(2));
        ring.push(folded(3, "needle"));
        assert_eq!(shown(&ring), [1, 2, 3]);
        ring.push(entry(4, "a"));
        ring.push(entry(5, "b"));
        assert_eq!((shown(&ring), ring.opened.len()), (vec![4, 5], 0));
        let query = Query::read("needle").unwrap();
        assert_eq!((ring.find(&query, 5, false), shown(&ring), ring.opened.len()), (None, vec![4, 5], 0), "nothing opens it again");
        ring.set_filter(Some(query));
        assert_eq!(shown(&ring), [3], "a filter finds what is still here");
        ring.push(folded(6, "needle"));
        assert_eq!(shown(&ring), [3, 6]);
    }

    #[test]
    fn folded_lines_push_out_only_each_other() {
        let mut ring = Ring::new((2, usize::MAX));
        ring.push(entry(1, "first"));
        ring.push(Entry { fold: Fold::Count, ..entry(2, "many more") });
        ring.turn(2);
        (3..=9).for_each(|number| ring.push(folded(number, "x")));
        assert_eq!((shown(&ring), ring.gone()), (vec![1, 2, 8, 9], [0, 5]));
    }
}
