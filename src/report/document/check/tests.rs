//! A right document passes; every kind of fault is found where it is.

use super::check;
use serde_json::Value;
use serde_json::json;

fn faults(document: &Value) -> Vec<String> {
    let text = serde_json::to_vec(document).unwrap();
    check(text.as_slice(), 100).unwrap().faults.iter().map(ToString::to_string).collect()
}

/// The scripted run as a document, with packets for its messages.
fn document() -> Value {
    let printed = crate::report::tests::printed("json", &crate::report::Style::default());
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn the_scripted_document_is_right() {
    assert_eq!(faults(&document()), [""; 0]);
}

#[test]
fn every_fault_is_found_where_it_is() {
    let first = "/sessions/0/messages/0";
    let cases: &[(&str, Value, &str)] = &[
        ("/document", json!("x"), "document: this is no protocol document"),
        ("/schema_version", json!("2.0"), "schema_version: is not 1"),
        ("/legend/0/role", json!(7), "legend[0].role: invalid type"),
        ("/inputs/0/id", json!("i1"), "inputs[0].id: is i1, not i0"),
        ("/sessions/0/id", json!("7"), "sessions[0].id: 7 is no id"),
        ("/sessions/0/start", json!("yesterday"), "sessions[0].start: yesterday is no time"),
        ("/sessions/0/protocol", json!("morse"), "sessions[0].protocol: morse is no protocol"),
        ("/sessions/0/client_bytes", json!("many"), "sessions[0].client_bytes: invalid type"),
        ("/sessions/0/phases/0/id", json!("p9.9"), "sessions[0].phases[0].id: is p9.9"),
        ("/sessions/0/phases/0/first_message", json!("m9.9"), "sessions[0].phases[0].first_message: m9.9 is no message"),
        (&format!("{first}/id"), json!("m01.1"), "sessions[0].messages[0].id: m01.1 is no id"),
        (&format!("{first}/phase"), json!("p1.99"), "sessions[0].messages[0].phase: p1.99 is no phase"),
        (&format!("{first}/direction"), json!("up"), "sessions[0].messages[0].direction"),
        (&format!("{first}/relative"), json!("+1"), "sessions[0].messages[0].relative: +1 are no seconds"),
        (&format!("{first}/response_to"), json!("m1.1"), "sessions[0].messages[0].response_to: m1.1 is no message before"),
        (&format!("{first}/type"), json!("mt99"), "sessions[0].messages[0].type: mt99 is no message type"),
        (&format!("{first}/length"), json!(1_000_000), "sessions[0].messages[0].tokens: end at"),
        (&format!("{first}/payload/hex"), json!("00"), "sessions[0].messages[0].payload.hex: has 2 characters"),
        (&format!("{first}/payload/kept"), json!(99_999), "sessions[0].messages[0].payload.kept"),
        (&format!("{first}/tokens/0/start"), json!(1), "sessions[0].messages[0].tokens[0]: starts at 1, not at 0"),
        (&format!("{first}/tokens/0/end"), json!(0), "sessions[0].messages[0].tokens[0]: ends at 0"),
        (&format!("{first}/tokens/0/redacted"), json!(true), "sessions[0].messages[0].tokens[0]: is redacted"),
        (&format!("{first}/tokens/0/field"), json!("f9.9"), "sessions[0].messages[0].tokens[0].field: f9.9 is no field"),
        (&format!("{first}/tokens/0/role"), json!("noise"), "sessions[0].messages[0].tokens[0].role: unknown variant"),
        (&format!("{first}/packets/0/input"), json!("i7"), "sessions[0].messages[0].packets[0].input: i7 is no input"),
        (&format!("{first}/packets/0/number"), json!(0), "sessions[0].messages[0].packets[0].number: is 0"),
        (&format!("{first}/packets/0/end"), json!(1), "sessions[0].messages[0].packets: end at 1"),
        ("/protocols/0/grammar/message_types/0/examples/0", json!("m7.7"), "protocols[0].grammar.message_types[0].examples: m7.7"),
        ("/protocols/0/grammar/state_machine/initial", json!("q77"), "protocols[0].grammar.state_machine.initial: q77"),
        ("/protocols/0/grammar/state_machine/transitions/0/on", json!("mt0"), "protocols[0].grammar.state_machine.transitions[0].on: mt0"),
        ("/statistics/messages", json!(1), "statistics.messages: is 1"),
    ];
    for (place, value, expected) in cases {
        let mut document = document();
        let (parent, name) = place.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is there")) {
            Value::Object(members) => _ = members.insert((*name).to_owned(), value.clone()),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other}"),
        }
        let found = faults(&document);
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{place}: {found:?}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for member in super::read::MEMBERS {
        let mut document = document();
        document.as_object_mut().unwrap().remove(*member);
        assert!(faults(&document).contains(&format!("{member}: is missing")), "{member}");
    }
    let mut document = document();
    document["sessions"][0].as_object_mut().unwrap().remove("client");
    assert!(faults(&document).iter().any(|fault| fault.starts_with("sessions[0]") && fault.contains("missing field `client`")));
}

#[test]
fn what_is_no_document_is_said_once() {
    let check = |text: &str| check(text.as_bytes(), 100).unwrap().faults.len();
    assert_eq!(check(""), 1);
    assert_eq!(check("[]"), 1);
    assert_eq!(check(&"[".repeat(100_000)), 1);
    assert_eq!(check(&format!("{{\"x\":{}", "{\"a\":".repeat(100_000))), 1);
    assert_eq!(check("{\"document\":\"ntp-sniff/protocol-document\",\"sessions\":[],\"sessions\":[]}"), 1);
}

#[test]
fn many_faults_are_counted() {
    let mut document = document();
    document["sessions"][0]["messages"][0]["tokens"][0]["field"] = "f9.9".into();
    document["statistics"]["bytes"] = 0.into();
    document["statistics"]["messages"] = 0.into();
    let checked = check(serde_json::to_vec(&document).unwrap().as_slice(), 1).unwrap();
    assert_eq!((checked.faults.len(), checked.found), (1, 3));
}
