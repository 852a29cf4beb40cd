//! Real nessusd and openvasd over TLS, and the HTTP API: every stream is what its truth says.

use crate::opened::Opened;
use crate::opened::Piece;
use crate::opened::opened;
use crate::reference;
use ntp_sniff::peer::Peer;
use ntp_sniff::secured::Closed;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A capture, and one way to open it: its name, its path, key logs, private keys.
pub(crate) type Way = (String, PathBuf, Vec<PathBuf>, Vec<PathBuf>);

/// All captures of a folder that are of TLS, with each way to open them.
pub(crate) fn ways(folder: &Path) -> Vec<Way> {
    let mut ways = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let log = ["keylog", "keys"].map(|extension| path.with_extension(extension)).into_iter().find(|log| log.is_file());
        let key = ["server_rsa_private.key", "server_rsa_private_pkcs1.key", "server_key.pem"].map(|key| folder.join(key));
        let rsa = name.contains("_rsa_") || name.contains("_brute");
        if name.ends_with("_dsb.pcapng") {
            ways.push((name.clone(), path.clone(), Vec::new(), Vec::new()));
        }
        if path.extension().is_some_and(|extension| extension == "pcap") {
            ways.extend(log.map(|log| (name.clone(), path.clone(), vec![log], Vec::new())));
            if rsa {
                ways.extend(key.into_iter().filter(|key| key.is_file()).map(|key| (name.clone(), path.clone(), Vec::new(), vec![key])));
            }
        }
    }
    ways.sort();
    ways
}

#[test]
fn streams_of_real_servers_are_what_the_truth_says() {
    let Some(folder) = reference("ntp") else { return };
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let (mut compared, mut names) = (0, BTreeSet::new());
    for (name, capture, logs, rsa) in ways(&folder) {
        let connections = opened(&capture, &logs, &rsa);
        let hash = |opened: &Opened, from| sha256(&opened.bytes(from));
        let ours: BTreeSet<(&str, String)> = connections
            .iter()
            .flat_map(|opened| [("client", hash(opened, Peer::Client)), ("server", hash(opened, Peer::Server))])
            .collect();
        let key = name.replace("_dsb.pcapng", ".pcap");
        for stream in truth[key.as_str()].as_array().expect("a truth") {
            for from in ["client", "server"] {
                let Some(hash) = stream[from]["sha256"].as_str().filter(|_| stream[from]["bytes"] != 0) else { continue };
                let facts: Vec<_> = connections.iter().map(|opened| &opened.facts).collect();
                assert!(
                    ours.contains(&(from, hash.to_owned())),
                    "{name}, {logs:?}, {rsa:?}: {from} of {}: {facts:?}",
                    stream["tcp_stream"]
                );
                compared += 1;
            }
        }
        names.insert(name);
    }
    // 30 to 44 and three of them with secrets inside, 50, 52, 91, 92.
    assert_eq!(names.len(), 15 + 3 + 4, "{names:?}");
    assert!(compared >= 120, "only {compared} streams compared");
}

#[test]
fn a_resumption_that_failed_is_explained() {
    let Some(folder) = reference("ntp") else { return };
    let log = folder.join("52_tls_resumption.keylog");
    let connections = opened(&folder.join("52_tls_resumption.pcap"), &[log], &[]);
    let facts: Vec<_> = connections.iter().map(|opened| opened.facts.as_ref().unwrap()).collect();
    assert_eq!((facts[0].closed, facts[0].resumption_offered), (None, false));
    assert_eq!((facts[1].closed, facts[1].resumption_offered, facts[1].resumed), (Some(Closed::HandshakeFailed), true, false));
    assert_eq!(facts[1].alerts, [(Peer::Server, 2, 80)], "internal_error, as the manifest says");
}

/// What was sent too early and refused was never given to the server's program: it is counted, not shown, as tshark does.
#[test]
fn early_data_that_the_server_refused_is_not_shown() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls13_early_refused.pcapng");
    let connections = opened(&capture, &[], &[]);
    let said: Vec<_> = connections.iter().map(|opened| opened.bytes(Peer::Client)).collect();
    assert_eq!(said, [b"first\n".to_vec(), b"second\n".to_vec()]);
    let refused: Vec<_> = connections.iter().map(|opened| opened.facts.as_ref().unwrap().counts[0].refused).collect();
    assert_eq!(refused, [0, u64::try_from("EARLY DATA THAT IS REFUSED\n".len()).unwrap()]);
    let pieces = connections.iter().flat_map(|opened| opened.pieces.iter().flatten());
    assert!(pieces.clone().count() >= 2 && !pieces.into_iter().any(|piece| matches!(piece, Piece::Gap { .. })));
}

/// Requests of HTTP/1.1, in order, are those the server read; each answer begins where it must.
#[test]
fn requests_inside_tls_are_those_the_server_read() {
    let Some(folder) = reference("http") else { return };
    let (mut requests, mut captures) = (0, 0);
    for (name, capture, logs, rsa) in ways(&folder) {
        let truth_name = name.replace(".pcapng", ".truth.json").replace(".pcap", ".truth.json");
        let truth: Value = serde_json::from_slice(&std::fs::read(folder.join(truth_name)).unwrap()).unwrap();
        if name.contains("midstream") {
            continue;
        }
        let connections = opened(&capture, &logs, &rsa);
        for connection in truth["connections"].as_array().unwrap() {
            let port: u16 = connection["client"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
            let Some(opened) = connections.iter().find(|opened| opened.client_port == port) else { continue };
            let mine = truth["exchanges"].as_array().unwrap().iter().filter(|exchange| exchange["conn"] == connection["idx"]);
            let said = opened.bytes(Peer::Client);
            let text = String::from_utf8_lossy(&said);
            if connection["tls"]["alpn"] == "h2" {
                assert!(text.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "{name} {port}");
                continue;
            }
            let mut rest: &str = &text;
            for exchange in mine {
                let line = format!("{} {} HTTP/1.", exchange["method"].as_str().unwrap(), exchange["target"].as_str().unwrap());
                let at = rest.find(&line).unwrap_or_else(|| panic!("{name} {port}: no {line} in {} bytes; {:?}", said.len(), opened.facts));
                rest = rest.split_at(at + line.len()).1;
                requests += 1;
            }
            let gaps = opened.pieces.iter().flatten().any(|piece| matches!(piece, Piece::Gap { .. }));
            assert!(!gaps, "{name} {port}: nothing is lost");
        }
        captures += 1;
    }
    assert!(captures >= 25 && requests >= 300, "only {requests} requests of {captures} captures");
}
