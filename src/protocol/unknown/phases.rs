//! What a session goes through: where its messages become others, a title, and a sentence of who sends what and what ends it.

use super::Language;
use super::Typed;
use super::Unit;
use super::text::Stand;
use crate::event::Phase;
use crate::grammar::Kind;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::MessageType;
use crate::peer::Peer;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Phases of one session; the last one takes all that follows.
const MOST_PHASES: usize = 99;
/// Runs of messages that a sentence tells.
const MOST_TOLD: usize = 5;
/// A turn of so many messages of a new kind is a phase of its own, not just a reply.
const LONG_TURN: usize = 8;

/// The phases of all sessions, and for each message the number of its phase.
pub(super) struct Phases {
    pub(super) of: Vec<u16>,
    /// By session: the phases, each with its first message.
    pub(super) sessions: Vec<Vec<(usize, Phase)>>,
}

impl Phases {
    /// Says that a session may have had more, if one may.
    pub(super) fn capped(&self) -> Option<Limitation> {
        let text = format!("A bound was reached: the last of {MOST_PHASES} phases of a session takes all that follows.");
        let full = self.sessions.iter().any(|phases| phases.len() >= MOST_PHASES);
        full.then_some(Limitation { code: LimitationCode::Capped, text })
    }
}

/// What is remembered on the way through a session.
struct Walk {
    /// Kinds of the phase.
    kinds: BTreeSet<Option<usize>>,
    stand: Stand,
    answered: bool,
}

/// Finds the phases of all sessions.
pub(super) fn find(units: &[Unit<'_>], language: &Language, stands: &[Stand], sessions: usize) -> Phases {
    let mut phases = Phases { of: vec![1; units.len()], sessions: vec![Vec::new(); sessions] };
    let (ends, mut start) = (ends(units, language), 0);
    while let Some(session) = units.get(start).map(|unit| unit.session) {
        let end = start.saturating_add(units.get(start..).unwrap_or_default().iter().take_while(|unit| unit.session == session).count());
        let starts = starts(units, language, stands, (start, end));
        let mut found = Vec::new();
        for (number, first) in starts.iter().enumerate() {
            let next = starts.get(number.saturating_add(1)).copied().unwrap_or(end);
            let ordinal = u16::try_from(number.saturating_add(1)).unwrap_or(u16::MAX);
            phases.of.get_mut(*first..next).unwrap_or_default().fill(ordinal);
            found.push((*first, told(units, language, &ends, (*first, next), ordinal)));
        }
        if let Some(slot) = phases.sessions.get_mut(session) {
            *slot = found;
        }
        start = end;
    }
    phases
}

/// Where the phases of a session begin.
fn starts(units: &[Unit<'_>], language: &Language, stands: &[Stand], (first, end): (usize, usize)) -> Vec<usize> {
    let kind = |place: usize| language.typed.get(place).and_then(|typed| typed.message_type);
    let stand = |place: usize| stands.get(place).copied().unwrap_or_default();
    let mut starts = vec![first];
    let mut walk = Walk { kinds: BTreeSet::from([kind(first)]), stand: stand(first), answered: false };
    for place in first.saturating_add(1)..end {
        let (Some(before), Some(unit)) = (units.get(place.saturating_sub(1)), units.get(place)) else { break };
        let turned = before.from != unit.from;
        let new = match (walk.stand, stand(place)) {
            (Stand::Prompt, Stand::Answer) | (Stand::Block, Stand::Block) => false,
            // What is typed behind an answer is no part of it.
            (_, Stand::Prompt) | (Stand::Prompt | Stand::Answer | Stand::Block, _) => true,
            (_, Stand::Block) if !turned => stand(place.saturating_sub(1)) != Stand::Block && !walk.kinds.contains(&kind(place)),
            (Stand::Plain, _) if turned => {
                let turn = turn(units, place, end);
                let known = (place..turn).any(|place| walk.kinds.contains(&kind(place)));
                let short = stand(place) == Stand::Block || turn.saturating_sub(place) < LONG_TURN;
                let reply = unit.from == Peer::Server && !walk.answered && short;
                !known && !reply
            }
            (Stand::Plain, _) => false,
        };
        if new && starts.len() < MOST_PHASES {
            starts.push(place);
            walk = Walk { kinds: BTreeSet::new(), stand: stand(place), answered: false };
        }
        walk.answered |= turned && !new;
        walk.kinds.insert(kind(place));
        if walk.stand == Stand::Prompt && stand(place) == Stand::Answer {
            walk.stand = Stand::Answer;
        }
    }
    starts
}

/// Where the turn that begins here ends.
fn turn(units: &[Unit<'_>], place: usize, end: usize) -> usize {
    let from = units.get(place).map(|unit| unit.from);
    let list = units.get(place..end).unwrap_or_default();
    place.saturating_add(list.iter().take_while(|unit| Some(unit.from) == from).count())
}

/// How messages of a run end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// With these bytes, in words.
    With(&'static str),
    /// Without what ends others of this side.
    Open,
    /// Nothing ends messages of this side, or not all of the run end alike.
    Unsaid,
}

/// A run of messages of one kind.
struct Run<'a> {
    from: Peer,
    kind: Option<&'a MessageType>,
    count: usize,
    least: usize,
    most: usize,
    ended: Ended,
}

/// Sides whose messages end with certain bytes, now and then at least: of others there is nothing to say.
fn ends(units: &[Unit<'_>], language: &Language) -> Vec<Peer> {
    let ended = |from: Peer| units.iter().zip(&language.typed).any(|(unit, typed)| unit.from == from && is_ended(typed));
    [Peer::Client, Peer::Server].into_iter().filter(|from| ended(*from)).collect()
}

/// Whether the last bytes of a message are its end, and nothing else.
fn is_ended(typed: &Typed) -> bool {
    typed.tokens.last().is_some_and(|token| token.kind == Kind::Terminator.name())
}

/// What ends a message, in words.
fn ended(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [.., b'\r', b'\n'] => Some("CR LF"),
        [.., b'\n'] => Some("a newline"),
        [.., b'\r'] => Some("CR"),
        [.., 0] => Some("a zero byte"),
        _ => None,
    }
}

fn name<'a>(run: &Run<'a>) -> &'a str {
    run.kind.map_or("message", |kind| kind.name.as_str())
}

/// Title and sentence of the phase of these messages.
fn told(units: &[Unit<'_>], language: &Language, ends: &[Peer], (first, end): (usize, usize), ordinal: u16) -> Phase {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for place in first..end {
        let Some(unit) = units.get(place) else { break };
        let typed = language.typed.get(place);
        let kind = typed.and_then(|typed| typed.message_type).and_then(|index| language.types.get(index));
        let size = unit.bytes.len();
        let ended = match typed.filter(|typed| is_ended(typed)).and_then(|_| ended(unit.bytes)) {
            None if ends.contains(&unit.from) => Ended::Open,
            None => Ended::Unsaid,
            Some(end) => Ended::With(end),
        };
        match runs.last_mut() {
            Some(run) if run.from == unit.from && run.kind.map(|kind| &kind.id) == kind.map(|kind| &kind.id) => {
                run.count = run.count.saturating_add(1);
                (run.least, run.most) = (run.least.min(size), run.most.max(size));
                run.ended = if run.ended == ended { ended } else { Ended::Unsaid };
            }
            _ => runs.push(Run { from: unit.from, kind, count: 1, least: size, most: size, ended }),
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for run in &runs {
        let name = name(run);
        let inner = name.ends_with("_end") || (name.ends_with("_line") && runs.len() > 1);
        if !inner && !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(3);
    let mut title = names.iter().take(3).map(|name| name.replace('_', " ")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        _ = write!(title, " and {more} more");
    }
    if title.is_empty() {
        title = runs.first().map_or("messages", |run| name(run)).replace('_', " ");
    }
    Phase { ordinal, title: capital(&title).into(), sentence: sentence(&runs).into() }
}

fn sentence(runs: &[Run<'_>]) -> String {
    let mut told: Vec<String> = runs.iter().take(MOST_TOLD).map(run_told).collect();
    let (rest, kinds) =
        (runs.get(MOST_TOLD..).unwrap_or_default(), |list: &[Run<'_>]| list.iter().map(name).collect::<BTreeSet<_>>().len());
    let messages = rest.iter().map(|run| run.count).fold(0, usize::saturating_add);
    if messages > 0 {
        told.push(format!("{messages} more messages of {} kinds follow", kinds(rest)));
    }
    let mut text = told.join("; ");
    text.push('.');
    capital(&text)
}

fn run_told(run: &Run<'_>) -> String {
    let bytes = match (run.least, run.most) {
        (1, 1) => "1 byte".to_owned(),
        (least, most) if least == most => format!("{least} bytes"),
        (least, most) => format!("{least} to {most} bytes"),
    };
    let (count, each) = if run.count > 1 { (format!("{} times ", run.count), "each ") } else { (String::new(), "") };
    let end = match run.ended {
        Ended::With(end) => format!(", {each}ended by {end}"),
        Ended::Open => ", not terminated".to_owned(),
        Ended::Unsaid => String::new(),
    };
    format!("the {} sends {count}{} ({bytes}){end}", run.from.name(), name(run).replace('_', " "))
}

/// The text with a capital letter in front.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::ByteSpan;
    use crate::annotation::Token;
    use crate::time::Timestamp;

    fn phase() -> (usize, Phase) {
        (0, Phase { ordinal: 1, title: "a".into(), sentence: "b".into() })
    }

    /// Messages, by who sends each and the kind of its last token.
    fn sentence_of<const COUNT: usize>(messages: [(Peer, Kind); COUNT]) -> String {
        let unit = |(from, _): (Peer, Kind)| {
            let span = ByteSpan { start: 0, end: 2 };
            Unit { session: 0, number: 1, from, at: Timestamp::default(), span, bytes: b"a\0" }
        };
        let typed = |(_, kind): (Peer, Kind)| {
            let token = |start: usize, kind: Kind| Token {
                start,
                end: start.saturating_add(1),
                role: kind.role(),
                kind: kind.name(),
                secret: false,
            };
            Typed { tokens: vec![token(0, Kind::String), token(1, kind)], ..Typed::default() }
        };
        let language = Language { typed: messages.map(typed).to_vec(), ..Language::default() };
        find(&messages.map(unit), &language, &[Stand::default(); COUNT], 1).sessions[0][0].1.sentence.to_string()
    }

    #[test]
    fn an_end_is_told_where_something_is_one() {
        let said = sentence_of([(Peer::Client, Kind::Terminator), (Peer::Server, Kind::Opaque)]);
        assert_eq!(said, "The client sends message (2 bytes), ended by a zero byte; the server sends message (2 bytes).");
    }

    #[test]
    fn an_end_is_told_of_several_messages_only_where_all_have_it() {
        let of = |last: Kind| sentence_of([(Peer::Client, Kind::Terminator), (Peer::Client, last)]);
        assert_eq!(of(Kind::Terminator), "The client sends 2 times message (2 bytes), each ended by a zero byte.");
        assert_eq!(of(Kind::Opaque), "The client sends 2 times message (2 bytes).");
    }

    #[test]
    fn a_session_with_all_phases_there_may_be_is_said() {
        let of = |count: usize| Phases { of: Vec::new(), sessions: vec![vec![phase(); count]] };
        assert_eq!(of(MOST_PHASES - 1).capped(), None);
        assert!(of(MOST_PHASES).capped().unwrap().text.contains("99 phases"));
    }
}
