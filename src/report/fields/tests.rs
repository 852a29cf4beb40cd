//! Hand-written examples of both schemas, and the script of all formats: nothing is lost, nothing is mixed, no secret leaves.

use super::Fields;
use crate::report::Style;
use crate::report::script;
use crate::report::tests::printed;
use serde_json::Value;
use serde_json::json;

/// The records of the script.
fn records(fields: Fields) -> Vec<Value> {
    let text = printed("jsonl", &Style { payload: true, fields, ..Style::default() });
    assert!(!text.contains(str::from_utf8(script::SECRET).unwrap()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The last record with this event.
fn last(records: &[Value], place: &str, event: &str) -> Value {
    records.iter().rev().find(|record| record.pointer(place) == Some(&event.into())).unwrap().clone()
}

#[test]
fn ecs_has_facts_where_the_schema_wants_them() {
    let records = records(Fields::Ecs);
    assert_eq!(
        last(&records, "/event/action", "connection_seen"),
        json!({
            "@timestamp": "2005-01-06T08:26:40.000112Z",
            "ecs": { "version": "8.11.0" },
            "event": {
                "action": "connection_seen", "kind": "event", "category": ["network"], "type": ["connection"], "module": "ntp_sniff",
                "dataset": "ntp_sniff.connection_seen", "start": "2005-01-06T08:26:40.000112Z"
            },
            "source": { "ip": "203.0.113.7" },
            "client": { "ip": "203.0.113.7" },
            "destination": { "ip": "192.168.11.8", "port": 1241 },
            "server": { "ip": "192.168.11.8", "port": 1241 },
            "network": { "transport": "tcp", "direction": "inbound", "vlan": { "id": "100" }, "inner": { "vlan": { "id": "10" } } },
            "ntp_sniff": {
                "v": 1, "evidence": { "input": 0, "frames": [[8, 8]] }, "handshakes": 2, "grade": "synack_only", "syn_seen": false,
                "relation_id": "3b5a6c220890638d9220e1fff7c697b9", "nnm_plugins": [14]
            }
        })
    );
    let closed = last(&records, "/event/action", "flow_closed");
    assert_eq!(closed["event"]["duration"], 5_512_345_000_u64);
    assert_eq!((&closed["source"]["bytes"], &closed["server"]["packets"]), (&json!(40), &json!(17)));
    let login = last(&records, "/event/action", "login_judged");
    assert_eq!((&login["event"]["outcome"], &login["user"]["name"]), (&json!("failure"), &json!("fm\u{1b}[31m")));
    let said = last(&records, "/event/action", "message_decoded");
    assert_eq!((&said["network"], &said["ntp_sniff"]["direction"]), (&json!({ "protocol": "nessus_ntp" }), &json!("client")));
    assert!(said["message"].as_str().unwrap().starts_with("SSH password is set to"));
}

#[test]
fn zeek_has_exact_times_and_flat_names() {
    let text = printed("jsonl", &Style { fields: Fields::Zeek, ..Style::default() });
    assert!(text.lines().all(|line| line.starts_with("{\"ts\":1105000")), "{text}");
    assert!(text.contains("{\"ts\":1105000000.000000001,"), "nanoseconds survive");
    let records = records(Fields::Zeek);
    let mut seen = last(&records, "/event", "connection_seen");
    assert_eq!(seen.as_object_mut().unwrap().remove("relation_id").unwrap().as_str().unwrap().len(), 32);
    assert_eq!(
        seen,
        json!({
            "ts": 1_105_000_000.000_112, "event": "connection_seen", "v": 1, "evidence.input": 0, "evidence.frames": [[8, 8]],
            "id.orig_h": "203.0.113.7", "id.resp_h": "192.168.11.8", "id.resp_p": 1241, "proto": "tcp", "local_orig": false,
            "local_resp": true, "vlan": 100, "inner_vlan": 10, "first_seen": "2005-01-06T08:26:40.000112Z", "handshakes": 2,
            "grade": "synack_only", "syn_seen": false, "nnm_plugins": [14]
        })
    );
    let closed = last(&records, "/event", "flow_closed");
    assert_eq!((&closed["orig_bytes"], &closed["resp_pkts"], &closed["duration"]), (&json!(40), &json!(17), &json!(5.512_345)));
    assert_eq!(last(&records, "/event", "message_decoded")["fields.value.redacted"], script::SECRET.len());
}

/// Values of a record that are no objects or lists, as text, each with the last name above it.
fn leaves(record: &Value, name: &str, into: &mut Vec<String>) {
    match record {
        Value::Object(members) => members.iter().for_each(|(name, value)| leaves(value, name, into)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, name, into)),
        // These have another form in the schemas, tested above.
        _ if ["at", "accepted", "direction", "duration_seconds", "vlans"].contains(&name) => {}
        Value::String(text) => into.push(text.clone()),
        other => into.push(other.to_string()),
    }
}

#[test]
fn nothing_is_lost_and_nothing_is_mixed() {
    let native = records(Fields::Native);
    for fields in [Fields::Ecs, Fields::Zeek] {
        let mapped = records(fields);
        assert_eq!(mapped.len(), native.len());
        for (native, mapped) in native.iter().zip(&mapped) {
            let (mut wanted, mut there) = (Vec::new(), Vec::new());
            leaves(native, "", &mut wanted);
            leaves(mapped, "", &mut there);
            for value in wanted {
                let place = there.iter().position(|found| *found == value);
                there.swap_remove(place.unwrap_or_else(|| panic!("{value} is lost: {native} → {mapped}")));
            }
        }
    }
}
