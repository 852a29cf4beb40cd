//! Comma-separated values: a header line, then a line for each fact.
//!
//! Quoted as RFC 4180 says, in UTF-8; lines end in a line feed, as on this system. What a fact does not have is empty. `vlans` and
//! `nnm_plugins` are lists with commas between: `10,100.20` are two stacks of tags, the second one with two.

use super::Row;
use super::sorted;
use crate::fact::Facts;
use std::borrow::Cow;
use std::io;
use std::io::Write;
use std::net::IpAddr;

const HEADER: [&str; 15] = [
    "kind",
    "transport",
    "client_ip",
    "server_ip",
    "port",
    "service",
    "direction",
    "grade",
    "syn_seen",
    "first_seen",
    "last_seen",
    "handshakes",
    "vlans",
    "relation_id",
    "nnm_plugins",
];

/// Writes all facts.
pub(super) fn write(facts: &dyn Facts, out: &mut dyn Write) -> io::Result<()> {
    line(out, &HEADER.map(str::to_owned))?;
    for fact in sorted(facts) {
        line(out, &fields(&Row::of(&fact)))?;
    }
    Ok(())
}

fn fields(row: &Row) -> [String; HEADER.len()] {
    let address = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    [
        row.kind.to_owned(),
        row.transport.to_owned(),
        address(row.client_ip),
        address(row.server_ip),
        row.port.to_string(),
        row.service.unwrap_or_default().to_owned(),
        row.direction.unwrap_or_default().to_owned(),
        row.grade.to_owned(),
        row.syn_seen.to_string(),
        row.first_seen.to_string(),
        row.last_seen.to_string(),
        row.handshakes.to_string(),
        row.vlans().join(","),
        row.relation_id.clone(),
        row.nnm_plugins().join(","),
    ]
}

fn line(out: &mut dyn Write, fields: &[String]) -> io::Result<()> {
    let quoted: Vec<Cow<'_, str>> = fields.iter().map(|field| quoted(field)).collect();
    writeln!(out, "{}", quoted.join(","))
}

/// A field, in double quotes where it holds what would end it.
fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains([',', '"', '\r', '\n']) { Cow::Owned(format!("\"{}\"", field.replace('"', "\"\""))) } else { Cow::Borrowed(field) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_ends_where_it_should() {
        let cases = [("a b", "a b"), ("10,100.20", "\"10,100.20\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""), ("", "")];
        for (field, expected) in cases {
            assert_eq!(quoted(field), expected);
        }
    }
}
