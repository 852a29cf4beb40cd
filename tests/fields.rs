//! Records under other names: for every capture nothing is lost, and no name of one schema stands in the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failed test is told by a panic"
)]

#[allow(dead_code, reason = "each test file uses a part")]
#[path = "cli/call.rs"]
mod call;
mod support;

use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Fields;
use ntp_sniff::report::Style;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use support::collect;

/// What Elastic Common Schema has at the top, as far as it is used, and our own place.
const TOP: [&str; 11] =
    ["@timestamp", "client", "destination", "ecs", "event", "message", "network", "ntp_sniff", "server", "source", "user"];

/// Native names that Zeek has others for.
const RENAMED: [&str; 13] = [
    "at",
    "client_bytes",
    "client_ip",
    "client_packets",
    "client_port",
    "duration_seconds",
    "port",
    "protocol",
    "server_bytes",
    "server_ip",
    "server_packets",
    "server_port",
    "transport",
];

/// All captures of the project.
fn captures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths
}

/// The records of a capture, each with its text.
fn records(path: &Path, fields: Fields) -> Vec<(String, Value)> {
    let style = Style { payload: true, fields, ..Style::default() };
    let text = collect::text(&mut Files::new(vec![path.to_owned()], &Limits::default()), "jsonl", &style, false);
    text.lines().map(|line| (line.to_owned(), serde_json::from_str(line).unwrap())).collect()
}

/// How often each value stands in a record, but for those that have another form in the schemas.
fn values(record: &Value, name: &str, into: &mut BTreeMap<String, usize>) {
    match record {
        Value::Object(members) => members.iter().for_each(|(name, value)| values(value, name, into)),
        Value::Array(items) => items.iter().for_each(|item| values(item, name, into)),
        _ if ["at", "accepted", "direction", "duration_seconds"].contains(&name) => {}
        Value::String(text) => *into.entry(text.clone()).or_default() += 1,
        other => *into.entry(other.to_string()).or_default() += 1,
    }
}

fn keeps_every_value(native: &Value, mapped: &Value) {
    let (mut wanted, mut there) = (BTreeMap::new(), BTreeMap::new());
    values(native, "", &mut wanted);
    values(mapped, "", &mut there);
    for (value, count) in wanted {
        assert!(there.get(&value) >= Some(&count), "{value} is lost: {native} → {mapped}");
    }
}

fn is_ecs(native: &Value, mapped: &Value) {
    for name in mapped.as_object().unwrap().keys() {
        assert!(TOP.contains(&name.as_str()), "{name} is no name of the schema: {mapped}");
    }
    assert_eq!(mapped["@timestamp"], native["at"]);
    assert_eq!(mapped["event"]["action"], native["event"]);
    assert_eq!(mapped["source"], mapped["client"]);
    assert_eq!(mapped["destination"], mapped["server"]);
    let direction = mapped["network"].get("direction").unwrap_or(&mapped["ntp_sniff"]["direction"]);
    assert_eq!(direction, &native["direction"]);
    if let Some(accepted) = native["accepted"].as_bool() {
        assert_eq!(mapped["event"]["outcome"], if accepted { "success" } else { "failure" });
    }
    if let Some(seconds) = native["duration_seconds"].as_f64() {
        let micros = mapped["event"]["duration"].as_u64().unwrap() / 1000;
        assert_eq!(format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000), format!("{seconds:.6}"));
    }
}

fn is_zeek(native: &Value, (line, mapped): (&str, &Value)) {
    let members = mapped.as_object().unwrap();
    for (name, value) in members {
        assert!(!RENAMED.contains(&name.as_str()) && !value.is_object(), "{name} is no name of the schema: {mapped}");
    }
    let at: jiff::Timestamp = native["at"].as_str().unwrap().parse().unwrap();
    let digits = native["at"].as_str().unwrap().split(['.', 'Z']).nth(1).unwrap();
    assert!(line.starts_with(&format!("{{\"ts\":{}.{digits},", at.as_second())), "{line}");
    assert_eq!(members.get("duration"), native.get("duration_seconds"));
    let ends = |orig, resp| (mapped["local_orig"] == orig, mapped["local_resp"] == resp);
    match native["direction"].as_str() {
        Some("internal") => assert_eq!(ends(true, true), (true, true)),
        Some("inbound") => assert_eq!(ends(false, true), (true, true)),
        Some("outbound") => assert_eq!(ends(true, false), (true, true)),
        sender => assert_eq!(members.get("direction").and_then(Value::as_str), sender),
    }
}

#[test]
fn every_record_of_every_capture_is_mapped_whole() {
    let mut seen = 0;
    for path in captures() {
        let native = records(&path, Fields::Native);
        let (ecs, zeek) = (records(&path, Fields::Ecs), records(&path, Fields::Zeek));
        assert_eq!((native.len(), native.len()), (ecs.len(), zeek.len()), "{}", path.display());
        for ((_, native), ((_, ecs), (line, zeek))) in native.iter().zip(ecs.iter().zip(&zeek)) {
            keeps_every_value(native, ecs);
            is_ecs(native, ecs);
            keeps_every_value(native, zeek);
            is_zeek(native, (line, zeek));
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen} records");
}

#[test]
fn names_are_an_option_of_json_lines() {
    let capture = "captures/handshake_01_normal.pcap";
    for args in [&["-r", capture, "--fields", "ecs"][..], &["-r", capture, "-T", "table", "--fields", "native"]] {
        let outcome = call::run(args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.stderr.contains("it needs -T jsonl"), "{}", outcome.stderr);
    }
    let native = call::run(&["-r", capture, "-T", "jsonl"]);
    assert_eq!(call::run(&["-r", capture, "-T", "jsonl", "--fields", "native"]).stdout, native.stdout);
    let zeek = call::run(&["-r", capture, "-T", "jsonl", "--fields", "zeek"]);
    zeek.is_quiet();
    assert!(zeek.stdout.starts_with("{\"ts\":1700000000.010000,"), "{}", zeek.stdout);
    assert_eq!(call::run(&["-r", capture, "-T", "jsonl", "--fields", "ocsf"]).code, Some(2));
}
