//! The text way: lines, what divides them, which words are the protocol's own, and which lines are of one kind.

mod body;
mod delimiter;
mod fields;
mod keyword;
mod kinds;
mod lines;
mod naming;
mod orders;
mod pem;
mod refused;
mod secret;
mod tags;
mod tokens;
mod types;
mod verdict;

use super::Language;
use super::Service;
use super::Typed;
use super::Unit;
use super::framing::Cuts;
use super::limits::looked_at;
use super::seen::behind_holes;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::Share;
use crate::peer::Peer;
use keyword::Words;
use lines::Line;
use lines::Split;
use secret::Hidden;
use secret::Secrets;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use types::Key;
use types::Known;

/// Where a secret begins that a name in front of it tells.
pub(super) fn secret_within(bytes: &[u8]) -> Option<usize> {
    naming::within(bytes)
}

/// Where a message stands in its dialogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// By itself.
    #[default]
    Plain,
    /// It asks, without an end.
    Prompt,
    /// It answers such a question.
    Answer,
    /// It opens a block, is in one, or ends it.
    Block,
}

/// What is known of all lines, for the steps that make the language of it.
struct Text<'a> {
    lines: Vec<Line<'a>>,
    delimiters: Vec<Vec<u8>>,
    secrets: Secrets<'a>,
    known: Vec<Known<'a>>,
    /// Words that open and close lines.
    marks: BTreeSet<&'a [u8]>,
    hosts: Vec<IpAddr>,
}

/// Infers the language of messages that are text.
pub(super) fn infer(service: &Service, units: &[Unit<'_>], cuts: &Cuts) -> (Language, Vec<Stand>) {
    let hosts: Vec<IpAddr> = service.sessions.iter().map(|seen| seen.client.ip).collect();
    let mut lines = lines::read(units, cuts);
    let divided = delimiter::find(&lines);
    let divided_up_to = divided.capped();
    let (delimiters, patterns) = (divided.found, divided.patterns);
    lines::split(&mut lines, &delimiters);
    let secrets = Secrets::find(&lines, &cut_off(service, units));
    let bodies = body::bodies(&lines);
    let words = Words::find(&lines, &hosts, &delimiters, (&secrets, &bodies));
    // What asks is one word, whatever stands in it, and so is what is hidden whole: where its parts end is nobody's business.
    let is_one = |line: &Line<'_>, hidden: Hidden| words.is_prompt(line, hidden) || (hidden == Hidden::All && line.split != Split::Counted);
    for (line, _) in lines.iter_mut().zip(&secrets.hidden).filter(|(line, hidden)| is_one(line, **hidden)) {
        (line.split, line.columns) = (Split::Whole, vec![(line.start, line.end)]);
    }
    let known = types::know(&lines, &words, &delimiters, (&secrets, &bodies));
    let text = Text { lines, delimiters, secrets, known, marks: words.marks(), hosts };
    let kinds = kinds::sort(service, units, &text);
    let mut language =
        Language { delimiters: patterns, keywords: words.list(&prompts(&text), &refused::find(&text.lines)), ..Language::default() };
    language.delimiters.extend(fields::inner(&text));
    language.typed = units.iter().map(|_| Typed::default()).collect();
    for (place, line) in text.lines.iter().enumerate() {
        let Some(typed) = language.typed.get_mut(line.unit) else { continue };
        let kind = kinds.of(line.unit);
        tokens::add(typed, &text, place, kind.filter(|_| line.first).map(|(_, kind)| kind));
        if let (true, Some((index, kind))) = (line.first, kind) {
            typed.message_type = Some(index);
            typed.confidence = Share::of(kind.count(), kind.count().saturating_add(1));
        }
    }
    if kinds.is_full() {
        let text = format!("More than {} kinds of messages: those that came later are of none.", types::MOST_TYPES);
        language.limitations.push(Limitation { code: LimitationCode::Capped, text });
    }
    language.limitations.extend(divided_up_to.into_iter().chain(bounds(&text, &words)));
    language.types = kinds.list();
    let mut stands = vec![Stand::Plain; units.len()];
    for (line, known) in text.lines.iter().zip(&text.known).filter(|(line, _)| line.first) {
        stands.get_mut(line.unit).into_iter().for_each(|stand| *stand = known.stand());
    }
    (language, stands)
}

/// Which messages may be the rest of others, whose beginning would tell what they are: those behind holes, and the first ones of clients
/// whose sessions are not known from their first byte.
fn cut_off(service: &Service, units: &[Unit<'_>]) -> Vec<bool> {
    let mut heard: BTreeSet<usize> = BTreeSet::new();
    let whole = |unit: &Unit<'_>| service.sessions.get(unit.session).is_none_or(|seen| seen.whole);
    let mut is_first = |unit: &Unit<'_>| unit.from == Peer::Client && heard.insert(unit.session);
    behind_holes(units).into_iter().zip(units).map(|(is_late, unit)| (is_first(unit) && !whole(unit)) || is_late).collect()
}

/// What of the text was not looked at because a bound was reached.
fn bounds(text: &Text<'_>, words: &Words<'_>) -> Vec<Limitation> {
    let full = text.lines.iter().filter(|line| line.columns.len() >= lines::MOST_COLUMNS).count();
    let say = |text: String| Limitation { code: LimitationCode::Capped, text };
    let columns =
        (full > 0).then(|| say(format!("{full} lines have {} columns or more: what is behind stays together.", lines::MOST_COLUMNS)));
    let most = keyword::MOST_WORDS;
    let words = words.is_full().then(|| say(format!("More than {most} words in their places: those that came later are data.")));
    let delimiters = looked_at("lines, for delimiters,", text.lines.len(), delimiter::MOST_LINES);
    delimiters.into_iter().chain(columns).chain(words).collect()
}

/// How often prompts were seen, and in how many sessions.
fn prompts<'a>(text: &Text<'a>) -> BTreeMap<(Peer, &'a [u8]), (u64, u64)> {
    let mut seen: BTreeMap<(Peer, &[u8]), (u64, u64)> = BTreeMap::new();
    let mut sessions: BTreeSet<(Peer, &[u8], usize)> = BTreeSet::new();
    for (line, known) in text.lines.iter().zip(&text.known) {
        if let Key::Prompt(from, said) = &known.key {
            let (times, in_sessions) = seen.entry((*from, said)).or_default();
            *times = times.saturating_add(1);
            *in_sessions = in_sessions.saturating_add(u64::from(sessions.insert((*from, said, line.session))));
        }
    }
    seen
}

#[cfg(test)]
mod tests;
