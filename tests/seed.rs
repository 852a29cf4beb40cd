//! Promise: what Frank4DD's analysis of 2005 shows by hand, the program shows by itself: his packets, bytes, times and steps.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

use serde_json::Value;
use std::process::Command;

/// The records of a run on the bundled capture.
fn records(options: &[&str]) -> Vec<Value> {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/frank4dd.pcap");
    let run = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(["-r", capture, "-T", "jsonl"]).args(options).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message as the document prints it: frames, time in microseconds since the capture's start, sender, name, bytes.
type Row = (&'static [[u64; 2]], u64, &'static str, &'static str, &'static str);

/// Session A and what is complete of B and C. Frame numbers are those of the bundled capture; the times of A are as
/// printed, those of B and C are printed too and here on the base of an hour each.
const ROWS: [Row; 15] = [
    (&[[4, 4]], 636, "client", "version", "< NTP/1.2 >\n"),
    (&[[5, 5]], 2_200, "server", "version", "< NTP/1.2 >\n"),
    (&[[6, 6]], 176_395, "server", "user_prompt", "User : "),
    (&[[7, 8]], 176_581, "client", "user", "fm\n"),
    (&[[9, 9]], 216_741, "server", "password_prompt", "Password : "),
    (&[[10, 11]], 216_886, "client", "password", "test\n"),
    (&[[12, 12]], 257_989, "server", "plugin_list", "SERVER <|> PLUGIN_LIST <|>\n"),
    (&[[15, 15]], 3_600_299_713, "server", "login_failed", "Bad login attempt !\n"),
    (&[[20, 21]], 7_521_371_118, "client", "preferences", "CLIENT <|> PREFERENCES <|>\n"),
    (&[[22, 22]], 7_521_396_149, "client", "preference", "save_session <|> no\n"),
    (&[[24, 24]], 7_522_000_406, "server", "block_end", "<|> SERVER\n"),
    (&[[25, 25]], 7_619_316_397, "server", "status", "SERVER <|> STATUS <|> 192.168.200.1 <|> portscan <|> 48/1024 <|> SERVER\n"),
    (&[[26, 26]], 9_865_038_835, "server", "status", "SERVER <|> STATUS <|> 192.168.200.1 <|> attack <|> 2103/2237 <|> SERVER\n"),
    (&[[27, 27]], 9_980_479_897, "server", "finished", "SERVER <|> FINISHED <|> 192.168.200.1 <|> SERVER\n"),
    (&[[28, 28]], 9_980_750_832, "server", "bye", "SERVER <|> BYE <|> BYE <|> SERVER\n"),
];

/// Microseconds since 2005-01-06T08:26:40Z, the time base of the bundled capture.
fn since_start(at: &str) -> u64 {
    let start: jiff::Timestamp = "2005-01-06T08:26:40Z".parse().unwrap();
    let at: jiff::Timestamp = at.parse().unwrap();
    u64::try_from(at.as_microsecond().checked_sub(start.as_microsecond()).unwrap()).unwrap()
}

#[test]
fn packets_times_senders_and_bytes_are_his() {
    let records = records(&["--payload", "--reveal-secrets"]);
    for (frames, at, from, name, bytes) in ROWS {
        let hex = bytes.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let found =
            records.iter().find(|record| record["name"] == name && record["direction"] == from && record["payload"] == hex.as_str());
        let found = found.unwrap_or_else(|| panic!("{name} {bytes:?}"));
        assert_eq!(found["evidence"]["frames"], serde_json::json!(frames), "{name}");
        assert_eq!(since_start(found["at"].as_str().unwrap()), at, "{name}");
    }
}

#[test]
fn every_frame_of_the_capture_is_cited() {
    let mut cited = std::collections::BTreeSet::new();
    for record in records(&[]) {
        for span in record["evidence"]["frames"].as_array().into_iter().flatten() {
            cited.extend(span[0].as_u64().unwrap()..=span[1].as_u64().unwrap());
        }
    }
    assert_eq!(cited, (1..=31).collect());
}

#[test]
fn the_steps_are_his() {
    let records = records(&[]);
    let steps: Vec<_> =
        records.iter().filter(|record| record["event"] == "phase_entered").map(|record| record["ordinal"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12]);
    let cut: Vec<_> =
        records.iter().filter(|record| record["reason"] == "snap_length").map(|record| &record["evidence"]["frames"][0][0]).collect();
    assert_eq!(cut, [13, 21, 23], "the three frames of which the document prints a part");
}

#[test]
fn the_password_is_not_shown() {
    let records = records(&["--payload"]);
    let password = records.iter().find(|record| record["name"] == "password").expect("the message is there");
    assert_eq!(password["payload"], "<redacted 4 bytes>0a");
    assert_eq!(password["fields"]["password"], serde_json::json!({"redacted": 4}));
    assert!(!password.to_string().contains("test"));
}
