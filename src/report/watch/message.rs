//! Events to lines: what a message says and shows, and the words of all else that the timeline tells.

use super::super::escape::decoded;
use super::super::escape::terminal_cut;
use super::super::exchange;
use super::super::frames::frame_list;
use super::super::sentence::sentence;
use super::super::words;
use super::bytes;
use super::bytes::Bytes;
use super::entry::Entry;
use super::entry::Tone;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::event::Closing;
use crate::event::Event;
use crate::event::Message;
use crate::event::Session;
use crate::event::Summary;
use crate::exchange::Exchange;
use crate::peer::Flow;

/// Columns of a name, of a value, of a sentence and of a story: what a screen shows of them.
const NAME_COLUMNS: usize = 60;
const VALUE_COLUMNS: usize = 1000;
const SENTENCE_COLUMNS: usize = 2000;
/// Fields of a message, and items of a list.
const FIELDS: usize = 64;
const ITEMS: usize = 16;
/// Options of a session that are named.
const OPTIONS: usize = 16;

/// A line of words about an event; they may hold whatever the wire held.
pub(super) fn told(event: &Event<'_>, tone: Tone, text: &str) -> Entry {
    Entry::words(event.at, event.kind.name(), tone, event.evidence.frames.clone(), &terminal_cut(text.as_bytes(), SENTENCE_COLUMNS))
}

/// The line of a message, with at most so many of its bytes.
pub(super) fn decoded_message(event: &Event<'_>, message: &Message<'_>, most: usize) -> Entry {
    let annotation = message.annotation;
    let sentence = terminal_cut(sentence(annotation).as_bytes(), SENTENCE_COLUMNS);
    let mut fields: Vec<(&'static str, String)> = annotation.fields.iter().take(FIELDS).map(|field| (field.name, value(field))).collect();
    let more = annotation.fields.len().saturating_sub(FIELDS);
    if more > 0 {
        fields.push(("…", words::count(u64::try_from(more).unwrap_or(u64::MAX), "more field")));
    }
    if let Some(answered) = annotation.response_to {
        fields.push(("response_to", answered.number.to_string()));
    }
    if let Some(inferred) = message.inferred.and_then(|inferred| inferred.message_type.as_deref()) {
        fields.push(("message_type", terminal_cut(inferred.as_bytes(), VALUE_COLUMNS)));
    }
    Entry {
        span: Some(annotation.span),
        from: Some(message.from),
        place: Some(message.number),
        name: terminal_cut(annotation.name.as_bytes(), NAME_COLUMNS),
        line: bytes::line(message.payload),
        length: Some(u64::try_from(message.payload.len()).unwrap_or(u64::MAX)),
        said: Some(sentence).filter(|sentence| !sentence.is_empty()).into_iter().collect(),
        fields,
        bytes: Bytes::of(message.payload, most),
        ..told(event, Tone::Message, "")
    }
}

/// The value of a field in one line.
fn value(field: &Field<'_>) -> String {
    let text = match &field.value {
        Value::Text(text) => return terminal_cut(text, VALUE_COLUMNS),
        list @ (Value::List(_) | Value::Parts(..)) => {
            let mut items: Vec<String> = list.items().take(ITEMS).map(|item| decoded(item).into_owned()).collect();
            let more = list.items().count().saturating_sub(ITEMS);
            items.extend((more > 0).then(|| format!("and {more} more")));
            items.join(", ")
        }
        Value::Count(count) => count.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Flag(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Redacted(bytes) => format!("<redacted {bytes} bytes>"),
    };
    terminal_cut(text.as_bytes(), VALUE_COLUMNS)
}

/// The line of a session.
pub(super) fn session(event: &Event<'_>, flow: &Flow, session: &Session<'_>) -> Entry {
    let version = session.version.as_deref().map(|version| format!(" {}", decoded(version))).unwrap_or_default();
    let title = format!("session {}  {} → {}  {}{version}", flow.id.0, flow.client, flow.server, session.protocol);
    let mut entry = told(event, Tone::Session, &title);
    entry.said.push(format!("Recognised by {}; roles by {}.", session.matched, flow.roles.name()));
    if !session.options.is_empty() {
        let options: Vec<String> = session.options.iter().take(OPTIONS).map(|option| terminal_cut(option, NAME_COLUMNS)).collect();
        entry.fields.push(("options", options.join(", ")));
    }
    for line in flow.tls.as_deref().map(words::tls).into_iter().flatten() {
        entry.said.push(terminal_cut(line.as_bytes(), SENTENCE_COLUMNS));
    }
    entry
}

/// The line of an exchange.
pub(super) fn exchange(event: &Event<'_>, exchange: &Exchange) -> Entry {
    let tone = if exchange.succeeded() { Tone::Good } else { Tone::Alarm };
    told(event, tone, &exchange::sentence(exchange))
}

/// The line of the end of a session.
pub(super) fn closed(event: &Event<'_>, flow: &Flow, closing: Closing) -> Entry {
    let (ending, duration) = (words::ending(closing), words::seconds(flow.last_at.since(flow.first_at)));
    let mut entry = told(event, Tone::Phase, &format!("session {} ended: {ending} after {duration} s", flow.id.0));
    for (name, side) in [("client", flow.from_client), ("server", flow.from_server)] {
        entry.fields.push((name, format!("{}, {}", words::count(side.packets, "frame"), words::count(side.bytes, "byte"))));
    }
    entry
}

/// The line of the counts so far.
pub(super) fn stats(event: &Event<'_>, so_far: &Summary) -> Entry {
    let lost = so_far.received_in_all().map_or_else(String::new, |all| {
        format!(", {} dropped by the kernel, {} by the interface", all.dropped_by_kernel, all.dropped_by_interface)
    });
    told(event, Tone::Faint, &format!("{}: {}{lost}", event.at, words::count(so_far.frames, "packet")))
}

/// What an event rests on, where a sentence has room for it.
pub(super) fn cited(event: &Event<'_>, sentence: &str) -> String {
    let frames = frame_list(&event.evidence.frames, 30);
    if frames.is_empty() { sentence.to_owned() } else { format!("{sentence} ({frames})") }
}
