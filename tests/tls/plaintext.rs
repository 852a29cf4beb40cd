//! Every directory of `captures/tls`: plaintext is what was sent, with every kind of key it can be opened with.

use crate::opened::Opened;
use crate::opened::Piece;
use crate::opened::opened;
use crate::reference;
use ntp_sniff::peer::Peer;
use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;

/// A directory, with one way to open it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) mode: &'static str,
    pub(crate) capture: PathBuf,
    pub(crate) logs: Vec<PathBuf>,
    pub(crate) rsa: Vec<PathBuf>,
}

/// All directories, each with every kind of key that its `meta.json` names.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.join("meta.json").is_file());
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let meta: Value = serde_json::from_slice(&std::fs::read(path.join("meta.json")).unwrap()).unwrap();
        let capture = ["capture.pcap", "capture.pcapng"].map(|file| path.join(file)).into_iter().find(|path| path.is_file()).unwrap();
        let mut case = |mode, logs, rsa| cases.push(Case { name: name.clone(), mode, capture: capture.clone(), logs, rsa });
        let log = path.join("keylog.txt");
        if log.is_file() {
            case("key log", vec![log], Vec::new());
        } else {
            case("secrets block", Vec::new(), Vec::new());
        }
        if let Some(key) = meta["rsa_key"].as_str() {
            let stem = Path::new(key).file_stem().unwrap().to_str().unwrap().to_owned();
            for (mode, file) in [("PKCS#1", format!("{stem}.pem")), ("PKCS#8", format!("{stem}-pkcs8.pem"))] {
                let file = folder.join("keys").join(file);
                assert!(file.is_file(), "{}", file.display());
                case(mode, Vec::new(), vec![file]);
            }
        }
    }
    cases
}

fn expected(capture: &Path, number: usize, side: &str) -> Vec<u8> {
    std::fs::read(capture.parent().unwrap().join(format!("expected.conn{number}.{side}"))).unwrap()
}

/// Each piece stands where it was sent, and they are in order.
pub(crate) fn in_place(opened: &Opened, from: Peer, sent: &[u8]) -> usize {
    let (mut at, mut recovered) = (0, 0);
    for piece in &opened.pieces[usize::from(from == Peer::Server)] {
        if let Piece::Data { bytes, .. } = piece {
            let found = sent[at..].windows(bytes.len()).position(|window| window == bytes);
            let wrong = || {
                format!(
                    "{} bytes not behind {at} of {}: {:?}",
                    bytes.len(),
                    sent.len(),
                    bytes[..bytes.len().min(40)].escape_ascii().to_string()
                )
            };
            at += found.unwrap_or_else(|| panic!("{}", wrong())) + bytes.len();
            recovered += bytes.len();
        }
    }
    recovered
}

#[test]
fn plaintext_is_what_was_sent_with_every_kind_of_key() {
    let Some(folder) = reference("tls") else { return };
    let (mut rows, mut wrong) = (0, Vec::new());
    for case in cases(&folder) {
        let Case { name, mode, capture, logs, rsa } = &case;
        if name.ends_with("-loss") || name.ends_with("-midstream") {
            continue;
        }
        let connections = opened(capture, logs, rsa);
        for (number, opened) in (1..).zip(&connections) {
            for (from, side) in [(Peer::Client, "c2s"), (Peer::Server, "s2c")] {
                let (ours, sent) = (opened.bytes(from), expected(capture, number, side));
                if ours != sent {
                    wrong.push(format!("{name} {mode} {number} {side}: {} of {}; {:?}", ours.len(), sent.len(), opened.facts));
                }
            }
            if opened.told != 1 {
                wrong.push(format!("{name} {mode} {number}: told {} times", opened.told));
            }
            rows += 1;
        }
        let next = capture.parent().unwrap().join(format!("expected.conn{}.c2s", connections.len() + 1));
        assert!(!next.exists(), "{name}: only {} connections", connections.len());
    }
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows >= 100, "only {rows} rows");
}

#[test]
fn after_loss_what_is_whole_is_read_and_nothing_is_out_of_place() {
    let Some(folder) = reference("tls") else { return };
    for case in cases(&folder).iter().filter(|case| case.name.ends_with("-loss")) {
        let connections = opened(&case.capture, &case.logs, &case.rsa);
        let sent = [("c2s", Peer::Client), ("s2c", Peer::Server)].map(|(side, from)| (from, expected(&case.capture, 1, side)));
        let recovered: usize = sent.iter().map(|(from, sent)| in_place(&connections[0], *from, sent)).sum();
        assert!(recovered >= 576_945, "{}: {recovered}: {:?}", case.name, connections[0].facts);
    }
}

#[test]
fn what_has_no_handshake_says_so() {
    let Some(folder) = reference("tls") else { return };
    let cases = cases(&folder);
    for case in cases.iter().filter(|case| case.name.ends_with("-midstream")) {
        let connections = opened(&case.capture, &case.logs, &case.rsa);
        assert_eq!(connections.len(), 1);
        let facts = connections[0].facts.as_ref().expect("TLS");
        assert_eq!(facts.closed.map(ntp_sniff::secured::Closed::code), Some("handshake_missing"), "{}", case.name);
    }
}
