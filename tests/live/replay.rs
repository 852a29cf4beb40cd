//! Captures sent onto a link: what comes of them is what comes of the file.

use super::net::Net;
use super::net::Sniffer;
use super::net::can_run;
use super::net::records;
use super::support::capture::captured;
use super::support::capture::on_disk;
use super::support::capture::pcap;
use super::support::wire::Net as Wire;
use super::support::wire::Talk;
use pcap::Capture;
use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Sends the frames of a capture: the work of a process inside a namespace.
pub(crate) fn send() {
    let setting = |name: &str| std::env::var(name).unwrap();
    let mut link = Capture::from_device(setting("LINK").as_str()).unwrap().snaplen(64).open().unwrap();
    // Nothing is to be read here.
    link.filter("ether proto 0x9999", true).unwrap();
    let mut file = Capture::from_file(setting("CAPTURE")).unwrap();
    let mut frames = Vec::new();
    while let Ok(packet) = file.next_packet() {
        frames.push(packet.data.to_vec());
    }
    for _ in 0..setting("TIMES").parse().unwrap() {
        for frame in &frames {
            // The queue of the link is full for a moment.
            while link.sendpacket(frame.as_slice()).is_err() {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    }
}

/// A capture of so many handshakes with one service, on ports and addresses of their own: three small frames each.
pub(crate) fn handshakes(connections: u32) -> PathBuf {
    let mut frames = Vec::new();
    for number in 0..connections {
        let mut wire = Wire::v4(8080);
        let [_, high, middle, low] = number.to_be_bytes();
        wire.client.set_ip([10, 1 + high, middle, low].into());
        let mut talk = Talk::new([1000, 2000]);
        talk.handshake();
        frames.extend(wire.frames(&talk.packets));
    }
    on_disk(&pcap(&captured(frames, 100)))
}

/// What a record says but for times, frames and what only the kernel counts.
fn plain(mut record: Value) -> Option<Value> {
    // When ten seconds are over, and what is a copy, depends on times.
    if record["event"] == "stats" || record["event"] == "span_verdict" {
        return None;
    }
    let times = ["at", "completed_at", "first_at", "last_at", "first_seen", "last_seen", "since", "duration_seconds"];
    let counts = ["received", "dropped_by_kernel", "dropped_by_interface", "unread", "interfaces", "flows_evicted", "lone_syn_acks"];
    let lost = ["records_dropped", "packets_dropped", "syslog_dropped", "span_verdicts", "span_sentence"];
    let members = record.as_object_mut().unwrap();
    for name in times.iter().chain(&counts).chain(&lost) {
        members.remove(*name);
    }
    if let Some(evidence) = members.get_mut("evidence").and_then(Value::as_object_mut) {
        evidence.remove("frames");
    }
    Some(record)
}

#[test]
fn a_replayed_capture_gives_the_records_of_the_file() {
    let Some(net) = Net::new("same") else { return };
    for name in [
        "nessusd_13_fast_login.pcap",
        "nessusd_16_files.pcap",
        "nessusd_17_sessions.pcap",
        "nessusd_21_one_byte_writes.pcap",
        "handshake_13_ipv6.pcap",
        "handshake_15_vlan.pcap",
        "handshake_20_vxlan.pcap",
        "overlap_differs.pcap",
        "latin1.pcap",
        "tls_on_1241.pcap",
    ] {
        let capture = Path::new("captures").join(name);
        let of_file =
            Command::new(super::net::PROGRAM).args(["-r", capture.to_str().unwrap(), "-T", "jsonl", "--payload"]).output().unwrap();
        let of_file: Vec<Value> =
            String::from_utf8(of_file.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let frames = of_file.last().unwrap()["frames"].to_string();
        let sniffer = Sniffer::start(&net, &["-c", &frames, "--payload"]);
        net.replay(&capture, "v0", 1);
        let of_link = sniffer.finish();
        let [of_file, of_link] = [of_file, of_link].map(|records| records.into_iter().filter_map(plain).collect::<Vec<_>>());
        assert!(of_file.len() > 3);
        for (file, link) in of_file.iter().zip(&of_link) {
            assert_eq!(file, link, "{name}");
        }
        assert_eq!(of_file.len(), of_link.len(), "{name}");
    }
}

#[test]
fn two_links_are_one_timeline() {
    let Some(net) = Net::new("two") else { return };
    let sniffer = Sniffer::run(net.program(&["-i", "v0", "-i", "v1", "-T", "jsonl", "--stats-interval", "0s"]));
    sniffer.said.recv_timeout(Duration::from_secs(10)).unwrap();
    // Each handshake has its frames on both links in turn: were they not in the order of their times, grades would be wrong.
    let mut wire = Wire::v4(8080);
    for number in 0..20_u8 {
        wire.client.set_ip([10, 1, 0, number].into());
        let mut talk = Talk::new([1000, 2000]);
        talk.handshake();
        let frames = captured(wire.frames(&talk.packets), 1000);
        for (frame, link) in frames.iter().zip(["v0", "v1", "v0"]) {
            net.replay(&on_disk(&pcap(std::slice::from_ref(frame))), link, 1);
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    sniffer.interrupt();
    let records = sniffer.finish();
    let confirmed = records.iter().filter(|record| record["event"] == "connection_seen").count();
    assert_eq!(confirmed, 20);
    assert!(records.iter().filter(|record| record["event"] == "connection_seen").all(|record| record["syn_seen"] == true), "{records:#?}");
    let summary = records.last().unwrap();
    assert_eq!(summary["anomalies"].to_string(), "{}", "no time goes back");
    let counts: Vec<(&str, u64)> = summary["interfaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["received"].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("v0", 40), ("v1", 20)]);
    let inputs: Vec<&Value> = records.iter().filter_map(|record| record["evidence"].get("input")).collect();
    assert!(inputs.iter().any(|input| **input == 0) && inputs.iter().any(|input| **input == 1));
}

#[test]
fn packets_of_sessions_are_saved_and_tshark_reads_them() {
    let Some(net) = Net::new("save") else { return };
    if !can_run(&["tshark"]) {
        return;
    }
    let saved = net.file("sessions.pcapng");
    let sniffer = Sniffer::start(&net, &["-w", &saved]);
    net.replay(&handshakes(50), "v0", 1);
    net.replay(Path::new("captures/nessusd_13_fast_login.pcap"), "v0", 1);
    sniffer.records_until("flow_closed");
    sniffer.interrupt();
    let summary = sniffer.records_until("summary");
    let segments = summary.last().unwrap()["segments"].as_u64().unwrap();
    let (code, _) = sniffer.ended();
    assert_eq!(code, Some(0));
    let shown =
        Command::new("tshark").args(["-r", &saved, "-T", "fields", "-e", "tcp.port", "-e", "frame.interface_name"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(u64::try_from(shown.lines().count()).unwrap(), segments - 150, "all of the session, from the SYN on, and nothing else");
    assert!(shown.lines().all(|line| line.contains("1241") && line.ends_with("v0")), "{shown}");
    // Read again, it gives the same messages.
    let again = net.file("again.jsonl");
    assert!(Command::new(super::net::PROGRAM).args(["-r", &saved, "-T", "jsonl", "-o", &again]).status().unwrap().success());
    let original = Command::new(super::net::PROGRAM)
        .args(["-r", "captures/nessusd_13_fast_login.pcap", "-T", "jsonl", "-o", &net.file("file.jsonl")])
        .status();
    assert!(original.unwrap().success());
    let [again, file] = [again, net.file("file.jsonl")].map(|path| super::names(&records(&path)).join(" "));
    assert_eq!(again, file);
}
