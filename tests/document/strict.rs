//! Whatever the JSON Schema refuses, `check` refuses: every kind of place in real documents, with everything that may be wrong there.

use crate::making::USUAL;
use crate::making::bundled;
use crate::making::inferred;
use crate::making::of_file;
use ntp_sniff::report::document::check::check;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

fn faults(document: &Value) -> Vec<String> {
    let text = serde_json::to_vec(document).unwrap();
    check(text.as_slice(), 1000).unwrap().faults.iter().map(ToString::to_string).collect()
}

/// One place of each kind: paths that differ in places of lists only are of one kind.
fn places(value: &Value, path: &str, kind: &str, found: &mut BTreeMap<String, String>) {
    if !path.is_empty() {
        found.entry(kind.to_owned()).or_insert_with(|| path.to_owned());
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let step = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{path}/{step}"), &format!("{kind}/{step}"), found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                places(item, &format!("{path}/{place}"), &format!("{kind}/*"), found);
            }
        }
        _ => {}
    }
}

/// Keeps few of what is alike, so that there is little to read again and again.
fn shortened(mut document: Value) -> Value {
    for session in document["sessions"].as_array_mut().unwrap() {
        session["messages"].as_array_mut().unwrap().truncate(2);
    }
    document["sessions"].as_array_mut().unwrap().truncate(1);
    for protocol in document["protocols"].as_array_mut().unwrap() {
        let grammar = protocol["grammar"].as_object_mut().unwrap();
        for list in grammar.values_mut().filter_map(Value::as_array_mut) {
            list.truncate(3);
        }
    }
    document
}

/// What a document is with one thing wrong at a place.
fn mutations(document: &Value, path: &str) -> Vec<(String, Value)> {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let with = |value: Value| {
        let mut other = document.clone();
        *other.pointer_mut(path).unwrap() = value;
        other
    };
    let values = [json!(null), json!(-1), json!(1.5), json!("\u{1}"), json!([]), json!([1, 2, 3]), json!({}), json!(true), json!(u64::MAX)];
    let mut all: Vec<(String, Value)> = values.into_iter().map(|value| (format!("{path} = {value}"), with(value))).collect();
    let mut without = document.clone();
    if let Some(members) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
        members.remove(&name.replace("~1", "/").replace("~0", "~"));
        all.push((format!("without {path}"), without));
    }
    all
}

fn refuses_what_the_schema_refuses(document: Value) {
    let schema: Value = serde_json::from_str(&ntp_sniff::report::document::schema()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let document = shortened(document);
    assert!(schema.is_valid(&document));
    let before = faults(&document);
    let mut found = BTreeMap::new();
    places(&document, "", "", &mut found);
    assert!(found.len() > 150, "{}", found.len());
    let (mut refused, mut missed) = (0_u32, Vec::new());
    for path in found.values() {
        for (said, wrong) in mutations(&document, path).into_iter().filter(|(_, wrong)| !schema.is_valid(wrong)) {
            refused += 1;
            // What was cut off above is missed in both.
            if faults(&wrong).iter().all(|fault| before.contains(fault)) {
                missed.push(said);
            }
        }
    }
    assert!(refused > 1000, "{refused}");
    assert!(missed.is_empty(), "{} of {refused}: {missed:#?}", missed.len());
}

#[test]
fn of_a_known_protocol() {
    refuses_what_the_schema_refuses(serde_json::from_str(&of_file(&bundled("frank4dd.pcap"), USUAL)).unwrap());
}

#[test]
fn of_an_inferred_protocol() {
    let capture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inference/captures/radius.pcap");
    refuses_what_the_schema_refuses(serde_json::from_str(&inferred(&capture)).unwrap());
}

#[test]
fn shares_are_there_and_shares() {
    let document: Value = serde_json::from_str(&of_file(&bundled("frank4dd.pcap"), USUAL)).unwrap();
    let place = "/protocols/0/grammar/framing/confidence";
    let with = |value: Value| {
        let mut other = document.clone();
        *other.pointer_mut(place).unwrap() = value;
        faults(&other)
    };
    assert_eq!(with(json!(1.5)), ["protocols[0].grammar.framing.confidence: is out of bounds"]);
    assert_eq!(with(json!(-0.1)), ["protocols[0].grammar.framing.confidence: is out of bounds"]);
    assert_eq!(with(json!(1)), [""; 0]);
    let mut missing = document.clone();
    missing["protocols"][0]["grammar"]["framing"].as_object_mut().unwrap().remove("confidence");
    assert_eq!(faults(&missing), ["protocols[0].grammar.framing.confidence: is missing"]);
    let mut null = document;
    null["sessions"][0]["version"] = json!(null);
    assert_eq!(faults(&null), ["sessions[0].version: is not string"]);
}
