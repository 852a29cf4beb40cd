//! What was found of binary messages, in the words of the grammar.

mod fields;

use super::Found;
use super::Group;
use super::numbers::BIT;
use super::numbers::wide;
use super::rows::Spot;
use super::script::Step;
use super::tokens::Tokens;
use super::type_field::Place;
use crate::grammar::Ground;
use crate::grammar::Kind;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::Match;
use crate::grammar::MessageLength;
use crate::grammar::MessageType;
use crate::grammar::Relation;
use crate::grammar::RelationKind;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::protocol::unknown::Language;
use crate::protocol::unknown::Service;
use crate::protocol::unknown::Typed;
use crate::protocol::unknown::Unit;
use fields::Named;
use std::collections::BTreeSet;

/// Examples of a type.
const EXAMPLES: usize = 3;

/// Says what was found.
pub(super) fn say(service: &Service, units: &[Unit<'_>], spots: &[Spot<'_>], found: &Found) -> Language {
    let mut header = fields::name(&found.header, spots, "f", None);
    let last = header.fields.last().map(|field| field.id.clone());
    let sum = found.sum.as_ref().map(|sum| (sum, header.sum(sum)));
    let mut language = Language { typed: vec![Typed::default(); units.len()], ..Language::default() };
    language.relations.clone_from(&header.relations);
    let mut types = Vec::new();
    for (number, group) in found.groups.iter().enumerate() {
        let here: Vec<Spot<'_>> =
            group.rows.iter().filter_map(|row| spots.get(*row)).map(|spot| super::script::after(&found.header, spot)).collect();
        let prefix = format!("f{}.", number.saturating_add(1));
        let own = fields::name(&group.steps, &here, &prefix, last.clone());
        for row in &group.rows {
            let (Some(unit), Some(at), Some(known)) = (units.get(*row), spots.get(*row), language.typed.get_mut(*row)) else { continue };
            let mut tokens = Tokens::default();
            tokens.read(at.row.bytes, &found.header, &header.ids);
            tokens.read(at.row.bytes, &group.steps, &own.ids);
            let ended = sum.as_ref().filter(|_| at.row.bytes.len() < at.row.total);
            let tokens = tokens.finish(unit.bytes.len(), ended.map(|(sum, field)| (sum.size, field)));
            let confidence = confidence(found, group);
            *known = Typed { message_type: Some(number), tokens: tokens.list, fields: tokens.fields, confidence };
        }
        language.relations.extend(own.relations.iter().cloned());
        types.push(message_type(service, units, found, (number, group), (&header, own)));
    }
    if explains_nothing(found) {
        // Two directions are no types.
        types.clear();
        header.fields.clear();
        language.typed.iter_mut().for_each(|typed| {
            typed.message_type = None;
            typed.fields.iter_mut().for_each(|field| *field = None);
        });
    }
    language.relations.extend(selects(found, &header, &types));
    language.header_fields = header.fields;
    language.types = types;
    language.limitations = limitations(found);
    language
}

/// Whether nothing was found but bytes.
fn explains_nothing(found: &Found) -> bool {
    let dull = |step: &Step| match step {
        Step::Fixed(columns, _) => columns.iter().all(|column| matches!(column.kind, Kind::Random | Kind::Integer)),
        Step::Rest(kind) => *kind == Kind::Opaque,
        Step::Chain(_) => false,
    };
    let steps = found.header.iter().chain(found.groups.iter().flat_map(|group| &group.steps));
    found.kind.is_none() && found.sum.is_none() && steps.into_iter().all(dull)
}

fn confidence(found: &Found, group: &Group) -> Share {
    let kind = found
        .kind
        .as_ref()
        .map_or(5000, |kind| kind.saved.saturating_mul(10_000).checked_div(kind.saved.saturating_add(kind.next)).unwrap_or(0));
    Share::of(if group.own { kind } else { kind.saturating_mul(8) / 10 }, 10_000)
}

/// Where the type is, in words.
fn place(place: Place) -> String {
    match place {
        Place::Bits { steps: 0, at, mask: 0xff } => format!("Byte {at}"),
        Place::Bits { steps: 0, at, mask } => format!("Byte {at} with mask {mask:#04x}"),
        Place::Bits { steps, at, mask } => {
            format!("Byte {at} behind {steps} parts of variable length or before them, with mask {mask:#04x},")
        }
        Place::Code { at, .. } => format!("The lowest bits of the counter at byte {at}"),
        Place::Tag { tag, .. } => format!("The value with tag {tag}"),
        Place::Link { index, .. } => format!("Tag {} of the chain", index.saturating_add(1)),
    }
}

/// Steps before the byte that says a type, that byte, and the bits of it that count for this value.
fn bits(place: Place, value: u8) -> Option<(usize, usize, u8)> {
    match place {
        Place::Bits { steps, at, mask } => Some((steps, at, mask)),
        Place::Code { steps, at } => Some((steps, at, if value == 0 { 1 } else { 3 })),
        _ => None,
    }
}

fn ground(found: &Found, messages: usize) -> Ground {
    let bits = |parts: u64| format!("{}.{}", parts / BIT, (parts % BIT).saturating_mul(10) / BIT);
    let (detector, statement) = match &found.kind {
        Some(kind) => (
            "type_field",
            format!(
                "{} has {} values and tells {} bits of the rest of a message; the next best field tells {}.",
                place(kind.place),
                kind.values,
                bits(kind.saved),
                bits(kind.next)
            ),
        ),
        None => ("length_signature", "No field says the type: messages of one direction and length are taken together.".to_owned()),
    };
    Ground {
        detector: detector.to_owned(),
        statement,
        score: None,
        messages: Some(wide(messages)),
        sessions: None,
        counterexamples: Vec::new(),
    }
}

fn message_type(
    service: &Service,
    units: &[Unit<'_>],
    found: &Found,
    (number, group): (usize, &Group),
    (header, own): (&Named, Named),
) -> MessageType {
    let of = || group.rows.iter().filter_map(|row| units.get(*row));
    let lengths = || of().map(|unit| wide(unit.bytes.len()));
    let flow = |unit: &Unit<'_>| service.sessions.get(unit.session).map_or(0, |seen| seen.flow.0);
    let side = group.from.name();
    let name = match (group.value, &found.kind) {
        (Some(value), _) => {
            let told = group.told.iter().map(|told| format!("_{:02x}", told.value));
            format!("{side}_type_{value:02x}{}", told.collect::<String>())
        }
        (None, Some(_)) => format!("{side}_without_type"),
        (None, None) => format!("{side}_message_{}", number.saturating_add(1)),
    };
    let place = found.kind.as_ref().and_then(|kind| bits(kind.place, group.value?));
    let matches = place.and_then(|(steps, at, mask)| {
        let field = header.field_at(&found.header, steps, at)?;
        Some(Match { field, equals: Scalar::Number(i64::from(group.value?)), mask: (mask != 0xff).then_some(u64::from(mask)) })
    });
    let further = group.told.iter().filter_map(|told| {
        let field = own.field_at(&group.steps, 0, told.at)?;
        Some(Match { field, equals: Scalar::Number(i64::from(told.value)), mask: Some(u64::from(told.mask)) })
    });
    let matches: Vec<Match> = matches.into_iter().chain(further).collect();
    let sessions = of().map(|unit| unit.session).collect::<BTreeSet<_>>().len();
    MessageType {
        id: format!("mt{}", number.saturating_add(1)),
        sentence: Some(format!("A message of the {side}: {} were seen.", group.rows.len())),
        name,
        direction: Some(side.to_owned()),
        count: wide(group.rows.len()),
        sessions: wide(sessions),
        template: None,
        matches,
        length: MessageLength { min: lengths().min().unwrap_or(0), max: lengths().max().unwrap_or(0) },
        fields: own.fields,
        examples: of().take(EXAMPLES).map(|unit| format!("m{}.{}", flow(unit), unit.number)).collect(),
        confidence: confidence(found, group),
        evidence: vec![ground(found, group.rows.len())],
    }
}

fn selects(found: &Found, header: &Named, types: &[MessageType]) -> Option<Relation> {
    let kind = found.kind.as_ref()?;
    let (steps, at, _) = bits(kind.place, 0)?;
    Some(Relation {
        kind: RelationKind::SelectsType,
        from: header.field_at(&found.header, steps, at)?,
        to: types.iter().map(|kind| kind.id.clone()).collect(),
        addend: None,
        algorithm: None,
        support: types.iter().map(|kind| kind.count).sum(),
        violations: 0,
        statement: format!("{} says the type of the message.", place(kind.place)),
    })
}

fn limitations(found: &Found) -> Vec<Limitation> {
    let mut list = Vec::new();
    let few = found.groups.iter().filter(|group| !group.own).count();
    if few > 0 {
        let text = format!(
            "{few} binary message types have too few messages to have fields of their own: they are described as all messages are."
        );
        list.push(Limitation { code: LimitationCode::FewMessages, text });
    }
    if found.kind.is_none() && !found.groups.is_empty() {
        let text = "No field of the binary messages says their type: types are directions and lengths.".to_owned();
        list.push(Limitation { code: LimitationCode::Other, text });
    }
    list
}
