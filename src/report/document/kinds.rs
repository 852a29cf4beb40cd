//! What the dissectors' own names of tokens are in the grammar's words: one table.

use crate::annotation::Role;
use crate::grammar::Kind;

/// The kinds whose name alone tells. All others go by the role.
const KINDS: &[(&str, Kind)] = &[("line_end", Kind::Terminator), ("separator", Kind::Delimiter)];

/// What a token is.
pub(super) fn kind(name: &str, role: Role) -> Kind {
    let named = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    named.filter(|kind| kind.role() == role).unwrap_or(match role {
        Role::Control => Kind::Delimiter,
        Role::Keyword => Kind::Marker,
        Role::Data => Kind::String,
        Role::Unknown => Kind::Opaque,
    })
}
