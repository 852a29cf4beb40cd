//! Text with counts in it: a line says how many bytes, or how many parts, follow. Lines would cut such bytes apart.

use crate::grammar::Ground;
use crate::grammar::Share;
use crate::peer::Peer;
use crate::protocol::unknown::Service;
use memchr::memmem;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Digits of a count.
const MOST_DIGITS: usize = 9;
/// Lists in lists.
const MOST_DEPTH: usize = 8;
/// Counts that must hold before they are believed.
const LEAST_COUNTS: u64 = 3;

/// How counts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol::unknown) struct Counted {
    pub(in crate::protocol::unknown) terminator: &'static [u8],
    /// What stands before the number of bytes.
    pub(in crate::protocol::unknown) blob: u8,
    /// What stands before the number of parts.
    pub(in crate::protocol::unknown) list: Option<u8>,
    /// Counts that hold, and those that do not.
    held: (u64, u64),
}

/// What a mark was seen to do.
#[derive(Default)]
struct Tried {
    held: u64,
    failed: u64,
    values: BTreeSet<usize>,
}

impl Counted {
    /// Looks for a mark whose number is the bytes up to the next line end, in nearly all lines that begin with it.
    pub(super) fn find(service: &Service, of: &[Peer], terminator: &'static [u8]) -> Option<Self> {
        let mut marks: BTreeMap<u8, Tried> = BTreeMap::new();
        let turns = || service.sessions.iter().flat_map(|seen| &seen.turns).filter(|turn| of.contains(&turn.from));
        for turn in turns() {
            let mut at = 0;
            while let Some((line, next)) = line(&turn.bytes, at, terminator) {
                at = next;
                let Some((mark, count)) = marked(line) else { continue };
                let tried = marks.entry(mark).or_default();
                let end = next.saturating_add(count);
                if turn.bytes.get(end..).is_some_and(|rest| rest.starts_with(terminator)) {
                    (tried.held, at) = (tried.held.saturating_add(1), end.saturating_add(terminator.len()));
                    tried.values.insert(count);
                } else {
                    tried.failed = tried.failed.saturating_add(1);
                }
            }
        }
        let holds = |tried: &Tried| tried.held >= LEAST_COUNTS && tried.values.len() >= 2 && share(tried) >= 9_500;
        let (blob, tried) =
            marks.iter().filter(|(_, tried)| holds(tried)).max_by_key(|(mark, tried)| (tried.held, std::cmp::Reverse(**mark)))?;
        let alone = Self { terminator, blob: *blob, list: None, held: (tried.held, tried.failed) };
        let lists = marks.keys().filter(|mark| *mark != blob).copied();
        let list = lists.max_by_key(|mark| alone.lists(turns().map(|turn| turn.bytes.as_slice()), *mark));
        let list = list.filter(|mark| alone.lists(turns().map(|turn| turn.bytes.as_slice()), *mark) > 0);
        Some(Self { list, ..alone })
    }

    /// How many turns are whole messages when this mark counts parts; nothing when it explains no more than without.
    fn lists<'a>(self, turns: impl Iterator<Item = &'a [u8]>, mark: u8) -> u64 {
        let with = Self { list: Some(mark), ..self };
        let mut whole = 0_u64;
        for bytes in turns.filter(|bytes| bytes.first() == Some(&mark)) {
            let ends = with.ends(bytes);
            let exact = ends.last() == Some(&bytes.len());
            if !exact {
                return 0;
            }
            whole = whole.saturating_add(1);
        }
        whole
    }

    /// How many of its counts hold.
    pub(super) fn share(self) -> Share {
        let (held, failed) = self.held;
        Share::of(held, held.saturating_add(failed))
    }

    /// Why it is believed.
    pub(super) fn ground(self) -> Ground {
        let (held, failed) = self.held;
        Ground {
            detector: "counted_text".to_owned(),
            statement: format!(
                "A line of '{}' and a number is followed by exactly so many bytes and a line end: {held} times, {failed} times not.",
                self.blob.escape_ascii()
            ),
            score: Some(self.share()),
            messages: None,
            sessions: None,
            counterexamples: Vec::new(),
        }
    }

    /// Where the messages of a turn end.
    pub(super) fn ends(self, bytes: &[u8]) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        while let Some(end) = self.part(bytes, at, 0) {
            ends.push(end);
            at = end;
        }
        ends
    }

    /// Where the part that begins here ends.
    fn part(self, bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
        let (line, next) = line(bytes, at, self.terminator)?;
        match marked(line) {
            Some((mark, count)) if mark == self.blob => {
                let end = next.checked_add(count)?;
                let rest = bytes.get(end..)?;
                Some(if rest.starts_with(self.terminator) { end.saturating_add(self.terminator.len()) } else { next })
            }
            Some((mark, count)) if Some(mark) == self.list && depth < MOST_DEPTH => {
                let mut end = next;
                for _ in 0..count {
                    end = self.part(bytes, end, depth.saturating_add(1))?;
                }
                Some(end)
            }
            _ => Some(next),
        }
    }
}

fn share(tried: &Tried) -> u16 {
    Share::of(tried.held, tried.held.saturating_add(tried.failed)).parts()
}

/// The line that begins here, without its end, and where the next one begins.
fn line<'a>(bytes: &'a [u8], at: usize, terminator: &[u8]) -> Option<(&'a [u8], usize)> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    let length = memmem::find(rest, terminator)?;
    Some((rest.get(..length)?, at.saturating_add(length).saturating_add(terminator.len())))
}

/// The mark and the number of a line that has nothing else.
pub(in crate::protocol::unknown) fn marked(line: &[u8]) -> Option<(u8, usize)> {
    let (mark, digits) = line.split_first()?;
    let number = !digits.is_empty() && digits.len() <= MOST_DIGITS && digits.iter().all(u8::is_ascii_digit);
    if !mark.is_ascii_punctuation() || !number {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok().map(|count| (*mark, count))
}
