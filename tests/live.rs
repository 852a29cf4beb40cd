//! A real interface: a veth pair between two network namespaces, a Nessus dialogue over real sockets, and signals.
//!
//! Needs root and iproute2. Without them it says that it is skipped; where `CI` is set, it fails instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a failed test is told by a panic, a skipped one by a line"
)]

use serde_json::Value;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the server listens, in its namespace.
const SERVER: &str = "192.0.2.2:1241";

/// The variable that tells [`a_side_of_the_dialogue`] which side it is.
const SIDE: &str = "NTP_SNIFF_TEST_SIDE";

/// The dialogue: who sends, and what.
const DIALOGUE: [(&str, &str); 9] = [
    ("client", "< NTP/1.2 >\n"),
    ("server", "< NTP/1.2 >\n"),
    ("server", "User : "),
    ("client", "renaud\n"),
    ("server", "Password : "),
    ("client", "geheim\n"),
    ("server", "SERVER <|> PLUGIN_LIST <|>\n10330 <|> Services <|> infos <|> (C) <|> Finds services <|> Find <|> General\n<|> SERVER\n"),
    ("client", "CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\n"),
    ("server", "SERVER <|> BYE <|> BYE <|> SERVER\n"),
];

/// Two namespaces joined by a veth pair; both are gone when it is dropped.
struct Net {
    names: [String; 2],
}

impl Net {
    /// Nothing where the test cannot run; the reason was said.
    fn new(test: &str) -> Option<Self> {
        let run = |program: &str, arg: &str| Command::new(program).arg(arg).output().ok();
        let root = run("id", "-u").is_some_and(|id| id.stdout == b"0\n");
        if !root || run("ip", "-V").is_none() {
            let reason = "needs root and iproute2";
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        let id = std::process::id();
        let net = Self { names: ["c", "s"].map(|side| format!("ntp-sniff-{test}-{id}-{side}")) };
        for name in &net.names {
            ip(&["netns", "add", name]);
        }
        let [client, server] = &net.names;
        ip(&["-n", client, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", server]);
        for (name, address) in [(client, "192.0.2.1/24"), (server, "192.0.2.2/24")] {
            ip(&["-n", name, "address", "add", address, "dev", "v0"]);
            ip(&["-n", name, "link", "set", "v0", "up"]);
        }
        Some(net)
    }

    /// A command inside the namespace of the server.
    fn inside(&self, name: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[name], program]);
        command
    }

    /// Holds the dialogue, on a connection of its own.
    fn hold_dialogue(&self) {
        let this = std::env::current_exe().unwrap();
        let side = |name: usize, side: &str| {
            let mut command = self.inside(name, this.to_str().unwrap());
            command.args(["--exact", "a_side_of_the_dialogue", "--nocapture"]).env(SIDE, side);
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let mut sides = [side(1, "server"), side(0, "client")];
        for side in &mut sides {
            assert!(ended(side).success());
        }
    }

    /// How many reasons there are for the server's interface to be promiscuous.
    fn promiscuity(&self) -> String {
        let shown = Command::new("ip").args(["-n", &self.names[1], "-d", "link", "show", "dev", "v0"]).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "promiscuity");
        words.nth(1).expect("promiscuity").to_owned()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            // Also after a failure half way: what is not there cannot be deleted.
            let _ = Command::new("ip").args(["netns", "delete", name]).stderr(Stdio::null()).status();
        }
    }
}

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).output().unwrap();
    assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Waits for the end of a process that this test started.
fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{child:?} does not end");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The program, capturing at the server's end; killed when it is dropped before its end.
struct Sniffer {
    child: Child,
    records: Receiver<Value>,
    said: Receiver<String>,
}

impl Sniffer {
    /// Starts it, and waits until the interface is open.
    fn start(net: &Net, args: &[&str]) -> Self {
        let mut command = net.inside(1, env!("CARGO_BIN_EXE_ntp-sniff"));
        command.args(["-i", "v0", "-T", "jsonl"]).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (record, records) = mpsc::channel();
        let (line, said) = mpsc::channel();
        let (stdout, stderr) = (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
        // Nobody may listen any more: then the thread ends with its pipe.
        thread::spawn(move || stdout.lines().try_for_each(|line| record.send(serde_json::from_str(&line.unwrap()).unwrap())));
        thread::spawn(move || stderr.lines().try_for_each(|text| line.send(text.unwrap())));
        let sniffer = Self { child, records, said };
        let ready = sniffer.said.recv_timeout(PATIENCE).unwrap();
        assert!(ready.starts_with("ntp-sniff: capturing on v0; SIGINT"), "{ready}");
        sniffer
    }

    /// The records up to one of this event.
    fn records_until(&self, event: &str) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let record = self.records.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {event} after {records:#?}"));
            records.push(record);
            if records.last().unwrap()["event"] == event {
                return records;
            }
        }
    }

    /// Sends SIGINT.
    fn interrupt(&self) {
        let status = Command::new("bash").args(["-c", &format!("kill -INT {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for a good end without another word than what was received and that nothing was lost; gives the rest of the records.
    fn finish(mut self) -> Vec<Value> {
        let records = self.records_until("summary");
        assert_eq!(ended(&mut self.child).code(), Some(0));
        let summary = records.last().unwrap();
        let (frames, received) = (&summary["frames"], &summary["received"]);
        let lines = [format!("{frames} packets captured"), format!("{received} packets received by filter")];
        let none = ["0 packets dropped by kernel", "0 packets dropped by interface"];
        assert_eq!(self.said.iter().collect::<Vec<_>>(), [&lines[..], &none.map(str::to_owned)].concat());
        records
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        // Fails where it has ended, as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn names(records: &[Value]) -> Vec<&str> {
    records.iter().filter(|record| record["event"] == "message_decoded").map(|record| record["name"].as_str().unwrap()).collect()
}

/// Not a test but the two processes of the dialogue: `ip netns exec` runs this very program with [`SIDE`] set.
#[test]
fn a_side_of_the_dialogue() {
    let Ok(side) = std::env::var(SIDE) else { return };
    let mut stream = if side == "server" {
        TcpListener::bind(SERVER).unwrap().accept().unwrap().0
    } else {
        let start = Instant::now();
        loop {
            match TcpStream::connect(SERVER) {
                Ok(stream) => break stream,
                Err(error) if start.elapsed() > PATIENCE => panic!("{error}"),
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for (from, text) in DIALOGUE {
        if from == side {
            stream.write_all(text.as_bytes()).unwrap();
        } else {
            let mut heard = vec![0; text.len()];
            stream.read_exact(&mut heard).unwrap();
            assert_eq!(heard, text.as_bytes());
        }
    }
}

#[test]
fn a_dialogue_is_decoded_as_it_happens() {
    let Some(net) = Net::new("talk") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    assert_eq!(net.promiscuity(), "1");
    net.hold_dialogue();
    let records = sniffer.records_until("flow_closed");
    let session = records.iter().find(|record| record["event"] == "session_identified").expect("a session");
    assert_eq!((&session["protocol"], &session["version"]), (&Value::from("nessus_ntp"), &Value::from("1.2")));
    assert_eq!((&session["server_ip"], &session["server_port"]), (&Value::from("192.0.2.2"), &Value::from(1241)));
    let told = names(&records);
    let start = ["version", "version", "user_prompt", "user", "password_prompt", "password", "plugin_list", "plugin_record", "block_end"];
    assert_eq!(told[..start.len()], start);
    assert_eq!((told.len(), told.last()), (11, Some(&"bye")), "{told:?}");
    assert!(!records.iter().any(|record| record.to_string().contains("geheim")));
    assert!(records.iter().any(|record| record["event"] == "service_seen" && record["port"] == 1241));
    assert!(records.iter().any(|record| record["event"] == "connection_seen" && record["client_ip"] == "192.0.2.1"));
    sniffer.interrupt();
    let records = sniffer.finish();
    let summary = records.last().unwrap();
    assert_eq!((&summary["messages"], &summary["dropped_by_kernel"]), (&Value::from(11), &Value::from(0)));
}

#[test]
fn a_quiet_link_ends_with_the_report() {
    let Some(net) = Net::new("quiet") else { return };
    let sniffer = Sniffer::start(&net, &["-p", "udp port 9"]);
    assert_eq!(net.promiscuity(), "0");
    sniffer.interrupt();
    let records = sniffer.finish();
    assert_eq!(records.last().unwrap()["segments"], 0);
}

#[test]
fn count_and_snap_length_are_kept() {
    let Some(net) = Net::new("cut") else { return };
    // 14 bytes of Ethernet, 20 of IPv4, 32 of TCP: four of each payload are left.
    let cut = Sniffer::start(&net, &["-s", "70"]);
    net.hold_dialogue();
    let records = cut.records_until("flow_closed");
    let gaps = records.iter().filter(|record| record["name"] == "gap" && record["reason"] == "snap_length").count();
    assert!(gaps > 3, "{records:#?}");
    cut.interrupt();
    cut.finish();
    let counted = Sniffer::start(&net, &["-c", "3"]);
    net.hold_dialogue();
    let records = counted.finish();
    assert_eq!(records.last().unwrap()["frames"], 3);
}
