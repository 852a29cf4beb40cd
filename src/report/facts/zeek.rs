//! Tab-separated values as Zeek writes its logs, under the path `known_relations`, with Zeek's names where Zeek has one.
//!
//! `ts` is the first sight and `last` the newest; `count` are SYN-ACKs. Sets hold VLAN stacks (`100.20`) and plugin numbers. Unlike
//! Zeek's own logs there is no `#open` and no `#close`: they would hold the time of writing, and the same facts are the same bytes.

use super::Row;
use super::sorted;
use crate::fact::Facts;
use crate::time::Timestamp;
use std::fmt::Write as _;
use std::io;
use std::io::Write;
use std::net::IpAddr;

const UNSET: &str = "-";
const EMPTY: &str = "(empty)";

/// Names and types of the columns.
const COLUMNS: [(&str, &str); 15] = [
    ("ts", "time"),
    ("last", "time"),
    ("id.orig_h", "addr"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("kind", "string"),
    ("direction", "string"),
    ("grade", "string"),
    ("syn_seen", "bool"),
    ("count", "count"),
    ("vlans", "set[string]"),
    ("relation_id", "string"),
    ("nnm_plugins", "set[count]"),
];

/// Writes all facts.
pub(super) fn write(facts: &dyn Facts, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "#separator \\x09\n#set_separator\t,\n#empty_field\t{EMPTY}\n#unset_field\t{UNSET}\n#path\tknown_relations")?;
    writeln!(out, "#fields\t{}", COLUMNS.map(|(name, _)| name).join("\t"))?;
    writeln!(out, "#types\t{}", COLUMNS.map(|(_, kind)| kind).join("\t"))?;
    for fact in sorted(facts) {
        writeln!(out, "{}", fields(&Row::of(&fact)).join("\t"))?;
    }
    Ok(())
}

fn fields(row: &Row) -> [String; COLUMNS.len()] {
    let address = |ip: Option<IpAddr>| ip.map_or_else(|| UNSET.to_owned(), |ip| ip.to_string());
    [
        epoch(row.first_seen),
        epoch(row.last_seen),
        address(row.client_ip),
        address(row.server_ip),
        row.port.to_string(),
        row.transport.to_owned(),
        text(row.service),
        text(Some(row.kind)),
        text(row.direction),
        text(Some(row.grade)),
        if row.syn_seen { "T" } else { "F" }.to_owned(),
        row.handshakes.to_string(),
        set(&row.vlans()),
        row.relation_id.clone(),
        set(&row.nnm_plugins()),
    ]
}

/// Seconds since the epoch with six digits behind the point, or nine where the capture has them.
fn epoch(at: Timestamp) -> String {
    let seconds = at.relative_to(Timestamp::default()).to_string();
    seconds.strip_prefix('+').map_or_else(|| seconds.clone(), str::to_owned)
}

fn set(members: &[String]) -> String {
    let members: Vec<String> = members.iter().map(|member| escaped(member)).collect();
    if members.is_empty() { EMPTY.to_owned() } else { members.join(",") }
}

/// A string, told apart from one that is not there and from an empty one.
fn text(text: Option<&str>) -> String {
    match text {
        None => UNSET.to_owned(),
        Some("") => EMPTY.to_owned(),
        Some(UNSET) => "\\x2d".to_owned(),
        Some(EMPTY) => "\\x28empty)".to_owned(),
        Some(text) => escaped(text),
    }
}

/// What would end a field, a member or a line, and what a terminal would obey, as `\x09`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() || matches!(char, '\\' | ',') {
            // Writing to a String cannot fail.
            char.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| _ = write!(out, "\\x{byte:02x}"));
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_of_the_capture() {
        assert_eq!(epoch(Timestamp::from_parts(1_105_000_000, 176_581_000, false)), "1105000000.176581");
        assert_eq!(epoch(Timestamp::from_parts(1_105_000_000, 1, true)), "1105000000.000000001");
        assert_eq!(epoch(Timestamp::from_nanos(-500_000, false)), "-0.000500");
    }

    #[test]
    fn nothing_is_mistaken() {
        assert_eq!(
            [None, Some(""), Some("-"), Some("(empty)"), Some("a\tb\\,\u{9b}")].map(text),
            ["-", "(empty)", "\\x2d", "\\x28empty)", "a\\x09b\\x5c\\x2c\\xc2\\x9b"]
        );
        assert_eq!(set(&[]), "(empty)");
        assert_eq!(set(&["10".to_owned(), "100.20".to_owned()]), "10,100.20");
    }
}
