//! Which message answers which: the first of a turn answers the last of the turn before.

use super::Language;
use super::Unit;
use crate::grammar::Exchange;
use crate::grammar::Share;
use std::collections::BTreeMap;
use std::time::Duration;

/// For each message the one it answers, by its place among all.
pub(super) fn pair(units: &[Unit<'_>]) -> Vec<Option<usize>> {
    let mut answers = vec![None; units.len()];
    for (place, pair) in units.windows(2).enumerate() {
        let [one, two] = pair else { continue };
        if one.session == two.session
            && one.from != two.from
            && let Some(slot) = answers.get_mut(place.saturating_add(1))
        {
            *slot = Some(place);
        }
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
