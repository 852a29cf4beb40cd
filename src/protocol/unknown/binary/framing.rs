//! Where binary messages of a stream end: a length that leads from message to message along all of it, or one size.

use super::numbers::ORDERS;
use super::numbers::ber;
use super::numbers::number;
use super::numbers::wide;
use crate::grammar::ByteOrder;
use crate::grammar::Framing;
use crate::grammar::FramingKind;
use crate::grammar::Ground;
use crate::grammar::LengthForm;
use crate::grammar::Location;
use crate::grammar::Share;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::protocol::unknown::Service;
use std::collections::BTreeSet;

/// Furthest place of a length.
const REACH: usize = 64;

/// Fewest turns, and different lengths, that show anything.
const FEWEST: usize = 12;
const FEWEST_LENGTHS: usize = 3;

/// First turns of a side of a session that may have a form of their own.
const GREETINGS: usize = 2;

/// Turns that are looked at.
pub(super) const TURNS: usize = 400;

/// Longest message that a length may claim.
const LONGEST: u64 = 1 << 24;

/// A length field: place, bytes, how and in which byte order they are written, what is to be added.
#[derive(Clone, Copy, Debug)]
struct Rule {
    at: usize,
    size: usize,
    form: Option<LengthForm>,
    order: ByteOrder,
    addend: i64,
}

impl Rule {
    /// Bytes of the message that begins here.
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        let (field, more) = self.field(bytes)?;
        let length = field.checked_add_signed(self.addend)?.checked_add(wide(more)).filter(|length| *length <= LONGEST)?;
        let length = usize::try_from(length).ok()?;
        (length >= self.at.saturating_add(self.size).saturating_add(more)).then_some(length)
    }

    /// The number in the field of a message, and how many bytes it has beyond those of the field.
    fn field(&self, bytes: &[u8]) -> Option<(u64, usize)> {
        let rest = bytes.get(self.at..)?;
        match self.form {
            None => Some((number(rest.get(..self.size)?, self.order), 0)),
            Some(LengthForm::Ber) => ber(rest).map(|(length, bytes)| (length, bytes.saturating_sub(1))),
        }
    }

    /// Where messages end, if they end where the turn does.
    fn ends(&self, bytes: &[u8]) -> Option<Vec<usize>> {
        let (mut ends, mut at) = (Vec::new(), 0_usize);
        while at < bytes.len() {
            at = at.checked_add(self.length(bytes.get(at..)?)?)?;
            if at > bytes.len() {
                return None;
            }
            ends.push(at);
        }
        Some(ends)
    }
}

/// Turns of a side, and whether each is one of the first of its session: greetings and requests for TLS often have a form of their own.
fn turns(service: &Service, from: Option<Peer>) -> Vec<(&[u8], bool)> {
    let mut list = Vec::new();
    for seen in &service.sessions {
        let of = seen.turns.iter().filter(|turn| from.is_none_or(|from| turn.from == from) && !turn.bytes.is_empty());
        list.extend(of.enumerate().map(|(number, turn)| (turn.bytes.as_slice(), number < GREETINGS)));
    }
    list.truncate(TURNS);
    list
}

/// How messages of a side end, if that shows.
pub(crate) fn framing(service: &Service, from: Option<Peer>) -> Option<Framing> {
    if service.transport == Transport::Udp {
        let statement = "Each datagram is a message.".to_owned();
        let ground = Ground {
            detector: "datagram".to_owned(),
            statement,
            score: Some(Share::ALL),
            messages: None,
            sessions: None,
            counterexamples: Vec::new(),
        };
        return Some(Framing { kind: FramingKind::Datagram, confidence: Share::ALL, evidence: vec![ground], ..Framing::default() });
    }
    let turns = turns(service, from);
    if turns.len() < FEWEST {
        return None;
    }
    by_length(&turns).or_else(|| by_size(&turns))
}

/// All ways in which a length may be written at a place.
fn forms(at: usize) -> impl Iterator<Item = Rule> {
    let plain = [1_usize, 2, 3, 4].into_iter().flat_map(move |size| {
        let orders = ORDERS.into_iter().filter(move |order| size > 1 || *order == ByteOrder::Big);
        orders.map(move |order| Rule { at, size, form: None, order, addend: 0 })
    });
    plain.chain([Rule { at, size: 1, form: Some(LengthForm::Ber), order: ByteOrder::Big, addend: 0 }])
}

fn by_length(turns: &[(&[u8], bool)]) -> Option<Framing> {
    let mut best: Option<(Judged, Rule)> = None;
    for rule in (0..REACH).flat_map(forms) {
        for addend in addends(turns, &rule) {
            let rule = Rule { addend, ..rule };
            let Some(judged) = judge(&rule, turns) else { continue };
            if best.is_none_or(|(than, other)| is_better((judged, rule), (than, other))) {
                best = Some((judged, rule));
            }
        }
    }
    let (Judged { fit, lengths, .. }, rule) = best?;
    let counterexamples = turns.len().saturating_sub(fit);
    let form = if rule.form == Some(LengthForm::Ber) { ", written as those of BER are" } else { "" };
    let statement = format!(
        "A length of {} bytes at byte {}{form}, {} added, leads from message to message to the very end of {fit} of the {} turns that were looked at, with {lengths} different lengths; {counterexamples} turns do not follow it.",
        rule.size,
        rule.at,
        rule.addend,
        turns.len()
    );
    let score = Share::of(wide(fit), wide(turns.len()));
    let ground = Ground {
        detector: "length_field".to_owned(),
        statement,
        score: Some(score),
        messages: Some(wide(turns.len())),
        sessions: None,
        counterexamples: Vec::new(),
    };
    Some(Framing {
        kind: FramingKind::LengthPrefix,
        length_field: Some(Location::Bytes { offset: wide(rule.at), size: wide(rule.size) }),
        length_form: rule.form,
        byte_order: Some(rule.order),
        length_addend: Some(rule.addend),
        confidence: score,
        evidence: vec![ground],
        ..Framing::default()
    })
}

/// What a rule does: turns it leads through, messages it makes of them, how many different lengths those have.
#[derive(Clone, Copy, Debug)]
struct Judged {
    fit: usize,
    messages: usize,
    lengths: usize,
}

/// More turns first; then fewer messages, as some wrong rules find two in each; then how the number looks.
fn is_better((judged, rule): (Judged, Rule), (than, other): (Judged, Rule)) -> bool {
    if (judged.fit, than.messages) != (than.fit, judged.messages) {
        return (judged.fit, than.messages) > (than.fit, judged.messages);
    }
    rule.at.saturating_add(rule.size) == other.at.saturating_add(other.size) && is_rounder(&rule, &other)
}

/// Whether one rule for the same number looks more like one: numbers of four or two bytes stand at multiples of that, or are long.
fn is_rounder(rule: &Rule, than: &Rule) -> bool {
    let round = |rule: &Rule| (rule.size != 3, rule.size > 1 && rule.at.is_multiple_of(rule.size), rule.size);
    round(rule) > round(than)
}

/// What could be to be added: what makes one of the first turns one message.
fn addends(turns: &[(&[u8], bool)], rule: &Rule) -> BTreeSet<i64> {
    let one = |(turn, _): &(&[u8], bool)| {
        let (value, more) = rule.field(turn)?;
        let addend = i64::try_from(turn.len().saturating_sub(more)).ok()?.checked_sub(i64::try_from(value).ok()?)?;
        (-16..=64).contains(&addend).then_some(addend)
    };
    let Rule { at, size, .. } = *rule;
    let mut counts: Vec<(i64, u64)> = super::numbers::tally(turns.iter().take(96).filter_map(one)).into_iter().collect();
    counts.sort_by_key(|(addend, count)| (std::cmp::Reverse(*count), *addend));
    // It may count what is behind it, itself too, or all.
    let usual = [at.saturating_add(size), at, 0].map(|addend| i64::try_from(addend).unwrap_or(0));
    counts.into_iter().take(2).map(|(addend, _)| addend).chain(usual).collect()
}

/// What a rule does, if it leads through nearly all turns. Whole lengths of turns count alike.
fn judge(rule: &Rule, turns: &[(&[u8], bool)]) -> Option<Judged> {
    let mut messages = 0_usize;
    let (mut fit, mut failed) = (0_usize, 0_usize);
    let mut lengths = BTreeSet::new();
    let (mut good, mut all) = (BTreeSet::new(), BTreeSet::new());
    let most = (turns.len() / 10).max(1);
    for (turn, is_first) in turns {
        let ends = rule.ends(turn);
        if ends.is_none() && *is_first {
            continue;
        }
        all.insert(turn.len());
        if let Some(ends) = ends {
            fit = fit.saturating_add(1);
            good.insert(turn.len());
            messages = messages.saturating_add(ends.len());
            let mut start = 0;
            for end in ends {
                lengths.insert(end.saturating_sub(start));
                start = end;
            }
        } else {
            failed = failed.saturating_add(1);
            if failed > most {
                return None;
            }
        }
    }
    (lengths.len() >= FEWEST_LENGTHS && fit >= FEWEST && good.len().saturating_mul(100) >= all.len().saturating_mul(85)).then_some(Judged {
        fit,
        messages,
        lengths: lengths.len(),
    })
}

/// One size that divides all turns.
fn by_size(turns: &[(&[u8], bool)]) -> Option<Framing> {
    let mut size = 0_usize;
    for (turn, _) in turns {
        let (mut one, mut two) = (turn.len(), size);
        while two > 0 {
            (one, two) = (two, one.checked_rem(two).unwrap_or(0));
        }
        size = one;
    }
    let single = turns.iter().filter(|(turn, _)| turn.len() == size).count();
    if size < 4 || single.saturating_mul(2) < turns.len() {
        return None;
    }
    let statement = format!("All {} turns that were looked at are multiples of {size} bytes, {single} of them once.", turns.len());
    let score = Share::of(wide(single), wide(turns.len()));
    let ground = Ground {
        detector: "fixed_size".to_owned(),
        statement,
        score: Some(score),
        messages: Some(wide(turns.len())),
        sessions: None,
        counterexamples: Vec::new(),
    };
    Some(Framing { kind: FramingKind::Fixed, size: Some(wide(size)), confidence: score, evidence: vec![ground], ..Framing::default() })
}

/// The rule of a framing by a length.
fn rule(framing: &Framing) -> Option<Rule> {
    let (Some(Location::Bytes { offset, size }), Some(order)) = (&framing.length_field, framing.byte_order) else { return None };
    let place = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Some(Rule {
        at: place(*offset),
        size: place(*size).min(8),
        form: framing.length_form,
        order,
        addend: framing.length_addend.unwrap_or(0),
    })
}

/// Whether a message ends where the framing says.
pub(crate) fn follows(framing: &Framing, bytes: &[u8]) -> bool {
    let fixed = framing.size.and_then(|size| usize::try_from(size).ok());
    rule(framing).map_or(fixed, |rule| rule.length(bytes)).is_some_and(|length| length == bytes.len())
}

/// Where the messages of a turn end. A turn that does not follow the framing is one message from where it derails.
pub(crate) fn cut(framing: &Framing, bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let rule = rule(framing);
    let fixed = framing.size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    let mut at = 0_usize;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rule.map_or(fixed, |rule| rule.length(rest));
        let Some(length) = length.filter(|length| (1..=rest.len()).contains(length)) else { break };
        at = at.saturating_add(length);
        ends.push(at);
    }
    ends
}
