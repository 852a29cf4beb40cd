//! Kinds of messages with all that is said of them: names, templates, fields, what tells them apart.

use super::Text;
use super::fields;
use super::fields::Part;
use super::fields::Plan;
use super::keyword;
use super::types;
use super::types::Key;
use super::types::MOST_TYPES;
use crate::annotation::Role;
use crate::grammar::Field;
use crate::grammar::Ground;
use crate::grammar::Match;
use crate::grammar::MessageLength;
use crate::grammar::MessageType;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::peer::Peer;
use crate::protocol::unknown::Service;
use crate::protocol::unknown::Unit;
use crate::protocol::unknown::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Examples of a kind.
const MOST_EXAMPLES: usize = 3;

/// All kinds, in order of first sight.
pub(super) struct Kinds {
    all: Vec<Kind>,
    /// The kind of each message.
    of: Vec<Option<usize>>,
    full: bool,
}

/// One kind.
pub(super) struct Kind {
    message_type: MessageType,
    pub(super) plan: Plan,
}

impl Kind {
    pub(super) fn count(&self) -> u64 {
        self.message_type.count
    }

    /// The id of the field of this part.
    pub(super) fn field(&self, part: Part) -> Option<String> {
        let place = self.plan.parts.iter().position(|known| *known == part)?;
        self.message_type.fields.get(place).map(|field| field.id.clone())
    }
}

impl Kinds {
    /// The kind of a message.
    pub(super) fn of(&self, unit: usize) -> Option<(usize, &Kind)> {
        let index = self.of.get(unit).copied().flatten()?;
        self.all.get(index).map(|kind| (index, kind))
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn list(self) -> Vec<MessageType> {
        self.all.into_iter().map(|kind| kind.message_type).collect()
    }
}

/// Sorts all messages into kinds.
pub(super) fn sort(service: &Service, units: &[Unit<'_>], text: &Text<'_>) -> Kinds {
    let mut places: BTreeMap<&Key<'_>, usize> = BTreeMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut of = vec![None; units.len()];
    let mut full = false;
    for (place, (line, known)) in text.lines.iter().zip(&text.known).enumerate().filter(|(_, (line, _))| line.first) {
        let index = match places.get(&known.key) {
            Some(index) => *index,
            None if members.len() >= MOST_TYPES => {
                full = true;
                continue;
            }
            None => {
                members.push(Vec::new());
                let index = members.len().saturating_sub(1);
                places.insert(&known.key, index);
                index
            }
        };
        if let Some(list) = members.get_mut(index) {
            list.push(place);
        }
        if let Some(slot) = of.get_mut(line.unit) {
            *slot = Some(index);
        }
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    let kinds =
        members.iter().enumerate().filter_map(|(index, members)| kind((service, units), text, (index, members), &mut names)).collect();
    Kinds { all: kinds, of, full }
}

fn kind(
    (service, units): (&Service, &[Unit<'_>]),
    text: &Text<'_>,
    (index, members): (usize, &[usize]),
    names: &mut BTreeSet<String>,
) -> Option<Kind> {
    let key = &text.known.get(*members.first()?)?.key;
    let number = index.saturating_add(1);
    let lines = || members.iter().filter_map(|place| text.lines.get(*place));
    let from = lines().next()?.from;
    let sessions: BTreeSet<usize> = lines().map(|line| line.session).collect();
    let lengths = || lines().filter_map(|line| units.get(line.unit)).map(|unit| u64::try_from(unit.bytes.len()).unwrap_or(u64::MAX));
    let count = u64::try_from(members.len()).unwrap_or(u64::MAX);
    let (plan, fields, template) = fields::plan(text, members, number);
    let message = |line: &super::Line<'_>| {
        let unit = units.get(line.unit)?;
        service.sessions.get(unit.session).map(|seen| format!("m{}.{}", seen.flow.0, unit.number))
    };
    let name = unique(types::name(key, &text.marks), from, names);
    let sessions = u64::try_from(sessions.len()).unwrap_or(u64::MAX);
    let sentence = format!("The {} sends it: {count} in {sessions} session{}.", from.name(), if sessions == 1 { "" } else { "s" });
    Some(Kind {
        message_type: MessageType {
            id: format!("mt{number}"),
            name,
            direction: Some(from.name().to_owned()),
            count,
            sessions,
            template: Some(template),
            matches: matches(lines().next()?, &plan, &fields),
            length: MessageLength { min: lengths().min().unwrap_or(0), max: lengths().max().unwrap_or(0) },
            fields,
            examples: lines().filter_map(message).take(MOST_EXAMPLES).collect(),
            confidence: Share::of(count, count.saturating_add(1)),
            evidence: vec![ground(key, count, sessions)],
            sentence: Some(sentence),
        },
        plan,
    })
}

/// A name nobody has yet.
fn unique(name: String, from: Peer, names: &mut BTreeSet<String>) -> String {
    let sided = format!("{}_{name}", from.name());
    let numbered = (2..=MOST_TYPES).map(|number| format!("{name}_{number}"));
    let free = [name.clone(), sided].into_iter().chain(numbered).find(|tried| !names.contains(tried)).unwrap_or(name);
    names.insert(free.clone());
    free
}

/// What must hold of a message of this kind: its words, byte by byte, as its first message has them.
fn matches(line: &super::Line<'_>, plan: &Plan, fields: &[Field]) -> Vec<Match> {
    let word = |(part, field): (&Part, &Field)| {
        let column = match part {
            Part::Column(column) => *column,
            Part::Close => line.last_column(),
            Part::Rest(_) | Part::Terminator => return None,
        };
        let equals = || Scalar::Text(words::hex(line.column(column)));
        field.kind.role().eq(&Role::Keyword).then(|| Match { field: field.id.clone(), equals: equals(), mask: None })
    };
    plan.parts.iter().zip(fields).filter_map(word).take(keyword::MOST_LEADING.saturating_add(1)).collect()
}

fn ground(key: &Key<'_>, count: u64, sessions: u64) -> Ground {
    let statement = match key {
        Key::Words(_, _, list, _) => format!("The same {} in front.", if list.len() == 1 { "word" } else { "words" }),
        Key::End(..) => "A word that opens lines stands alone behind a delimiter, or a dot alone in its line.".to_owned(),
        Key::Prompt(..) => "The turn ends with it, nothing ends the line, and the other side answers.".to_owned(),
        Key::Answer(..) => "It is the first that the other side says behind the question.".to_owned(),
        Key::Within(..) => "It stands between a line that opens a block and the next that begins with words of the protocol.".to_owned(),
        Key::Sign(..) => "The same sign in front, and no word of the protocol.".to_owned(),
        Key::Line(_, _, 0) => "No word of the protocol stands in front.".to_owned(),
        Key::Line(..) => "No word of the protocol stands in front; the number of columns is the same.".to_owned(),
        Key::Cut(_) => "Nothing ends it.".to_owned(),
    };
    Ground {
        detector: "message_type".to_owned(),
        statement,
        score: None,
        messages: Some(count),
        sessions: Some(sessions),
        counterexamples: Vec::new(),
    }
}
