//! Each reason for which a session stays closed, from a capture that has it.

use crate::hostile::Captured;
use crate::hostile::frames;
use crate::hostile::memory;
use crate::opened::Opened;
use crate::opened::keys;
use crate::opened::opened;
use crate::opened::run;
use crate::reference;
use ntp_sniff::peer::Peer;
use ntp_sniff::secured::Closed;
use ntp_sniff::secured::KeySource;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Why a connection is closed; that it was told once, whatever it is.
fn reason(opened: &Opened) -> Option<&'static str> {
    assert_eq!(opened.told, 1, "{:?}", opened.facts);
    opened.facts.as_ref().unwrap().closed.map(Closed::code)
}

fn reasons(capture: &Path, logs: &[PathBuf], rsa: &[PathBuf]) -> Vec<Option<&'static str>> {
    opened(capture, logs, rsa).iter().map(reason).collect()
}

/// Replaces bytes in all frames; they must be there.
fn patched(frames: &[Captured], from: &[u8], to: &[u8]) -> Vec<Captured> {
    let mut found = 0;
    let patch = |(at, link_type, bytes): &Captured| {
        let mut bytes = bytes.clone();
        if let Some(at) = bytes.windows(from.len()).position(|window| window == from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
        (*at, *link_type, bytes)
    };
    let patched = frames.iter().map(patch).collect();
    assert!(found > 0, "what is replaced is there");
    patched
}

#[test]
fn keys_that_are_missing_or_wrong() {
    let Some(folder) = reference("tls") else { return };
    let capture = |name: &str| folder.join(name).join("capture.pcap");
    let key = |name: &str| vec![folder.join("keys").join(name)];
    let log = |name: &str| vec![folder.join(name).join("keylog.txt")];
    for (name, logs, rsa, why) in [
        ("ntp-tls10-rsa-aes128-sha", vec![], vec![], "no_key_rsa"),
        ("ntp-tls10-rsa-aes128-sha", vec![], key("rsa2048.pem"), "key_not_this_cert"),
        ("ntp-tls10-rsa-aes128-sha", log("tls13-aes128-gcm"), vec![], "no_key_rsa"),
        ("ntp-tls10-dhe-aes256-sha-keylog", vec![], key("rsa1024.pem"), "ephemeral_kx"),
        ("tls12-ecdhe-chacha20", log("tls13-aes128-gcm"), key("rsa2048.pem"), "ephemeral_kx"),
        ("tls13-aes128-gcm", log("tls12-ecdhe-chacha20"), key("rsa2048.pem"), "tls13_no_secrets"),
    ] {
        assert_eq!(reasons(&capture(name), &logs, &rsa), [Some(why)], "{name}");
    }
    // The certificate is known all the same, and what opens it is named.
    let closed = opened(&capture("ntp-tls10-rsa-aes128-sha"), &[], &[]);
    let facts = closed[0].facts.as_ref().unwrap();
    let certificate = facts.certificate.as_ref().unwrap();
    assert!(certificate.subject.contains("CN=nessus1024.example") && certificate.key_bits == 1024 && certificate.key == "rsa");
    assert_eq!(certificate.not_after, "2036-11-18T22:44:23Z");
    assert!(facts.counts.iter().all(|counts| counts.unopened > 0 && counts.opened == 0));
}

/// The same client random, and the secret of another session.
#[test]
fn secrets_of_another_leg_do_not_fit() {
    let Some(folder) = reference("tls") else { return };
    for name in ["tls12-ecdhe-aes128-gcm", "tls13-aes128-gcm", "ntp-tls10-rsa-rc4-sha", "ntp-ssl3-rsa-3des-sha"] {
        let text = fs::read_to_string(folder.join(name).join("keylog.txt")).unwrap();
        let wrong: String = text
            .lines()
            .map(|line| match line.rsplit_once(' ') {
                Some((head, secret)) if !line.starts_with('#') => format!("{head} {}\n", secret.chars().rev().collect::<String>()),
                _ => String::new(),
            })
            .collect();
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-wrong-{}-{name}", std::process::id()));
        fs::write(&log, wrong).unwrap();
        let found = opened(&folder.join(name).join("capture.pcap"), std::slice::from_ref(&log), &[]);
        fs::remove_file(log).unwrap();
        let facts = found[0].facts.as_ref().unwrap();
        assert_eq!((reason(&found[0]), facts.opened_with), (Some("secrets_do_not_fit"), None), "{name}: {facts:?}");
        assert!(found[0].bytes(Peer::Server).is_empty(), "{name}");
    }
}

#[test]
fn resumption_needs_the_first_session() {
    let Some(folder) = reference("tls") else { return };
    for name in ["ntp-tls10-rsa-resume-id", "tls12-rsa-resume-id-ems", "tls12-rsa-resume-ticket-ems"] {
        let capture = folder.join(name).join("capture.pcap");
        let rsa = [folder.join("keys/rsa2048.pem")];
        let all = opened(&capture, &[], &rsa);
        assert!(all.iter().all(|opened| reason(opened).is_none()), "{name}");
        let sources: Vec<_> = all.iter().map(|opened| opened.facts.as_ref().unwrap().opened_with).collect();
        assert_eq!(sources[..2], [Some(KeySource::RsaKey), Some(KeySource::EarlierSession)], "{name}");
        let closed = reasons(&capture, &[], &[]);
        assert_eq!(closed[..2], [Some("no_key_rsa"), Some("resumed_first_closed")], "{name}");
        // Without the first connection: its client's port tells its frames.
        let port = all[0].client_port.to_be_bytes();
        let mut rest = frames(&capture);
        rest.retain(|(_, _, bytes)| !bytes.windows(2).skip(34).take(3).any(|window| window == port));
        let alone = run(&mut memory(&rest), keys(&[], &[], &rsa));
        assert_eq!(reason(&alone[0]), Some("resumed_first_unknown"), "{name}");
    }
}

#[test]
fn lost_bytes_of_a_handshake_and_behind_it() {
    let Some(folder) = reference("tls") else { return };
    // The server's hello and certificate are lost, with the key given: nothing can be known.
    let capture = folder.join("tls12-rsa-aes256-gcm-ems/capture.pcap");
    let whole = frames(&capture);
    let rsa = [folder.join("keys/rsa2048.pem")];
    let hello = whole.iter().position(|(_, _, bytes)| bytes.len() > 71 && bytes[66] == 22 && bytes[71] == 2).unwrap();
    let mut lossy = whole.clone();
    lossy.remove(hello);
    let found = run(&mut memory(&lossy), keys(&[], &[], &rsa));
    assert_eq!(reason(&found[0]), Some("handshake_lost_bytes"));
    // A segment behind the handshake, of a session that compresses.
    let zlib = folder.join("ntp-tls10-rsa-aes256-sha-zlib");
    let whole = frames(&zlib.join("capture.pcap"));
    let data = (0..whole.len()).rev().find(|index| whole[*index].2.len() > 200).unwrap();
    let mut lossy = whole.clone();
    lossy.remove(data);
    let found = run(&mut memory(&lossy), keys(&[], &[zlib.join("keylog.txt")], &[]));
    assert_eq!(reason(&found[0]), Some("loss_with_compression"));
    assert!(!found[0].bytes(Peer::Server).is_empty(), "what came before is read");
}

#[test]
fn suites_and_versions_that_are_not_opened() {
    let Some(folder) = reference("tls") else { return };
    let directory = folder.join("ntp-tls10-rsa-aes128-sha");
    let whole = frames(&directory.join("capture.pcap"));
    let logs = [directory.join("keylog.txt")];
    // The server's choice: TLS_RSA_WITH_CAMELLIA_128_CBC_SHA, which is none of ours. Its session ID, 32 bytes, stands before it.
    let hello = whole.iter().find(|(_, _, bytes)| bytes.len() > 71 && bytes[66] == 22 && bytes[71] == 2).unwrap();
    let id_len = usize::from(hello.2[66 + 5 + 4 + 2 + 32]);
    let at = 66 + 5 + 4 + 2 + 32 + 1 + id_len;
    let around = hello.2[at - 8..at + 2].to_vec();
    assert_eq!(around[8..], [0, 0x2f]);
    let camellia = [&around[..8], &[0, 0x41]].concat();
    let found = run(&mut memory(&patched(&whole, &around, &camellia)), keys(&[], &logs, &[]));
    assert_eq!(reason(&found[0]), Some("suite_unsupported"));
    assert_eq!(found[0].facts.as_ref().unwrap().suite, Some(0x41));
}

#[test]
fn handshakes_that_come_to_nothing() {
    let Some(folder) = reference("http") else { return };
    let found = opened(&folder.join("tls_handshake_failures.pcap"), &[], &[]);
    let failed = found.iter().filter(|opened| reason(opened) == Some("handshake_failed")).count();
    assert!(failed >= 2, "{found:?}");
    // A client that says hello and is never answered.
    let whole = frames(&folder.join("tls13_aes128.pcap"));
    let hello = whole.iter().position(|(_, _, bytes)| bytes.len() > 71 && bytes[66] == 22 && bytes[71] == 1).unwrap();
    let found = run(&mut memory(&whole[..=hello]), keys(&[], &[], &[]));
    assert_eq!(reason(&found[0]), Some("handshake_unfinished"));
}
