//! A secret is hidden wherever in HTTP it stands: in malformed lines, addresses, forms, JSON of any shape, and what a server echoes.

use crate::reference::hex;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::report::FORMATS;
use sha2::Digest;
use sha2::Sha256;

/// The secret; every part of it that is as long as this tells.
const SECRET: &str = "Xq7Zw9Kj3v";
const TELLING: usize = 4;

const OK: &str = r"S: HTTP/1.1 200 OK\r\nServer: NessusWWW\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// All formats of a conversation, one line each, without blanks: lines of the table are broken where they are full.
fn outputs(script: &str) -> Vec<(&'static str, String)> {
    let packets = Talk::whole([1000, 2000], &talk(script), &[1460]).packets;
    let frames = captured(Net::v4(8834).frames(&packets), 1000);
    FORMATS
        .iter()
        .map(|format| {
            let said = text(&mut memory(&frames), format.name, &loud(), false);
            (format.name, said.chars().filter(|letter| !letter.is_whitespace()).collect())
        })
        .collect()
}

/// What of the secret is seen, in text or in hex, and whether the hash of this body is; and that the API is recognised at all.
fn seen(script: &str, body: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let hash = Sha256::digest(crate::support::talk::bytes(body)).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let all = outputs(script);
    for (format, said) in &all {
        let parts = (0..=SECRET.len() - TELLING).map(|at| &SECRET[at..at + TELLING]);
        seen.extend(parts.filter(|part| said.contains(part) || said.contains(&hex(part))).map(|part| format!("{format}: {part}")));
        if !body.is_empty() && said.contains(&hash) {
            seen.push(format!("{format}: the hash"));
        }
    }
    assert!(all.iter().any(|(_, said)| said.contains("nessus_api")), "{script}");
    seen
}

fn assert_hidden(scripts: impl IntoIterator<Item = (String, String)>) {
    let found: Vec<_> =
        scripts.into_iter().map(|(script, body)| (seen(&script, &body), script)).filter(|(seen, _)| !seen.is_empty()).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// A request of this line, in a session, with these header lines, and this answer.
fn asked(line: &str, headers: &str, answer: &str) -> (String, String) {
    let line = line.replace('§', SECRET);
    (format!("C: {line} HTTP/1.1\\r\\n{headers}X-Cookie: token=ab\\r\\n\\r\\n\n{answer}").replace('§', SECRET), String::new())
}

/// A request with this body, and this answer.
fn said(line: &str, kind: &str, body: &str, answer: &str) -> (String, String) {
    let body = body.replace('§', SECRET);
    let length = crate::support::talk::bytes(&body).len();
    let head = format!("C: {line} HTTP/1.1\\r\\nX-Cookie: token=ab\\r\\nContent-Type: {kind}\\r\\nContent-Length: {length}\\r\\n\\r\\n");
    (format!("{head}{body}\n{answer}"), body)
}

#[test]
fn in_a_malformed_header_line_even_the_first() {
    let get = "C: GET /scans HTTP/1.1";
    let rest = r"Host: h\r\nX-Cookie: token=ab\r\n\r\n";
    let served = |line: &str| {
        let (ask, body) = asked("GET /scans", "", "");
        (format!("{ask}S: HTTP/1.1 {line}\\r\\nServer: NessusWWW\\r\\nContent-Length: 0\\r\\n\\r\\n"), body)
    };
    let asks = [r"X-Cookie : token=§", r" X-Cookie: token=§", r"X-Cookie token=§", "§", r"Host: h\r\nX-Cookie:\r\n token=§"];
    let asks = asks.map(|line| (format!("{get}\\r\\n{line}\\r\\n{rest}\n{OK}"), String::new()));
    let serves = [r"200 OK\r\nSet-Cookie token=§", r"200 OK\r\nSet Cookie: token=§", r"200 OK\r\n token=§", r"200 OK§\xff"].map(served);
    assert_hidden(asks.into_iter().chain(serves).map(|(script, body)| (script.replace('§', SECRET), body)));
}
