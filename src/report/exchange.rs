//! Exchanges of an HTTP API, and the stories they make, as lines for people.

use super::escape::decoded;
use super::words;
use super::words::count;
use super::words::size;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::exchange::Auth;
use crate::exchange::BodyFacts;
use crate::exchange::Exchange;
use crate::exchange::Export;
use crate::exchange::ScanStory;
use crate::exchange::SessionStory;
use crate::time::Timestamp;
use std::fmt::Write as _;

/// Fields that a line names, in this order, and what it calls them.
const NAMED: [(&str, &str); 15] = [
    ("user", "user"),
    ("name", "name"),
    ("targets", "targets"),
    ("template", "template"),
    ("ids", "ids"),
    ("folder_id", "folder"),
    ("format", "format"),
    ("file", "file"),
    ("status", "status"),
    ("mcp_status", "mcp"),
    ("progress", "progress"),
    ("hosts", "hosts"),
    ("scans", "scans"),
    ("report_hosts", "report_hosts"),
    ("credential_kinds", "credentials"),
];

/// Characters of a value that a line shows.
const VALUE_LETTERS: usize = 40;

/// A hash in hexadecimal digits. Writing to a `String` cannot fail, so the results are not looked at.
pub(super) fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut out, byte| {
        _ = write!(out, "{byte:02x}");
        out
    })
}

/// An exchange in a line. May hold whatever the wire held: it is to be escaped for its target.
pub(super) fn sentence(exchange: &Exchange) -> String {
    let mut parts = vec![exchange.operation.to_string()];
    parts.extend(exchange.scan_id.as_ref().map(|id| format!("scan={id}")));
    for (name, shown) in NAMED {
        if let Some(field) = exchange.fields.iter().find(|field| field.name == name) {
            parts.push(format!("{shown}={}", value(field)));
        }
    }
    let start = if exchange.method.is_empty() {
        "(request not seen)".to_owned()
    } else {
        format!("{} {}", decoded(&exchange.method), decoded(&exchange.path))
    };
    parts.push(start);
    match exchange.status {
        Some(status) => parts.push(format!("-> {status} {}", decoded(&exchange.reason)).trim_end().to_owned()),
        None => parts.push("-> no response".to_owned()),
    }
    if let Some(latency) = exchange.latency {
        parts.push(format!("{} ms", latency.as_millis()));
    }
    if let Some(error) = exchange.fields.iter().find(|field| field.name == "error") {
        parts.push(value(error));
    }
    if let Some(meaning) = exchange.meaning {
        parts.push(format!("({meaning})"));
    }
    let notes = notes(exchange);
    if !notes.is_empty() {
        parts.push(format!("[{}]", notes.join(", ")));
    }
    parts.join("  ")
}

/// A field's value, short.
fn value(field: &Field<'_>) -> String {
    let short = |text: &str| {
        let cut: String = text.chars().take(VALUE_LETTERS).collect();
        let cut = if cut.len() < text.len() { format!("{cut}…") } else { cut };
        if cut.contains(' ') { format!("\"{cut}\"") } else { cut }
    };
    match &field.value {
        Value::Text(text) => short(&decoded(text)),
        Value::Count(number) if field.name == "progress" => format!("{number}%"),
        Value::Count(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Redacted(bytes) => format!("<redacted {bytes} bytes>"),
        Value::List(_) | Value::Parts(..) => short(&field.value.items().map(decoded).collect::<Vec<_>>().join(",")),
    }
}

/// What is remarkable, in brackets.
fn notes(exchange: &Exchange) -> Vec<String> {
    let body = &exchange.response_body;
    let mut notes = Vec::new();
    if exchange.auth != Auth::None {
        notes.push(format!("auth={}", exchange.auth.name()));
    }
    notes.extend(exchange.retry_of.map(|tried| format!("retry of {}.{}", tried.flow.0, tried.number)));
    if let (Some(coding), Some(bytes)) = (&body.coding, body.bytes) {
        notes.push(format!("{} {} -> {}", decoded(coding), size(body.wire_bytes), size(bytes)));
    }
    let promised = body.promised.unwrap_or(0);
    for note in &exchange.notes {
        notes.push(match *note {
            "body_missing" => format!("body missing {}/{promised}", body.wire_bytes),
            "body_cut" if body.promised.is_some() => format!("body cut {}/{promised}", body.wire_bytes),
            "body_cut" => format!("body cut after {}", size(body.wire_bytes)),
            "no_response" => continue,
            "re_login" => "re-login".to_owned(),
            "api_token" => "api-token".to_owned(),
            "plain_http_on_tls_port" => "plain HTTP on TLS port".to_owned(),
            note => note.replace('_', " "),
        });
    }
    notes
}

/// A scan's life in a line.
pub(super) fn scan_sentence(story: &ScanStory) -> String {
    let name = story.name.as_ref().map(|name| format!(" \"{}\"", decoded(name))).unwrap_or_default();
    let targets = story.targets.as_ref().map(|targets| format!(" of {}", decoded(targets))).unwrap_or_default();
    let mut steps = Vec::new();
    let at = |what: &str, at: Option<Timestamp>| at.map(|at| format!("{what} {at}"));
    steps.extend(at("created", story.created_at));
    if let Some(launched) = story.launched_at {
        let times = if story.launches > 1 { format!(" ({} times)", story.launches) } else { String::new() };
        steps.push(format!("launched {launched}{times}"));
    }
    if story.polls > 0 {
        let interval = story.poll_interval().map(|interval| format!(" every {:.1} s", interval.as_secs_f64())).unwrap_or_default();
        let progress = story.progress.map(|(first, last)| format!(", progress {first}% to {last}%")).unwrap_or_default();
        steps.push(format!("{}{interval}{progress}", count(story.polls, "poll")));
    }
    if !story.statuses.is_empty() {
        let statuses: Vec<_> = story.statuses.iter().map(|status| decoded(status)).collect();
        steps.push(format!("was {}", statuses.join(", ")));
    }
    steps.extend(at("stopped", story.stopped_at));
    steps.extend(story.exports.iter().map(export));
    steps.extend(at("moved to the trash", story.trashed_at));
    steps.extend(at("deleted", story.deleted_at));
    if story.errors > 0 {
        steps.push(format!("{} refused", count(story.errors, "request")));
    }
    format!("scan {}{name}{targets} on {}: {}", story.scan_id, story.server, steps.join("; "))
}

fn export(export: &Export) -> String {
    let format = export.format.as_ref().map(|format| format!(" as {}", decoded(format))).unwrap_or_default();
    let BodyFacts { bytes, sha256, complete, .. } = &export.body;
    let Some(_) = export.downloaded_at else { return format!("export{format} asked for, {}", count(export.polls, "poll")) };
    let mut out = format!("exported{format} by {}, {}", export.route.unwrap_or("unknown route"), count(export.polls, "poll"));
    if let Some(duration) = export.duration {
        _ = write!(out, ", in {} s", words::seconds(duration));
    }
    _ = write!(out, ", {}{}", size(bytes.unwrap_or(export.body.wire_bytes)), if *complete { "" } else { ", cut" });
    if let Some((hosts, [info, low, medium, high, critical])) = export.findings {
        let hosts = count(hosts, "host");
        _ = write!(out, ", {hosts}, findings: {critical} critical, {high} high, {medium} medium, {low} low, {info} info");
    }
    if let Some(hash) = sha256 {
        _ = write!(out, ", sha256 {}", hex(hash));
    }
    out
}

/// A session's life in a line.
pub(super) fn session_sentence(story: &SessionStory) -> String {
    let user = story.user.as_ref().map(|user| format!(" as {}", decoded(user))).unwrap_or_default();
    let login = match story.login_at {
        Some(at) => format!("login {}{user} {at}", story.login),
        None => "a login that was not seen".to_owned(),
    };
    let served = count(story.requests, "request");
    let ended = match (story.ended, story.ended_at) {
        ("unauthorized", Some(at)) => format!("refused with 401 {at}"),
        ("logout", Some(at)) => format!("logged out {at}"),
        _ => "its end was not seen".to_owned(),
    };
    format!("session of {} on {}: {login}; {served} answered; {ended}", story.client, story.server)
}
