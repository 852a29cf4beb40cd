//! Elastic Common Schema: nested objects, and a namespace of our own for what it does not know, as it asks for.

use super::tags;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

/// The version of the schema; all of its names used here are older.
const VERSION: &str = "8.11.0";

/// Where custom fields go.
const OWN: &str = "ntp_sniff";

/// Fields that only get other names: the schema asks for `source` and `destination` in every event and for `client` and `server`
/// where the roles are known.
const NAMES: [(&str, &[&str]); 20] = [
    ("at", &["@timestamp"]),
    ("client_bytes", &["client.bytes", "source.bytes"]),
    ("client_ip", &["client.ip", "source.ip"]),
    ("client_packets", &["client.packets", "source.packets"]),
    ("client_port", &["client.port", "source.port"]),
    ("community_id", &["network.community_id"]),
    ("event", &["event.action"]),
    ("first_at", &["event.start"]),
    ("first_seen", &["event.start"]),
    ("last_at", &["event.end"]),
    ("port", &["destination.port", "server.port"]),
    ("protocol", &["network.protocol"]),
    ("sentence", &["message"]),
    ("server_bytes", &["destination.bytes", "server.bytes"]),
    ("server_ip", &["destination.ip", "server.ip"]),
    ("server_packets", &["destination.packets", "server.packets"]),
    ("server_port", &["destination.port", "server.port"]),
    ("since", &["event.start"]),
    ("transport", &["network.transport"]),
    ("user", &["user.name"]),
];

/// A record under the names of the schema.
pub(super) fn map(record: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    set(&mut out, "ecs.version", VERSION.into());
    classify(&mut out, record.get("event").and_then(Value::as_str).unwrap_or_default());
    for (name, value) in record {
        if let Some(value) = translated(&mut out, &name, value) {
            set(&mut out, &format!("{OWN}.{name}"), value);
        }
    }
    out
}

/// What kind of event it is, in the schema's categories.
fn classify(out: &mut Map<String, Value>, event: &str) {
    let (kind, category, types) = match event {
        "flow_opened" => ("event", "network", json!(["connection", "start"])),
        "flow_closed" => ("event", "network", json!(["connection", "end"])),
        "service_seen" | "client_port_seen" | "connection_seen" | "connection_confirmed" => ("event", "network", json!(["connection"])),
        "session_identified" | "phase_entered" | "message_decoded" => ("event", "network", json!(["protocol"])),
        "login_judged" => ("event", "authentication", json!(["start"])),
        "flood_seen" | "scanner_seen" => ("alert", "network", json!(["info"])),
        "stats" | "summary" => ("metric", "network", json!(["info"])),
        _ => ("event", "network", json!(["info"])),
    };
    for (place, value) in [
        ("event.kind", kind.into()),
        ("event.category", json!([category])),
        ("event.type", types),
        ("event.module", OWN.into()),
        ("event.dataset", format!("{OWN}.{event}").into()),
    ] {
        set(out, place, value);
    }
}

/// Puts the field where the schema wants it; gives back what it has no name for.
fn translated(out: &mut Map<String, Value>, name: &str, value: Value) -> Option<Value> {
    match (name, &value) {
        // The direction of a message is who sent it, which is another thing.
        ("direction", Value::String(direction)) if matches!(direction.as_str(), "internal" | "inbound" | "outbound") => {
            set(out, "network.direction", value);
        }
        ("accepted", Value::Bool(accepted)) => set(out, "event.outcome", if *accepted { "success" } else { "failure" }.into()),
        ("duration_seconds", Value::Number(seconds)) => set(out, "event.duration", nanoseconds(seconds.as_f64()?).into()),
        ("vlans", vlans) => {
            let Some((outer, inner)) = tags(vlans) else { return Some(value) };
            set(out, "network.vlan.id", outer.to_string().into());
            if let Some(inner) = inner {
                set(out, "network.inner.vlan.id", inner.to_string().into());
            }
        }
        // Text that is not UTF-8 keeps its bytes in a place of our own.
        ("user", Value::Object(user)) => {
            set(out, "user.name", user.get("text").cloned().unwrap_or_default());
            return Some(value);
        }
        _ => {
            let Some((_, places)) = NAMES.iter().find(|(native, _)| *native == name) else { return Some(value) };
            places.iter().for_each(|place| set(out, place, value.clone()));
        }
    }
    None
}

/// The schema counts durations in nanoseconds.
fn nanoseconds(seconds: f64) -> u64 {
    let span = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Sets a value below objects, which are made where they are missing.
fn set(out: &mut Map<String, Value>, place: &str, value: Value) {
    match place.split_once('.') {
        Some((object, rest)) => {
            if let Value::Object(inside) = out.entry(object).or_insert_with(|| Value::Object(Map::new())) {
                set(inside, rest, value);
            }
        }
        None => _ = out.insert(place.to_owned(), value),
    }
}
