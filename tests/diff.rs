//! Promise: `diff` tells every relation that is new, gone or of another grade or direction, and nothing else, both ways alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a failed test is told by a panic")]

use ntp_sniff::fact::Direction;
use ntp_sniff::fact::Fact;
use ntp_sniff::fact::Grade;
use ntp_sniff::fact::Known;
use ntp_sniff::fact::Relation;
use ntp_sniff::fact::Vlans;
use ntp_sniff::report::diff::Difference;
use ntp_sniff::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::process::Output;

const NORMAL: &str = "captures/handshake_01_normal.pcap";
const PROBE: &str = "captures/handshake_10_halfopen_scan.pcap";
const BROWSE: &str = "captures/handshake_43_browse80_x5_3servers.pcap";
const SYNACK: &str = "captures/handshake_03_synack_nosyn_serverside_only.pcap";
const NESSUS: &str = "captures/frank4dd.pcap";
const ALL: [&str; 5] = [NORMAL, PROBE, BROWSE, SYNACK, NESSUS];

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).arg("diff").args(args).output().unwrap()
}

fn text(args: &[&str]) -> String {
    let run = run(args);
    assert!(run.status.success() && run.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn records(args: &[&str]) -> Vec<Value> {
    text(&[args, &["--json"]].concat()).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Kind of change and relation.
fn changes(records: &[Value]) -> BTreeSet<(String, String)> {
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    records.iter().map(|record| (text(record, "change"), text(record, "relation_id"))).collect()
}

#[test]
fn a_capture_does_not_differ_from_itself() {
    for capture in ALL {
        for options in [&[][..], &["--all"]] {
            let lines = text(&[&[capture, capture], options].concat());
            assert_eq!(lines.lines().count(), 1, "{lines}");
            assert!(lines.starts_with("0 new, 0 gone, 0 changed, ") && !lines.contains(" 0 the same"), "{lines}");
            assert!(records(&[&[capture, capture], options].concat()).is_empty());
        }
    }
}

#[test]
fn the_way_back_is_the_mirror() {
    let mut seen = BTreeSet::new();
    for old in ALL {
        for new in ALL {
            let (there, back) = (records(&[old, new, "--all"]), records(&[new, old, "--all"]));
            let mirrored = |change: &str| match change {
                "new" => "gone".to_owned(),
                "gone" => "new".to_owned(),
                _ => change.to_owned(),
            };
            let expected: BTreeSet<_> = changes(&back).into_iter().map(|(change, id)| (mirrored(&change), id)).collect();
            assert_eq!(changes(&there), expected, "{old} {new}");
            for changed in there.iter().filter(|record| record["change"] == "changed") {
                let other = back.iter().find(|record| record["relation_id"] == changed["relation_id"]).unwrap();
                assert_eq!((&changed["old_grade"], &changed["grade"]), (&other["grade"], &other["old_grade"]));
            }
            seen.extend(changes(&there).into_iter().map(|(change, _)| change));
        }
    }
    assert_eq!(seen.len(), 3, "every kind of change was tried");
}

#[test]
fn lines_and_records_say_the_same() {
    for (old, new) in [(NORMAL, BROWSE), (PROBE, NORMAL), (SYNACK, NESSUS)] {
        let lines = text(&[old, new]);
        let records = records(&[old, new]);
        let signs =
            |lines: &str| lines.lines().filter_map(|line| line.chars().next().filter(|sign| "+-~".contains(*sign))).collect::<String>();
        let sign = |record: &Value| match record["change"].as_str().unwrap() {
            "new" => '+',
            "gone" => '-',
            _ => '~',
        };
        assert_eq!(signs(&lines), records.iter().map(sign).collect::<String>(), "{lines}");
        assert!(records.iter().all(|record| record["kind"] != "client_port"), "client ports follow from connections");
        assert!(records.iter().all(|record| (record["change"] == "changed") == record.get("old_grade").is_some()));
    }
}

#[test]
fn people_read_it() {
    let expected = "\
services
+ 10.2.2.20:80    http          data  first seen 2023-11-14 22:13:20
+ 10.2.2.21:80    http          data  first seen 2023-11-14 22:13:20
+ 10.2.2.22:80    http          data  first seen 2023-11-14 22:13:20
- 10.2.2.20:8443  pcsync-https  data  last seen 2023-11-14 22:13:20
connections
+ 10.1.1.10 → 10.2.2.20:80    http          data, outbound  first seen 2023-11-14 22:13:20
+ 10.1.1.10 → 10.2.2.21:80    http          data, outbound  first seen 2023-11-14 22:13:20
+ 10.1.1.10 → 10.2.2.22:80    http          data, outbound  first seen 2023-11-14 22:13:20
- 10.1.1.10 → 10.2.2.20:8443  pcsync-https  data, outbound  last seen 2023-11-14 22:13:20
6 new, 2 gone, 0 changed, 0 the same
";
    assert_eq!(text(&[NORMAL, BROWSE]), expected.replace(", outbound", ""));
    // With the client alone in the focus network, services are outside and no facts.
    let lines = text(&[NORMAL, BROWSE, "--focus", "10.1.1.10"]);
    assert_eq!(
        lines,
        format!("connections\n{}", expected.split("connections\n").nth(1).unwrap()).replace("6 new, 2 gone", "3 new, 1 gone")
    );
}

#[test]
fn what_is_recorded_is_what_is_compared() {
    // A probe is no established connection.
    let lines = text(&[PROBE, NORMAL, "--record-at", "established"]);
    assert!(lines.ends_with("2 new, 0 gone, 0 changed, 0 the same\n"), "{lines}");
    let lines = text(&[PROBE, NORMAL]);
    assert!(lines.contains("probe → data") && lines.ends_with("0 new, 0 gone, 2 changed, 0 the same\n"), "{lines}");
    assert!(text(&[PROBE, NORMAL, "--exclude", "10.1.1.10"]).ends_with("0 new, 0 gone, 0 changed, 0 the same\n"));
}

/// A connection in one direction, of one grade, first seen so many seconds after the epoch.
fn connection(direction: Direction, grade: Grade, first_at: i64) -> Vec<Fact> {
    let relation = Relation::of_parts("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok(), 22).unwrap();
    let first_at = Timestamp::from_parts(first_at, 0, false);
    let handshakes = first_at.nanos().unsigned_abs();
    let known = Known { grade, syn_seen: handshakes.is_multiple_of(2), first_at, last_at: first_at, handshakes, vlans: Vlans::default() };
    vec![Fact { relation, direction: Some(direction), known }]
}

#[test]
fn grade_and_direction_count_and_nothing_else() {
    use Direction::{Internal, Outbound};
    let old = connection(Internal, Grade::Data, 0);
    let between = |new: &[Fact]| Difference::between(old.clone(), new.to_vec(), false);
    let lines = |difference: &Difference| {
        let mut out = Vec::new();
        difference.write_text(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(lines(&between(&connection(Internal, Grade::Data, 99))), "0 new, 0 gone, 0 changed, 1 the same\n");
    let moved = between(&connection(Outbound, Grade::Data, 1));
    assert!(lines(&moved).contains("  data, internal → outbound  "), "{}", lines(&moved));
    let mut json = Vec::new();
    moved.write_json(&mut json).unwrap();
    let record: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        (&record["old_grade"], &record["old_direction"], &record["direction"]),
        (&"data".into(), &"internal".into(), &"outbound".into())
    );
    let both = lines(&between(&connection(Outbound, Grade::Probe, 1)));
    assert!(both.contains("  data → probe, internal → outbound  "), "{both}");
}

#[test]
fn what_could_not_be_read_is_not_gone() {
    let missing = run(&[NORMAL, "no-such.pcap"]);
    assert_eq!((missing.status.code(), missing.stdout.len()), (Some(1), 0));
    let damaged = run(&["captures/cut_mid_record.pcap", NORMAL]);
    assert_eq!((damaged.status.code(), damaged.stdout.is_empty()), (Some(3), false));
    let twice = run(&["-", "-"]);
    assert_eq!((twice.status.code(), twice.stdout.len()), (Some(2), 0));
}

#[test]
fn a_side_is_not_written_over() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff-copy.pcap");
    std::fs::copy(NORMAL, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    for args in [[copy, BROWSE, "-o", copy], [BROWSE, copy, "-o", copy]] {
        assert_eq!(run(&args).status.code(), Some(1));
        assert_eq!(std::fs::read(copy).unwrap(), std::fs::read(NORMAL).unwrap());
    }
}

#[cfg(feature = "state")]
#[test]
fn a_state_file_is_its_capture() {
    for capture in ALL {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("diff-{}.db", capture.replace('/', "-")));
        _ = std::fs::remove_file(&state);
        let state = state.to_str().unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(["-q", "-r", capture, "--state", state]).output().unwrap();
        assert!(ran.status.success());
        for sides in [[capture, state, "--all"], [state, capture, "--all"], [state, state, "--all"]] {
            assert_eq!(text(&sides), text(&[capture, capture, "--all"]), "{sides:?}");
        }
        assert_eq!(records(&[state, BROWSE]), records(&[capture, BROWSE]));
    }
}

#[test]
fn state_files_are_told_by_their_content() {
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff-state.pcap");
    std::fs::write(&state, b"SQLite format 3\0").unwrap();
    let state = state.to_str().unwrap();
    let unread = run(&[NORMAL, state]);
    assert_eq!((unread.status.code(), unread.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(unread.stderr).unwrap().contains("diff-state.pcap: "));
    assert_eq!(run(&[state, NORMAL, "--focus", "10.0.0.0/8"]).status.code(), Some(2), "recording is over when a state file is written");
}
