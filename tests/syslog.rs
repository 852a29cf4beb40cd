//! Syslog as its receivers get it: over UDP, TCP and local sockets of this test, in every format, and with nobody there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failed test is told by a panic"
)]

#[allow(dead_code, reason = "each test file uses a part")]
#[path = "cli/call.rs"]
mod call;
#[path = "syslog/sink.rs"]
mod sink;

use call::program;
use call::run;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// One connection, five facts and confirmations.
const CAPTURE: &str = "captures/handshake_01_normal.pcap";

/// Five connections to each of three services: seven facts and three confirmations.
const BROWSING: &str = "captures/handshake_43_browse80_x5_3servers.pcap";

/// Longest time that something quick may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait for what should not come.
const MOMENT: Duration = Duration::from_millis(200);

/// What NNM's readers get of [`CAPTURE`].
const NNM: [&str; 6] = [
    "<30>Nov 14 22:13:20 nnm: 0.0.0.0:0|10.2.2.20:8443|6|0|Detection of Open Port|A SYN-ACK left this server|grade synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation e16db12e649ea652effda7ec71aa6316|NONE",
    "<30>Nov 14 22:13:20 nnm: 10.1.1.10:0|0.0.0.0:8443|6|2|Service Connection|This host uses services on this port|grade synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation 53b798563edf86ac0e454715556c9881|NONE",
    "<30>Nov 14 22:13:20 nnm: 10.1.1.10:0|10.2.2.20:8443|6|3|Internal Client Trusted Connections|This client reached this service inside the focus network|grade synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation bdc113cfcc402aa51f0f319b62794a59|NONE",
    "<30>Nov 14 22:13:20 nnm: 10.1.1.10:0|10.2.2.20:8443|6|15|Internal Server Trusted Connections|This service was reached from inside the focus network|grade synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation bdc113cfcc402aa51f0f319b62794a59|NONE",
    "<30>Nov 14 22:13:20 nnm: 10.1.1.10:0|10.2.2.20:8443|6|3|Internal Client Trusted Connections|This client reached this service inside the focus network|grade data, was synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation bdc113cfcc402aa51f0f319b62794a59|NONE",
    "<30>Nov 14 22:13:20 nnm: 10.1.1.10:0|10.2.2.20:8443|6|15|Internal Server Trusted Connections|This service was reached from inside the focus network|grade data, was synack; SYN seen; first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation bdc113cfcc402aa51f0f319b62794a59|NONE",
];

/// The datagrams a receiver has once the run is over.
fn datagrams(receive: impl Fn(&mut [u8]) -> std::io::Result<usize>) -> Vec<String> {
    let mut buffer = vec![0; 1 << 16];
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    std::iter::from_fn(|| receive(&mut buffer).ok().map(|length| text(&buffer[..length]))).collect()
}

/// A UDP receiver, and its address.
fn udp() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(MOMENT)).unwrap();
    let address = format!("udp://{}", socket.local_addr().unwrap());
    (socket, address)
}

/// A place for a local socket; its name must be the test's own. Paths of sockets must be short.
fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ntp-sniff-{}-{name}", std::process::id()));
    _ = std::fs::remove_file(&path);
    path
}

#[test]
fn a_datagram_for_each_line() {
    let (socket, address) = udp();
    let plain = run(&["-r", CAPTURE]);
    let outcome = run(&["-r", CAPTURE, "--syslog", &address]);
    outcome.is_quiet();
    assert_eq!(outcome.stdout, plain.stdout, "the main output is the same");
    assert_eq!(datagrams(|buffer| socket.recv(buffer)), NNM);
}

#[test]
fn common_event_format() {
    let (socket, address) = udp();
    run(&["-r", BROWSING, "--syslog", &address, "--syslog-format", "cef", "--focus", "10.2.2.0/24"]).is_quiet();
    let lines = datagrams(|buffer| socket.recv(buffer));
    let head = concat!("<30>Nov 14 22:13:20 CEF:0|ntp-sniff|ntp-sniff|", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        lines[..2],
        [
            format!(
                "{head}|0|Detection of Open Port|0|dst=10.2.2.20 dpt=80 proto=TCP msg=grade synack; SYN seen; \
                 first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation b8ce7df3894b8cdff2782bcb6b68f535"
            ),
            format!(
                "{head}|14|Accepts External Connections|0|src=10.1.1.10 dst=10.2.2.20 dpt=80 proto=TCP msg=grade synack; SYN seen; \
                 first seen 2023-11-14T22:13:20.010000Z; handshakes 1; relation f047ee3e3c09d0b0e4c7fcd1cc4c5eb2"
            ),
        ]
    );
    assert_eq!(lines.len(), 9);
}

/// What a TCP receiver got until the sender ended the stream.
fn stream(args: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    run(&[args, &["--syslog", &address]].concat()).is_quiet();
    receiver.join().unwrap()
}

#[test]
fn a_stream_of_lines() {
    assert_eq!(stream(&["-r", CAPTURE]), NNM.map(|line| format!("{line}\n")).concat());
}

#[test]
fn a_stream_of_counted_records() {
    let text = stream(&["-r", BROWSING, "--syslog-format", "rfc5424-json"]);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let mut rest = text.as_str();
    let mut records = Vec::new();
    while let Some((length, behind)) = rest.split_once(' ') {
        let (line, behind) = behind.split_at(length.parse().unwrap());
        let parts: Vec<_> = line.splitn(8, ' ').collect();
        let record: serde_json::Value = serde_json::from_str(parts[7]).unwrap();
        assert_eq!((parts[0], parts[2], parts[3]), ("<30>1", host.trim(), "ntp-sniff"));
        assert_eq!((&record["at"], &record["event"]), (&parts[1].into(), &parts[5].into()));
        records.push(parts[7].to_owned());
        rest = behind;
    }
    assert_eq!(rest, "");
    let told = run(&["-r", BROWSING, "-T", "jsonl"]).stdout;
    let is_told = |line: &&str| line.contains("\"relation_id\"");
    assert_eq!(records, told.lines().filter(is_told).collect::<Vec<_>>(), "the records of JSON Lines");
    assert_eq!(records.len(), 10);
}

#[test]
fn local_sockets_of_both_kinds() {
    let path = place("datagrams");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(MOMENT)).unwrap();
    run(&["-r", CAPTURE, "--syslog", &format!("unix:{}", path.display())]).is_quiet();
    assert_eq!(datagrams(|buffer| socket.recv(buffer)), NNM);
    std::fs::remove_file(&path).unwrap();

    let path = place("stream");
    let listener = UnixListener::bind(&path).unwrap();
    run(&["-r", CAPTURE, "--syslog", &format!("unix://{}", path.display()), "-q"]).is_quiet();
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, NNM.map(|line| format!("{line}\n")).concat());
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn nobody_listens_and_the_run_is_whole() {
    let plain = run(&["-r", CAPTURE, "-T", "jsonl"]).stdout;
    let (socket, udp) = udp();
    drop(socket);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!("tcp://{}", listener.local_addr().unwrap());
    drop(listener);
    let unix = format!("unix:{}", place("nobody").display());
    for target in [&tcp, &unix, &udp] {
        let start = Instant::now();
        let outcome = run(&["-r", CAPTURE, "-T", "jsonl", "--syslog", target]);
        assert!(start.elapsed() < PATIENCE);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), plain.as_str()), "{target}");
        let said: Vec<_> = outcome.stderr.lines().collect();
        assert_eq!(said.len(), 2, "{target}: {said:?}");
        assert!(said[0].starts_with(&format!("ntp-sniff: syslog {target}: ")), "{said:?}");
        assert!(said[1].contains(" of 6 syslog messages dropped: "), "{said:?}");
        assert!(said[1].contains(if target == &udp { "refused" } else { "6 not sent when the run ended" }), "{said:?}");
    }
}

#[test]
fn a_receiver_that_never_reads_does_not_keep_the_run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    run(&["-r", CAPTURE, "--syslog", &format!("tcp://{}", listener.local_addr().unwrap())]).is_quiet();
    assert!(start.elapsed() < PATIENCE);
}

/// A local receiver that reads nothing keeps nobody, not even at a signal.
#[test]
fn a_signal_ends_the_run_while_syslog_is_stuck() {
    let path = place("stuck");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let other = UnixDatagram::unbound().unwrap();
    other.set_nonblocking(true).unwrap();
    while other.send_to(b"full", &path).is_ok() {}
    let mut child = program(&["-r", "-", "--syslog", &format!("unix:{}", path.display())]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&std::fs::read(CAPTURE).unwrap()).unwrap();
    thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    let status = Command::new("bash").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(status.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(start.elapsed() < PATIENCE && output.status.code() == Some(0), "{:?}", output.status);
    assert!(said.ends_with(": 6 of 6 syslog messages dropped: 6 not sent when the run ended\n"), "{said}");
    drop((pipe, receiver));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn what_is_no_target_is_wrong_usage() {
    for (target, problem) in [
        ("udp://localhost", "'localhost' is no address with or without a port; no name is looked up: give the address"),
        ("tcp://log.example.net:601", "no name is looked up"),
        ("192.0.2.1", "it must begin with udp://, tcp:// or unix:"),
        ("udp://2001:db8::1", "an IPv6 address stands in brackets: [2001:db8::1]"),
    ] {
        let outcome = run(&["-r", CAPTURE, "--syslog", target]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{target}");
        assert!(outcome.stderr.contains(problem), "{target}: {}", outcome.stderr);
    }
    assert_eq!(run(&["-r", CAPTURE, "--syslog-format", "cef"]).code, Some(2), "a format without a receiver");
    assert_eq!(run(&["-r", CAPTURE, "--syslog", "unix:", "--syslog-format", "xml"]).code, Some(2));
}
