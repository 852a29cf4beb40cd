//! Promise: who serves and who speaks does not depend on how the packets came, and is what the SYN-ACKs of the capture say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a panic is how a test fails, and a skip is said to whoever runs it"
)]

#[path = "cli/call.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod call;
mod support;

use flate2::Compression;
use flate2::write::GzEncoder;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::memory::Memory;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Style;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use support::capture::on_disk;
use support::collect;

/// Captures below a folder beside the repository, and those of the project; without the former, which is said, on a user's clone.
fn captures(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders.iter().map(|name| root.join("../shared/captures").join(name)).chain([root.join("captures")]) {
        if !folder.is_dir() {
            assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", folder.display());
            eprintln!("skipped: {} is not here", folder.display());
            continue;
        }
        paths.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths.sort();
    paths
}

/// The final facts of JSON Lines: what each relation came to.
fn facts(jsonl: &str) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    for record in jsonl.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if let Some(id) = record["relation_id"].as_str() {
            let parts = ["client_ip", "server_ip", "port", "direction", "grade", "syn_seen"].map(|name| record[name].clone());
            facts.insert(id.to_owned(), Value::from(parts.to_vec()));
        }
    }
    facts
}

fn of(source: &mut dyn Source) -> BTreeMap<String, Value> {
    facts(&collect::text(source, "jsonl", &Style::default(), false))
}

fn piped(bytes: &[u8]) -> BTreeMap<String, Value> {
    let mut child = call::program(&["-q", "-r", "-", "-T", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    // A capture that is damaged is left before its end.
    _ = writer.join().unwrap();
    facts(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn file_pipe_and_compressed_file_tell_the_same() {
    let mut told = 0;
    for path in captures(&["connections"]) {
        let bytes = std::fs::read(&path).unwrap();
        let want = of(&mut Files::new(vec![path.clone()], &Limits::default()));
        assert_eq!(piped(&bytes), want, "{}: standard input", path.display());
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let gzip = on_disk(&gzip.finish().unwrap());
        assert_eq!(of(&mut Files::new(vec![gzip], &Limits::default())), want, "{}: gzip", path.display());
        told += want.len();
    }
    assert!(told > 100, "only {told} facts");
}

/// A capture with every frame as often as the distances say: 0 for itself, others so many microseconds later.
fn repeated(path: &Path, after: &[i64]) -> Option<Memory> {
    let mut files = Files::new(vec![path.to_owned()], &Limits::default());
    let mut frames = Vec::new();
    // Damaged files have their own tests.
    while let Next::Frame(frame) = files.next().ok()? {
        for (copy, micros) in after.iter().enumerate() {
            let at = ntp_sniff::time::Timestamp::from_nanos(frame.at.nanos() + micros * 1000, false);
            frames.push((frame.id.number * 2 + u64::try_from(copy).unwrap(), at, frame.link_type, frame.wire_len, frame.bytes.to_vec()));
        }
    }
    frames.sort_by_key(|(number, ..)| *number);
    let mut memory = Memory::new();
    for (_, at, link_type, wire_len, bytes) in frames {
        memory.push(at, link_type, wire_len, &bytes);
    }
    Some(memory)
}

#[test]
fn a_span_port_that_copies_every_packet_tells_the_same() {
    let mut told = 0;
    for path in captures(&["connections", "ntp"]) {
        let Some(mut once) = repeated(&path, &[0]) else { continue };
        let want = of(&mut once);
        assert_eq!(of(&mut repeated(&path, &[0, 5]).unwrap()), want, "{}", path.display());
        told += want.len();
    }
    assert!(told > 100, "only {told} facts");
}

/// Connections that tshark's SYN-ACKs show and ours leave out, with the reason.
const EXPLAINED: [(&str, &str); 1] = [(
    "06_backscatter_synack_rst.pcap",
    "all the client says is RST: its address was used by somebody else, and only the service is proven",
)];

/// Client, server and port of every SYN-ACK that tshark sees, of a tunnelled one the innermost addresses.
fn syn_acks(path: &Path) -> Option<BTreeSet<[String; 3]>> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-r"]).arg(path).args(["-Y", "tcp.flags.syn==1 && tcp.flags.ack==1", "-T", "fields"]);
    tshark.args(["-E", "occurrence=l", "-E", "separator=,"]);
    for field in ["ip.dst", "ipv6.dst", "ip.src", "ipv6.src", "tcp.srcport"] {
        tshark.args(["-e", field]);
    }
    let output = tshark.stderr(Stdio::null()).output().ok()?;
    let parts = |line: &str| {
        let parts: Vec<&str> = line.split(',').collect();
        [[parts[0], parts[1]].concat(), [parts[2], parts[3]].concat(), parts[4].to_owned()]
    };
    Some(String::from_utf8(output.stdout).unwrap().lines().map(parts).collect())
}

#[test]
fn connections_are_the_syn_acks_that_tshark_sees() {
    let mut compared = 0;
    for path in captures(&["connections", "ntp", "http", "tls", "seed"]) {
        let Some(mut theirs) = syn_acks(&path) else {
            assert!(std::env::var_os("CI").is_none(), "tshark is missing, and this is CI");
            eprintln!("skipped: tshark is not here");
            return;
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some((_, why)) = EXPLAINED.iter().find(|(explained, _)| *explained == name) {
            assert_eq!(theirs.len(), 1, "{name}: {why}");
            theirs.clear();
        }
        let outcome = call::run(&["-q", "-r", path.to_str().unwrap(), "-T", "jsonl"]);
        let records = outcome.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ours: BTreeSet<[String; 3]> = records
            .filter(|record| record["event"] == "connection_seen")
            .map(|record| ["client_ip", "server_ip", "port"].map(|name| record[name].to_string().trim_matches('"').to_owned()))
            .collect();
        assert_eq!(ours, theirs, "{}", path.display());
        compared += ours.len();
    }
    assert!(compared > 100, "only {compared} connections compared");
}
