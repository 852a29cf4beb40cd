//! Promise: the page is one file that needs nothing else, in which no text of a capture is markup, nothing hidden is shown, and nothing
//! outgrows its size.
#![allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
#![allow(
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod support;

#[path = "html/markup.rs"]
mod markup;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use markup::Part;
use markup::parts;
use ntp_sniff::capture::files::Files;
use ntp_sniff::limits::HTML_BYTES;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::report::Style;
use ntp_sniff::report::document::model::RedactionPolicy;
use proptest::prelude::*;
use sha2::Digest as _;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use support::capture::captured;
use support::capture::memory;
use support::collect;
use support::talk::Step;
use support::wire::Net;
use support::wire::Talk;

/// The page of captures.
fn page(paths: Vec<PathBuf>, style: &Style, reveal: bool) -> String {
    collect::text(&mut Files::new(paths, &Limits::default()), "html", style, reveal)
}

/// The page of a dialogue.
fn page_of(steps: &[Step], style: &Style, reveal: bool) -> String {
    let talk = Talk::whole([1, 1], steps, &[]);
    let frames = captured(Net::v4(1241).frames(&talk.packets), 1000);
    collect::text(&mut memory(&frames), "html", style, reveal)
}

fn client(bytes: &[u8]) -> Step {
    Step { from: Peer::Client, bytes: bytes.to_vec() }
}

fn server(bytes: &[u8]) -> Step {
    Step { from: Peer::Server, bytes: bytes.to_vec() }
}

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths.sort();
    paths
}

/// What lies between a tag and its end, once.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(begin).unwrap_or_else(|| panic!("no {begin}"));
    let (inside, rest) = rest.split_once(end).unwrap();
    assert!(!rest.contains(begin), "{begin} is there twice");
    inside
}

/// Everything that must hold of a page, whatever it tells.
fn is_sound(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n") && page.ends_with("</html>\n"));
    assert!(page.len() < HTML_BYTES, "{} bytes", page.len());
    let policy = between(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let (style, script) = (hash(between(page, "<style>", "</style>")), hash(between(page, "<script>", "</script>")));
    let wanted = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, wanted);
    let before = page.find("Content-Security-Policy").unwrap();
    assert!(before < page.find("<style>").unwrap() && before < page.find("<script>").unwrap(), "the policy stands before what it judges");
    let mut ids = BTreeSet::new();
    let mut links = Vec::new();
    let mut open = Vec::new();
    for part in parts(page) {
        match part {
            Part::Text(text) => assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}"),
            Part::Open { name, attributes, closed } => {
                assert!(markup::ELEMENTS.contains(&name), "an element nobody wrote: {name}");
                for (attribute, value) in attributes {
                    assert!(markup::ATTRIBUTES.contains(&attribute), "an attribute nobody wrote: {name} {attribute}={value}");
                    if attribute == "id" {
                        assert!(ids.insert(value), "an id twice: {value}");
                    }
                    if attribute == "href" {
                        links.push(value.strip_prefix('#').unwrap_or_else(|| panic!("a link that leaves the page: {value}")));
                    }
                }
                if !closed && !markup::EMPTY.contains(&name) {
                    open.push(name);
                }
            }
            Part::Close(name) => assert_eq!(open.pop(), Some(name), "tags are nested"),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for link in links {
        assert!(ids.contains(link), "a link to nowhere: {link}");
    }
}

#[test]
fn every_capture_is_a_sound_page() {
    for path in captures() {
        for redact in [RedactionPolicy::Credentials, RedactionPolicy::Data] {
            is_sound(&page(vec![path.clone()], &Style { redact, ..Style::default() }, false));
        }
    }
    let all = page(captures(), &Style::default(), false);
    is_sound(&all);
    assert_eq!(all, page(captures(), &Style::default(), false), "another time, another page");
}

#[test]
fn the_page_has_its_parts_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let page = page(vec![folder.join("nessus_api.pcap"), folder.join("frank4dd.pcap")], &Style::default(), false);
    let parts = [
        "<h1>",
        "class=\"legend\"",
        "id=\"show-control\"",
        "id=\"summary\"",
        "SHA-256",
        "id=\"limitations\"",
        "id=\"network\"",
        "<svg",
        ">Services<",
        ">Connections<",
        "id=\"protocols\"",
        ">Keywords<",
        ">Message types<",
        ">States of the dialogue<",
        "<svg",
        ">Transitions<",
        "id=\"sessions\"",
        "<details class=\"phase\"",
        "<summary>",
        "class=\"bar\"",
        "frame.number == 4",
        "0000</i>",
        "id=\"stories\"",
        "id=\"anomalies\"",
        "<script>",
    ];
    let mut rest = page.as_str();
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is not there, or too early"));
        rest = &rest[at + part.len()..];
    }
    for said in ["&lt; NTP/1.2 &gt;</span>", "title=\"keyword · ", ", plugin id\"", "client→server", "answers <a href=\"#m"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn hostile_text_is_seen_and_does_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let escapes = page(vec![folder.join("ansi_escapes.pcap")], &Style::default(), false);
    assert!(escapes.contains("\\x1b"), "escapes are visible");
    let latin1 = page(vec![folder.join("latin1.pcap")], &Style::default(), false);
    assert!(latin1.contains("Prüft Grüße") && latin1.contains("Pr·ft"), "letters stay letters");
}

/// A dialogue in which a client says these things where users, plugins and preferences stand.
fn dialogue(said: &[Vec<u8>]) -> Vec<Step> {
    let line = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<u8>>();
    let mut steps = vec![client(b"< NTP/1.2 >\n"), server(b"< NTP/1.2 >\n"), server(b"User : ")];
    steps.push(client(&[&line(&said[0])[..], b"\n"].concat()));
    steps.push(server(b"Password : "));
    steps.push(client(b"secret\n"));
    steps.push(server(b"SERVER <|> PLUGIN_LIST <|>\n"));
    steps.push(server(&[b"10001 <|> ", &line(&said[1])[..], b" <|> x <|> y <|> z <|> w <|> v\n"].concat()));
    steps.push(server(b"<|> SERVER\n"));
    steps.push(client(b"CLIENT <|> PREFERENCES <|>\n"));
    steps.push(client(&[&line(&said[2])[..], b" <|> ", &line(&said[0])[..], b"\n"].concat()));
    steps.push(client(b"<|> CLIENT\n"));
    steps
}

/// Bytes that like to be markup.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let known = prop_oneof![
        Just("<script>alert(1)</script>"),
        Just("\"><img src=x onerror=alert(1)>"),
        Just("' onmouseover='x"),
        Just("</style></title>"),
        Just("{{ 7*7 }}"),
        Just("<!--"),
        Just("-->"),
        Just("&lt;"),
        Just("javascript:x"),
        Just("\u{202e}"),
        Just("]]>"),
        Just("`"),
        Just("</details></section>"),
        Just("<svg/onload=x>"),
    ];
    let piece = prop_oneof![2 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => proptest::collection::vec(any::<u8>(), 0..12)];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_the_wire_is_markup(said in proptest::collection::vec(nasty(), 3)) {
        let page = page_of(&dialogue(&said), &Style::default(), false);
        is_sound(&page);
    }
}

#[test]
fn what_is_hidden_is_not_in_the_page() {
    let secret = "Tr0ub4dor-hidden";
    let steps = |word: &str| {
        let mut steps = dialogue(&[b"anna".to_vec(), b"a check".to_vec(), b"max_hosts".to_vec()]);
        steps[5] = client(format!("{word}\n").as_bytes());
        steps
    };
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let shows = |page: &str| page.contains(secret) || page.contains(&hex.join(" ")) || page.contains(&hex.join(""));
    let hidden = page_of(&steps(secret), &Style::default(), false);
    assert!(!shows(&hidden) && hidden.contains("redacted: 16 bytes"));
    let other = page_of(&steps("Xr0ub4dor-hiddem"), &Style::default(), false);
    assert_eq!(hidden, other, "only the length of a secret makes a difference");
    assert!(shows(&page_of(&steps(secret), &Style::default(), true)), "it is shown to who asks");
    let data = Style { redact: RedactionPolicy::Data, ..Style::default() };
    let without = page_of(&steps(secret), &data, false);
    for word in ["anna", "a check", "61 6e 6e 61"] {
        assert!(hidden.contains(word) && !without.contains(word), "{word}");
    }
}

#[test]
fn a_large_capture_is_a_page_still() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/ntp/12_md5.pcap");
    if !path.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
        return;
    }
    let page = page(vec![path], &Style::default(), false);
    is_sound(&page);
    assert!(
        page.contains("more messages, 300\u{202f}871 bytes, frames #18–600: 6\u{202f}997 × plugin_digest by the server"),
        "what is left out is counted"
    );
}

/// Five hundred sessions: more than the page has room for.
#[test]
fn many_sessions_are_bounded_and_counted() {
    let many: Vec<PathBuf> = captures().into_iter().cycle().take(captures().len() * 12).collect();
    let page = page(many, &Style::default(), false);
    is_sound(&page);
    assert!(page.contains("sessions are not shown, since the page is full"), "what is left out is counted");
}

/// In a real browser: see `html/look.mjs`. `NTP_SNIFF_PICTURES` names a folder for pictures of what it shows.
#[test]
#[ignore = "needs chromium and node, and is a step of its own in CI"]
fn a_browser_shows_it() {
    let program = |names: [&'static str; 2]| {
        let found = names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
        found.unwrap_or_else(|| panic!("none of {names:?} is here"))
    };
    let (node, chromium) = (program(["node", "nodejs"]), program(["chromium", "chromium-browser"]));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    for name in ["frank4dd.pcap", "nessus_api.pcap", "ansi_escapes.pcap", "tls_on_1241.pcap"] {
        let file = folder.join(format!("{name}.html"));
        std::fs::write(&file, page(vec![captures.join(name)], &Style::default(), false)).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/look.mjs");
        let mut look = Command::new(node);
        look.arg(script).arg(chromium).arg(&file);
        look.args(std::env::var_os("NTP_SNIFF_PICTURES"));
        let looked = look.output().unwrap();
        let said = [looked.stdout, looked.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(looked.status.success(), "{name}:\n{said}");
    }
}
