//! Where keys come from: logs that grow, pipes, files that are none; and where they never go.

use crate::opened::At;
use crate::opened::run;
use crate::reference;
use ntp_sniff::capture::files::Files;
use ntp_sniff::layer::Keys;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::secured::Closed;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

/// A new file that only its owner can read.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{}-{name}", std::process::id()));
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn program(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The key log is written in pieces while the session goes on; what waits is read when it is there.
#[test]
fn a_key_log_that_grows_opens_what_waits() {
    let Some(folder) = reference("tls") else { return };
    for name in ["tls13-aes256-gcm", "tls12-ecdhe-aes128-gcm", "tls13-big"] {
        let (capture, text) = (folder.join(name).join("capture.pcap"), fs::read(folder.join(name).join("keylog.txt")).unwrap());
        let sent = fs::read(folder.join(name).join("expected.conn1.s2c")).unwrap();
        let frames = crate::hostile::frames(&capture).len();
        for (at, comes) in [(1, true), (frames / 2, true), (frames + 2, false)] {
            let log = file(&format!("grows-{name}"), text.get(..10).unwrap());
            let (keys, remarks) = Keys::open(std::slice::from_ref(&log), &[], true, &Limits::default()).unwrap();
            assert_eq!(remarks, [""; 0], "half a line is none");
            let files = Files::new(vec![capture.clone()], &Limits::default());
            let append = || fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(&text[10..]).unwrap();
            let opened = run(&mut At(files, u64::try_from(at).unwrap(), append), keys);
            let whole = opened[0].bytes(Peer::Server) == sent;
            let facts = opened[0].facts.as_ref().unwrap();
            if name == "tls13-big" && at > 1 {
                // More than may wait: given up before the log came.
                assert!(whole || facts.closed == Some(Closed::Tls13NoSecrets), "{name} {at}: {facts:?}");
            } else {
                assert_eq!((whole, facts.closed.is_none()), (comes, comes), "{name} {at}: {facts:?}");
            }
            fs::remove_file(log).unwrap();
        }
    }
}

/// Secrets inside of a capture that comes through a pipe.
#[test]
fn secrets_in_a_pipe_are_used_as_they_come() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls13_secrets.pcapng");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ntp-sniff"));
    child.args(["-r", "-", "-T", "jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let bytes = fs::read(capture).unwrap();
    // The output is some hundred kilobytes: it is read while the input is written.
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(r#""opened_with":"secrets_block""#) && text.contains(r#""protocol":"nessus_ntp""#));
}

/// Secrets behind the packets they are for.
#[test]
fn secrets_at_the_end_of_a_file_are_found() {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls13_secrets.pcapng")).unwrap();
    let (mut at, mut blocks, mut secrets) = (0, Vec::new(), Vec::new());
    while at < bytes.len() {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let len = usize::try_from(word(at + 4)).unwrap();
        if word(at) == 10 { &mut secrets } else { &mut blocks }.extend_from_slice(&bytes[at..at + len]);
        at += len;
    }
    assert!(!secrets.is_empty());
    let late = file("late.pcapng", &[blocks, secrets].concat());
    let output = program(&[Path::new("-r"), &late, Path::new("-T"), Path::new("jsonl")]);
    assert!(String::from_utf8(output.stdout).unwrap().contains(r#""protocol":"nessus_ntp""#));
    fs::remove_file(late).unwrap();
}

/// What cannot be used is named, with what to do, and nothing is read.
#[test]
fn files_that_are_no_keys_are_told_apart() {
    let Some(folder) = reference("tls") else { return };
    let keys = folder.join("keys");
    let rsa = fs::read_to_string(keys.join("rsa1024.pem")).unwrap();
    let encrypted = rsa.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1);
    let cut = rsa.replace(rsa.get(100..200).unwrap(), "");
    let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/frank4dd.pcap");
    for (name, bytes, said) in [
        ("encrypted", encrypted.as_bytes(), "the key is encrypted"),
        ("sealed", sealed.as_bytes(), "the key is encrypted"),
        ("cut", cut.as_bytes(), "the key is damaged"),
        ("ec", &fs::read(keys.join("ec.pem")).unwrap(), "an EC key"),
        ("certificate", &fs::read(keys.join("rsa1024.crt")).unwrap(), "a certificate"),
        ("text", b"hello\n", "not a PEM file"),
        ("binary", &[0xff; 100], "not a PEM file"),
        ("empty", b"", "not a PEM file"),
    ] {
        let path = file(name, bytes);
        let output = program(&[Path::new("-r"), &capture, Path::new("--rsa-key"), &path]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(said) && text.contains(path.to_str().unwrap()) && text.lines().count() == 1, "{name}: {text}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{name}");
        fs::remove_file(path).unwrap();
    }
    let missing = program(&[Path::new("-r"), &capture, Path::new("--keylog"), Path::new("/nonexistent/keys")]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/nonexistent/keys: cannot read"));
}

/// Lines that are none are named by number, and files that others can read are warned about; the capture is read.
#[test]
fn remarks_name_lines_and_modes_and_nothing_else() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/frank4dd.pcap");
    let secret = "5ec2e7".repeat(16);
    let log = file("remarks", format!("# good\nCLIENT_RANDOM {} {secret}\nCLIENT_RANDOM 00 {secret}\n", "ab".repeat(32)).as_bytes());
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    let output = program(&[Path::new("-r"), &capture, Path::new("--keylog"), &log, Path::new("--reveal-secrets")]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("others can read these secrets (mode 0644): chmod 600"), "{text}");
    assert!(text.contains("1 of 3 lines are none of a key log: line 3"), "{text}");
    assert!(!text.contains("5ec2e7"));
    let quiet = program(&[Path::new("-q"), Path::new("-r"), &capture, Path::new("--keylog"), &log]);
    assert!(quiet.stderr.is_empty());
    fs::remove_file(log).unwrap();
}

/// No output has a part of a key, whatever is asked for.
#[test]
fn keys_are_in_no_output() {
    let Some(folder) = reference("ntp") else { return };
    for (name, key) in [("44_tls13_default", "44_tls13_default.keylog"), ("30_tls10_rsa_3des", "30_tls10_rsa_3des.keylog")] {
        let log = fs::read_to_string(folder.join(key)).unwrap();
        let secrets: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').nth(2)).collect();
        assert!(!secrets.is_empty());
        let (capture, key) = (folder.join(format!("{name}.pcap")), folder.join(key));
        for options in [vec!["-T", "jsonl", "--payload"], vec!["-xv"]] {
            let mut arguments = vec![Path::new("--reveal-secrets"), Path::new("-r"), &capture, Path::new("--keylog"), &key];
            arguments.extend(options.iter().map(Path::new));
            let output = program(&arguments);
            let text = [String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap()].concat().to_lowercase();
            assert!(text.contains("nessus_ntp"), "{name} is open");
            for secret in &secrets {
                assert!(!text.contains(secret.to_lowercase().get(..16).unwrap()), "{name} {options:?}: a secret is shown");
            }
        }
    }
}
