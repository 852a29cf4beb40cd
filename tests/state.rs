//! Promise: what a state file was given is kept: each fact is told once ever, whatever ends a run.
#![cfg(feature = "state")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

#[path = "cli/call.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod call;
mod support;

use call::Outcome;
use call::outcome;
use call::program;
use call::run;
use ntp_sniff::inventory::state;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;
use support::capture::Captured;
use support::capture::captured;
use support::capture::on_disk;
use support::capture::pcap;
use support::wire::Net;
use support::wire::Talk;

/// A state file of a test's own that is not there yet.
fn fresh(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.db", std::process::id()));
    for tail in ["", "-wal", "-shm"] {
        _ = fs::remove_file(format!("{}{tail}", path.display()));
    }
    path
}

/// Handshakes of so many clients with one service, a millisecond between frames.
fn handshakes(clients: std::ops::Range<u16>) -> Vec<Captured> {
    let mut frames = Vec::new();
    for client in clients {
        let mut net = Net::v4(8080);
        net.client.set_ip([10, 1, (client >> 8).to_be_bytes()[1], client.to_be_bytes()[1]].into());
        let mut talk = Talk::new([1000, 2000]);
        talk.handshake();
        frames.extend(net.frames(&talk.packets));
    }
    captured(frames, 1000)
}

/// The relations of all facts told, in order.
fn told(jsonl: &str) -> Vec<String> {
    let records = jsonl.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    records
        .filter(|record| ["service_seen", "client_port_seen", "connection_seen"].iter().any(|kind| record["event"] == *kind))
        .map(|record| record["relation_id"].as_str().unwrap().to_owned())
        .collect()
}

fn kept(state: &Path) -> BTreeSet<String> {
    state::read(state).unwrap().iter().map(|fact| fact.relation.id()).collect()
}

fn with_state(capture: &Path, state: &Path, more: &[&str]) -> Outcome {
    let mut args = vec!["-r", capture.to_str().unwrap(), "-T", "jsonl", "--state", state.to_str().unwrap()];
    args.extend(more);
    run(&args)
}

#[test]
fn a_fact_is_told_once_ever_and_goes_on_being_counted() {
    let (state, capture) = (fresh("once"), on_disk(&pcap(&handshakes(0..5))));
    let first = with_state(&capture, &state, &[]);
    first.is_quiet();
    assert_eq!(told(&first.stdout).len(), 1 + 5 + 5);
    let more = on_disk(&pcap(&handshakes(3..8)));
    let second = with_state(&more, &state, &[]);
    assert_eq!(told(&second.stdout).len(), 3 + 3);
    let facts = state::read(&state).unwrap();
    assert_eq!(facts.len(), 1 + 8 + 8);
    let service = facts.iter().find(|fact| fact.relation.kind() == "service").unwrap();
    assert_eq!(service.known.handshakes, 10);
    assert_eq!((service.known.first_at, service.known.grade.name()), (handshakes(0..1)[1].at(), "established"));
    assert_eq!(kept(&state), [told(&first.stdout), told(&second.stdout)].concat().into_iter().collect());
}

#[test]
fn what_was_not_seen_for_its_lifetime_is_told_again() {
    let (state, capture) = (fresh("lifetime"), on_disk(&pcap(&handshakes(0..2))));
    let mut later = handshakes(0..2);
    for frame in &mut later {
        frame.micros += 3600 * 1_000_000;
    }
    let later = on_disk(&pcap(&later));
    let counts = [(&capture, "30d"), (&later, "30d"), (&later, "59m"), (&later, "59m")]
        .map(|(capture, lifetime)| told(&with_state(capture, &state, &["--lifetime", lifetime]).stdout).len());
    assert_eq!(counts, [5, 0, 0, 0], "it was seen again within its lifetime");
    let state = fresh("lifetime-over");
    let counts = [(&capture, "30d"), (&later, "59m")]
        .map(|(capture, lifetime)| told(&with_state(capture, &state, &["--lifetime", lifetime]).stdout).len());
    assert_eq!(counts, [5, 5]);
}

#[test]
fn other_files_are_left_alone() {
    let text = call::file("no-state.txt", b"not a database, and longer than its header would be: ................................");
    let capture = on_disk(&pcap(&handshakes(0..1)));
    with_state(&capture, Path::new(&text), &[]).says(1, &["no-state.txt: cannot use it as state file: "]);
    assert!(fs::read(&text).unwrap().starts_with(b"not a database"));
    let other = fresh("other");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
    with_state(&capture, &other, &[]).says(1, &["a database, but not a state file of ntp-sniff"]);
    let newer = fresh("newer");
    with_state(&capture, &newer, &[]).is_quiet();
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    with_state(&capture, &newer, &[]).says(1, &["a state file of version 2, and this program knows version 1"]);
    with_state(&capture, Path::new("/no/such/folder/x.db"), &[]).says(1, &["/no/such/folder/x.db: cannot open: "]);
}

#[test]
fn a_state_file_is_a_file_whatever_its_name() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("names-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let capture = on_disk(&pcap(&handshakes(0..1)));
    for name in [":memory:", "file:x.db?mode=memory", "file:y.db", "a?b#c%20"] {
        let counts = [3, 0].map(|count| {
            let mut command = program(&["-r", capture.to_str().unwrap(), "-T", "jsonl", "--state", name]);
            command.current_dir(&folder);
            let run = outcome(command);
            run.is_quiet();
            assert_eq!(told(&run.stdout).len(), count, "{name}");
            count
        });
        assert_eq!(kept(&folder.join(name)).len(), counts[0], "{name}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4, "nothing is left beside them");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn at_rest_it_can_be_read_where_nothing_may_be_written() {
    let state = fresh("rest");
    with_state(&on_disk(&pcap(&handshakes(0..1))), &state, &[]).is_quiet();
    // Read and write version of the file format: 1 is without a write-ahead log.
    assert_eq!(fs::read(&state).unwrap()[18..20], [1, 1]);
    assert!(["-wal", "-shm"].iter().all(|tail| !Path::new(&format!("{}{tail}", state.display())).exists()));
}

#[test]
fn the_output_is_not_written_over_the_state() {
    let (state, capture) = (fresh("output"), on_disk(&pcap(&handshakes(0..1))));
    with_state(&capture, &state, &[]).is_quiet();
    let link = fresh("output-link");
    std::os::unix::fs::symlink(&state, &link).unwrap();
    for output in [&state, &link] {
        with_state(&capture, &state, &["-o", output.to_str().unwrap()]).says(1, &["it is also read, and would be lost"]);
    }
    let new = fresh("output-new");
    with_state(&capture, &new, &["-o", new.to_str().unwrap()]).says(1, &["it is also read, and would be lost"]);
    assert_eq!(kept(&state).len(), 3);
}

#[test]
fn what_is_not_printed_is_not_told() {
    let (state, capture) = (fresh("explain"), on_disk(&pcap(&handshakes(0..1))));
    let explained = run(&["-r", capture.to_str().unwrap(), "--state", state.to_str().unwrap(), "--explain", "10.9.9.9,10.9.9.8,1"]);
    assert_eq!(explained.code, Some(2), "{explained:?}");
    assert_eq!(told(&with_state(&capture, &state, &[]).stdout).len(), 3);
}

#[test]
fn damaged_rows_end_the_run_with_a_reason_and_the_rest_is_reported() {
    let (state, capture) = (fresh("damaged"), on_disk(&pcap(&handshakes(0..2))));
    with_state(&capture, &state, &[]).is_quiet();
    for damage in ["vlans = 'x'", "grade = 'sure'", "client = 'host'", "handshakes = -1", "direction = 'up'", "port = 70000"] {
        let database = rusqlite::Connection::open(&state).unwrap();
        database.execute_batch("CREATE TABLE IF NOT EXISTS saved AS SELECT * FROM fact").unwrap();
        database.execute_batch("DELETE FROM fact; INSERT INTO fact SELECT * FROM saved").unwrap();
        database.execute_batch(&format!("UPDATE OR IGNORE fact SET {damage} WHERE kind = 'connection'")).unwrap();
        drop(database);
        assert!(state::read(&state).is_err(), "{damage}");
        let outcome = with_state(&capture, &state, &[]);
        // A damaged key is another relation, which is not looked for.
        if !damage.starts_with("client") && !damage.starts_with("port") {
            outcome.says(1, &["cannot read: "]);
            assert!(outcome.stdout.ends_with("}\n") && outcome.stdout.contains("\"event\":\"summary\""), "{damage}: {}", outcome.stdout);
        }
    }
}

/// A run that reads what it is sent, bit by bit.
struct Fed {
    child: Child,
    output: PathBuf,
}

impl Fed {
    fn start(state: &Path, name: &str) -> Self {
        let output = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.jsonl", std::process::id()));
        let args = ["-r", "-", "-T", "jsonl", "--state", state.to_str().unwrap(), "-o", output.to_str().unwrap()];
        let child = program(&args).stdin(Stdio::piped()).spawn().unwrap();
        Self { child, output }
    }

    /// Sends one frame after the other until something was written, then so many more.
    fn feed(&mut self, bytes: &[u8], frames_beyond: usize) {
        let pipe = self.child.stdin.as_mut().unwrap();
        let (head, mut rest) = bytes.split_at(24);
        pipe.write_all(head).unwrap();
        let (start, mut beyond) = (Instant::now(), 0);
        while !rest.is_empty() && beyond < frames_beyond {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing is ever written");
            let length = 16 + usize::try_from(u32::from_le_bytes(rest[8..12].try_into().unwrap())).unwrap();
            let (frame, after) = rest.split_at(length);
            pipe.write_all(frame).unwrap();
            pipe.flush().unwrap();
            rest = after;
            if fs::metadata(&self.output).is_ok_and(|file| file.len() > 0) {
                beyond += 1;
            }
            sleep(Duration::from_micros(200));
        }
        assert!(beyond > 0, "the capture was too short for a second");
    }
}

#[test]
fn a_killed_run_loses_the_last_second_and_tells_nothing_twice() {
    let frames = handshakes(0..20_000);
    let (state, bytes) = (fresh("killed"), pcap(&frames));
    let mut all_told = Vec::new();
    for (round, beyond) in [1, 300, 2000].into_iter().enumerate() {
        let mut fed = Fed::start(&state, &format!("killed-{round}"));
        fed.feed(&bytes, beyond);
        // SIGKILL: nothing can be tidied up.
        fed.child.kill().unwrap();
        fed.child.wait().unwrap();
        let output = fs::read_to_string(&fed.output).unwrap();
        // What a kill in the middle of a write left of the last line was not told whole.
        let lines = output.rfind('\n').map_or("", |end| &output[..=end]);
        all_told.extend(told(lines));
        let safe = kept(&state);
        assert!(all_told.iter().all(|fact| safe.contains(fact)), "round {round}: told, and not safe");
        assert!(!safe.is_empty(), "round {round}: nothing was kept");
    }
    let safe = kept(&state);
    let last = with_state(&on_disk(&bytes), &state, &[]);
    last.is_quiet();
    let rest = told(&last.stdout);
    let unique: BTreeSet<_> = all_told.iter().chain(&rest).cloned().collect();
    assert_eq!(unique.len(), all_told.len() + rest.len(), "a fact was told twice");
    let without_state = run(&["-r", on_disk(&bytes).to_str().unwrap(), "-T", "jsonl"]);
    let all: BTreeSet<_> = told(&without_state.stdout).into_iter().collect();
    assert_eq!(kept(&state), all, "a fact was lost");
    // Only facts made safe just before a kill can miss in every log.
    let untold: BTreeSet<_> = all.difference(&unique).cloned().collect();
    assert!(untold.is_subset(&safe), "{} facts in no log", untold.len());
}

#[test]
fn frames_that_come_seldom_are_no_reason_to_hold_back() {
    let state = fresh("seldom");
    let mut fed = Fed::start(&state, "seldom");
    let net = Net::v4(8080);
    let mut talk = Talk::new([1000, 2000]);
    talk.handshake();
    let mut frames = net.frames(&talk.packets);
    // The client goes on: four more frames, a second between them.
    (0..4).for_each(|_| frames.push(frames[frames.len() - 1].clone()));
    let bytes = pcap(&captured(frames, 1_000_000));
    let pipe = fed.child.stdin.as_mut().unwrap();
    let (head, mut rest) = bytes.split_at(24);
    pipe.write_all(head).unwrap();
    while !rest.is_empty() {
        let length = 16 + usize::try_from(u32::from_le_bytes(rest[8..12].try_into().unwrap())).unwrap();
        let (frame, after) = rest.split_at(length);
        pipe.write_all(frame).unwrap();
        rest = after;
        sleep(Duration::from_millis(400));
    }
    let start = Instant::now();
    while fs::read_to_string(&fed.output).unwrap().is_empty() && start.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(20));
    }
    assert_eq!(told(&fs::read_to_string(&fed.output).unwrap()).len(), 3);
    assert_eq!(kept(&state).len(), 3);
    fed.child.kill().unwrap();
    fed.child.wait().unwrap();
}

#[test]
fn a_pipe_that_falls_silent_keeps_nothing_back() {
    let state = fresh("silent");
    let mut fed = Fed::start(&state, "silent");
    let pipe = fed.child.stdin.as_mut().unwrap();
    pipe.write_all(&pcap(&handshakes(0..5))).unwrap();
    pipe.flush().unwrap();
    let start = Instant::now();
    while fs::metadata(&fed.output).map_or(0, |file| file.len()) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is written while the pipe is silent");
        sleep(Duration::from_millis(20));
    }
    fed.child.kill().unwrap();
    fed.child.wait().unwrap();
    assert_eq!(told(&fs::read_to_string(&fed.output).unwrap()).len(), 1 + 5 + 5);
    assert_eq!(kept(&state).len(), 1 + 5 + 5);
}

#[test]
fn a_second_run_waits_its_turn_and_readers_do_not() {
    let (state, bytes) = (fresh("turn"), pcap(&handshakes(0..20_000)));
    let mut fed = Fed::start(&state, "turn");
    fed.feed(&bytes, 1);
    let capture = on_disk(&pcap(&handshakes(0..1)));
    with_state(&capture, &state, &[]).says(1, &["another run is using it"]);
    assert!(!kept(&state).is_empty(), "readable while it is used");
    drop(fed.child.stdin.take());
    assert!(fed.child.wait().unwrap().success());
    with_state(&capture, &state, &[]).is_quiet();
}

#[test]
fn a_focus_file_is_read_again_at_sighup() {
    let focus = call::file("focus-sighup.txt", b"192.0.2.0/24\n");
    let records = call::file("focus-sighup.jsonl", b"");
    let mut command = program(&["-r", "-", "-T", "jsonl", "-o", &records, "--focus", &format!("@{focus}")]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let bytes = pcap(&handshakes(0..4000));
    let (before, after) = bytes.split_at(24 + (bytes.len() - 24) / 2);
    let mut pipe = child.stdin.take().unwrap();
    // The pipe holds less than half of it: when all is written, the program runs and has read some.
    pipe.write_all(before).unwrap();
    fs::write(&focus, "10.0.0.0/8 # ours\n").unwrap();
    assert!(std::process::Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    pipe.write_all(after).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let told = told(&fs::read_to_string(records).unwrap()).len();
    let connections = 4000;
    assert!(told > 1000 && told <= 1 + 2 * connections, "{told} facts");
    assert_eq!(outcome(program(&["-r", "captures/frank4dd.pcap", "--focus", "@/no/such/file"])).code, Some(1));
}
