//! Orders the server does not know: all that it answers to them is that they are unknown. They are somebody's try, and not of the protocol.

use super::lines::Line;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes of an answer that are looked at.
const LOOKED_AT: usize = 256;
/// Refusals that show it.
const FEWEST: u64 = 2;

/// What an answer calls an order, and how it says that it knows none like it, in small letters.
const ORDERS: [&[u8]; 5] = [b"command", b"verb", b"keyword", b"method", b"operation"];
const UNKNOWN: [&[u8]; 3] = [b"unknown", b"unrecognized", b"unrecognised"];
const NOT: [&[u8]; 5] = [b"recognized", b"recognised", b"understood", b"known", b"found"];

/// How the orders that begin with a word were answered.
#[derive(Default)]
struct Answered<'a> {
    refused: u64,
    all: u64,
    /// What the refusals, and what all answers begin with.
    refusals: BTreeSet<&'a [u8]>,
    fronts: BTreeSet<&'a [u8]>,
}

impl Answered<'_> {
    /// Most answers refuse, and none begins as no refusal does.
    fn is_refused(&self) -> bool {
        self.refused >= FEWEST && self.refused.saturating_mul(2) > self.all && self.fronts.is_subset(&self.refusals)
    }
}

/// Words of the client of which the server says no more than that it does not know them, wherever they are answered alone.
pub(super) fn find<'a>(lines: &[Line<'a>]) -> BTreeSet<&'a [u8]> {
    let mut answers: BTreeMap<&[u8], Answered<'_>> = BTreeMap::new();
    let codes = has_codes(lines);
    for pair in lines.windows(2) {
        let [order, answer] = pair else { continue };
        let is_alone = order.from == Peer::Client && order.first_of_turn && order.last_of_turn && order.first;
        if !is_alone || answer.from == Peer::Client || answer.session != order.session {
            continue;
        }
        let seen = answers.entry(front(order)).or_default();
        seen.all = seen.all.saturating_add(1);
        seen.fronts.insert(front(answer));
        if (codes && front(answer) == b"500") || refuses(answer) {
            seen.refused = seen.refused.saturating_add(1);
            seen.refusals.insert(front(answer));
        }
    }
    answers.into_iter().filter(|(_, seen)| seen.is_refused()).map(|(word, _)| word).collect()
}

/// The word that a line begins with.
fn front<'a>(line: &Line<'a>) -> &'a [u8] {
    line.column(line.first_column())
}

/// Whether answers begin with numbers of three digits, of which 500 says that the order is not known, whatever stands behind it.
fn has_codes(lines: &[Line<'_>]) -> bool {
    let answers = || lines.iter().filter(|line| line.from == Peer::Server && line.first_of_turn);
    let coded = answers().filter(|line| matches!(front(line), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])).count();
    coded.saturating_mul(10) >= answers().count().saturating_mul(9)
}

/// Whether an answer says that it knows no such order.
fn refuses(answer: &Line<'_>) -> bool {
    let text = answer.text().get(..LOOKED_AT).unwrap_or(answer.text()).to_ascii_lowercase();
    let words: Vec<&[u8]> = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let orders = words.iter().enumerate().filter(|(_, word)| ORDERS.contains(word));
    orders.map(|(place, _)| place).any(|place| is_unknown(&words, place))
}

/// Whether the word in this place is called unknown: near in front of it, or behind it and the order's own name.
fn is_unknown(words: &[&[u8]], place: usize) -> bool {
    let before = words.get(place.saturating_sub(2)..place).unwrap_or_default();
    let behind = words.get(place.saturating_add(1)..words.len().min(place.saturating_add(4))).unwrap_or_default();
    let says = |words: &[&[u8]]| words.iter().any(|word| UNKNOWN.contains(word));
    let denies = behind.windows(2).any(|pair| matches!(pair, [b"not", word] if NOT.contains(word)));
    says(before) || before.ends_with(&[b"such"]) && before.starts_with(&[b"no"]) || says(behind) || denies
}

#[cfg(test)]
mod tests {
    use crate::grammar::Description;
    use crate::protocol::unknown::testing::inferred;
    use crate::protocol::unknown::testing::sessions;

    fn refused(description: &Description) -> Vec<&str> {
        description.grammar.keywords.iter().filter(|word| word.refused).map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn orders_the_server_does_not_know_are_marked() {
        for answer in
            ["500 What?", "ERR UNKNOWN-COMMAND", "-ERR Unknown POP3 command: FLY", "500 command not understood", "502 no such command"]
        {
            let text = format!(
                "C: LOOK up\\r\\n\nS: 200 well\\r\\n\nC: FLY up\\r\\n\nS: {answer}\\r\\n\nC: LAND\\r\\n\nS: 451 command failed\\r\\n\n"
            );
            let service = sessions(&[text.as_str(); 4]);
            assert_eq!(refused(&inferred(&service).description), ["FLY"], "{answer}");
        }
    }

    #[test]
    fn an_order_that_was_done_once_is_known() {
        let refusal = "C: FLY up\\r\\n\nS: 500 What?\\r\\n\n";
        let service = sessions(&[refusal, refusal, "C: FLY up\\r\\n\nS: 200 well\\r\\n\n"]);
        assert!(refused(&inferred(&service).description).is_empty());
    }
}
