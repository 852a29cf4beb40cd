//! What is left of messages as numbers of four bytes, one behind the other, of which some say how long the text behind them is: zeros fill
//! it up to four bytes again.

use super::numbers::at_least;
use super::numbers::number;
use super::rows::Spot;
use crate::grammar::ByteOrder;
use crate::grammar::Inside;
use crate::grammar::Kind;
use std::collections::BTreeSet;

/// Bytes of a number, whose high byte comes first.
const WORD: usize = Inside::WORD;

/// Fewest messages that show it, different lengths of theirs, and numbers of one on average.
const FEWEST: usize = 20;
const FEWEST_LENGTHS: usize = 3;
const FEWEST_WORDS: usize = 3;

/// Whether what is left of these messages is such: nearly all of it is multiples of four bytes, and most numbers are small or texts.
pub(super) fn holds(here: &[Spot<'_>]) -> bool {
    let is_aligned = |spot: &Spot<'_>| spot.start.is_multiple_of(WORD) && spot.rest().len().is_multiple_of(WORD);
    if here.len() < FEWEST || !here.iter().all(is_aligned) {
        return false;
    }
    let lengths: BTreeSet<usize> = here.iter().map(|spot| spot.rest().len()).collect();
    if lengths.len() < FEWEST_LENGTHS {
        return false;
    }
    let (mut bytes, mut explained) = (0_usize, 0_usize);
    for rest in here.iter().map(Spot::rest) {
        bytes = bytes.saturating_add(rest.len());
        let mut at = 0_usize;
        for (end, kind) in parts(rest) {
            let is_small = kind == Kind::Integer && rest.get(at) == Some(&0);
            explained = explained.saturating_add(if is_small || kind != Kind::Integer { end.saturating_sub(at) } else { 0 });
            at = end;
        }
    }
    at_least(explained, bytes, 85) && bytes >= here.len().saturating_mul(WORD).saturating_mul(FEWEST_WORDS)
}

/// Where each part ends, and what it is.
pub(super) fn parts(bytes: &[u8]) -> Vec<(usize, Kind)> {
    let mut list = Vec::new();
    let mut at = 0_usize;
    while at < bytes.len() {
        let behind = at.saturating_add(WORD);
        let Some(word) = bytes.get(at..behind) else {
            list.push((bytes.len(), Kind::Opaque));
            break;
        };
        at = behind;
        match text(bytes, at, number(word, ByteOrder::Big)) {
            Some((end, next)) => {
                list.extend([(at, Kind::Length), (end, Kind::String)]);
                list.extend((next > end).then_some((next, Kind::Padding)));
                at = next;
            }
            None => list.push((at, Kind::Integer)),
        }
    }
    list
}

/// Where a text of so many letters that begins here ends, and what fills it up.
fn text(bytes: &[u8], at: usize, length: u64) -> Option<(usize, usize)> {
    let end = at.checked_add(usize::try_from(length).ok().filter(|length| *length > 0)?)?;
    let next = at.checked_add(end.checked_sub(at)?.checked_next_multiple_of(WORD)?)?;
    let is_text = bytes.get(at..end)?.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let is_filled = bytes.get(end..next)?.iter().all(|byte| *byte == 0);
    (is_text && is_filled).then_some((end, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_behind_their_length_and_are_filled_up() {
        let bytes = b"\0\0\0\x05maple\0\0\0\0\0\0\x01\0\0\x01\xb3\0\0\0\x04jade\0\0\0\x02a\0\0\0\0\0";
        let kinds: Vec<(usize, Kind)> = parts(bytes);
        let expected = [
            (4, Kind::Length),
            (9, Kind::String),
            (12, Kind::Padding),
            (16, Kind::Integer),
            (20, Kind::Integer),
            (24, Kind::Length),
            (28, Kind::String),
            // What is no letter is no text, and less than four bytes are no number.
            (32, Kind::Integer),
            (36, Kind::Integer),
            (38, Kind::Opaque),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(parts(b""), []);
    }
}
