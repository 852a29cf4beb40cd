//! The field that says what kind of message it is: the one that explains most of how messages differ.
//!
//! What a field explains of a feature (the length, a byte's value, what is answered) is the bits that are saved when the feature is
//! written down knowing the field, less the bits that the table of both costs; both within each direction, which is known anyway.

use super::chain;
use super::chain::Chain;
use super::columns::Column;
use super::identity::halved;
use super::numbers::BIT;
use super::numbers::at_least;
use super::numbers::bits_of;
use super::numbers::log2;
use super::numbers::tally;
use super::numbers::wide;
use super::rows::Spot;
use super::script::Step;
use super::script::after;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Parts of a byte that may be a field of their own: high and low, as protocols divide bytes.
const MASKS: [u8; 9] = [0xff, 0xf0, 0x0f, 0x07, 0x38, 0x78, 0xe0, 0xc0, 0x1f];

/// Links of a chain whose tag may be the type.
const LINKS: usize = 4;

/// Values a type field has at most.
const VALUES: usize = 48;

/// Bytes whose value is a feature.
const FEATURES: usize = 40;

/// A byte with more values than this is a feature only by what kind of byte it is.
const FEW_VALUES: usize = 24;

/// Bits that a message must be told shorter by on average.
const LEAST: u64 = BIT * 3 / 4;

/// Messages of a session that shows what stays the same in it.
const LONG_SESSION: usize = 6;

/// Where a type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Bits of a byte behind so many steps.
    Bits { steps: usize, at: usize, mask: u8 },
    /// The lowest bits of a number that counts in all but its lowest: that one if it is not set, else that and the next.
    Code { steps: usize, at: usize },
    /// The value with this tag, of one or two bytes, in the chain behind so many steps.
    Tag { steps: usize, tag: u8 },
    /// The n-th tag of the chain behind so many steps.
    Link { steps: usize, index: usize },
}

/// The field that was found.
#[derive(Clone, Debug)]
pub(super) struct TypeField {
    pub(super) place: Place,
    /// Bits it saves for a message, and those of the next best that is not a part of it, in parts of a bit.
    pub(super) saved: u64,
    pub(super) next: u64,
    pub(super) values: usize,
}

/// The value a row has there.
pub(super) fn value(steps: &[Step], place: Place, spot: &Spot<'_>) -> Option<u8> {
    match place {
        Place::Bits { steps: before, at, mask } => after(steps.get(..before)?, spot).byte(at).map(|byte| byte & mask),
        Place::Code { steps: before, at } => {
            let byte = after(steps.get(..before)?, spot).byte(at)?;
            Some(if byte & 1 == 0 { 0 } else { byte & 3 })
        }
        Place::Tag { steps: before, tag } => {
            let Step::Chain(chain) = steps.get(before)? else { return None };
            let spot = after(steps.get(..before)?, spot);
            let link = chain::links(*chain, spot.rest())?.into_iter().find(|link| link.tag == u16::from(tag) && link.has_value())?;
            // A number, not a text.
            if link.end.saturating_sub(link.value) > 2 { None } else { spot.byte(link.end.saturating_sub(1)) }
        }
        Place::Link { steps: before, index } => {
            let Step::Chain(chain) = steps.get(before)? else { return None };
            let spot = after(steps.get(..before)?, spot);
            chain::tags(*chain, spot.rest()).get(index).copied()
        }
    }
}

/// What is told by a type: one number for each row, many features.
type Feature = Vec<u16>;

fn class(byte: Option<u8>) -> u16 {
    match byte {
        None => 256,
        Some(0) => 257,
        Some(1..=31) => 258,
        Some(32..=126) => 259,
        Some(_) => 260,
    }
}

/// The features of all rows, each with the byte it is of, where it is of one.
fn features(steps: &[Step], spots: &[Spot<'_>], answers: &[Option<usize>]) -> Vec<(Option<usize>, Feature)> {
    let length = |spot: &Spot<'_>| u16::try_from(spot.rest().len()).unwrap_or(u16::MAX);
    let mut list = vec![(None, spots.iter().map(length).collect::<Feature>())];
    let answer = |place: &Option<usize>| place.and_then(|place| spots.get(place)).map_or(u16::MAX, length);
    list.push((None, answers.iter().map(answer).collect()));
    // A number or text that is one thing counts once.
    let columns = if let Some(Step::Fixed(columns, _)) = steps.first() { columns.as_slice() } else { &[] };
    let inner =
        |at: usize| columns.iter().any(|column| column.start < at && at < column.end && !is_open(column) && column.kind != Kind::Constant);
    for at in (0..FEATURES).filter(|at| !inner(*at)) {
        let values: BTreeSet<u8> = spots.iter().filter_map(|spot| spot.byte(at)).collect();
        let exact = values.len() <= FEW_VALUES;
        let feature = spots.iter().map(|spot| spot.byte(at).filter(|_| exact).map_or_else(|| class(spot.byte(at)), u16::from));
        list.push((Some(at), feature.collect()));
    }
    list.retain(|(_, feature)| feature.iter().collect::<BTreeSet<_>>().len() > 1);
    // Many lengths are no classes: those of one in eight at most.
    list.retain(|(at, feature)| at.is_some() || feature.iter().collect::<BTreeSet<_>>().len() <= spots.len() / 4);
    list
}

/// The same with the numbers of the values in order instead of the values, and how many there are: counted in a table.
fn ranked(feature: &[u16]) -> (Feature, usize) {
    let values: BTreeSet<u16> = feature.iter().copied().collect();
    let ranks: BTreeMap<u16, u16> = values.into_iter().zip(0..).collect();
    (feature.iter().map(|value| ranks.get(value).copied().unwrap_or(0)).collect(), ranks.len())
}

/// Bits a field saves for a feature within one direction; both ranked.
fn saved((field, values): &(Feature, usize), (feature, width): &(Feature, usize), rows: &[usize]) -> u64 {
    let mut table = vec![0_u64; values.saturating_mul(*width)];
    let mut alone = vec![0_u64; *width];
    let at = |list: &[u16], row: usize| usize::from(list.get(row).copied().unwrap_or(0));
    for row in rows {
        let (value, told) = (at(field, *row), at(feature, *row));
        let cell = table.get_mut(value.saturating_mul(*width).saturating_add(told));
        cell.into_iter().chain(alone.get_mut(told)).for_each(|count| *count = count.saturating_add(1));
    }
    let some = |counts: &[u64]| counts.iter().filter(|count| **count > 0).count();
    let behind: u64 = table.chunks((*width).max(1)).map(|counts| bits_of(counts.iter().copied().filter(|count| *count > 0))).sum();
    let cost = wide(some(&table).saturating_sub(some(&alone))).saturating_mul(log2(wide(rows.len()))) / 2;
    bits_of(alone.into_iter()).saturating_sub(behind).saturating_sub(cost)
}

/// How many values there are: of bytes, or 256 where there is none.
fn distinct(field: &[u16]) -> usize {
    let mut seen = [false; 257];
    for value in field {
        seen.get_mut(usize::from(*value)).into_iter().for_each(|seen| *seen = true);
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// All that could be the type: bits of bytes that nothing else explains, first bytes of tagged values.
fn candidates(steps: &[Step], spots: &[Spot<'_>]) -> Vec<(Place, Feature)> {
    let mut places = Vec::new();
    for (count, step) in steps.iter().enumerate() {
        match step {
            Step::Fixed(columns, _) => {
                for at in columns.iter().filter(|column| is_open(column)).flat_map(|column| column.start..column.end).take(128) {
                    places.extend(MASKS.iter().map(|mask| Place::Bits { steps: count, at, mask: *mask }));
                }
                let low =
                    |column: &Column| if column.order == Some(ByteOrder::Little) { column.start } else { column.end.saturating_sub(1) };
                let halved = columns.iter().filter(|column| column.detector == halved::DETECTOR);
                places.extend(halved.map(|column| Place::Code { steps: count, at: low(column) }));
            }
            Step::Chain(chain @ Chain::Tagged { .. }) => {
                let rests = spots.iter().map(|spot| after(steps.get(..count).unwrap_or_default(), spot));
                let tags = tally(rests.flat_map(|spot| {
                    let links = chain::links(*chain, spot.rest()).unwrap_or_default();
                    links.into_iter().filter_map(|link| u8::try_from(link.tag).ok()).collect::<BTreeSet<_>>()
                }));
                let often = tags.into_iter().filter(|(_, seen)| seen.saturating_mul(10) >= wide(spots.len()).saturating_mul(9));
                places.extend(often.map(|(tag, _)| Place::Tag { steps: count, tag }));
                places.extend((0..LINKS).map(|index| Place::Link { steps: count, index }));
            }
            _ => {}
        }
    }
    let mut list: Vec<(Place, Feature)> = Vec::new();
    let mut fixed: BTreeMap<(usize, usize), u8> = BTreeMap::new();
    for place in places {
        if let Place::Bits { steps: count, at, mask } = place {
            let bits = fixed.entry((count, at)).or_insert_with(|| of_session(steps, count, at, spots));
            if *bits & mask != 0 {
                continue;
            }
        }
        let field: Feature = spots.iter().map(|spot| value(steps, place, spot).map_or(256, u16::from)).collect();
        let values = distinct(&field);
        let same = |other: &(Place, Feature)| {
            let one_byte =
                matches!((other.0, place), (Place::Bits { steps: a, at: b, .. }, Place::Bits { steps: c, at: d, .. }) if a == c && b == d);
            one_byte && distinct(&other.1) == values && tally(other.1.iter().zip(&field)).len() == values
        };
        // A value that most messages lack says no type.
        let lack = field.iter().filter(|value| **value == 256).count();
        if (2..=VALUES).contains(&values) && lack.saturating_mul(10) <= field.len() && !list.iter().any(same) && comes_back(&field, spots) {
            list.push((place, field));
        }
    }
    list
}

/// Bits of a byte that vary, but are the same in all messages of a client, or session, both sides': they tell clients apart, not messages.
fn of_session(steps: &[Step], count: usize, at: usize, spots: &[Spot<'_>]) -> u8 {
    let hosts = spots.iter().filter_map(|spot| spot.row.ends.first()).map(|end| end.ip).collect::<BTreeSet<_>>().len();
    let mut by: BTreeMap<(Option<std::net::IpAddr>, usize), (u8, u8, usize)> = BTreeMap::new();
    let (mut any, mut all, mut rows) = (0_u8, 0xff_u8, 0_usize);
    for spot in spots {
        let Some(byte) = after(steps.get(..count).unwrap_or_default(), spot).byte(at) else { continue };
        let host = spot.row.ends.first().map(|end| end.ip);
        let (or, and, seen) = by.entry(if hosts > 2 { (host, 0) } else { (None, spot.row.session) }).or_insert((0, 0xff, 0));
        (*or, *and, *seen) = (*or | byte, *and & byte, seen.saturating_add(1));
        (any, all, rows) = (any | byte, all & byte, rows.saturating_add(1));
    }
    let long = by.values().filter(|(_, _, seen)| *seen >= LONG_SESSION);
    let judged: usize = long.clone().map(|(_, _, seen)| seen).sum();
    if !at_least(judged, rows, 50) {
        return 0;
    }
    let within = long.fold(0_u8, |bits, (or, and, _)| bits | (or ^ and));
    (any ^ all) & !within
}

/// Whether a column may hold the type.
fn is_open(column: &Column) -> bool {
    !matches!(
        column.kind,
        Kind::Length
            | Kind::Count
            | Kind::Offset
            | Kind::Float
            | Kind::Timestamp
            | Kind::Echo
            | Kind::Counter
            | Kind::Address
            | Kind::Port
            | Kind::String
            | Kind::Random
            | Kind::Padding
            | Kind::Constant
    )
}

/// Whether the values are of the protocol rather than of one session: most come back, and sessions have several.
fn comes_back(field: &[u16], spots: &[Spot<'_>]) -> bool {
    let counts = tally(field.iter().copied());
    let back: u64 = counts.values().filter(|count| **count >= 3).sum();
    if !at_least(usize::try_from(back).unwrap_or(0), field.len(), 95) {
        return false;
    }
    let sessions = tally(spots.iter().map(|spot| spot.row.session));
    if sessions.len() < 2 || sessions.len().saturating_mul(4) > spots.len() {
        return true;
    }
    let both = tally(spots.iter().map(|spot| spot.row.session).zip(field.iter().copied()));
    let mut by: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for ((session, _), count) in both {
        by.entry(session).or_default().push(count);
    }
    let within: u64 = by.into_values().map(|counts| bits_of(counts.into_iter())).sum();
    within.saturating_mul(4) >= bits_of(counts.into_values())
}

/// The place whose bits a candidate is a part of.
fn home(place: Place) -> (usize, usize, bool) {
    match place {
        Place::Bits { steps, at, .. } | Place::Code { steps, at } => (steps, at, false),
        Place::Tag { steps, tag } => (steps, usize::from(tag), true),
        Place::Link { steps, index } => (steps, index.saturating_add(256), true),
    }
}

/// The field that tells most of these rows beside what classes of them tell already, such as directions.
fn best(steps: &[Step], spots: &[Spot<'_>], classes: &[Vec<usize>], taken: &[Place]) -> Option<TypeField> {
    let mut answers = vec![None; spots.len()];
    let places: BTreeMap<usize, usize> = spots.iter().enumerate().map(|(index, spot)| (spot.place, index)).collect();
    for (index, spot) in spots.iter().enumerate() {
        let ask = spot.row.ask.and_then(|ask| places.get(&ask)).and_then(|ask| answers.get_mut(*ask));
        ask.into_iter().filter(|slot| slot.is_none()).for_each(|slot| *slot = Some(index));
    }
    let features: Vec<(Option<usize>, (Feature, usize))> =
        features(steps, spots, &answers).into_iter().map(|(at, feature)| (at, ranked(&feature))).collect();
    // Which side sent it is known; a field that says it too is likelier to say the type.
    let direction: Feature = spots.iter().map(|spot| u16::from(spot.row.from == Peer::Server)).collect();
    let direction = ranked(&direction);
    let all: Vec<usize> = (0..spots.len()).collect();
    let mut scored: Vec<(u64, Place, usize)> = Vec::new();
    for (place, values_of) in candidates(steps, spots) {
        if taken.iter().any(|taken| home(*taken) == home(place)) {
            continue;
        }
        let field = ranked(&values_of);
        let own = |at: &Option<usize>| {
            at.is_some_and(|at| matches!(place, Place::Bits { steps: 0, at: own, .. } | Place::Code { steps: 0, at: own } if own == at))
        };
        let others = features.iter().filter(|(at, _)| !own(at));
        let sum: u64 = others.map(|(_, feature)| classes.iter().map(|rows| saved(&field, feature, rows)).sum::<u64>()).sum();
        let answered: Feature =
            answers.iter().map(|answer| answer.and_then(|answer| values_of.get(answer)).copied().unwrap_or(u16::MAX)).collect();
        let answered = ranked(&answered);
        let reply: u64 = classes.iter().map(|rows| saved(&field, &answered, rows)).sum();
        let side = if taken.is_empty() { saved(&field, &direction, &all) } else { 0 };
        let values = field.1;
        let score = sum.saturating_add(reply).saturating_add(side).checked_div(wide(spots.len())).unwrap_or(0);
        scored.push((score, place, values));
    }
    // Ties: the first place wins.
    scored.sort_by_key(|(score, place, _)| (std::cmp::Reverse(*score), *place));
    let (most, best, _) = *scored.first()?;
    // Of parts of one byte the smallest that says nearly as much.
    let near = scored.iter().filter(|(score, place, _)| home(*place) == home(best) && score.saturating_mul(100) >= most.saturating_mul(97));
    let (score, place, values) = *near.min_by_key(|(score, _, values)| (*values, std::cmp::Reverse(*score)))?;
    let next = scored.iter().find(|(_, other, _)| home(*other) != home(place)).map_or(0, |(score, _, _)| *score);
    (score >= LEAST).then_some(TypeField { place, saved: score, next, values })
}

/// Finds the type field of these rows, which are read by these steps.
pub(super) fn find(steps: &[Step], spots: &[Spot<'_>]) -> Option<TypeField> {
    let sides: Vec<Vec<usize>> = [Peer::Client, Peer::Server]
        .iter()
        .map(|side| spots.iter().enumerate().filter(|(_, spot)| spot.row.from == *side).map(|(row, _)| row).collect())
        .collect();
    best(steps, spots, &sides, &[])
}

/// Fields that tell types of a family apart, one after the other, each beside those before it: of a family whose own field only says how
/// the rest is read, so that others tell far more of all `rows` than that one does.
pub(super) fn further(steps: &[Step], spots: &[Spot<'_>], family: &TypeField, rows: usize) -> Vec<TypeField> {
    let mut found: Vec<TypeField> = Vec::new();
    let mut taken = vec![family.place];
    let mut keys: Vec<(Peer, Vec<Option<u8>>)> = spots.iter().map(|spot| (spot.row.from, Vec::new())).collect();
    for times in [2_u64, 1] {
        let mut classes: BTreeMap<&(Peer, Vec<Option<u8>>), Vec<usize>> = BTreeMap::new();
        for (row, key) in keys.iter().enumerate() {
            classes.entry(key).or_default().push(row);
        }
        let classes: Vec<Vec<usize>> = classes.into_values().collect();
        let Some(field) = best(steps, spots, &classes, &taken) else { break };
        let told = field.saved.saturating_mul(wide(spots.len()));
        if told < family.saved.saturating_mul(wide(rows)).saturating_mul(times) || !matches!(field.place, Place::Bits { .. }) {
            break;
        }
        for (spot, (_, key)) in spots.iter().zip(&mut keys) {
            key.push(value(steps, field.place, spot));
        }
        taken.push(field.place);
        found.push(field);
    }
    found
}
