//! Kaitai Structs are run: compiled to JavaScript and read by Node.js, they find each message of a capture and its fields where the
//! document has them.

use crate::documents::said;
use crate::documents::stream;
use crate::tools::compile;
use crate::tools::folder;
use crate::tools::has;
use crate::tools::kaitai;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

fn run(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// What Node.js says of a capture: how much was alike, and what was not before that. It reads the bytes of the document, so none is hidden.
fn read(modules: &Path, name: &str) -> String {
    let document = folder().join("doc.json");
    let capture = format!("tests/inference/captures/{name}.pcap");
    let path = document.to_str().unwrap();
    run(&["-r", &capture, "--no-dissectors", "--document", "all", "--reveal-secrets", "-T", "json", "-q", "-o", path]);
    read_document(modules, name, &document)
}

/// The same of a document, whose folder is done with then.
fn read_document(modules: &Path, name: &str, document: &Path) -> String {
    let folder = document.parent().unwrap();
    let file = folder.join("x.ksy");
    run(&["dissector", document.to_str().unwrap(), "--ksy", file.to_str().unwrap()]);
    assert_eq!(compile(modules, "debug/javascript", std::slice::from_ref(&file)), "", "{name}");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let written: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "js")).collect();
    let [script] = written.as_slice() else { panic!("{written:?}") };
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dissector/read.js");
    let output = Command::new("node").arg(reader).arg(script).arg(document).env("NODE_PATH", modules).output().unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    fs::remove_dir_all(folder).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn structs_read_what_the_document_has() {
    let (Some(modules), true) = (kaitai(), has("node")) else { return };
    // Bits, chains in chains, names of labels, texts that zeros end, lengths, messages that follow none, lines whose last column goes on,
    // lengths of BER, links of half a tag.
    let binary = [("modbus", 380), ("snmp", 284), ("radius", 264), ("dns", 480), ("postgres", 635), ("ldap", 212), ("coap", 130)];
    for (name, messages) in binary.into_iter().chain([("pop3", 689), ("irc", 460)]) {
        let said = read(&modules, name);
        let last = said.lines().last().unwrap();
        let counts = last.strip_prefix(&format!("{messages} messages, ")).and_then(|rest| rest.strip_suffix(" ranges"));
        let alike = counts.and_then(|counts| counts.split_once(" of "));
        assert!(alike.is_some_and(|(found, all)| found == all && all.len() > 2), "{name}: {said}");
    }
}

#[test]
fn what_goes_on_up_to_a_closing_word_is_read_up_to_it() {
    let (Some(modules), true) = (kaitai(), has("node")) else { return };
    let column = |id: &str, name: &str, column: u64, role: &str| {
        let kind = if role == "data" { "string" } else { "command" };
        json!({ "id": id, "name": name, "role": role, "kind": kind, "location": { "column": column } })
    };
    // A known protocol with a text in the middle, and an unknown one whose lines blanks divide.
    let of = |known: bool, hex: &str, lines: &[&[(&str, &'static str)]]| {
        let fields = [column("f1", "open", 0, "keyword"), column("f2", "text", 1, "data"), column("f3", "close", 2, "keyword")];
        let grammar = json!({
            "framing": { "kind": "terminator", "terminator": "0a" },
            "delimiters": [{ "hex": hex, "text": "", "count": 9, "support": 1, "level": "field" }],
            "message_types": [{ "id": "mt1", "name": "line", "count": 2, "sessions": 1, "length": { "min": 1, "max": 9 }, "fields": fields }],
        });
        let messages: Vec<_> = lines.iter().map(|parts| said('C', "mt1", parts)).collect();
        let mut document = stream(&grammar, "text", &messages, &[1460]).document;
        for (message, (_, _, parts)) in document["sessions"][0]["messages"].as_array_mut().unwrap().iter_mut().zip(&messages) {
            let bytes = parts.iter().flat_map(|(bytes, _)| bytes);
            let hex: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
            message["payload"]["hex"] = hex.concat().into();
        }
        if known {
            document["protocols"][0]["known_as"] = Value::from("lines");
        }
        let path = folder().join("doc.json");
        fs::write(&path, document.to_string()).unwrap();
        read_document(&modules, hex, &path)
    };
    let between = ("|", "delimiter");
    let said = of(
        true,
        "7c",
        &[
            &[("A", "command f1"), between, ("one", "string f2"), between, ("B", "command f3"), ("\n", "terminator")],
            &[("A", "command f1"), between, ("one|two|three", "string f2"), between, ("B", "command f3"), ("\n", "terminator")],
        ],
    );
    assert_eq!(said, "2 messages, 6 of 6 ranges\n");
    let between = (" ", "delimiter");
    let said = of(
        false,
        "20",
        &[
            &[("A", "command f1"), between, ("one", "string f2"), between, ("B", "command f3"), ("\n", "terminator")],
            &[("A", "command f1"), between, ("one two three", "string f2"), between, ("B", "command f3"), ("\n", "terminator")],
        ],
    );
    assert_eq!(said, "2 messages, 6 of 6 ranges\n");
}
