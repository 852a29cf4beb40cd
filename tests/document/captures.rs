//! Every capture gives a document that is right; the same one however it is read; with the messages of JSON Lines.

use crate::making::Asked;
use crate::making::CLOSED;
use crate::making::OPEN;
use crate::making::USUAL;
use crate::making::bundled;
use crate::making::captures;
use crate::making::messages;
use crate::making::of;
use crate::making::of_file;
use crate::making::right;
use ntp_sniff::capture::files::Files;
use ntp_sniff::layer::Keys;
use ntp_sniff::limits::Limits;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Captures larger than this take minutes without optimisation, all together; one of them is looked at all the same.
const MOST_BYTES: u64 = 60_000;

/// Documents larger than this are held to the schema by `check` alone: they are made of the same types.
const MOST_FOR_SCHEMA: usize = 200_000;

fn all() -> Vec<PathBuf> {
    let folders = ["captures", "http", "ntp", "tls", "seed", "connections", "unknown"];
    let shared = folders.iter().skip(1).map(|folder| format!("../shared/captures/{folder}"));
    // Captures of unknown protocols came later than the others, and are not there everywhere.
    let there = shared.filter(|folder| !folder.ends_with("unknown") || fs::exists(folder).unwrap_or(false));
    let mut all: Vec<PathBuf> = std::iter::once("captures".to_owned()).chain(there).flat_map(|folder| captures(&folder)).collect();
    all.retain(|path| fs::metadata(path).unwrap().len() <= MOST_BYTES || path.ends_with("65_mss100.pcap"));
    all
}

#[test]
fn every_capture_gives_a_right_document() {
    let schema: Value = serde_json::from_str(&ntp_sniff::report::document::schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let all = all();
    assert!(all.len() >= 50, "captures are found: {}", all.len());
    for path in &all {
        for asked in [USUAL, CLOSED].into_iter().take(if path.starts_with(bundled("")) { 2 } else { 1 }) {
            let text = of_file(path, asked);
            let document = right(&text, &path.display().to_string());
            if text.len() <= MOST_FOR_SCHEMA {
                let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).take(3).collect();
                assert!(problems.is_empty(), "{}: {problems:?}", path.display());
            }
        }
    }
}

#[test]
fn frames_are_named_with_their_input() {
    let paths = vec![bundled("frank4dd.pcap"), bundled("nessusd_17_sessions.pcap")];
    let text = of(&mut Files::new(paths, &Limits::default()), Keys::default(), USUAL);
    let document = right(&text, "two inputs");
    let mut second = 0;
    for session in document["sessions"].as_array().unwrap() {
        let messages = session["messages"].as_array().unwrap();
        let inputs: BTreeSet<&str> = messages.iter().map(|message| message["packets"][0]["input"].as_str().unwrap()).collect();
        for frames in session["phases"].as_array().unwrap().iter().flat_map(|phase| phase["frames"].as_array().unwrap()) {
            assert!(inputs.contains(frames["input"].as_str().unwrap()), "{frames} of a session of {inputs:?}");
            second += usize::from(frames["input"] == "i1");
        }
    }
    assert!(second > 10, "phases of the second input: {second}");
}

#[test]
fn runs_and_threads_do_not_show() {
    for name in ["frank4dd.pcap", "nessusd_16_files.pcap", "nessus_api_trouble.pcap", "tls13_secrets.pcapng", "ns_pcapng_two_links.pcapng"]
    {
        let once = of_file(&bundled(name), USUAL);
        for threads in [1, 2, 4] {
            assert!(once == of_file(&bundled(name), Asked { threads, ..USUAL }), "{name}, {threads} threads");
        }
    }
}

/// What both formats say of a message: flow, number, direction, name, offset and length, phase, answer, and roles of all bytes.
type Said = (u64, u64, String, String, [u64; 2], Option<u64>, Vec<(u64, u64, String)>, String);

fn of_lines(text: &str) -> Vec<Said> {
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages = records.filter(|record| record["event"] == "message_decoded");
    let said = |record: Value| {
        let number = |value: &Value| value.as_u64().unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let tokens = record["tokens"].as_array().unwrap().iter();
        let payload = word(&record["payload"]);
        (
            number(&record["flow"]),
            number(&record["number"]),
            word(&record["direction"]),
            word(&record["name"]),
            [number(&record["evidence"]["bytes"][0]), number(&record["length"])],
            record["response_to"].as_u64(),
            tokens.map(|token| (number(&token["bytes"][0]), number(&token["bytes"][1]), word(&token["role"]))).collect(),
            redacted_as_points(&payload),
        )
    };
    let mut said: Vec<Said> = messages.map(said).collect();
    said.sort();
    said
}

/// `<redacted 2 bytes>` as `....`.
fn redacted_as_points(payload: &str) -> String {
    let mut parts = payload.split("<redacted ");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (bytes, rest) = part.split_once(" bytes>").unwrap();
        out.push_str(&"..".repeat(bytes.parse().unwrap()));
        out.push_str(rest);
    }
    out
}

fn of_document(document: &Value) -> Vec<Said> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_u64().unwrap();
    let pair = |id: &Value| {
        let (flow, number) = id.as_str()?.strip_prefix('m')?.split_once('.')?;
        Some((flow.parse::<u64>().ok()?, number.parse::<u64>().ok()?))
    };
    let said = |message: &Value| {
        let (flow, of) = pair(&message["id"]).unwrap();
        let tokens = message["tokens"].as_array().unwrap().iter();
        (
            flow,
            of,
            word(&message["direction"]),
            word(&message["name"]),
            [number(&message["stream_offset"]), number(&message["length"])],
            pair(&message["response_to"]).map(|(_, number)| number),
            tokens.map(|token| (number(&token["start"]), number(&token["end"]), word(&token["role"]))).collect(),
            word(&message["payload"]["hex"]),
        )
    };
    let mut said: Vec<Said> = messages(document).map(|(_, message)| said(message)).collect();
    said.sort();
    said
}

#[test]
fn json_lines_and_the_document_say_the_same() {
    for path in captures("captures") {
        for asked in [USUAL, OPEN] {
            let document = right(&of_file(&path, asked), &path.display().to_string());
            let lines = of_file(&path, Asked { format: "jsonl", ..asked });
            let (one, two) = (of_document(&document), of_lines(&lines));
            assert!(one == two, "{}: {} messages, {} records", path.display(), one.len(), two.len());
        }
    }
}

#[test]
fn packets_hold_the_bytes_that_are_said_to_be_in_them() {
    let mut compared = 0;
    for name in ["frank4dd.pcap", "nessusd_13_fast_login.pcap", "login_split.pcap", "padding_ipv6_vlan.pcap", "nessus_api.pcap"] {
        let capture = fs::read(bundled(name)).unwrap();
        let document = right(&of_file(&bundled(name), OPEN), name);
        for (_, message) in messages(&document) {
            for packet in message["packets"].as_array().unwrap() {
                let Some(offset) = packet["frame_offset"].as_u64() else { continue };
                let frame = frame_of(&capture, packet["number"].as_u64().unwrap());
                let place = |name: &str| usize::try_from(packet[name].as_u64().unwrap()).unwrap();
                let (start, end) = (place("start"), place("end"));
                let from = usize::try_from(offset).unwrap();
                let hex: String = frame[from..from + end - start].iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(hex, message["payload"]["hex"].as_str().unwrap()[2 * start..2 * end], "{name} {}", message["id"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared} parts");
}

/// The bytes of a frame of a classic little-endian capture, by its number.
fn frame_of(capture: &[u8], number: u64) -> &[u8] {
    let mut rest = &capture[24..];
    for _ in 1..number {
        rest = &rest[16 + length_of(rest)..];
    }
    &rest[16..16 + length_of(rest)]
}

fn length_of(record: &[u8]) -> usize {
    usize::try_from(u32::from_le_bytes(record[8..12].try_into().unwrap())).unwrap()
}

#[test]
fn the_document_of_frank4dds_packets_is_stable() {
    let path = bundled("frank4dd.pcap");
    let text = of_file(&path, USUAL).replace(&*path.to_string_lossy(), "frank4dd.pcap");
    insta::assert_snapshot!("frank4dd.pcap@json", text);
}
