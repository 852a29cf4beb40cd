//! Fields of the steps messages are read by: ids, names, places, values, and what they say of each other.

use crate::grammar::Field;
use crate::grammar::Ground;
use crate::grammar::Inside;
use crate::grammar::Kind;
use crate::grammar::Location;
use crate::grammar::Range;
use crate::grammar::Relation;
use crate::grammar::RelationKind;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::grammar::ValueCount;
use crate::protocol::unknown::binary::chain::Chain;
use crate::protocol::unknown::binary::checksum::Sum;
use crate::protocol::unknown::binary::columns::Column;
use crate::protocol::unknown::binary::numbers::tally;
use crate::protocol::unknown::binary::numbers::wide;
use crate::protocol::unknown::binary::rows::Spot;
use crate::protocol::unknown::binary::script::Step;
use crate::protocol::unknown::binary::script::after;
use crate::protocol::unknown::binary::tokens::Ids;

/// Values a field shows.
const VALUES: usize = 16;

/// The names messages have in documents.
fn ids(names: &[(u64, u64)]) -> Vec<String> {
    names.iter().map(|(flow, number)| format!("m{flow}.{number}")).collect()
}

/// The fields of some steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) fields: Vec<Field>,
    /// Ids for each step.
    pub(super) ids: Vec<Ids>,
    pub(super) relations: Vec<Relation>,
}

impl Named {
    /// The field of the column with this byte of a step.
    pub(super) fn field_at(&self, steps: &[Step], step: usize, at: usize) -> Option<String> {
        let Step::Fixed(columns, _) = steps.get(step)? else { return None };
        let column = columns.iter().position(|column| column.start <= at && at < column.end)?;
        self.ids.get(step)?.get(column).cloned()
    }

    /// Adds a field; says its id.
    fn add(&mut self, prefix: &str, kind: Kind, location: Location) -> String {
        let id = format!("{prefix}{}", self.fields.len().saturating_add(1));
        let name = format!("{}_{}", kind.name(), id.trim_start_matches('f').replace('.', "_"));
        self.fields.push(Field {
            id: id.clone(),
            name,
            role: kind.role(),
            kind,
            location,
            inside: None,
            byte_order: None,
            values: Vec::new(),
            range: None,
            optional: false,
            confidence: Share::ALL,
            evidence: Vec::new(),
        });
        id
    }

    /// Adds the sum at the end of all messages; says its id.
    pub(super) fn sum(&mut self, sum: &Sum) -> String {
        let last = self.fields.last().map(|field| field.id.clone());
        let location = Location::After { after: last, size: Some(wide(sum.size)), size_from: None, until: None, to_end: true };
        let id = self.add("f", Kind::Checksum, location);
        let statement = format!("The last {} bytes are the sum {} of {} of {} messages.", sum.size, sum.name, sum.agree, sum.of);
        let score = Share::of(wide(sum.agree), wide(sum.of));
        if let Some(field) = self.fields.last_mut() {
            field.byte_order = Some(sum.order).filter(|_| sum.size > 1);
            field.confidence = score;
            field.evidence.push(Ground {
                detector: "checksum".to_owned(),
                statement: statement.clone(),
                score: Some(score),
                messages: Some(wide(sum.of)),
                sessions: None,
                counterexamples: ids(&sum.contrary),
            });
        }
        self.relations.push(Relation {
            kind: RelationKind::ChecksumOver,
            from: id.clone(),
            to: Vec::new(),
            addend: None,
            algorithm: Some(sum.name.to_owned()),
            support: wide(sum.agree),
            violations: wide(sum.of.saturating_sub(sum.agree)),
            statement,
        });
        id
    }

    fn column(&mut self, prefix: &str, column: &Column, location: Location, spots: &[Spot<'_>]) -> String {
        let id = self.add(prefix, column.kind, location);
        let Some(field) = self.fields.last_mut() else { return id };
        let score = Share::of(column.support, column.support.saturating_add(column.violations));
        let size = column.end.saturating_sub(column.start);
        field.byte_order = column.order.filter(|_| size > 1);
        field.confidence = score;
        field.evidence.push(Ground {
            detector: column.detector.to_owned(),
            statement: column.statement.clone(),
            score: Some(score),
            messages: Some(column.support.saturating_add(column.violations)),
            sessions: None,
            counterexamples: ids(&column.contrary),
        });
        let numbers = || {
            let order = column.order.unwrap_or(crate::grammar::ByteOrder::Big);
            let number = move |spot: &Spot<'_>| spot.number(column.start, size, order).and_then(|value| i64::try_from(value).ok());
            tally(spots.iter().filter_map(number))
        };
        if size <= 8 && matches!(column.kind, Kind::TypeCode | Kind::Constant | Kind::Enum | Kind::Flags) {
            let mut values: Vec<(i64, u64)> = numbers().into_iter().collect();
            values.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
            let value = |(value, count)| ValueCount { value: Scalar::Number(value), count };
            field.values = values.into_iter().take(VALUES).map(value).collect();
        }
        if size <= 8 && matches!(column.kind, Kind::Length | Kind::Count | Kind::Offset | Kind::Counter | Kind::Integer) {
            let values = numbers();
            let (min, max) = (values.keys().next().copied(), values.keys().next_back().copied());
            field.range = Some(Range { min, max, distinct: wide(values.len()), at_least: false });
        }
        self.relate(column, &id);
        id
    }

    /// What a column says of others.
    fn relate(&mut self, column: &Column, id: &str) {
        let kind = match column.kind {
            Kind::Length => RelationKind::LengthOf,
            Kind::Count => RelationKind::CountOf,
            Kind::Offset => RelationKind::OffsetOf,
            Kind::Echo => RelationKind::Echoes,
            Kind::Counter => RelationKind::Increments,
            _ => return,
        };
        self.relations.push(Relation {
            kind,
            from: id.to_owned(),
            to: Vec::new(),
            addend: column.addend,
            algorithm: None,
            support: column.support,
            violations: column.violations,
            statement: column.statement.clone(),
        });
    }
}

/// Names the fields of these steps; `before` is the field they follow, where they do not begin the message.
pub(super) fn name(steps: &[Step], spots: &[Spot<'_>], prefix: &str, before: Option<String>) -> Named {
    let mut named = Named::default();
    let mut last = before;
    let mut here = spots.to_vec();
    // Bytes from the start are known until a part has a length of its own.
    let mut offset = here.first().map(|spot| spot.start).filter(|start| here.iter().all(|spot| spot.start == *start));
    for step in steps {
        let mut ids = Ids::new();
        let behind =
            |last: &Option<String>| Location::After { after: last.clone(), size: None, size_from: None, until: None, to_end: false };
        match step {
            Step::Fixed(columns, width) => {
                for column in columns {
                    let size = wide(column.end.saturating_sub(column.start));
                    let location = match offset {
                        Some(offset) => Location::Bytes { offset: wide(offset.saturating_add(column.start)), size },
                        None => Location::After { after: last.clone(), size: Some(size), size_from: None, until: None, to_end: false },
                    };
                    let id = named.column(prefix, column, location, &here);
                    last = Some(id.clone());
                    ids.push(id);
                }
                offset = offset.map(|offset| offset.saturating_add(*width));
            }
            Step::Chain(chain) => {
                if let Chain::Counted { size, order } = chain {
                    let size = wide(*size);
                    let location = match offset {
                        Some(offset) => Location::Bytes { offset: wide(offset), size },
                        None => Location::After { after: last.clone(), size: Some(size), size_from: None, until: None, to_end: false },
                    };
                    let id = named.add(prefix, Kind::Length, location);
                    if let Some(field) = named.fields.last_mut() {
                        field.byte_order = Some(*order).filter(|_| size > 1);
                    }
                    last = Some(id.clone());
                    ids.push(id);
                }
                if let Chain::Sized(sized) = chain {
                    let bit = 8_u8.saturating_sub(sized.shift).saturating_sub(sized.bits);
                    let offset_bits = wide(sized.at).saturating_mul(8).saturating_add(u64::from(bit));
                    let id = named.add(prefix, Kind::Length, Location::Bits { offset_bits, size_bits: u64::from(sized.bits) });
                    ids.push(id);
                }
                let size_from = if let Chain::Sized(_) = chain { ids.last().cloned() } else { None };
                let (kind, location) = match chain {
                    Chain::Sized(sized) => {
                        (sized.kind, Location::After { after: last.clone(), size: None, size_from, until: None, to_end: false })
                    }
                    Chain::Counted { .. } => (
                        Kind::String,
                        Location::After { after: last.clone(), size: None, size_from: last.clone(), until: None, to_end: false },
                    ),
                    Chain::Labels => (Kind::String, behind(&last)),
                    Chain::Ended => {
                        let until = Some("00".to_owned());
                        (Kind::String, Location::After { after: last.clone(), size: None, size_from: None, until, to_end: false })
                    }
                    Chain::Words => {
                        (Kind::List, Location::After { after: last.clone(), size: None, size_from: None, until: None, to_end: true })
                    }
                    Chain::Tagged { .. } | Chain::Deltas => {
                        (Kind::Tlv, Location::After { after: last.clone(), size: None, size_from: None, until: None, to_end: true })
                    }
                };
                let id = named.add(prefix, kind, location);
                if let Some(field) = named.fields.last_mut() {
                    field.evidence.push(ground(*chain, here.len()));
                    field.inside = if *chain == Chain::Ended { Some(Inside::Texts { until: "00".to_owned() }) } else { chain.inside() };
                }
                last = Some(id.clone());
                ids.push(id);
                offset = None;
            }
            Step::Rest(kind) => {
                let location = Location::After { after: last.clone(), size: None, size_from: None, until: None, to_end: true };
                ids.push(named.add(prefix, *kind, location));
                if let Some(field) = named.fields.last_mut() {
                    field.optional = true;
                    field.inside = (*kind == Kind::List).then(|| Inside::Texts { until: "00".to_owned() });
                }
            }
        }
        named.ids.push(ids);
        here = here.iter().map(|spot| after(std::slice::from_ref(step), spot)).collect();
    }
    named
}

fn ground(chain: Chain, messages: usize) -> Ground {
    let (detector, statement) = match chain {
        Chain::Counted { .. } => ("counted_text", "A length and so many letters."),
        Chain::Ended => ("ended_text", "Letters up to a zero."),
        Chain::Labels => ("labels", "Labels with their length before them, up to an empty one or a pointer."),
        Chain::Sized(_) => {
            ("sized_part", "Bits of a byte in front say how long it is: behind it a chain leads exactly to the end of the message.")
        }
        Chain::Deltas => {
            ("tags", "Links of half a tag and half a length, with values, lead exactly to the end of the message or to a mark.")
        }
        Chain::Words => ("words", "Numbers of four bytes, most of them small or the length of a text behind them."),
        Chain::Tagged { .. } => ("tags", "Tags with lengths and values lead exactly to the end of the message."),
    };
    Ground {
        detector: detector.to_owned(),
        statement: statement.to_owned(),
        score: None,
        messages: Some(wide(messages)),
        sessions: None,
        counterexamples: Vec::new(),
    }
}
