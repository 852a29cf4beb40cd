//! The subcommand: what it writes where, and what it says when it cannot.

use crate::documents::stream;
use crate::round_trip::lines;
use crate::tools::folder;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).arg("dissector").args(args).current_dir(folder).output().unwrap()
}

fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// A folder with a document and its capture.
fn prepared() -> std::path::PathBuf {
    let folder = folder();
    let (grammar, messages) = lines();
    let case = stream(&grammar, "text", &messages, &[1460]);
    fs::write(folder.join("doc.json"), case.document.to_string()).unwrap();
    fs::copy(&case.capture, folder.join("x.pcap")).unwrap();
    folder
}

#[test]
fn files_are_written_and_nothing_is_installed() {
    let folder = prepared();
    let output = run(&folder, &["doc.json", "--lua", "x.lua", "--ksy", "x.ksy", "--dot", "-"]);
    let (code, said) = told(&output);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("ntp-sniff: x.lua: copy it to Wireshark's folder") && said.lines().count() == 1, "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("digraph states {\n"));
    assert!(fs::read_to_string(folder.join("x.lua")).unwrap().starts_with("-- A dissector for Wireshark"));
    assert!(fs::read_to_string(folder.join("x.ksy")).unwrap().contains("\nmeta:\n  id: unknown_9999\n"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
}

#[test]
fn a_document_may_come_from_a_pipe() {
    let folder = prepared();
    let from = fs::File::open(folder.join("doc.json")).unwrap();
    let program = env!("CARGO_BIN_EXE_ntp-sniff");
    let output = Command::new(program).args(["dissector", "-", "--lua", "-"]).stdin(from).output().unwrap();
    assert_eq!(told(&output), (Some(0), String::new()));
    assert!(output.stdout.starts_with(b"-- A dissector for Wireshark"));
}

#[test]
fn without_tshark_nothing_is_verified_and_the_document_says_so() {
    let folder = prepared();
    let program = env!("CARGO_BIN_EXE_ntp-sniff");
    let args = ["dissector", "doc.json", "--ksy", "x.ksy", "--verify", "x.pcap"];
    let output = Command::new(program).args(args).current_dir(&folder).env("PATH", "/nowhere").output().unwrap();
    let (code, said) = told(&output);
    assert_eq!(
        (code, said.as_str()),
        (Some(1), "ntp-sniff: not verified: tshark is not installed: it comes with Wireshark (Debian: apt install tshark)\n")
    );
    let document: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("doc.json")).unwrap()).unwrap();
    let exports = document["protocols"][0]["grammar"]["exports"].as_array().unwrap();
    let targets: Vec<&str> = exports.iter().map(|export| export["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["wireshark-lua", "kaitai"]);
    assert!(exports.iter().all(|export| export["verified"] == "not_verified" && !export["lossy"].as_array().unwrap().is_empty()));
    assert_eq!(exports[0].get("messages_covered"), None);
}

#[test]
fn wrong_usage_is_refused() {
    let folder = prepared();
    for (args, part) in [
        (&["doc.json"][..], "--lua <FILE>"),
        (&["doc.json", "--lua", "a", "--ksy", "a"], "name the same output"),
        (&["-", "--verify", "x.pcap"], "standard input cannot be written"),
        (&["doc.json", "--verify", "-"], "name a file"),
    ] {
        let (code, said) = told(&run(&folder, args));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(part), "{said}");
    }
    let before = fs::read(folder.join("doc.json")).unwrap();
    for (args, part) in [
        (&["doc.json", "--lua", "doc.json"][..], "doc.json: cannot write: it is also read"),
        (&["doc.json", "--lua", "x.pcap", "--verify", "x.pcap"], "x.pcap: cannot write: it is also read"),
        (&["doc.json", "--protocol", "other", "--lua", "x"], "doc.json: no such protocol; it describes unknown_9999"),
        (&["x.pcap", "--lua", "x"], "x.pcap: no text"),
        (&["none.json", "--lua", "x"], "none.json: cannot open"),
    ] {
        let (code, said) = told(&run(&folder, args));
        assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(fs::read(folder.join("doc.json")).unwrap(), before);
}

#[test]
fn a_capture_is_not_compared_with_a_document_of_another() {
    let folder = prepared();
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("doc.json")).unwrap()).unwrap();
    document["inputs"][0]["sha256"] = "00".repeat(32).into();
    fs::write(folder.join("doc.json"), document.to_string()).unwrap();
    let (code, said) = told(&run(&folder, &["doc.json", "--verify", "x.pcap"]));
    assert_eq!((code, said.as_str()), (Some(1), "ntp-sniff: not verified: x.pcap: the document was not made from this file\n"));
}

#[test]
fn of_several_protocols_one_is_named() {
    let folder = prepared();
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("doc.json")).unwrap()).unwrap();
    let mut second = document["protocols"][0].clone();
    second["id"] = "second".into();
    document["protocols"].as_array_mut().unwrap().push(second);
    fs::write(folder.join("doc.json"), document.to_string()).unwrap();
    let (code, said) = told(&run(&folder, &["doc.json", "--lua", "-"]));
    assert_eq!(
        (code, said.as_str()),
        (Some(1), "ntp-sniff: doc.json: several protocols: name one with --protocol ID, of unknown_9999, second\n")
    );
    let output = run(&folder, &["doc.json", "--lua", "-", "--protocol", "second"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("name = \"ntps.second\""));
}
