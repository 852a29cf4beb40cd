//! Promise: `-w` saves the packets of decoded sessions, from the first one on, and says when it could not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a panic is how a test fails, a line how one is skipped"
)]

#[path = "cli/call.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod call;
mod support;

use call::run;
use ntp_sniff::anomaly::Anomaly;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::loss::Counter;
use ntp_sniff::peer::Peer;
use ntp_sniff::pipeline;
use ntp_sniff::report::Sink;
use ntp_sniff::ship::Cut;
use ntp_sniff::ship::Manner;
use ntp_sniff::ship::Packets;
use ntp_sniff::ship::Rolling;
use ntp_sniff::ship::Rotation;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use support::capture::Captured;
use support::capture::captured;
use support::capture::memory;
use support::capture::on_disk;
use support::capture::pcap;
use support::wire::ACK;
use support::wire::Net;
use support::wire::Talk;

/// A file of a test's own that is not there yet.
fn fresh(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("packets-{name}-{}", std::process::id()));
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.join("saved.pcapng")
}

/// The bytes of all packets of a capture, as tshark or the program's own reader sees them.
fn packets(path: &Path) -> Vec<Vec<u8>> {
    use ntp_sniff::capture::Next;
    use ntp_sniff::capture::Source as _;
    let mut files = ntp_sniff::capture::files::Files::new(vec![path.to_owned()], &Limits::default());
    let mut packets = Vec::new();
    while let Next::Frame(frame) = files.next().unwrap() {
        packets.push(frame.bytes.to_vec());
    }
    packets
}

/// Saves what a capture holds; the bytes of the packets that were saved.
fn saved(capture: &str, name: &str) -> Vec<Vec<u8>> {
    let path = fresh(name);
    let outcome = run(&["-r", capture, "-w", path.to_str().unwrap(), "--show", "summary"]);
    outcome.is_quiet();
    packets(&path)
}

#[test]
fn a_capture_of_one_session_is_saved_whole_and_one_without_is_empty() {
    for name in ["nessusd_13_fast_login.pcap", "handshake_20_vxlan.pcap", "frank4dd.pcap", "port_reuse.pcap", "padding_ipv6_vlan.pcap"] {
        let capture = format!("captures/{name}");
        let all = packets(Path::new(&capture));
        let saved = saved(&capture, name);
        if name.starts_with("handshake") {
            assert!(saved.is_empty(), "{name}");
        } else {
            assert_eq!(saved, all, "{name}");
        }
    }
}

#[test]
fn other_connections_are_left_out_and_times_keep_their_digits() {
    let session = Net::v4(1241);
    let mut other = Net::v4(9999);
    other.client.set_ip([10, 0, 0, 9].into());
    let mut talks = [Talk::new([1000, 2000]), Talk::new([5000, 6000])];
    let mut frames = Vec::new();
    for (net, talk) in [&session, &other].into_iter().zip(&mut talks) {
        talk.handshake();
        let said = if net.server.port() == 1241 { b"< NTP/1.2 >\n" } else { b"HELP me now\n" };
        talk.send(Peer::Client, ACK, said);
        talk.send(Peer::Server, ACK, said);
        talk.close();
        frames.push(net.frames(&talk.packets));
    }
    let all: Vec<Vec<u8>> = frames[0].iter().zip(&frames[1]).flat_map(|(one, two)| [one.clone(), two.clone()]).collect();
    let capture = on_disk(&pcap(&captured(all, 1111)));
    let path = fresh("digits");
    run(&["-r", capture.to_str().unwrap(), "-w", path.to_str().unwrap(), "--show", "summary"]).is_quiet();
    assert_eq!(packets(&path), frames[0]);
    let again = run(&["-r", path.to_str().unwrap(), "-T", "jsonl"]);
    assert!(again.stdout.contains("\"first_at\":\"2005-01-06T08:26:40.000000Z\""), "{}", again.stdout);
}

#[test]
fn packets_in_fragments_are_saved_with_all_their_fragments() {
    let net = Net::v4(1241);
    let mut talk = Talk::new([1000, 2000]);
    talk.handshake();
    talk.send(Peer::Client, ACK, b"< NTP/1.2 >\n");
    let whole = net.frames(&talk.packets);
    let (cut, rest) = whole.split_at(3);
    let mut frames = cut.to_vec();
    // The datagram in two fragments of 24 bytes and the rest, behind the IPv4 header.
    let (head, body) = rest[0].split_at(34);
    for (offset, part, more) in [(0_u16, &body[..24], 0x20), (3, &body[24..], 0)] {
        let mut ip = head.to_vec();
        ip[16..18].copy_from_slice(&u16::try_from(20 + part.len()).unwrap().to_be_bytes());
        ip[20..22].copy_from_slice(&[more, offset.to_be_bytes()[1]]);
        frames.push([&ip[..], part].concat());
    }
    let capture = on_disk(&pcap(&captured(frames.clone(), 1000)));
    assert_eq!(saved(capture.to_str().unwrap(), "fragments"), frames);
}

#[test]
fn tls_is_saved_where_it_may_hold_a_session() {
    let capture = "captures/tls_on_1241.pcap";
    assert_eq!(saved(capture, "tls"), packets(Path::new(capture)));
    let mut bytes = fs::read(capture).unwrap();
    // The same on the port of HTTPS, wherever 1241 stands behind the addresses of a frame.
    let places: Vec<usize> = bytes.windows(2).enumerate().filter(|(_, port)| *port == [0x04, 0xd9]).map(|(place, _)| place).collect();
    for place in places {
        bytes[place..place + 2].copy_from_slice(&[0x01, 0xbb]);
    }
    let elsewhere = on_disk(&bytes);
    let elsewhere = elsewhere.to_str().unwrap();
    assert!(run(&["-r", elsewhere, "-T", "jsonl"]).stdout.contains("\"protocol\":\"tls\""));
    assert!(saved(elsewhere, "https").is_empty());
    // Unless the user says that a Nessus server is there.
    let path = fresh("hinted");
    run(&["-r", elsewhere, "-w", path.to_str().unwrap(), "--ntp-port", "443", "--show", "summary"]).is_quiet();
    assert!(!packets(&path).is_empty());
}

/// The limits that were told to be reached.
#[derive(Default)]
struct Reached(Vec<&'static str>);

impl Sink for Reached {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let EventKind::AnomalyFound(Anomaly::LimitReached { limit, .. }) = event.kind {
            self.0.push(limit);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Saves frames within these limits: how many were saved, and which limits were told.
fn bounded(frames: &[Captured], limits: Limits, name: &str) -> (usize, Vec<&'static str>) {
    let path = fresh(name);
    let manner = Manner {
        cut: Cut::Blocks,
        rotation: Rotation::default(),
        lasting: false,
        most_waiting: limits.output_bytes,
        mode: 0o600,
        reopen: Arc::default(),
        lost: Counter::default(),
        say: Arc::new(|text| panic!("{text}")),
    };
    let packets_out = Packets::new(Rolling::open(Some(&path), manner).unwrap(), &[], Vec::new(), &limits).unwrap();
    let options = pipeline::Options { limits, packets: Some(packets_out), ..pipeline::Options::default() };
    let mut sink = Reached::default();
    pipeline::run(&mut memory(frames), options, &mut sink, &AtomicBool::new(false), &mut |error| panic!("{error}")).unwrap();
    (packets(&path).len(), sink.0)
}

#[test]
fn an_opening_that_has_no_room_is_told() {
    let net = Net::v4(1241);
    let mut talk = Talk::new([1000, 2000]);
    talk.handshake();
    talk.send(Peer::Client, ACK, b"< NTP/");
    let opening = net.frames(&talk.packets);
    let mut strangers = Vec::new();
    for number in 0..100 {
        let mut other = Net::v4(80);
        other.client.set_ip([10, 9, 9, number].into());
        let mut talk = Talk::new([1, 2]);
        talk.handshake();
        strangers.extend(other.frames(&talk.packets));
    }
    talk.packets.clear();
    talk.send(Peer::Client, ACK, b"1.2 >\n");
    talk.close();
    let rest = net.frames(&talk.packets);
    let frames = captured([opening.clone(), strangers, rest.clone()].concat(), 100);
    assert_eq!(bounded(&frames, Limits::default(), "room"), (opening.len() + rest.len(), vec![]));
    let small = Limits { saved_bytes: 8000, ..Limits::default() };
    assert_eq!(bounded(&frames, small, "all"), (rest.len(), vec!["saved_bytes"]), "the oldest gave way");
    let small = Limits { saved_flow_bytes: 300, ..Limits::default() };
    assert_eq!(bounded(&frames, small, "one"), (2 + rest.len(), vec!["saved_flow_bytes"]), "the first two have room");
}

#[test]
fn saved_packets_are_rotated_and_every_file_is_a_capture() {
    let path = fresh("rotated");
    let args = [
        "-r",
        "captures/nessusd_13_fast_login.pcap",
        "-w",
        path.to_str().unwrap(),
        "--rotate-size",
        "4K",
        "--keep",
        "99",
        "--show",
        "summary",
    ];
    run(&args).is_quiet();
    let mut files: Vec<PathBuf> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 3, "{files:?}");
    // The oldest, which has the largest number, first; the newest has none.
    files.sort_by_key(|file| std::cmp::Reverse(file.extension().unwrap().to_str().unwrap().parse::<u32>().unwrap_or(0)));
    let all: Vec<Vec<u8>> = files.iter().flat_map(|file| packets(file)).collect();
    assert_eq!(all, packets(Path::new("captures/nessusd_13_fast_login.pcap")));
    for file in files {
        let Ok(tshark) = Command::new("tshark").arg("-r").arg(&file).output() else {
            assert!(std::env::var_os("CI").is_none(), "tshark is missing");
            eprintln!("skipped: tshark is missing");
            return;
        };
        assert!(tshark.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&tshark.stderr));
        assert_eq!(String::from_utf8_lossy(&tshark.stdout).lines().count(), packets(&file).len(), "{}", file.display());
    }
}

#[test]
fn what_cannot_be_saved_ends_a_run_on_files() {
    run(&["-r", "captures/frank4dd.pcap", "-w", "/dev/full"]).says(1, &["/dev/full: cannot write: ", "No space left"]);
    run(&["-r", "captures/frank4dd.pcap", "-w", "/no/such/folder/x"]).says(1, &["/no/such/folder/x: cannot write: "]);
    let same = fresh("same");
    let name = same.to_str().unwrap();
    let capture = on_disk(&fs::read("captures/frank4dd.pcap").unwrap());
    let capture = capture.to_str().unwrap();
    run(&["-r", capture, "-w", capture]).says(1, &["it is also read"]);
    run(&["-r", capture, "-o", name, "-w", name]).says(1, &["it is also the other output"]);
}
