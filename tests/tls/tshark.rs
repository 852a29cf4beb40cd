//! Side by side with tshark: the same bytes, or a reason why ours are right. Takes minutes, so only in CI, or with TSHARK=1.

use crate::opened::Opened;
use crate::opened::opened;
use crate::plaintext::cases;
use crate::real::ways;
use crate::reference;
use ntp_sniff::peer::Peer;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// Both directions of each connection, as tshark follows them: those of clients first.
fn followed(capture: &Path, logs: &[PathBuf], rsa: &[PathBuf], streams: usize) -> Vec<(u16, [Vec<u8>; 2])> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-q", "-o", "tcp.reassemble_out_of_order:TRUE", "-r"]).arg(capture);
    // What knows the inside holds whole records back.
    for inside in ["http", "http2", "data", "nbd", "json"] {
        tshark.args(["--disable-protocol", inside]);
    }
    for log in logs {
        tshark.arg("-o").arg(format!("tls.keylog_file:{}", log.display()));
    }
    for key in rsa {
        tshark.arg("-o").arg(format!("uat:rsa_keys:\"{}\",\"\"", key.display()));
    }
    for stream in 0..streams {
        tshark.args(["-z", &format!("follow,tls,raw,{stream}")]);
    }
    let output = tshark.stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The results come in the reverse order of what was asked for, each with its ends.
    text.split("Follow: tls,raw").skip(1).map(directions).collect()
}

/// One connection: the port of its client, and both directions.
fn directions(text: &str) -> (u16, [Vec<u8>; 2]) {
    let port = |node: &str| text.lines().find_map(|line| line.strip_prefix(node)?.rsplit_once(':')?.1.parse::<u16>().ok()).unwrap_or(0);
    let (zero, one) = (port("Node 0: "), port("Node 1: "));
    let zero_is_server = [1241, 8834].contains(&zero);
    let mut bytes = [Vec::new(), Vec::new()];
    for line in text.lines() {
        let digits = line.trim();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        let from_one = line.starts_with('\t');
        let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
        let data = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        bytes[usize::from(from_one != zero_is_server)].extend(data);
    }
    (if zero_is_server { one } else { zero }, bytes)
}

/// Why tshark may show something else of a capture.
fn reason(name: &str) -> Option<&'static str> {
    match name {
        name if name.contains("-loss") => Some("it stops at the first loss"),
        _ => None,
    }
}

fn compare(name: &str, way: &str, ours: &[Opened], theirs: &[(u16, [Vec<u8>; 2])], wrong: &mut Vec<String>) -> usize {
    let mut rows = 0;
    // What is no TLS, tshark shows elsewhere.
    for opened in ours.iter().filter(|opened| opened.facts.is_some()) {
        let own = [Peer::Client, Peer::Server].map(|from| opened.bytes(from));
        // Where tshark knows no port the connection is found by what it said.
        let found = theirs.iter().find(|(port, _)| *port == opened.client_port).or_else(|| theirs.iter().find(|(_, bytes)| *bytes == own));
        let empty = [Vec::new(), Vec::new()];
        let bytes = found.map_or(&empty, |(_, bytes)| bytes);
        rows += 1;
        if *bytes == own {
            continue;
        }
        let lens = |pair: &[Vec<u8>; 2]| [pair[0].len(), pair[1].len()];
        match reason(name) {
            Some(why) if lens(bytes).iter().zip(lens(&own)).all(|(theirs, ours)| *theirs <= ours) => eprintln!("{name}: {why}"),
            _ => wrong.push(format!("{name}, {way}, port {}: ours {:?}, theirs {:?}", opened.client_port, lens(&own), lens(bytes))),
        }
    }
    rows
}

#[test]
fn tshark_shows_the_same_bytes() {
    if std::env::var_os("CI").is_none() && std::env::var_os("TSHARK").is_none() {
        eprintln!("skipped: TSHARK=1 runs it");
        return;
    }
    let mut wrong = Vec::new();
    let mut rows = 0;
    if let Some(folder) = reference("tls") {
        for case in cases(&folder) {
            let ours = opened(&case.capture, &case.logs, &case.rsa);
            let theirs = followed(&case.capture, &case.logs, &case.rsa, ours.len());
            rows += compare(&case.name, case.mode, &ours, &theirs, &mut wrong);
        }
    }
    for folder in ["ntp", "http"].into_iter().filter_map(reference) {
        for (name, capture, logs, rsa) in ways(&folder) {
            let ours = opened(&capture, &logs, &rsa);
            // Connections without payload have numbers, too.
            let theirs = followed(&capture, &logs, &rsa, ours.len() + 4);
            let way = if rsa.is_empty() { "key log" } else { "RSA key" };
            rows += compare(&name, way, &ours, &theirs, &mut wrong);
        }
    }
    eprintln!("{rows} rows compared");
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
}
