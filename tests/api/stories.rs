//! The stories of scans and sessions in the reference captures, and the seven patterns.

use crate::reference::Reference;
use crate::reference::all;
use serde_json::Value;
use std::collections::BTreeSet;

fn named(name: &str) -> Option<Reference> {
    all().into_iter().find(|reference| reference.name == name)
}

fn of(records: &[Value], event: &str) -> Vec<Value> {
    records.iter().filter(|record| record["event"] == event).cloned().collect()
}

#[test]
fn the_seven_patterns_appear_by_name() {
    let references: Vec<Reference> =
        all().into_iter().filter(|reference| matches!(&*reference.name, "http_scanner_lifecycle" | "http_wrapper_lifecycle")).collect();
    if references.is_empty() {
        return;
    }
    let mut patterns = BTreeSet::new();
    let mut phases = BTreeSet::new();
    for reference in &references {
        let records = reference.records(&[]);
        for record in of(&records, "exchange_decoded") {
            if let Some(number) = record["pattern"].as_str() {
                patterns.insert(format!("{number} {}", record["pattern_name"].as_str().unwrap()));
            }
        }
        phases.extend(of(&records, "phase_entered").iter().filter_map(|record| record["title"].as_str().map(str::to_owned)));
    }
    let wanted = [
        "0 API token",
        "1 authentication",
        "2 create scan",
        "3 launch scan",
        "4 scan status",
        "5.1 request export",
        "5.2 poll export status",
        "5.3 download export",
        "6 stop scan",
        "7.1 move to trash",
        "7.2 delete scan",
    ];
    assert_eq!(patterns.into_iter().collect::<Vec<_>>(), wanted);
    for phase in ["authentication", "create scan", "launch scan", "scan status", "export scan results", "stop scan", "delete scan"] {
        assert!(phases.contains(phase), "{phase} is not among {phases:?}");
    }
}

#[test]
fn a_scan_has_a_life() {
    let Some(reference) = named("http_scanner_lifecycle") else { return };
    let records = reference.records(&[]);
    let stories = of(&records, "scan_story");
    assert_eq!(stories.len(), 1);
    let story = &stories[0];
    let truth = reference.truth["exchanges"].as_array().unwrap();
    let download = truth.iter().find(|exchange| exchange["op"] == "export.download").unwrap();
    let count = |operation: &str| truth.iter().filter(|exchange| exchange["op"] == operation).count();
    assert_eq!(
        (story["scan_id"].as_str(), story["name"].as_str(), story["targets"].as_str()),
        (Some("75"), Some("My Untrusted Scan"), Some("172.32.0.215"))
    );
    assert_eq!(story["polls"], count("scan.status"));
    assert_eq!(story["progress"], serde_json::json!([0, 100]));
    assert_eq!(story["statuses"], serde_json::json!(["empty", "running", "completed"]));
    for moment in ["created_at", "launched_at", "trashed_at", "deleted_at"] {
        assert!(story[moment].is_string(), "{moment}");
    }
    let export = &story["exports"][0];
    assert_eq!((export["route"].as_str(), export["format"].as_str()), (Some("file"), Some("nessus")));
    assert_eq!(export["polls"], count("export.status"));
    assert_eq!(export["bytes"], download["response"]["body_len"]);
    assert_eq!(export["sha256"], download["response"]["body_sha256"]);
    // Counted in the export itself, with grep.
    assert_eq!((&export["hosts"], &export["findings"]), (&6.into(), &serde_json::json!([394, 106, 200, 109, 91])));
    assert!(!story["evidence"]["frames"].as_array().unwrap().is_empty());
}

#[test]
fn sessions_end_with_401_and_requests_are_tried_again() {
    let Some(reference) = named("http_scanner_401_retry") else { return };
    let records = reference.records(&[]);
    let sessions = of(&records, "session_story");
    let logins = reference.truth["exchanges"].as_array().unwrap().iter().filter(|exchange| exchange["op"] == "session.login").count();
    assert_eq!(sessions.len(), logins, "one story for each login, none for a token that was refused before");
    let ended: Vec<_> =
        sessions.iter().filter(|session| session["ended"] == "unauthorized").map(|session| session["requests"].as_u64()).collect();
    assert_eq!(ended, [Some(4); 4], "the server lets each session be used four times");
    let exchanges = of(&records, "exchange_decoded");
    let has = |exchange: &Value, note: &str| exchange["notes"].as_array().unwrap().iter().any(|known| known == note);
    assert_eq!(exchanges.iter().filter(|exchange| has(exchange, "re_login")).count(), 4);
    let tried: Vec<_> = exchanges.iter().filter(|exchange| !exchange["retry_of"].is_null()).collect();
    assert!(tried.len() >= 4, "{}", tried.len());
    for exchange in tried {
        let old = exchanges
            .iter()
            .find(|old| old["flow"] == exchange["retry_of"]["flow"] && old["number"] == exchange["retry_of"]["number"])
            .unwrap();
        assert_eq!((&old["path"], &old["method"], &old["status"]), (&exchange["path"], &exchange["method"], &401.into()));
    }
}

#[test]
fn an_export_by_token_belongs_to_its_scan() {
    let Some(reference) = named("http_export_close") else { return };
    let records = reference.records(&[]);
    let story = &of(&records, "scan_story")[0];
    assert_eq!((story["scan_id"].as_str(), story["exports"][0]["route"].as_str()), (Some("12"), Some("token")));
    for exchange in of(&records, "exchange_decoded") {
        assert_eq!(exchange["scan_id"], "12", "{exchange}");
    }
}

#[test]
fn all_forms_of_deleting_end_a_story() {
    for (name, count) in [("http_wrapper_lifecycle", 1), ("http_nessrest", 1), ("http_pytenable_session", 2)] {
        let Some(reference) = named(name) else { return };
        let records = reference.records(&[]);
        let deleted = of(&records, "scan_story").iter().filter(|story| story["deleted_at"].is_string()).count();
        assert!(deleted >= count, "{name}: {deleted}");
    }
}
