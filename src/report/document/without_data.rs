//! A grammar without data: what an inferred protocol is, without what somebody said with it.

use crate::annotation::Role;
use crate::grammar::Description;
use crate::grammar::Field;

/// The same description without values and ranges of what is data, and without what tells kinds apart by them.
pub(super) fn without_data(mut description: Description) -> Description {
    let grammar = &mut description.grammar;
    let is_data = |field: &Field| matches!(field.role, Role::Data | Role::Unknown);
    let fields = || grammar.header_fields.iter().chain(grammar.message_types.iter().flat_map(|kind| &kind.fields));
    let data: Vec<String> = fields().filter(|field| is_data(field)).map(|field| field.id.clone()).collect();
    let clear = |field: &mut Field| {
        if is_data(field) {
            (field.values, field.range) = (Vec::new(), None);
        }
    };
    grammar.header_fields.iter_mut().for_each(clear);
    for kind in &mut grammar.message_types {
        kind.fields.iter_mut().for_each(clear);
        kind.matches.retain(|found| !data.contains(&found.field));
    }
    grammar.keywords.retain(|keyword| !matches!(keyword.kind.role(), Role::Data | Role::Unknown));
    description
}
