//! What the dissectors' own names of tokens are in the grammar's words: one table.

use crate::annotation::Role;
use crate::grammar::Kind;

/// Names of tokens by what their bytes are for. What is not listed goes by its role.
const KINDS: &[(Role, &str, Kind)] = &[
    (Role::Control, "blank", Kind::Padding),
    (Role::Control, "line_end", Kind::Terminator),
    (Role::Keyword, "chunk_size", Kind::Length),
    (Role::Keyword, "end", Kind::Marker),
    (Role::Keyword, "entity", Kind::Marker),
    (Role::Keyword, "header", Kind::HeaderName),
    (Role::Keyword, "json", Kind::Delimiter),
    (Role::Keyword, "key", Kind::HeaderName),
    (Role::Keyword, "label", Kind::HeaderName),
    (Role::Keyword, "marker", Kind::Marker),
    (Role::Keyword, "method", Kind::Command),
    (Role::Keyword, "moment", Kind::Marker),
    (Role::Keyword, "prompt", Kind::Prompt),
    (Role::Keyword, "refusal", Kind::Status),
    (Role::Keyword, "separator", Kind::Delimiter),
    (Role::Keyword, "status", Kind::Status),
    (Role::Keyword, "type", Kind::Command),
    (Role::Keyword, "version", Kind::Version),
    (Role::Data, "action", Kind::Enum),
    (Role::Data, "bid", Kind::List),
    (Role::Data, "category", Kind::Enum),
    (Role::Data, "content", Kind::Opaque),
    (Role::Data, "cve", Kind::List),
    (Role::Data, "digest", Kind::Random),
    (Role::Data, "done", Kind::NumberText),
    (Role::Data, "echo", Kind::Echo),
    (Role::Data, "host", Kind::Address),
    (Role::Data, "max_hosts", Kind::NumberText),
    (Role::Data, "needs", Kind::List),
    (Role::Data, "option", Kind::Enum),
    (Role::Data, "plugin_id", Kind::Identifier),
    (Role::Data, "plugin_set", Kind::List),
    (Role::Data, "port", Kind::Port),
    (Role::Data, "port_range", Kind::List),
    (Role::Data, "progress", Kind::NumberText),
    (Role::Data, "session", Kind::Identifier),
    (Role::Data, "size_bytes", Kind::Length),
    (Role::Data, "targets", Kind::List),
    (Role::Data, "time", Kind::Timestamp),
    (Role::Data, "total", Kind::NumberText),
    (Role::Data, "withheld", Kind::Opaque),
    (Role::Data, "xref", Kind::List),
];

/// What a token is. Inference names its tokens by the kinds themselves.
pub(super) fn kind(name: &str, role: Role) -> Kind {
    let listed = KINDS.iter().find(|(of, known, _)| *of == role && *known == name).map(|(_, _, kind)| *kind);
    listed.or_else(|| Kind::named(name).filter(|kind| kind.role() == role)).unwrap_or(match role {
        Role::Control => Kind::Delimiter,
        Role::Keyword => Kind::Marker,
        Role::Data => Kind::String,
        Role::Unknown => Kind::Opaque,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_knows_each_once() {
        assert!(KINDS.is_sorted_by(|(a, one, _), (b, two, _)| (a, one) < (b, two)));
    }

    #[test]
    fn names_of_inference_are_the_kinds() {
        assert_eq!(kind("delimiter", Role::Control), Kind::Delimiter);
        assert_eq!(kind("timestamp", Role::Data), Kind::Timestamp);
        assert_eq!(kind("version", Role::Data), Kind::String, "a version that is data is not the protocol's");
        assert_eq!(kind("nobody_knows", Role::Unknown), Kind::Opaque);
    }
}
