//! Exchanges of the reference captures are those of their truth; secrets are in no output.

use crate::reference::Reference;
use crate::reference::all;
use crate::reference::hex;
use crate::reference::is_http2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// Exchanges by the client's address and port, in order.
fn exchanges(records: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut ends = BTreeMap::new();
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records {
        let flow = record["flow"].as_u64();
        if record["event"] == "flow_opened" {
            ends.insert(flow, format!("{}:{}", record["client_ip"].as_str().unwrap(), record["client_port"]));
        } else if record["event"] == "exchange_decoded" {
            found.entry(ends[&flow].clone()).or_default().push(record.clone());
        }
    }
    for list in found.values_mut() {
        list.sort_by_key(|record| record["number"].as_u64());
    }
    found
}

/// Holds one exchange to its truth; what differs.
fn differences(record: &Value, truth: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |what: &str, found: &Value, wanted: &Value| {
        if found != wanted {
            wrong.push(format!("{what}: {found}, not {wanted}"));
        }
    };
    let response = &truth["response"];
    hold("method", &record["method"], &truth["method"]);
    hold("path", &record["path"], &truth["target"]);
    hold("operation", &record["operation"], &truth["op"]);
    let auth = if truth["auth"] == "apikeys" { Value::from("keys") } else { truth["auth"].clone() };
    hold("auth", &record["auth"], &auth);
    hold("status", &record["status"], &response["status"]);
    hold("complete", &record["complete"], &response["complete"]);
    hold("request body", &record["request_body_bytes"], &truth["request"]["body_len"]);
    if !truth["scan_id"].is_null() {
        hold("scan", &record["scan_id"], &truth["scan_id"].to_string().replace('"', "").into());
    }
    if !truth["pattern"].is_null() {
        hold("pattern", &record["pattern"], &truth["pattern"]);
    }
    let has = |note: &str| Value::from(record["notes"].as_array().unwrap().iter().any(|known| known == note));
    hold("api token", &has("api_token"), &truth["x_api_token"]);
    hold("web interface", &has("webui"), &truth["webui_marker"]);
    if response["complete"] == true {
        hold("body", &record["response_body_bytes"], &response["body_len"]);
        hold("bytes on the wire", &record["response_wire_bytes"], &response["wire_body_len"]);
        let hash = if response["body_len"] == 0 { &Value::Null } else { &response["body_sha256"] };
        hold("sha256", &record["response_body_sha256"], hash);
        hold("framing", &record["response_framing"], &response["framing"]);
        hold("coding", &record["response_coding"], &response["content_encoding"]);
    } else if !response["status"].is_null() {
        hold("sha256 of half a body", &record["response_body_sha256"], &Value::Null);
        if response["framing"] == "length" {
            hold("promised", &record["response_promised_bytes"], &response["wire_body_len"]);
        }
        let seen = record["response_wire_bytes"].as_u64().unwrap();
        let note = response["note"].as_str().unwrap_or_default();
        match note.split_once("after ").and_then(|(_, rest)| rest.split_once(' ')) {
            Some((bytes, "body bytes")) => hold("cut", &seen.into(), &bytes.parse::<u64>().unwrap().into()),
            _ if note.contains("before promised body") => hold("missing", &seen.into(), &0.into()),
            _ => assert!(seen > 0, "{note}"),
        }
    }
    for (wanted, name) in [("status", "status"), ("progress", "progress"), ("hosts", "hosts"), ("name", "name"), ("scan_uuid", "scan_uuid")]
    {
        let said = &response["fields"][wanted];
        if !said.is_null() && response["complete"] == true {
            hold(wanted, &record["fields"][name], said);
        }
    }
    for (wanted, name) in [("username", "user"), ("format", "format"), ("targets", "targets"), ("alt_targets", "alt_targets")] {
        let said = &truth["request"]["fields"][wanted];
        if !said.is_null() {
            hold(wanted, &record["fields"][name], said);
        }
    }
    wrong
}

/// Holds all connections that can be read; how many exchanges that were.
fn held(reference: &Reference) -> usize {
    let records = reference.records(&["--reveal-secrets"]);
    let found = exchanges(&records);
    let mut count = 0;
    for connection in reference.truth["connections"].as_array().unwrap() {
        let of_it = |exchange: &&Value| exchange["conn"] == connection["idx"];
        let mut wanted: Vec<&Value> = reference.truth["exchanges"].as_array().unwrap().iter().filter(of_it).collect();
        wanted.sort_by_key(|exchange| exchange["seq"].as_u64());
        let said = found.get(connection["client"].as_str().unwrap()).map(Vec::as_slice).unwrap_or_default();
        let place = format!("{} connection {}", reference.name, connection["idx"]);
        if !reference.is_readable(connection) {
            assert!(said.is_empty(), "{place}: {} exchanges of what cannot be read", said.len());
            continue;
        }
        assert_eq!(said.len(), wanted.len(), "{place}");
        for (record, truth) in said.iter().zip(wanted) {
            let wrong = differences(record, truth);
            assert!(wrong.is_empty(), "{place}, exchange {}: {}\n{record}", truth["seq"], wrong.join("\n"));
            count += 1;
        }
    }
    count
}

#[test]
fn exchanges_are_those_of_the_truth() {
    let references = all();
    let mut count = 0;
    for reference in &references {
        if reference.name == "tls13_midstream" {
            // Nothing of it can be decrypted, as its manifest says.
            continue;
        }
        count += held(reference);
    }
    assert!(references.is_empty() || count > 300, "only {count} exchanges");
}

#[test]
fn http2_is_counted() {
    for reference in all() {
        let http2: Vec<&Value> =
            reference.truth["connections"].as_array().unwrap().iter().filter(|connection| is_http2(connection)).collect();
        if http2.is_empty() {
            continue;
        }
        let records = reference.records(&[]);
        let told: Vec<&Value> = records.iter().filter(|record| record["name"] == "http2_not_read").collect();
        assert_eq!(told.len(), http2.len(), "{}", reference.name);
        let streams: u64 = told.iter().map(|record| record["streams"].as_u64().unwrap()).sum();
        assert_eq!(usize::try_from(streams).unwrap(), reference.truth["exchanges"].as_array().unwrap().len(), "{}", reference.name);
    }
}

/// The text of an output where lines, and in the page markup, do not break it; nothing of records, whose text is never broken.
fn unbroken(text: &str, args: &[&str]) -> String {
    let mut is_markup = false;
    let kept = |letter: &char| {
        let markup = args.contains(&"html") && (is_markup || *letter == '<');
        is_markup = markup && *letter != '>';
        !markup && !letter.is_ascii_whitespace()
    };
    if args.contains(&"jsonl") || args.contains(&"json") { String::new() } else { text.chars().filter(kept).collect() }
}

/// Holds all outputs, made with these arguments each, to hide what must not appear; of captures up to so many bytes.
fn assert_no_secret(most: u64, outputs: &[&[&str]]) {
    for reference in all().iter().filter(|reference| reference.capture.metadata().unwrap().len() <= most) {
        let secrets = reference.secrets();
        for args in outputs {
            let text = reference.run(args);
            let unbroken = unbroken(&text, args);
            for secret in &secrets {
                let hex = hex(secret);
                let escaped = serde_json::to_string(secret).unwrap();
                let forms = [secret.clone(), hex, STANDARD.encode(secret), escaped.trim_matches('"').to_owned()];
                for form in forms {
                    assert!(!text.contains(&form) && !unbroken.contains(&form), "{} {args:?}: {secret:?}", reference.name);
                }
            }
        }
    }
}

#[test]
fn secrets_are_in_no_output() {
    assert_no_secret(
        u64::MAX,
        &[
            &["--width", "400", "-v"],
            &["-x", "-v", "--width", "80"],
            &["-T", "jsonl", "--payload"],
            &["-T", "jsonl", "--payload", "--fields", "ecs"],
            &["-T", "jsonl", "--payload", "--fields", "zeek"],
        ],
    );
}

#[test]
fn secrets_are_in_no_document() {
    assert_no_secret(u64::MAX, &[&["-T", "json"], &["-T", "html"]]);
}

#[test]
fn secrets_are_in_no_output_of_what_nobody_reads() {
    // Of the largest it takes minutes without optimisation.
    assert_no_secret(
        200_000,
        &[
            &["--no-dissectors", "--document", "all", "-T", "json"],
            &["--no-dissectors", "--document", "all", "-T", "html"],
            &["--no-dissectors", "--document", "all", "-T", "jsonl", "--payload"],
            &["--no-dissectors", "--document", "all", "-x", "-v", "--width", "80"],
        ],
    );
}

/// A test that the test before would find something.
#[test]
fn secrets_are_there_when_asked_for() {
    for reference in all().iter().filter(|reference| reference.name == "http_scanner_stop_creds") {
        let text = reference.run(&["-T", "jsonl", "--payload", "--reveal-secrets"]);
        let mut found = 0;
        for secret in reference.secrets() {
            let plain = hex(&secret);
            let json = hex(serde_json::to_string(&secret).unwrap().trim_matches('"'));
            found += usize::from(text.contains(&secret) || text.contains(&plain) || text.contains(&json));
        }
        // Tokens of the whole server are in the list, too.
        assert!(found > 5, "only {found} of the secrets are said");
    }
}
