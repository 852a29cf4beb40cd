//! The NBE format of the Nessus client: one line per time, open port and finding.
//!
//! ```text
//! timestamps|||scan_start|DATE|
//! timestamps||HOST|host_start|DATE|
//! results|SUBNET|HOST|SERVICE_FIELD
//! results|SUBNET|HOST|SERVICE_FIELD|PLUGIN_ID|Security Note|TEXT
//! ```
//!
//! The rules are those of the client's own files. Lines stand in the order of the wire; what the server reports twice stands
//! twice. A byte is written as it came: `|` in a text stays, as the format knows no quoting and the text is the last column;
//! `\n`, `\r` and `\\` stay as the server wrote them; so do tabs and bytes beyond ASCII. Only a line feed, which OTP 2.0
//! sends raw, becomes `\n`, since a finding is a line. A finding without plugin (NTP 1.1) has an empty column. Scans follow
//! each other in the order in which they began.

use super::story::Entry;
use super::story::Item;
use super::story::Kind;
use super::story::Moment;
use super::story::Scan;
use crate::report::escape;
use std::io;
use std::io::Write;

/// Writes all scans. `visible` makes what would act on a terminal visible.
pub(super) fn write(out: &mut dyn Write, scans: &[Scan], visible: bool) -> io::Result<()> {
    let mut line = Vec::new();
    for entry in scans.iter().flat_map(|scan| &scan.entries) {
        line.clear();
        match entry {
            Entry::Moment(moment) => push_moment(&mut line, moment),
            Entry::Item(item) => push_item(&mut line, item),
        }
        if visible {
            line = escape::terminal(&line).into_bytes();
        }
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

fn push_moment(line: &mut Vec<u8>, moment: &Moment) {
    let name = moment.name.to_ascii_lowercase();
    push(line, &[b"timestamps", b"", &moment.host, &name, &moment.date, b""]);
}

fn push_item(line: &mut Vec<u8>, item: &Item) {
    push(line, &[b"results", subnet(&item.host), &item.host, &item.service_field]);
    if item.kind != Kind::Port {
        line.push(b'|');
        push(line, &[&item.plugin_id, item.kind.label().as_bytes(), &item.text]);
    }
}

/// Columns with `|` between them.
fn push(line: &mut Vec<u8>, columns: &[&[u8]]) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            line.push(b'|');
        }
        let mut pieces = column.split(|byte| *byte == b'\n');
        line.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            line.extend_from_slice(br"\n");
            line.extend_from_slice(piece);
        }
    }
}

/// What the client takes for the subnet of a host: an address without its last number, the maker's half of a MAC address,
/// the domain of a name, and else the host itself.
fn subnet(host: &[u8]) -> &[u8] {
    let cut = |dot: Option<usize>| dot.and_then(|dot| host.get(..dot)).unwrap_or(host);
    if host.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return cut(memchr::memrchr(b'.', host));
    }
    if is_mac(host) {
        return cut(memchr::memchr_iter(b'.', host).nth(2));
    }
    memchr::memchr(b'.', host).and_then(|dot| host.get(dot.saturating_add(1)..)).unwrap_or(host)
}

/// Six times two digits, as the server writes MAC addresses: `00.11.22.aa.bb.cc`.
fn is_mac(host: &[u8]) -> bool {
    let mut parts = host.split(|byte| *byte == b'.');
    host.len() == 17 && parts.all(|part| part.len() == 2 && part.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_are_the_clients() {
        for (host, net) in [
            ("192.168.11.20", "192.168.11"),
            ("www.example.com", "example.com"),
            ("localhost", "localhost"),
            ("00.0c.29.ab.cd.ef", "00.0c.29"),
            ("2001:db8::1", "2001:db8::1"),
            ("", ""),
        ] {
            assert_eq!(subnet(host.as_bytes()), net.as_bytes(), "{host}");
        }
    }

    #[test]
    fn a_finding_is_one_line() {
        let mut line = Vec::new();
        push(&mut line, &[b"a|b", b"two\nlines\\n\t\xe9"]);
        assert_eq!(line, b"a|b|two\\nlines\\n\t\xe9");
    }
}
