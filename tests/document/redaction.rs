//! What is to be hidden is in no document: secrets never, and no data where all data is hidden.

use crate::making::CLOSED;
use crate::making::OPEN;
use crate::making::USUAL;
use crate::making::bundled;
use crate::making::bytes;
use crate::making::captures;
use crate::making::messages;
use crate::making::of;
use crate::making::of_file;
use crate::making::right;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::dialogues;
use crate::support::talk::Step;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::layer::Keys;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// The document of a forged conversation.
fn forged(steps: &[Step], asked: crate::making::Asked) -> String {
    let packets = Talk::whole([77, 4_000_000_000], steps, &[40, 7, 300]).packets;
    of(&mut memory(&captured(Net::v4(1241).frames(&packets), 1000)), Keys::default(), asked)
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_document_has_four_bytes_of_a_secret() {
    for steps in dialogues::all() {
        for asked in [USUAL, CLOSED] {
            let text = forged(&steps, asked);
            right(&text, "forged");
            for secret in dialogues::SECRETS {
                for at in 0..secret.len() - 3 {
                    let part = &secret[at..at + 4];
                    assert!(!text.contains(part) && !text.contains(&hex(part)), "{part} of {secret}");
                }
            }
        }
    }
}

#[test]
fn secrets_of_the_reference_captures_are_hidden() {
    for path in captures("../shared/captures/http").iter().filter(|path| fs::metadata(path).unwrap().len() < 60_000) {
        let truth = path.with_extension("truth.json");
        let truth: Value = serde_json::from_str(&fs::read_to_string(truth).unwrap()).unwrap();
        let secrets = truth["secrets_that_must_not_appear"].as_array().unwrap();
        for asked in [USUAL, CLOSED] {
            let text = of_file(path, asked);
            for secret in secrets.iter().map(|secret| secret.as_str().unwrap()) {
                assert!(!text.contains(secret) && !text.contains(&hex(secret)), "{}: {secret}", path.display());
            }
        }
    }
}

/// Texts of four bytes or more that are data, by the roles of the open document.
fn data(document: &Value) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for (_, message) in messages(document) {
        for token in message["tokens"].as_array().unwrap() {
            if matches!(token["role"].as_str().unwrap(), "data" | "unknown") {
                found.extend(bytes(message, token).filter(|bytes| bytes.len() >= 4));
            }
        }
    }
    found
}

/// What a document says in the program's own words, or of who talked to whom: data may be like it by chance.
fn own_words(document: &Value) -> String {
    let mut own = format!("{}{}{}", document["inputs"], document["services"], document["connections"]);
    for session in document["sessions"].as_array().unwrap() {
        own.push_str(&format!("{}{}{}{}", session["client"], session["server"], session["protocol"], session["phases"]));
        session["messages"].as_array().unwrap().iter().for_each(|message| own.push_str(message["name"].as_str().unwrap()));
    }
    let evidence = document["protocols"].as_array().unwrap().iter().map(|protocol| protocol["grammar"]["framing"].to_string());
    own + &evidence.collect::<String>()
}

#[test]
fn without_data_no_data_is_left() {
    let mut tried = 0;
    let names = ["frank4dd.pcap", "nessusd_13_fast_login.pcap", "nessusd_15_stop_attack.pcap", "nessusd_16_files.pcap", "latin1.pcap"];
    for name in names.into_iter().chain(["nessusd_17_sessions.pcap", "nessus_api.pcap", "joined_midway.pcap", "gap_in_block.pcap"]) {
        let open = right(&of_file(&bundled(name), OPEN), name);
        let closed = of_file(&bundled(name), CLOSED);
        let own = own_words(&right(&closed, name));
        for token in data(&open) {
            let text: String = token.iter().copied().map(char::from).collect();
            // Digits alone are like any time or offset.
            let is_own = own.contains(&text) || token.iter().all(u8::is_ascii_digit);
            assert!(is_own || !closed.contains(&text), "{name}: {text}");
            let hex: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(is_own || !closed.contains(&hex), "{name}: {text} as hex");
            tried += usize::from(!is_own);
        }
    }
    assert!(tried > 100, "{tried} texts");
}

#[test]
fn without_data_the_name_of_a_server_in_a_handshake_is_hidden() {
    for (asked, wanted, is_there) in [(USUAL, "nessus.example", true), (CLOSED, "<redacted 14 bytes>", false)] {
        let text = of_file(&bundled("tls10_rsa_secrets.pcapng"), asked);
        let document = right(&text, "tls");
        assert_eq!(document["sessions"][0]["tls"]["server_name"], wanted);
        assert_eq!(text.contains("nessus.example"), is_there);
    }
}

#[test]
fn other_data_of_the_same_length_gives_the_same_document() {
    let other = [
        ("renaud", "albert"),
        ("Services", "Mistakes"),
        ("tcp scan", "udp hunt"),
        ("(C) lab", "(C) fab"),
        ("Finds out;which", "Hides from;what"),
        ("Knocks", "Sleeps"),
        ("Misc.", "Other"),
        ("127.0.0.1", "10.77.8.9"),
        ("ssh (22/tcp)", "ftp (21/tcp)"),
        ("Old;very old", "New;very new"),
        ("Thu Jan  6 09:26:40 2005", "Fri Feb 17 10:37:51 2006"),
        ("/home/anna/key", "/root/bert/pin"),
    ];
    let changed = other.iter().fold(dialogues::FULL.to_owned(), |text, (one, two)| {
        assert!(text.contains(one) && one.len() == two.len(), "{one}");
        text.replace(one, two)
    });
    let [one, two] = [dialogues::FULL, &changed].map(talk);
    assert_ne!(forged(&one, USUAL), forged(&two, USUAL));
    assert_eq!(forged(&one, CLOSED), forged(&two, CLOSED));
}

#[test]
fn the_grammar_stays() {
    let name = "nessusd_15_stop_attack.pcap";
    let [open, closed] = [OPEN, CLOSED].map(|asked| right(&of_file(&bundled(name), asked), name));
    assert_eq!(open["protocols"], closed["protocols"]);
    assert_eq!((&open["redaction"]["policy"], &closed["redaction"]["policy"]), (&"none".into(), &"data".into()));
    assert_eq!(open["statistics"]["tokens_redacted"], 0);
}
