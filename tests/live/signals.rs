//! Signals, the end of a run, and interfaces that come and go.

use super::net::MESSAGES;
use super::net::Net;
use super::net::PATIENCE;
use super::net::Sniffer;
use super::net::names;
use super::replay::handshakes;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

#[test]
fn sigterm_ends_with_the_report() {
    let Some(net) = Net::new("term") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    net.hold_dialogue();
    sniffer.records_until("flow_closed");
    sniffer.signal("TERM");
    let records = sniffer.finish();
    assert_eq!(records.last().unwrap()["messages"], MESSAGES);
}

#[test]
fn a_second_sigint_ends_it_at_once() {
    let Some(net) = Net::new("second") else { return };
    let pipe = net.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Somebody who opens the pipe for packets and never reads it: the program cannot go on, and the first signal does not help.
    let mut reader = Command::new("bash").args(["-c", &format!("exec 3<{pipe}; sleep 60")]).spawn().unwrap();
    let mut sniffer = Sniffer::start(&net, &["-w", &pipe]);
    for _ in 0..40 {
        net.hold_dialogue();
    }
    sleep(Duration::from_millis(500));
    sniffer.interrupt();
    sleep(Duration::from_millis(700));
    assert!(sniffer.child.try_wait().unwrap().is_none(), "it waits for the reader");
    sniffer.interrupt();
    let start = Instant::now();
    let (code, _) = sniffer.ended();
    assert_eq!(code, Some(130));
    assert!(start.elapsed() < Duration::from_secs(2));
    reader.kill().unwrap();
    reader.wait().unwrap();
}

#[test]
fn a_reader_that_sleeps_does_not_hold_the_end_up() {
    let Some(net) = Net::new("sleeper") else { return };
    let pipe = net.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader = Command::new("bash").args(["-c", &format!("exec 3<{pipe}; sleep 60")]).spawn().unwrap();
    let sniffer = Sniffer::start(&net, &["-o", &pipe]);
    net.replay(&handshakes(500), "v0", 1);
    sleep(Duration::from_millis(500));
    sniffer.signal("TERM");
    let start = Instant::now();
    let (code, said) = sniffer.ended();
    assert_eq!(code, Some(1), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(said.iter().any(|line| line.ends_with("were not written")), "{said:?}");
    reader.kill().unwrap();
    reader.wait().unwrap();
}

#[test]
fn sigusr1_asks_for_the_counts() {
    let Some(net) = Net::new("usr1") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    net.replay(&handshakes(10), "v0", 1);
    sniffer.records_until("connection_seen");
    sleep(Duration::from_millis(300));
    sniffer.signal("USR1");
    let start = Instant::now();
    let stats = sniffer.records_until("stats").pop().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
    super::loss::adds_up(&stats);
    assert_eq!((stats["frames"].as_u64(), stats["segments"].as_u64(), stats["connections_seen"].as_u64()), (Some(30), Some(30), Some(10)));
    sniffer.interrupt();
    sniffer.finish();
}

#[test]
fn it_ends_by_itself_when_its_time_is_up() {
    let Some(net) = Net::new("duration") else { return };
    let start = Instant::now();
    let sniffer = Sniffer::start(&net, &["--duration", "1s"]);
    net.hold_dialogue();
    let records = sniffer.finish();
    assert_eq!(names(&records).len(), MESSAGES);
    assert!(start.elapsed() > Duration::from_secs(1) && start.elapsed() < Duration::from_secs(5));
}

#[test]
fn any_is_all_interfaces() {
    let Some(net) = Net::new("any") else { return };
    let sniffer = Sniffer::run(net.program(&["-i", "any", "-T", "jsonl", "--duration", "3s", "tcp port 1241"]));
    sniffer.said.recv_timeout(PATIENCE).unwrap();
    net.hold_dialogue();
    let records = sniffer.finish();
    assert_eq!(names(&records).len(), MESSAGES);
    assert!(records.iter().any(|record| record["event"] == "connection_seen" && record["grade"] == "synack"));
}

#[test]
fn an_interface_that_goes_down_and_up_is_captured_on() {
    let Some(net) = Net::new("down") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    net.hold_dialogue();
    sniffer.records_until("flow_closed");
    net.ip(&["link", "set", "v0", "down"]);
    sleep(Duration::from_millis(700));
    net.ip(&["link", "set", "v0", "up"]);
    net.hold_dialogue();
    let records = sniffer.records_until("flow_closed");
    assert_eq!(names(&records).len(), MESSAGES);
    sniffer.interrupt();
    let records = sniffer.finish();
    assert_eq!(records.last().unwrap()["messages"], 2 * MESSAGES);
}

#[test]
fn an_interface_that_is_gone_ends_with_the_report_and_spares_the_others() {
    let Some(net) = Net::new("gone") else { return };
    let sniffer = Sniffer::run(net.program(&["-i", "v1", "-i", "v0", "-T", "jsonl"]));
    sniffer.said.recv_timeout(PATIENCE).unwrap();
    net.ip(&["link", "delete", "v1"]);
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.starts_with("ntp-sniff: v1: cannot capture any more after 0 packets: "), "{said}");
    net.hold_dialogue();
    let records = sniffer.records_until("flow_closed");
    assert_eq!(names(&records).len(), MESSAGES);
    net.ip(&["link", "delete", "v0"]);
    let summary = sniffer.records_until("summary").pop().unwrap();
    assert_eq!(summary["damage"].as_array().unwrap().len(), 2, "{summary}");
    assert_eq!(sniffer.ended().0, Some(3));
}

#[test]
fn the_supervisor_hears_that_it_is_alive() {
    let Some(net) = Net::new("notify") else { return };
    let socket = net.file("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = net.program(&["-i", "v0", "-T", "jsonl"]);
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "400000");
    let sniffer = Sniffer::run(command);
    let hear = || {
        let mut message = [0; 256];
        // A signal for this process, of a test beside this one, is no answer.
        let length = loop {
            match supervisor.recv(&mut message) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                heard => break heard.unwrap(),
            }
        };
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    assert_eq!(hear().trim(), "READY=1");
    let start = Instant::now();
    for _ in 0..5 {
        assert_eq!(hear().trim(), "WATCHDOG=1");
    }
    assert!(start.elapsed() < Duration::from_secs(3), "on a quiet link, too");
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
}

#[test]
fn interfaces_are_listed_with_state_and_addresses() {
    let Some(net) = Net::new("list") else { return };
    net.ip(&["link", "set", "v1", "down"]);
    let output = net.program(&["-D"]).stderr(Stdio::inherit()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().any(|line| line.starts_with("v0 [up") && line.ends_with("192.0.2.2/24")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("any ")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("v1 [down")), "{text}");
}
