//! Stories of scans and logins, as JSON Lines tells them, without their data where that is hidden.

use super::model::RedactionPolicy;
use crate::event::Event;
use crate::report::jsonl::write_record;
use serde_json::Value;
use std::io;

/// Members whose texts are the program's own, or say where and when.
const OWN: [&str; 6] = ["event", "server_ip", "client_ip", "ended", "route", "framing"];

/// The story of an event, as its record.
pub(super) fn story(event: &Event<'_>, policy: RedactionPolicy) -> io::Result<Value> {
    let mut record = Vec::new();
    write_record(event, false, &mut record)?;
    let mut story = serde_json::from_slice(&record)?;
    if policy == RedactionPolicy::Data {
        hide(&mut story, "");
    }
    Ok(story)
}

/// Hides every text of a value but those that are known to be no data.
fn hide(value: &mut Value, name: &str) {
    match value {
        Value::String(_) if OWN.contains(&name) || name == "at" || name.ends_with("_at") => {}
        Value::String(text) => *text = format!("<redacted {} bytes>", text.len()),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, name)),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| hide(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
