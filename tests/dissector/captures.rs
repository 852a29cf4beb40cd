//! What the program says of whole captures is what tshark finds with the dissector made of that: every message, and every token.

use crate::tools::folder;
use crate::tools::has;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Captures of a folder.
fn captures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "pcap")).collect();
    found.sort();
    assert!(found.len() > 10, "{found:?}");
    found
}

fn name(capture: &Path) -> String {
    capture.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn run(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(args).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

/// What `--verify` says of each protocol of a capture, without what it says of single tokens.
pub(crate) fn verified(capture: &Path, args: &[&str]) -> Vec<String> {
    let folder = folder();
    let document = folder.join("doc.json");
    let (capture, path) = (capture.to_str().unwrap(), document.to_str().unwrap());
    run(&[&["-r", capture, "-T", "json", "-q", "-o", path], args].concat());
    let read: Value = serde_json::from_slice(&fs::read(&document).unwrap()).unwrap();
    let ids = read["protocols"].as_array().unwrap().iter().map(|known| known["id"].as_str().unwrap().to_owned());
    let verdicts = ids.map(|id| {
        let said = run(&["dissector", path, "--protocol", &id, "--verify", capture]);
        format!("{id}: {}", said.lines().next().unwrap().trim_start_matches("ntp-sniff: "))
    });
    let verdicts = verdicts.collect();
    let checked = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(["check", path]).output().unwrap();
    assert!(checked.status.success(), "{capture} is no document any more: {checked:?}");
    fs::remove_dir_all(folder).unwrap();
    verdicts
}

/// Messages found and there, token ranges found and there, and messages of which the document knows nothing.
pub(crate) fn counts(verdict: &str) -> Vec<u64> {
    let (_, said) = verdict.rsplit_once(": ").unwrap();
    said.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// Whether a verdict says that everything was found, and nothing else.
pub(crate) fn is_whole(verdict: &str) -> bool {
    verdict.contains(": round trip: ") && matches!(counts(verdict).as_slice(), [one, two, three, four] if one == two && three == four)
}

#[test]
fn inferred_protocols_are_found_again_whole() {
    if !has("tshark") {
        return;
    }
    let of = captures("tests/inference/captures");
    let asked = &["--no-dissectors", "--document", "all"];
    let verdicts = of.iter().flat_map(|capture| verified(capture, asked).into_iter().map(|verdict| (name(capture), verdict)));
    let verdicts: Vec<(String, String)> = verdicts.collect();
    assert_eq!(verdicts.len(), of.len(), "each has one service: {verdicts:#?}");
    let missed: Vec<_> = verdicts.iter().filter(|(_, verdict)| !is_whole(verdict)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Captures of the Nessus Transfer Protocol that tshark cannot read as the program does, and why.
const OTHERWISE: [(&str, &str); 7] = [
    ("cut_mid_record", "it ends in the middle of a packet: tshark says so and fails"),
    ("endless_line", "the last line has no end: tshark waits for it"),
    ("frank4dd", "packets were cut when they were captured, which tshark does not put together, and records after a gap are no lines"),
    ("frank4dd_complete_only", "the last line has no end, and a record after a gap is no line"),
    ("frank4dd_inferred", "packets were lost: where the next message begins, only the program tells"),
    ("gap_in_block", "a packet was lost: where the next message begins, only the program tells"),
    ("joined_midway", "it begins within a line that only the program knows as such"),
];

#[test]
fn known_dialogues_are_found_again_whole() {
    if !has("tshark") {
        return;
    }
    let of = captures("captures");
    assert!(OTHERWISE.iter().all(|(other, _)| of.iter().any(|capture| name(capture) == *other)), "one of these is gone");
    let of = of.iter().filter(|capture| OTHERWISE.iter().all(|(other, _)| name(capture) != *other));
    let verdicts = of.flat_map(|capture| verified(capture, &[]).into_iter().map(move |verdict| (name(capture), verdict)));
    let verdicts: Vec<(String, String)> = verdicts.filter(|(_, verdict)| verdict.starts_with("nessus_ntp: ")).collect();
    assert!(verdicts.len() >= 14, "{verdicts:#?}");
    let missed: Vec<_> = verdicts.iter().filter(|(_, verdict)| !is_whole(verdict)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Captures of the API that tshark cannot read as the program does, and why.
const API_OTHERWISE: [(&str, &str); 1] =
    [("nessus_api_trouble", "a packet was lost, and an answer is cut off: tshark waits for the rest of both")];

#[test]
fn the_api_is_found_again_whole() {
    if !has("tshark") {
        return;
    }
    let of = captures("captures").into_iter().filter(|capture| name(capture).starts_with("nessus_api"));
    let of: Vec<PathBuf> = of.filter(|capture| API_OTHERWISE.iter().all(|(other, _)| name(capture) != *other)).collect();
    let verdicts = of.iter().flat_map(|capture| verified(capture, &[]).into_iter().map(|verdict| (name(capture), verdict)));
    // Frames of HTTP/2 are no messages.
    let verdicts: Vec<(String, String)> =
        verdicts.filter(|(name, verdict)| verdict.starts_with("nessus_api: ") && name != "nessus_api_http2").collect();
    assert!(!verdicts.is_empty() && verdicts.iter().all(|(_, verdict)| is_whole(verdict) && counts(verdict)[0] >= 20), "{verdicts:#?}");
}
