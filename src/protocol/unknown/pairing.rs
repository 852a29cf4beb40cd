//! Which message answers which: the first of a server's turn the last of the client's before, and what was asked for its question.

use super::Language;
use super::Unit;
use super::seen::behind_holes;
use super::text::Stand;
use crate::grammar::Exchange;
use crate::grammar::Share;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::time::Duration;

/// For each message the one it answers, by its place among all; `stands` says where each stands in its dialogue.
///
/// Clients ask and servers answer: what a client says next is no answer, unless it was asked for. Behind a hole nothing is paired.
pub(super) fn pair(units: &[Unit<'_>], stands: &[Stand]) -> Vec<Option<usize>> {
    let mut answers = vec![None; units.len()];
    let mut before: Option<&Unit<'_>> = None;
    for ((place, unit), is_late) in units.iter().enumerate().zip(behind_holes(units)) {
        let asked = unit.from == Peer::Server || stands.get(place) == Some(&Stand::Answer);
        let turned = before.is_some_and(|before| before.session == unit.session && before.from != unit.from);
        if let (true, Some(slot)) = (!is_late && asked && turned, answers.get_mut(place)) {
            *slot = place.checked_sub(1);
        }
        before = Some(unit);
    }
    answers
}

/// Kinds of requests and their replies, the most frequent first.
pub(super) fn exchanges(units: &[Unit<'_>], language: &Language, answers: &[Option<usize>]) -> Vec<Exchange> {
    let kind = |place: usize| language.typed.get(place).and_then(|typed| typed.message_type);
    let mut seen: BTreeMap<(usize, usize), Vec<Duration>> = BTreeMap::new();
    let mut all: BTreeMap<usize, u64> = BTreeMap::new();
    for (place, request) in answers.iter().enumerate().filter_map(|(place, request)| Some((place, (*request)?))) {
        let (Some(asked), Some(said)) = (kind(request), kind(place)) else { continue };
        let (Some(one), Some(two)) = (units.get(request), units.get(place)) else { continue };
        seen.entry((asked, said)).or_default().push(two.at.since(one.at));
        let count = all.entry(asked).or_default();
        *count = count.saturating_add(1);
    }
    let id = |index: usize| language.types.get(index).map(|kind| kind.id.clone()).unwrap_or_default();
    let mut list: Vec<Exchange> = Vec::new();
    for ((asked, said), delays) in seen {
        let count = u64::try_from(delays.len()).unwrap_or(u64::MAX);
        list.push(Exchange {
            request: id(asked),
            response: id(said),
            count,
            probability: Share::of(count, all.get(&asked).copied().unwrap_or(0)),
            correlated_by: None,
            median_delay: Exchange::median(delays),
        });
    }
    list.sort_by_key(|exchange| std::cmp::Reverse(exchange.count));
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::ByteSpan;
    use crate::time::Timestamp;

    fn unit(session: usize, from: Peer, start: u64, end: u64) -> Unit<'static> {
        Unit { session, number: 1, from, at: Timestamp::default(), span: ByteSpan { start, end }, bytes: b"" }
    }

    #[test]
    fn servers_answer_and_clients_where_they_are_asked() {
        let (client, server) = (Peer::Client, Peer::Server);
        let units = [
            unit(0, server, 0, 5),
            unit(0, client, 0, 5),
            unit(0, server, 5, 9),
            unit(0, server, 9, 12),
            unit(0, client, 5, 9),
            // Behind a hole.
            unit(0, server, 20, 30),
            unit(1, server, 0, 5),
        ];
        let mut stands = [Stand::Plain; 7];
        assert_eq!(pair(&units, &stands), [None, None, Some(1), None, None, None, None]);
        stands[4] = Stand::Answer;
        assert_eq!(pair(&units, &stands), [None, None, Some(1), None, Some(3), None, None]);
    }
}
