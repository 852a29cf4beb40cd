//! A grammar made ready for translation: names that are names, references that lead somewhere, bytes that are bytes. Whatever cannot be
//! translated is said here, once for all targets.

use super::cut::Cut;
use super::cut::Ends;
use super::cut::cut;
use super::cut::hex;
use super::cut::unescaped;
use super::edges::Edge;
use super::quote::identifier;
use super::shape::shape;
use super::shape::wanted;
use super::within::Within;
use crate::annotation::Role;
use crate::grammar::Description;
use crate::grammar::Encoding;
use crate::grammar::Field;
use crate::grammar::Kind;
use crate::grammar::Location;
use crate::grammar::MessageType;
use crate::grammar::Scalar;
use crate::grammar::ValueCount;
use crate::limits;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What dissectors call their own fields: those of the document are called otherwise.
const RESERVED: [&str; 16] = [
    "bits",
    "control",
    "data",
    "delimiter",
    "from",
    "keyword",
    "length",
    "message",
    "name",
    "other",
    "padding",
    "tag",
    "terminator",
    "text",
    "unknown",
    "value",
];

/// A protocol ready for translation.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) description: &'a Description,
    /// Addresses of those who serve it.
    pub(super) servers: Vec<IpAddr>,
    /// A name of its own.
    pub(super) service: String,
    /// Header fields first, then those of each type.
    pub(super) fields: Vec<Part<'a>>,
    /// How many of them are the header's.
    pub(super) header: usize,
    pub(super) types: Vec<Form<'a>>,
    /// Everything that divides lines, longest first.
    pub(super) delimiters: Vec<Vec<u8>>,
    /// All bytes that end something, ascending.
    pub(super) patterns: Vec<Vec<u8>>,
    pub(super) client: Cut,
    pub(super) server: Cut,
    /// What no target can say.
    pub(super) lossy: Vec<String>,
}

/// A field.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) field: &'a Field,
    /// Its id, as a name.
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) shape: Shape,
    /// What its numbers mean, by number.
    pub(super) names: BTreeMap<u32, String>,
    /// Words that lines begin with though they hold what divides lines.
    pub(super) words: Vec<Vec<u8>>,
    /// Whether it stands at the end of a line, whose columns may be more or fewer.
    pub(super) edge: Edge,
}

/// Where a field is; other fields by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Bytes {
        offset: u64,
        size: u64,
    },
    Bits {
        offset: u64,
        size: u64,
    },
    Column(u64),
    After {
        after: Option<usize>,
        size: Option<u64>,
        size_from: Option<usize>,
        until: Vec<u8>,
        to_end: bool,
    },
    /// It depends on a field that is not there, or not before it.
    Nowhere,
}

/// How the bytes of a field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Number { size: u64, little: bool },
    Bits,
    Ipv4,
    Ipv6,
    Text,
    Bytes,
}

/// A message type.
#[derive(Debug)]
pub(super) struct Form<'a> {
    pub(super) message: &'a MessageType,
    /// Its name, as a name of its own.
    pub(super) id: String,
    pub(super) tests: Vec<Test>,
    /// Its own fields, by index.
    pub(super) fields: Vec<usize>,
}

/// What must hold of a message of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) field: usize,
    pub(super) wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// These bytes, of which only the bits of a mask of the same length count.
    Bytes { bytes: Vec<u8>, mask: Option<Vec<u8>> },
    /// One of these.
    OneOf(Vec<Vec<u8>>),
    /// This number: of bits, or written in digits.
    Number(i64),
}

impl<'a> Plan<'a> {
    /// Makes a grammar ready.
    pub(super) fn of(description: &'a Description, servers: &BTreeSet<IpAddr>) -> Self {
        let grammar = &description.grammar;
        let mut lossy = Vec::new();
        let header = grammar.header_fields.len().min(limits::EXPORT_FIELDS);
        let types: Vec<&MessageType> = grammar.message_types.iter().take(limits::EXPORT_TYPES).collect();
        let own = types.iter().flat_map(|message| message.fields.iter().take(limits::EXPORT_FIELDS));
        let all: Vec<&Field> = grammar.header_fields.iter().take(header).chain(own).collect();
        if types.len() < grammar.message_types.len() || types.iter().any(|message| message.fields.len() > limits::EXPORT_FIELDS) {
            lossy.push(format!(
                "only the first {} types, and of each {} fields, are told apart",
                limits::EXPORT_TYPES,
                limits::EXPORT_FIELDS
            ));
        }
        if servers.len() > limits::EXPORT_SERVERS {
            lossy.push(format!("only the first {} servers are known by their address", limits::EXPORT_SERVERS));
        }
        let mut plan = Self {
            description,
            servers: servers.iter().take(limits::EXPORT_SERVERS).copied().collect(),
            service: identifier(&description.id, &mut BTreeMap::new()),
            fields: Vec::new(),
            header,
            types: Vec::new(),
            delimiters: delimiters(description),
            patterns: Vec::new(),
            client: Cut::default(),
            server: Cut::default(),
            lossy,
        };
        let mut taken: BTreeMap<String, u64> = RESERVED.iter().map(|name| ((*name).to_owned(), 0)).collect();
        let mut begin = header;
        let mut spans = vec![0..header; header];
        for message in &types {
            let end = begin.saturating_add(message.fields.len().min(limits::EXPORT_FIELDS));
            spans.extend(std::iter::repeat_n(begin..end, end.saturating_sub(begin)));
            plan.types.push(Form { message, id: String::new(), tests: Vec::new(), fields: (begin..end).collect() });
            begin = end;
        }
        for ((index, field), own) in all.iter().enumerate().zip(spans) {
            // Fields stand in order, so that none depends on itself.
            let find = |id: &str| find(&all, own.clone(), header, id).filter(|found| *found < index);
            let place = place(field, find);
            let shape = shape(field, &place, description);
            plan.fields.push(Part {
                field,
                id: identifier(&field.id, &mut taken),
                place,
                shape,
                names: BTreeMap::new(),
                words: Vec::new(),
                edge: Edge::Column,
            });
        }
        let nowhere = |part: &&Part<'_>| part.place == Place::Nowhere && !matches!(part.field.kind, Kind::Terminator | Kind::Delimiter);
        let nowhere = plan.fields.iter().filter(nowhere).count();
        if nowhere > 0 {
            plan.lossy.push(format!("{nowhere} fields depend on a field that does not stand before them, and are left out"));
        }
        plan.find_edges();
        plan.find_openings();
        plan.tell_types_apart(&all);
        plan.name_values();
        plan.client = cut(&plan, false, &mut Vec::new());
        let mut said = Vec::new();
        plan.server = cut(&plan, true, &mut said);
        plan.lossy.append(&mut said);
        plan.patterns = plan.patterns();
        plan
    }

    /// Gives each type its name and its tests.
    fn tell_types_apart(&mut self, all: &[&Field]) {
        let mut taken = BTreeMap::new();
        let (parts, header) = (&self.fields, self.header);
        // Any of the protocol's own marks may close a line.
        let marks = self.description.grammar.keywords.iter().filter(|known| known.kind == Kind::Marker).take(limits::EXPORT_FIELDS);
        let marks: Vec<Vec<u8>> = marks.filter_map(|known| hex(&known.hex)).collect();
        let closes = |field: usize| parts.get(field).is_some_and(|part| part.edge == Edge::Closes);
        let mut unknown = 0_u64;
        for form in &mut self.types {
            form.id = identifier(&form.message.name, &mut taken);
            let own = form.fields.first().map_or(0..0, |first| *first..first.saturating_add(form.fields.len()));
            if form.message.matches.is_empty() {
                form.tests = own.clone().filter_map(|field| words(field, parts.get(field)?)).collect();
            }
            for matched in &form.message.matches {
                let found = find(all, own.clone(), header, &matched.field);
                let test = found.and_then(|field| {
                    let wanted = wanted(parts.get(field)?, &matched.equals, matched.mask)?;
                    Some(Test { field, wanted })
                });
                match test {
                    Some(Test { field, wanted: Wanted::Bytes { bytes, mask: None } }) if closes(field) => {
                        let others = marks.iter().filter(|mark| **mark != bytes).cloned();
                        let words = std::iter::once(bytes.clone()).chain(others).collect();
                        form.tests.push(Test { field, wanted: Wanted::OneOf(words) });
                    }
                    Some(test) => form.tests.push(test),
                    None => unknown = unknown.saturating_add(1),
                }
            }
        }
        if unknown > 0 {
            self.lossy.push(format!("{unknown} conditions of types name no field, or a value that it cannot have, and are left out"));
        }
    }

    /// All bytes that end something.
    fn patterns(&self) -> Vec<Vec<u8>> {
        let mut found = BTreeSet::new();
        for cut in [&self.client, &self.server] {
            if let Ends::Terminator(bytes) = &cut.ends {
                found.insert(bytes.clone());
            }
            found.extend(cut.delimiters.first().cloned());
        }
        for part in &self.fields {
            if let Place::After { until, .. } = &part.place {
                found.insert(until.clone());
            }
            if let Some(Within::Texts(until)) = part.inside() {
                found.insert(until);
            }
        }
        found.into_iter().filter(|bytes| !bytes.is_empty()).collect()
    }

    /// The types a side may send, with their place in the grammar, those with most conditions first: where one's conditions are also
    /// another's, the one that says more is meant.
    pub(super) fn types_of(&self, server: bool) -> Vec<(usize, &Form<'a>)> {
        let sent = |form: &Form<'_>| form.message.direction.as_deref().is_none_or(|direction| (direction == "server") == server);
        let mut types: Vec<(usize, &Form<'a>)> = self.types.iter().enumerate().filter(|(_, form)| sent(form)).collect();
        types.sort_by_key(|(_, form)| std::cmp::Reverse(form.tests.len()));
        types
    }

    /// Whether people can read it.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.description.encoding, Encoding::Text | Encoding::Mixed)
    }
}

/// All that stands between columns and the like, longest first.
fn delimiters(description: &Description) -> Vec<Vec<u8>> {
    let patterns = description.grammar.delimiters.iter().take(limits::EXPORT_FIELDS);
    let mut found: Vec<Vec<u8>> = patterns.filter_map(|pattern| hex(&pattern.hex)).filter(|bytes| !bytes.is_empty()).collect();
    found.sort_by_key(|bytes| (std::cmp::Reverse(bytes.len()), bytes.clone()));
    found.dedup();
    found
}

/// A field by its id: of the same type, else of the header.
fn find(all: &[&Field], own: std::ops::Range<usize>, header: usize, id: &str) -> Option<usize> {
    let in_range = |mut range: std::ops::Range<usize>| range.find(|index| all.get(*index).is_some_and(|field| field.id == id));
    in_range(own).or_else(|| in_range(0..header))
}

/// The bytes of a value that is text.
fn word(value: &ValueCount) -> Option<Vec<u8>> {
    if let Scalar::Text(text) = &value.value { unescaped(text) } else { None }
}

impl Part<'_> {
    /// Its values that are text, as bytes.
    pub(super) fn values(&self) -> impl Iterator<Item = Vec<u8>> {
        self.field.values.iter().take(limits::EXPORT_FIELDS).filter_map(word)
    }
}

/// The words of the protocol that a column always is one of.
fn words(field: usize, part: &Part<'_>) -> Option<Test> {
    let known = !part.field.optional && part.field.role == Role::Keyword && matches!(part.place, Place::Column(_));
    let words: Vec<Vec<u8>> = part.field.values.iter().take(limits::EXPORT_FIELDS).map(word).collect::<Option<_>>()?;
    (known && !words.is_empty()).then_some(Test { field, wanted: Wanted::OneOf(words) })
}

/// Where a field is, with the fields it names found.
fn place(field: &Field, find: impl Fn(&str) -> Option<usize>) -> Place {
    match &field.location {
        // What ends lines and stands between columns is no part of them: targets find it themselves.
        Location::After { .. } if matches!(field.kind, Kind::Terminator | Kind::Delimiter) => Place::Nowhere,
        Location::Bytes { offset, size } => Place::Bytes { offset: *offset, size: *size },
        Location::Bits { offset_bits, size_bits } => Place::Bits { offset: *offset_bits, size: *size_bits },
        Location::Column { column } => Place::Column(*column),
        Location::After { after, size, size_from, until, to_end } => {
            let named = |id: &Option<String>| id.as_deref().map(|id| find(id).ok_or(())).transpose();
            let (Ok(after), Ok(size_from)) = (named(after), named(size_from)) else { return Place::Nowhere };
            let until = until.as_deref().and_then(hex).unwrap_or_default();
            Place::After { after, size: *size, size_from, until, to_end: *to_end }
        }
    }
}

/// What bytes of a role are called where they can be looked for.
pub(super) fn role_name(role: Role) -> &'static str {
    role.name()
}
