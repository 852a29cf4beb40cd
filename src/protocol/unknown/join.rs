//! One language of two: what the text way and the binary way found, each of its own messages, with ids that differ.

use super::Language;
use super::Typed;
use crate::grammar::Field;
use crate::grammar::Location;
use crate::grammar::MessageType;

/// Joins two languages; `places` say which of all messages each one's are.
pub(super) fn join(count: usize, (mut one, ones): (Language, &[usize]), (mut two, twos): (Language, &[usize])) -> Language {
    let (kinds, headers) = (one.types.len(), one.header_fields.len());
    for field in &mut two.header_fields {
        shift_field(field, kinds, headers);
    }
    for message_type in &mut two.types {
        shift_type(message_type, kinds, headers);
    }
    for relation in &mut two.relations {
        relation.from = shifted(&relation.from, kinds, headers);
        relation.to.iter_mut().for_each(|to| *to = shifted(to, kinds, headers));
    }
    for found in &mut two.typed {
        found.message_type = found.message_type.map(|index| index.saturating_add(kinds));
        found.fields.iter_mut().flatten().for_each(|field| *field = shifted(field, kinds, headers));
    }
    let mut typed: Vec<Typed> = vec![Typed::default(); count];
    for (places, found) in [(ones, std::mem::take(&mut one.typed)), (twos, std::mem::take(&mut two.typed))] {
        for (place, found) in places.iter().zip(found) {
            if let Some(slot) = typed.get_mut(*place) {
                *slot = found;
            }
        }
    }
    one.header_fields.append(&mut two.header_fields);
    one.types.append(&mut two.types);
    one.delimiters.append(&mut two.delimiters);
    one.keywords.append(&mut two.keywords);
    one.relations.append(&mut two.relations);
    one.limitations.append(&mut two.limitations);
    Language { typed, ..one }
}

fn shift_type(message_type: &mut MessageType, kinds: usize, headers: usize) {
    message_type.id = shifted(&message_type.id, kinds, headers);
    message_type.fields.iter_mut().for_each(|field| shift_field(field, kinds, headers));
    message_type.matches.iter_mut().for_each(|found| found.field = shifted(&found.field, kinds, headers));
}

fn shift_field(field: &mut Field, kinds: usize, headers: usize) {
    field.id = shifted(&field.id, kinds, headers);
    if let Location::After { after, size_from, .. } = &mut field.location {
        for other in [after, size_from].into_iter().flatten() {
            *other = shifted(other, kinds, headers);
        }
    }
}

/// An id behind so many types and fields of the header: `mt3`, `f2`, `f3.2`.
fn shifted(id: &str, kinds: usize, headers: usize) -> String {
    let moved = |digits: &str, by: usize| digits.parse::<usize>().ok().map(|number| number.saturating_add(by));
    let new = if let Some(number) = id.strip_prefix("mt") {
        moved(number, kinds).map(|number| format!("mt{number}"))
    } else if let Some(number) = id.strip_prefix('f') {
        match number.split_once('.') {
            Some((number, part)) => moved(number, kinds).map(|number| format!("f{number}.{part}")),
            None => moved(number, headers).map(|number| format!("f{number}")),
        }
    } else {
        None
    };
    new.unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_move_behind_those_that_are_there() {
        assert_eq!(shifted("mt1", 4, 9), "mt5");
        assert_eq!(shifted("f2", 4, 9), "f11");
        assert_eq!(shifted("f3.2", 4, 9), "f7.2");
        assert_eq!(shifted("q1", 4, 9), "q1");
    }
}
