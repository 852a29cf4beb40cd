//! What the whole program writes is right; what a hostile document says is not repeated as it stands. Kinds of faults are tried in
//! `tests/document`.

use super::check;
use serde_json::Value;

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
fn hostile_values_are_escaped_and_shortened() {
    let long = format!("\u{1b}[31m\u{202e}{}\n", "x".repeat(10_000));
    for place in ["/sessions/0/messages/0/time", "/sessions/0/messages/0/tokens/0/role", "/sessions/0/protocol", "/statistics"] {
        let mut document = document();
        *document.pointer_mut(place).unwrap() = if place == "/statistics" {
            // A name of a member that is in the path of what is wrong.
            serde_json::json!({ "bytes_by_role": { long.clone(): "many" } })
        } else {
            long.clone().into()
        };
        let found = faults(&document);
        assert!(!found.is_empty(), "{place}");
        for fault in found {
            assert!(fault.chars().count() < 500, "{place}: {fault}");
            assert!(!fault.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{place}: {fault:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_behind_a_long_value() {
    let mut document = document();
    document["sessions"][0]["messages"][0]["time"] = "9".repeat(1000).into();
    let found = faults(&document);
    assert!(found.iter().any(|fault| fault.contains('…') && fault.ends_with("is no time")), "{found:?}");
}
