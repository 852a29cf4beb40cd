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

fn run(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(args).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

/// What `--verify` says of each protocol of a capture, without what it says of single tokens.
fn verified(capture: &Path, args: &[&str]) -> Vec<String> {
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
    fs::remove_dir_all(folder).unwrap();
    verdicts
}

/// Whether a verdict says that everything was found, and nothing else.
fn is_whole(verdict: &str) -> bool {
    let Some((_, counts)) = verdict.split_once(": round trip: ") else { return false };
    let numbers: Vec<&str> = counts.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    matches!(numbers.as_slice(), [one, two, three, four] if one == two && three == four)
}

#[test]
fn inferred_protocols_are_found_again_whole() {
    if !has("tshark") {
        return;
    }
    let of = captures("tests/inference/captures");
    let verdicts = of.iter().flat_map(|capture| verified(capture, &["--no-dissectors", "--document", "all"]));
    let verdicts: Vec<String> = verdicts.collect();
    assert_eq!(verdicts.len(), of.len(), "each has one service: {verdicts:#?}");
    let missed: Vec<&String> = verdicts.iter().filter(|verdict| !is_whole(verdict)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}
