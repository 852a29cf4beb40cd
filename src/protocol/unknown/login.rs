//! What may be a login among binary bytes: nothing names a secret there, so the first that a client says fails closed.

use super::Typed;
use super::Unit;
use crate::peer::Peer;
use crate::peer::Transport;
use std::collections::BTreeMap;

/// First messages of a client that may be its login: a greeting, and what answers the server's.
const FIRST: u64 = 3;
/// Bytes that can be typed and make a text, wherever they stand.
const SHORTEST_TEXT: usize = 3;
/// Bytes of a shorter one behind their own number.
const SHORTEST_COUNTED: usize = 2;
/// Bytes of two texts of which one is shorter and follows the other at once.
const SHORTEST_PAIR: usize = 4;

/// In the first messages of a connection's client hides all behind their first text: who logs in says a name, then a secret.
pub(super) fn hide(transport: Transport, units: &[Unit<'_>], typed: &mut [Typed]) {
    if transport != Transport::Tcp {
        return;
    }
    let mut said: BTreeMap<usize, u64> = BTreeMap::new();
    for (unit, typed) in units.iter().zip(typed).filter(|(unit, _)| unit.from == Peer::Client) {
        let said = said.entry(unit.session).or_default();
        *said = said.saturating_add(1);
        if let Some(begin) = behind_first_text(unit.bytes).filter(|_| *said <= FIRST) {
            typed.tokens.iter_mut().filter(|token| token.end > begin).for_each(|token| token.secret = true);
        }
    }
}

/// Where the second text begins.
fn behind_first_text(bytes: &[u8]) -> Option<usize> {
    let runs: Vec<(usize, usize)> = runs(bytes).collect();
    let near = |place: Option<usize>| place.and_then(|place| runs.get(place)).copied();
    let is_text = |(place, run): &(usize, &(usize, usize))| {
        let size = run.1.saturating_sub(run.0);
        let front = bytes.get(..run.0).unwrap_or_default();
        let is_pair =
            |one: Option<(usize, usize)>, two: Option<(usize, usize)>| one.zip(two).is_some_and(|(one, two)| follows(bytes, one, two));
        size >= SHORTEST_TEXT
            || (size >= SHORTEST_COUNTED && ends_with_count(front, size))
            || is_pair(near(place.checked_sub(1)), Some(**run))
            || is_pair(Some(**run), near(place.checked_add(1)))
    };
    runs.iter().enumerate().filter(is_text).nth(1).map(|(_, (start, _))| *start)
}

/// Bytes in a row that can be typed: where they begin and end.
fn runs(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0_usize;
    bytes.split(|byte| !byte.is_ascii_graphic() && *byte != b' ').filter_map(move |run| {
        let (start, end) = (at, at.saturating_add(run.len()));
        at = end.saturating_add(1);
        (end > start).then_some((start, end))
    })
}

/// Whether these two are texts because the one follows the other at once: behind the zero byte that ends the one, or its own length.
fn follows(bytes: &[u8], one: (usize, usize), two: (usize, usize)) -> bool {
    let [first, second] = [one, two].map(|(start, end)| end.saturating_sub(start));
    let between = bytes.get(one.1..two.0).unwrap_or_default();
    let is_counted = matches!(between.len(), 1 | 2 | 4) && ends_with_count(between, second);
    first.saturating_add(second) >= SHORTEST_PAIR && (between == [0] || is_counted)
}

/// Whether the last bytes are this number, in either byte order.
fn ends_with_count(front: &[u8], count: usize) -> bool {
    let Ok(count) = u8::try_from(count) else { return false };
    // A number of several bytes with its highest first ends as one of one byte does.
    [&[count][..], &[count, 0], &[count, 0, 0, 0]].iter().any(|number| front.ends_with(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_text_is_behind_the_first() {
        assert_eq!(behind_first_text(b"\x10\x04MQTT\x04\x02\0\x04anna\0\x06secret"), Some(10));
        assert_eq!(behind_first_text(b"\x01\x02only\x03"), None);
        assert_eq!(behind_first_text(b"\x01a\x02b\x03"), None, "single letters are numbers");
    }

    #[test]
    fn short_texts_are_some_where_they_say_so_or_follow_others() {
        for (login, place) in [
            (&b"\x07\x02al\x06secret"[..], 5),
            (b"\x07\x04anna\x02x1\xff", 7),
            (b"\x07\x04anna\x01x\xff", 7),
            (b"\x07\x01a\x06secret", 4),
            (b"\x07anna\0x\0", 6),
            (b"\x07al\0x1\0", 4),
            (b"\x07a\0secret\0", 3),
            (b"\x07\0\x04anna\0\x02x1", 9),
            (b"\x07\x04\0anna\x02\0x1", 9),
            (b"\x07\x02\0\0\0al\x02\0\0\0x1", 11),
        ] {
            assert_eq!(behind_first_text(login), Some(place), "{}", login.escape_ascii());
        }
        for numbers in [&b"\x07A\0B\0C\0"[..], b"\x03AB\x09CD\x05", b"\x07anna\x05x\xff"] {
            assert_eq!(behind_first_text(numbers), None, "{}", numbers.escape_ascii());
        }
    }
}
