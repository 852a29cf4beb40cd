//! Every kind of fault is found, and said where it is.

use crate::making::USUAL;
use crate::making::bundled;
use crate::making::of_file;
use ntp_sniff::report::document::check::check;
use serde_json::Value;
use serde_json::json;

fn faults(document: &Value) -> Vec<String> {
    let text = serde_json::to_vec(document).unwrap();
    check(text.as_slice(), 100).unwrap().faults.iter().map(ToString::to_string).collect()
}

/// A right document: of its second session the fourth message answers, and has two packets and two tokens.
fn document() -> Value {
    serde_json::from_str(&of_file(&bundled("frank4dd.pcap"), USUAL)).unwrap()
}

#[test]
fn every_fault_is_found_where_it_is() {
    let whole = document();
    assert_eq!(faults(&whole), [""; 0]);
    let cases = [
        ("/document", json!("x"), "document: this is no protocol document"),
        ("/schema_version", json!("2.0"), "schema_version: is not 1"),
        ("/legend/0/role", json!(7), "legend[0].role: invalid type"),
        ("/inputs/0/id", json!("i1"), "inputs[0].id: is i1, not i0"),
        ("/sessions/0/id", json!("s01"), "sessions[0].id: s01 is no id"),
        ("/sessions/0/id", json!("s1"), "sessions[0].messages: are not of session s1"),
        ("/sessions/1/start", json!("yesterday"), "sessions[1].start: yesterday is no time"),
        ("/sessions/1/protocol", json!("morse"), "sessions[1].protocol: morse is no protocol"),
        ("/sessions/1/client_bytes", json!("many"), "sessions[1].client_bytes: invalid type"),
        ("/sessions/1/phases/0/id", json!("p9.9"), "sessions[1].phases[0].id: is p9.9"),
        ("/sessions/1/phases/1/first_message", json!("m9.9"), "sessions[1].phases[1].first_message: m9.9 is no message"),
        ("/sessions/1/messages/3/id", json!("m1.04"), "sessions[1].messages[3].id: m1.04 is no id"),
        ("/sessions/1/messages/3/id", json!("m1.3"), "sessions[1].messages[3].id: m1.3 does not follow"),
        ("/sessions/1/messages/3/id", json!("m2.4"), "sessions[1].messages[3].id: m2.4 is of another session"),
        ("/sessions/1/messages/3/phase", json!("p1.99"), "sessions[1].messages[3].phase: p1.99 is no phase"),
        ("/sessions/1/messages/3/direction", json!("up"), "sessions[1].messages[3].direction: is neither"),
        ("/sessions/1/messages/3/time", json!("2005-01-06"), "sessions[1].messages[3].time: 2005-01-06 is no time"),
        ("/sessions/1/messages/3/relative", json!("+1"), "sessions[1].messages[3].relative: +1 are no seconds"),
        ("/sessions/1/messages/3/response_to", json!("m1.4"), "sessions[1].messages[3].response_to: m1.4 is no message before"),
        ("/sessions/1/messages/3/type", json!("mt99"), "sessions[1].messages[3].type: mt99 is no message type"),
        ("/sessions/1/messages/3/length", json!(4), "sessions[1].messages[3].tokens: end at 3 of 4"),
        ("/sessions/1/messages/3/payload/hex", json!("00"), "sessions[1].messages[3].payload.hex: has 2 characters for 3"),
        ("/sessions/1/messages/3/payload/hex", json!("666D0a"), "sessions[1].messages[3].tokens[0]: has bytes that are no hex"),
        ("/sessions/1/messages/3/payload/kept", json!(9), "sessions[1].messages[3].payload.kept: is 9 of 3"),
        ("/sessions/1/messages/3/tokens/0/start", json!(1), "sessions[1].messages[3].tokens[0]: starts at 1"),
        ("/sessions/1/messages/3/tokens/0/end", json!(0), "sessions[1].messages[3].tokens[0]: ends at 0"),
        ("/sessions/1/messages/3/tokens/0/redacted", json!(true), "sessions[1].messages[3].tokens[0]: is redacted"),
        ("/sessions/1/messages/3/tokens/0/field", json!("f9.9"), "sessions[1].messages[3].tokens[0].field: f9.9 is no field"),
        ("/sessions/1/messages/3/tokens/0/role", json!("noise"), "sessions[1].messages[3].tokens[0].role: unknown variant"),
        ("/sessions/1/messages/3/packets/0/input", json!("i7"), "sessions[1].messages[3].packets[0].input: i7 is no input"),
        ("/sessions/1/messages/3/packets/0/number", json!(0), "sessions[1].messages[3].packets[0].number: is 0"),
        ("/sessions/1/messages/3/packets/1/start", json!(1), "sessions[1].messages[3].packets[1]: starts at 1, not at 2"),
        ("/sessions/1/messages/3/packets/1/end", json!(4), "sessions[1].messages[3].packets: end at 4 of 3"),
        ("/protocols/0/id", json!("morse"), "sessions[0].protocol: nessus_ntp is no protocol"),
        ("/protocols/0/grammar/framing/exceptions/0", json!("mt0"), "protocols[0].grammar.framing.exceptions: mt0"),
        ("/protocols/0/grammar/message_types/1/id", json!("mt1"), "protocols[0].grammar.message_types[1].id: mt1 comes twice"),
        ("/protocols/0/grammar/message_types/0/examples/0", json!("m7.7"), "protocols[0].grammar.message_types[0].examples: m7.7"),
        ("/protocols/0/grammar/exchanges/0/response", json!("mt0"), "protocols[0].grammar.exchanges[0].response: mt0"),
        ("/protocols/0/grammar/state_machine/initial", json!("q77"), "protocols[0].grammar.state_machine.initial: q77"),
        ("/protocols/0/grammar/state_machine/transitions/0/to", json!("q77"), "protocols[0].grammar.state_machine.transitions[0]: q77"),
        ("/protocols/0/grammar/state_machine/transitions/0/on", json!("mt0"), "protocols[0].grammar.state_machine.transitions[0].on: mt0"),
        ("/statistics/messages", json!(1), "statistics.messages: is 1"),
    ];
    let mut missed = Vec::new();
    for (place, value, expected) in cases {
        let mut document = whole.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is there")) {
            Value::Object(members) => _ = members.insert(name.to_owned(), value),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            other => panic!("{other}"),
        }
        let found = faults(&document);
        if !found.iter().any(|fault| fault.starts_with(expected)) {
            missed.push((place, found));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_is_missing_is_named() {
    let whole = document();
    for member in whole.as_object().unwrap().keys() {
        let mut document = whole.clone();
        document.as_object_mut().unwrap().remove(member);
        assert!(faults(&document).contains(&format!("{member}: is missing")), "{member}: {:?}", faults(&document));
    }
    let mut document = whole.clone();
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
    assert_eq!(check(&format!("{{\"sessions\":[{{\"tls\":{}", "[".repeat(100_000))), 1);
    assert_eq!(check("{\"document\":\"ntp-sniff/protocol-document\",\"sessions\":[],\"sessions\":[]}"), 1);
}

#[test]
fn what_is_not_known_is_borne() {
    let mut document = document();
    document["x_new"] = json!({"a": [1, 2, {"b": null}]});
    document["sessions"][1]["x_new"] = json!(1);
    document["sessions"][1]["messages"][3]["x_new"] = json!("x");
    document["protocols"][0]["grammar"]["x_new"] = json!([]);
    assert_eq!(faults(&document), [""; 0]);
}

#[test]
fn many_faults_are_counted() {
    let mut document = document();
    document["statistics"]["bytes"] = 0.into();
    document["statistics"]["messages"] = 0.into();
    document["sessions"][1]["messages"][3]["direction"] = "up".into();
    let checked = check(serde_json::to_vec(&document).unwrap().as_slice(), 1).unwrap();
    assert_eq!((checked.faults.len(), checked.found), (1, 3));
}
