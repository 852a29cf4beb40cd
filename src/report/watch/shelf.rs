//! The newest lines in two rows: those with a place of their own, and messages folded into a count. Many of a kind push out only each other.

use super::entry::Entry;
use super::entry::Fold;
use std::collections::VecDeque;

/// Lines in the order of their numbers; the oldest of each row leave where there are too many.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    own: Row,
    folded: Row,
}

/// One row.
#[derive(Debug, Default)]
struct Row {
    entries: VecDeque<Entry>,
    /// The memory they take.
    bytes: usize,
    /// Lines that left, or never came to be seen.
    gone: u64,
}

impl Row {
    /// Where the line of a number is.
    fn place(&self, number: u64) -> Option<usize> {
        self.entries.binary_search_by_key(&number, |entry| entry.number).ok()
    }

    /// The oldest line where there are more than so many, or more bytes.
    fn leaving(&mut self, most: (usize, usize)) -> Option<u64> {
        if self.entries.len() <= most.0 && (self.bytes <= most.1 || self.entries.len() <= 1) {
            return None;
        }
        let oldest = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.weight());
        self.gone = self.gone.saturating_add(1);
        Some(oldest.number)
    }
}

impl Shelf {
    /// Takes a line that is newer than all others; gives the numbers of those that leave. Each row has at most so many lines, and bytes.
    pub(super) fn push(&mut self, entry: Entry, most: (usize, usize)) -> Vec<u64> {
        let row = if matches!(entry.fold, Fold::Under(_)) { &mut self.folded } else { &mut self.own };
        row.bytes = row.bytes.saturating_add(entry.weight());
        row.entries.push_back(entry);
        std::iter::from_fn(|| row.leaving(most)).collect()
    }

    /// Changes a line that has a place of its own.
    pub(super) fn amend(&mut self, number: u64, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.own.place(number).and_then(|place| self.own.entries.get_mut(place)) else { return };
        self.own.bytes = self.own.bytes.saturating_sub(entry.weight());
        change(entry);
        self.own.bytes = self.own.bytes.saturating_add(entry.weight());
    }

    /// The line of a number.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        [&self.own, &self.folded].into_iter().find_map(|row| row.entries.get(row.place(number)?))
    }

    /// All lines, those of each row in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.own.entries.iter().chain(&self.folded.entries)
    }

    /// The nearest line above or below a number that is looked for.
    pub(super) fn find(&self, number: u64, onwards: bool, wanted: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let rows = [&self.own.entries, &self.folded.entries];
        if onwards {
            let found = rows.map(|row| row.iter().skip(row.partition_point(|entry| entry.number <= number)).find(|entry| wanted(entry)));
            found.into_iter().flatten().min_by_key(|entry| entry.number)
        } else {
            let found =
                rows.map(|row| row.iter().take(row.partition_point(|entry| entry.number < number)).rev().find(|entry| wanted(entry)));
            found.into_iter().flatten().max_by_key(|entry| entry.number)
        }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.own.entries.len().saturating_add(self.folded.entries.len())
    }

    /// How many lines left, and how many folded ones.
    pub(super) fn gone(&self) -> [u64; 2] {
        [self.own.gone, self.folded.gone]
    }

    /// Takes note of what left before it came here.
    pub(super) fn add_gone(&mut self, [own, folded]: [u64; 2]) {
        self.own.gone = self.own.gone.saturating_add(own);
        self.folded.gone = self.folded.gone.saturating_add(folded);
    }

    /// The lines themselves, in the order of their numbers.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.own.entries.into_iter().chain(self.folded.entries).collect();
        entries.sort_by_key(|entry| entry.number);
        entries
    }

    /// The memory of the lines that have places of their own.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.own.bytes
    }
}
