//! The names of Zeek's connection log, flat as Zeek writes JSON: objects inside become names with points.

use super::tags;
use crate::time::Timestamp;
use serde_json::Map;
use serde_json::Value;

/// Fields that only get other names.
const NAMES: [(&str, &str); 12] = [
    ("client_bytes", "orig_bytes"),
    ("client_ip", "id.orig_h"),
    ("client_packets", "orig_pkts"),
    ("client_port", "id.orig_p"),
    ("duration_seconds", "duration"),
    ("port", "id.resp_p"),
    ("protocol", "service"),
    ("server_bytes", "resp_bytes"),
    ("server_ip", "id.resp_h"),
    ("server_packets", "resp_pkts"),
    ("server_port", "id.resp_p"),
    ("transport", "proto"),
];

/// Seconds since the epoch with all digits of the capture.
pub(super) fn seconds(at: Timestamp) -> String {
    let signed = at.relative_to(Timestamp::default()).to_string();
    signed.strip_prefix('+').map_or_else(|| signed.clone(), str::to_owned)
}

/// A record under Zeek's names, without its time.
pub(super) fn map(record: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in record {
        if name == "vlans"
            && let Some((outer, inner)) = tags(&value)
        {
            out.insert("vlan".to_owned(), outer.into());
            out.extend(inner.map(|inner| ("inner_vlan".to_owned(), inner.into())));
            continue;
        }
        match (name.as_str(), &value) {
            ("at", _) => {}
            // The direction of a message is who sent it, which is another thing.
            ("direction", Value::String(direction)) if matches!(direction.as_str(), "internal" | "inbound" | "outbound") => {
                out.insert("local_orig".to_owned(), (direction != "inbound").into());
                out.insert("local_resp".to_owned(), (direction != "outbound").into());
            }
            (native, _) => {
                let name = NAMES.iter().find(|(known, _)| *known == native).map_or(native, |(_, zeek)| zeek).to_owned();
                flatten(&mut out, name, value);
            }
        }
    }
    out
}

/// Adds a value; of an object its members, each under the object's name, a point, and its own.
fn flatten(out: &mut Map<String, Value>, name: String, value: Value) {
    match value {
        Value::Object(members) => members.into_iter().for_each(|(member, value)| flatten(out, format!("{name}.{member}"), value)),
        value => _ = out.insert(name, value),
    }
}
