//! The single lines whose fields need more than cutting at separators: results, status, times, attack orders.

use super::draft::Draft;
use super::escape;
use super::escape::Escaping;
use super::line;
use crate::annotation::Value;
use std::ops::Range;

/// Whether a field is what closes a line: the entity again.
fn closes(text: &[u8]) -> bool {
    matches!(text.trim_ascii(), b"SERVER" | b"CLIENT")
}

/// Whether a line ends as a result does: in the entity, behind a separator.
pub(super) fn is_closed(text: &[u8]) -> bool {
    text.trim_ascii_end().strip_suffix(b"SERVER").map(<[u8]>::trim_ascii_end).is_some_and(|head| head.ends_with(line::SEPARATOR))
}

/// The data fields of a line: without entity and type in front and the entity at the end.
pub(super) fn data_fields<'r>(line: &[u8], fields: &'r [Range<usize>]) -> &'r [Range<usize>] {
    let data = fields.get(2..).unwrap_or_default();
    match data.split_last() {
        Some((last, before)) if closes(line.get(last.clone()).unwrap_or_default()) => before,
        // `WHO <|> TYPE <|>` has an empty field behind its last separator.
        Some((last, before)) if last.is_empty() => before,
        _ => data,
    }
}

/// Gives each field the next name; what is left over goes to the last name, separators included.
pub(super) fn named(draft: &mut Draft<'_>, data: &[Range<usize>], names: &[&'static str]) {
    let Some((last, first)) = names.split_last() else { return extra(draft, data) };
    for (name, range) in first.iter().zip(data) {
        draft.text(range.clone(), name);
    }
    if let (Some(from), Some(to)) = (data.get(first.len()), data.last()) {
        draft.text(from.start..to.end, last);
    }
}

/// Fields nobody has names for.
fn extra(draft: &mut Draft<'_>, data: &[Range<usize>]) {
    if !data.is_empty() {
        let values = data.iter().map(|range| draft.bytes(range).into()).collect();
        for range in data {
            draft.token(range.clone(), crate::annotation::Role::Data, "value", false);
        }
        draft.note("values", Value::List(values));
    }
}

/// A message of an unknown type: all its fields.
pub(super) fn generic(draft: &mut Draft<'_>, data: &[Range<usize>]) {
    extra(draft, data);
}

/// A result, read from both ends, because its text may hold separators.
///
/// # Wire
///
/// [seen captures/ntp 22] `host <|> service (port/proto) <|> text <|> id`; [seen 10] 1.0: `host <|> port:text`;
/// [spec ntp-otp 5.10] 1.1 and plugins without id: no id; the scanner's own: an empty one; `PORT` has no text.
pub(super) fn finding(draft: &mut Draft<'_>, data: &[Range<usize>], escaping: Escaping, is_first_version: bool) {
    let Some((host, rest)) = data.split_first() else { return };
    draft.text(host.clone(), "host");
    if is_first_version && port_and_text(draft, rest) {
        return;
    }
    let rest = hostname(draft, rest);
    if port_and_text(draft, rest) {
        return;
    }
    let Some((service, rest)) = rest.split_first() else { return };
    let read = line::service(draft.bytes(service));
    draft.text(service.clone(), "service_field");
    if let Some(name) = read.name {
        draft.note("service", Value::text(name));
    }
    if let Some(port) = read.port {
        draft.note("port", Value::Count(port));
    }
    if let Some(transport) = read.transport {
        draft.note("transport", Value::text(transport));
    }
    let is_id = |range: &Range<usize>| {
        let text = draft.bytes(range).trim_ascii();
        !text.is_empty() && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    };
    let (text, id) = match rest.split_last() {
        Some((last, text)) if !text.is_empty() && is_id(last) => (text, Some(last)),
        // What the scanner itself reports has an empty id.
        Some((last, text)) if !text.is_empty() && draft.bytes(last).trim_ascii().is_empty() => (text, None),
        _ => (rest, None),
    };
    if let (Some(from), Some(to)) = (text.first(), text.last()) {
        let text = from.start..to.end;
        let plain = escape::unescaped(draft.bytes(&text), escaping);
        draft.text(text, "text");
        if let Some(plain) = plain {
            draft.note("plain_text", Value::Text(plain));
        }
    }
    if let Some(id) = id {
        draft.text(id.clone(), "plugin_id");
    }
}

/// Takes the host name off that late OTP 2.0 servers send behind the address: it is there when the port comes one later.
///
/// # Wire
///
/// [spec ntp-otp 5.10] from 2017-12; it may be empty or one blank, and so may the port of an error.
fn hostname<'r>(draft: &mut Draft<'_>, rest: &'r [Range<usize>]) -> &'r [Range<usize>] {
    let is_port = |range: &Range<usize>| {
        let read = line::service(draft.bytes(range));
        read.transport.is_some() && (read.port.is_some() || read.name == Some(b"general"))
    };
    let [name, port, _, more @ ..] = rest else { return rest };
    let is_named = is_port(port) || draft.bytes(port).trim_ascii().is_empty();
    if more.is_empty() || is_port(name) || !is_named {
        return rest;
    }
    draft.text(name.clone(), "hostname");
    rest.get(1..).unwrap_or_default()
}

/// The 1.0 form `port:text`; the text is all that follows, separators included. No service is called like that.
fn port_and_text(draft: &mut Draft<'_>, rest: &[Range<usize>]) -> bool {
    let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return false };
    let field = first.start..last.end;
    let bytes = draft.bytes(&field);
    let Some(colon) = memchr::memchr(b':', bytes) else { return false };
    let Some(port) = line::integer(bytes.get(..colon).unwrap_or_default()) else { return false };
    let colon = field.start.saturating_add(colon);
    draft.value(field.start..colon, "port", Value::Integer(port));
    draft.note("service_field", Value::text(draft.bytes(&(field.start..colon))));
    draft.text(colon.saturating_add(1)..field.end, "text");
    true
}

/// How far a host is.
///
/// # Wire
///
/// [seen frank4dd.pcap frame 26] `host <|> portscan <|> 48/1024`; [seen captures/ntp 10] STAT and late OTP have no action.
pub(super) fn status(draft: &mut Draft<'_>, data: &[Range<usize>]) {
    let Some((host, rest)) = data.split_first() else { return };
    draft.text(host.clone(), "host");
    if let [action, _, ..] = rest {
        draft.text(action.clone(), "action");
    }
    let Some(numbers) = rest.last() else { return };
    match line::progress(draft.bytes(numbers)) {
        Some((done, total)) => {
            draft.token(numbers.clone(), crate::annotation::Role::Data, "progress", false);
            draft.note("done", Value::Integer(done));
            draft.note("total", Value::Integer(total));
        }
        None => draft.text(numbers.clone(), "progress"),
    }
}

/// A short status line.
pub(super) fn short_status(draft: &mut Draft<'_>, status: &line::ShortStatus) {
    draft.keyword(0..1, "marker");
    draft.text(status.action.clone(), "action");
    draft.text(status.host.clone(), "host");
    for (range, name) in [(&status.done, "done"), (&status.total, "total")] {
        let value = line::integer(draft.bytes(range)).map_or(Value::text(draft.bytes(range)), Value::Integer);
        draft.value(range.clone(), name, value);
    }
}

/// A moment of the scan: `SCAN_START <|> date` or `HOST_START <|> host <|> date`.
pub(super) fn time(draft: &mut Draft<'_>, data: &[Range<usize>]) {
    if let Some(moment) = data.first() {
        draft.keyword(moment.clone(), "moment");
        draft.note("moment", Value::text(draft.bytes(moment)));
    }
    if let [_, host, _, ..] = data {
        draft.text(host.clone(), "host");
    }
    if let [_, .., date] = data {
        draft.text(date.clone(), "time");
    }
}

/// An attack order: targets alone, or in 1.0 with how to scan in front.
///
/// # Wire
///
/// [seen captures/ntp 10] `plugins <|> maxhosts <|> recursive <|> ports <|> targets`.
pub(super) fn attack(draft: &mut Draft<'_>, data: &[Range<usize>]) {
    let names: &[&'static str] =
        if data.len() >= 5 { &["plugin_set", "max_hosts", "recursive", "port_range", "targets"] } else { &["targets"] };
    named(draft, data, names);
}
