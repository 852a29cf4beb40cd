//! What the numbers of a field are called.

use super::plan::Plan;
use super::plan::Shape;
use crate::grammar::RelationKind;
use crate::grammar::Scalar;
use crate::limits;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

impl Plan<'_> {
    /// A number that tells types apart has their names; others of an enumeration name themselves.
    pub(super) fn name_values(&mut self) {
        let relations = self.description.grammar.relations.iter();
        let selecting: BTreeSet<&str> =
            relations.filter(|relation| relation.kind == RelationKind::SelectsType).map(|relation| relation.from.as_str()).collect();
        let mut names: BTreeMap<(usize, u32), String> = BTreeMap::new();
        for (index, part) in self.fields.iter().enumerate() {
            let of_enum = matches!(part.shape, Shape::Number { .. } | Shape::Bits);
            for value in part.field.values.iter().filter(|_| of_enum).take(limits::EXPORT_FIELDS) {
                if let Scalar::Number(number) = value.value
                    && let Ok(number) = u32::try_from(number)
                {
                    names.insert((index, number), format!("value {number}"));
                }
            }
        }
        let mut told = BTreeSet::new();
        for form in &self.types {
            // Where several conditions make a type, the first one that is said to select it tells most.
            let matched = form.message.matches.iter().filter(|matched| matched.mask.is_none());
            let Some(matched) =
                matched.clone().find(|matched| selecting.contains(matched.field.as_str())).or_else(|| matched.clone().next())
            else {
                continue;
            };
            let field = self.fields.iter().take(self.header).position(|part| part.field.id == matched.field);
            if let (Some(field), Scalar::Number(number)) = (field, &matched.equals)
                && let Ok(number) = u32::try_from(*number)
                && told.insert((field, number, form.message.direction.clone()))
            {
                let name = names.entry((field, number)).or_default();
                let known = if name.starts_with("value ") { String::new() } else { std::mem::take(name) };
                *name = if known.is_empty() { form.id.clone() } else { format!("{known} or {}", form.id) };
            }
        }
        for ((field, number), name) in names {
            if let Some(part) = self.fields.get_mut(field) {
                part.names.insert(number, name);
            }
        }
    }
}
