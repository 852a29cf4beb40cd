//! Kaitai Structs are run: compiled to JavaScript and read by Node.js, they find each message of a capture and its fields where the
//! document has them.

use crate::tools::compile;
use crate::tools::folder;
use crate::tools::has;
use crate::tools::kaitai;
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
    let folder = folder();
    let (document, file) = (folder.join("doc.json"), folder.join("x.ksy"));
    let (path, target) = (document.to_str().unwrap(), file.to_str().unwrap());
    let capture = format!("tests/inference/captures/{name}.pcap");
    run(&["-r", &capture, "--no-dissectors", "--document", "all", "--reveal-secrets", "-T", "json", "-q", "-o", path]);
    run(&["dissector", path, "--ksy", target]);
    assert_eq!(compile(modules, "debug/javascript", std::slice::from_ref(&file)), "", "{name}");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let written: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "js")).collect();
    let [script] = written.as_slice() else { panic!("{written:?}") };
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dissector/read.js");
    let output = Command::new("node").arg(reader).arg(script).arg(&document).env("NODE_PATH", modules).output().unwrap();
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
